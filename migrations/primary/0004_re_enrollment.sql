-- The keys that a re-enrollment hands out; they become the node's at the acknowledgement. NULL for a first enrollment,
-- which hands out the node's own.
ALTER TABLE enrollments ADD COLUMN access_key TEXT;
ALTER TABLE enrollments ADD COLUMN secret_key_sealed TEXT;
-- The access key that a re-enrollment took from the node.
ALTER TABLE enrollments ADD COLUMN replaced_access_key TEXT;
