-- When the removal of an archived team, with all that is in its space, began; it cannot be restored from then on.
ALTER TABLE teams ADD COLUMN removal_began_at BIGINT;
CREATE INDEX teams_archived ON teams (archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX teams_policy_group ON teams (policy_group_id);

-- Links to a file or folder for whoever has the token. One for each item; it goes with the item.
CREATE TABLE shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- 128 random bits in hex. Kept readable, as its owner may look it up at any time.
    token TEXT NOT NULL UNIQUE,
    space_id BIGINT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    -- Exactly one of the two.
    file_id BIGINT UNIQUE REFERENCES files (id) ON DELETE CASCADE,
    folder_id BIGINT UNIQUE REFERENCES folders (id) ON DELETE CASCADE,
    created_by_user_id BIGINT NOT NULL,
    -- Argon2id; '' for none.
    password_hash TEXT NOT NULL,
    -- NULL is never.
    expires_at BIGINT,
    -- 0 is unlimited.
    max_downloads BIGINT NOT NULL,
    download_count BIGINT NOT NULL,
    view_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX shares_space ON shares (space_id, id);

-- Links that give the content of one file to whoever has the token, until they are revoked.
CREATE TABLE direct_links (
    file_id BIGINT PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE,
    created_by_user_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Short-lived links for viewers outside; only hashes of their tokens are kept.
CREATE TABLE preview_links (
    token_hash TEXT PRIMARY KEY,
    file_id BIGINT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    uses_left BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX preview_links_file ON preview_links (file_id);
CREATE INDEX preview_links_expiry ON preview_links (expires_at);

-- Permissions to fetch one archive once; only hashes of their tokens are kept.
CREATE TABLE archive_tickets (
    token_hash TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    space_id BIGINT NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    -- JSON: what is wanted.
    selection TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX archive_tickets_expiry ON archive_tickets (expires_at);
