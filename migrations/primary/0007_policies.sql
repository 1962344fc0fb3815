-- A bucket as the place of a policy; empty for other drivers. The keys are a sealed JSON object that opens only for this
-- endpoint and bucket.
ALTER TABLE storage_policies ADD COLUMN endpoint TEXT NOT NULL DEFAULT '';
ALTER TABLE storage_policies ADD COLUMN bucket TEXT NOT NULL DEFAULT '';
ALTER TABLE storage_policies ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE storage_policies ADD COLUMN addressing TEXT NOT NULL DEFAULT '';
ALTER TABLE storage_policies ADD COLUMN keys_sealed TEXT NOT NULL DEFAULT '';

-- The follower's ingress target of a remote policy, by its profile key; empty is the default target.
ALTER TABLE storage_policies ADD COLUMN ingress_target TEXT NOT NULL DEFAULT '';

-- JSON array of extensions and MIME patterns; an empty one allows everything.
ALTER TABLE storage_policies ADD COLUMN allowed_types TEXT NOT NULL DEFAULT '[]';

CREATE INDEX users_policy_group ON users (policy_group_id);
