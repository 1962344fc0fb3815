-- SHA-256 of the enrollment token that made or last renewed the binding; NULL in bindings that are older than this
-- column. A start with the same token has nothing to do.
ALTER TABLE binding ADD COLUMN token_hash TEXT;
