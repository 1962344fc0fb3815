-- Settings an administrator changes at run time; a missing row means the default.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The primary's record of a follower.
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    namespace TEXT NOT NULL UNIQUE,
    -- '' until an administrator gives an address; such a node cannot be called.
    base_url TEXT NOT NULL,
    access_key TEXT NOT NULL UNIQUE,
    secret_key_sealed TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    -- 1 while the follower has not yet been told the current name and flag.
    binding_pending BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    -- JSON object; '{}' until a probe succeeded.
    last_capabilities TEXT NOT NULL,
    last_checked_at BIGINT,
    latency_ms BIGINT,
    -- The follower's clock minus ours.
    clock_difference_ms BIGINT,
    -- JSON object of the last failed test; '' when it succeeded.
    diagnosis TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One row for each enrollment token; only hashes are kept.
CREATE TABLE enrollments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node_id BIGINT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    ack_hash TEXT NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    acked_at BIGINT,
    invalidated_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX enrollments_node ON enrollments (node_id);

CREATE TABLE storage_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    driver_type TEXT NOT NULL,
    base_path TEXT NOT NULL,
    node_id BIGINT REFERENCES nodes (id),
    -- Bytes; 0 is unlimited.
    max_file_size BIGINT NOT NULL,
    -- Bytes; 0 is never chunked.
    chunk_size BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    -- JSON object.
    options TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX storage_policies_default ON storage_policies (is_default) WHERE is_default = 1;
CREATE INDEX storage_policies_node ON storage_policies (node_id);

CREATE TABLE policy_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX policy_groups_default ON policy_groups (is_default) WHERE is_default = 1;

-- The rules of a group; the smallest priority whose size range holds wins.
CREATE TABLE policy_group_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id BIGINT NOT NULL REFERENCES policy_groups (id) ON DELETE CASCADE,
    policy_id BIGINT NOT NULL REFERENCES storage_policies (id),
    priority BIGINT NOT NULL,
    -- Bytes, inclusive.
    min_file_size BIGINT NOT NULL,
    -- Bytes, exclusive; 0 is no upper bound.
    max_file_size BIGINT NOT NULL,
    UNIQUE (group_id, policy_id),
    UNIQUE (group_id, priority)
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    -- Lower case, so that names that differ only in case cannot stand beside each other.
    username_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    -- Raised to end all logins at once.
    session_version BIGINT NOT NULL,
    -- Bytes.
    storage_used BIGINT NOT NULL,
    -- Bytes; 0 is unlimited.
    storage_quota BIGINT NOT NULL,
    policy_group_id BIGINT REFERENCES policy_groups (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Logins. Of the refresh token, which is replaced at every refresh, hashes are kept: the current one and, for requests
-- that were under way during a refresh, the one before.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Stored content. One blob is one object under its policy.
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    policy_id BIGINT NOT NULL REFERENCES storage_policies (id),
    object_key TEXT NOT NULL,
    hash TEXT NOT NULL,
    size BIGINT NOT NULL,
    ref_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (policy_id, object_key)
);

CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    blob_id BIGINT NOT NULL REFERENCES blobs (id),
    size BIGINT NOT NULL,
    mime_type TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX files_name ON files (owner_user_id, name);
CREATE INDEX files_blob ON files (blob_id);

-- Objects that are being written or have to be removed: the row is there before the object is, and goes when the
-- database knows the object or the object is gone. What a crash leaves here is removed after the next start.
CREATE TABLE stray_objects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    policy_id BIGINT NOT NULL REFERENCES storage_policies (id),
    object_key TEXT NOT NULL,
    -- When a write of the object was last known to be under way.
    last_write_at BIGINT NOT NULL,
    UNIQUE (policy_id, object_key)
);
