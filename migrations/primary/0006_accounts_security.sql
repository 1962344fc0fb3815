-- At most one row: setup happened. Of setups at the same time, also at several primaries, one can write it.
CREATE TABLE setup_marks (
    id BIGINT PRIMARY KEY,
    set_up_at BIGINT NOT NULL
);

-- JSON object of what a user chose for the pages.
ALTER TABLE users ADD COLUMN preferences TEXT NOT NULL DEFAULT '{}';

-- Where a login was last renewed; '' for logins from before this was kept.
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- Passwords for programs; only hashes are kept.
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    -- read or write.
    scope TEXT NOT NULL,
    -- NULL is never.
    expires_at BIGINT,
    -- To the minute; NULL before the first use.
    last_used_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- '' where none is known: what the program did by itself, and entries from before this was kept.
ALTER TABLE audit_logs ADD COLUMN ip_address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_logs ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_logs_user ON audit_logs (user_id, id);
CREATE INDEX audit_logs_action ON audit_logs (action, id);
CREATE INDEX audit_logs_entity ON audit_logs (entity_type, entity_id, id);
