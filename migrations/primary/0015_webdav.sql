-- Logins of programs over WebDAV; each belongs to a user and sees a part of what the user may see.
CREATE TABLE webdav_accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    username TEXT NOT NULL,
    -- Lower case: what a program sends is looked for by it.
    username_key TEXT NOT NULL UNIQUE,
    -- Argon2id.
    password_hash TEXT NOT NULL,
    -- The team whose space it sees; NULL is the user's own.
    team_id BIGINT REFERENCES teams (id) ON DELETE CASCADE,
    -- The folder of that space that it sees; NULL is everything. No foreign key: an account whose folder is gone sees
    -- nothing, and must never see more.
    root_folder_id BIGINT,
    is_read_only BIGINT NOT NULL,
    is_enabled BIGINT NOT NULL,
    -- To the minute; NULL before the first use.
    last_used_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webdav_accounts_user ON webdav_accounts (user_id);
CREATE INDEX webdav_accounts_team ON webdav_accounts (team_id) WHERE team_id IS NOT NULL;

-- 1 when the value is the whole property as an XML element, 0 when it is its text.
ALTER TABLE properties ADD COLUMN is_xml BIGINT NOT NULL DEFAULT 0;
