-- Uploads that take more than one request. Everything that such an upload may have in a store (parts, and the object that
-- they become) is known by its row, from before it can exist until nothing of it can appear any more.
CREATE TABLE upload_sessions (
    -- A random UUID.
    id TEXT PRIMARY KEY,
    space_id BIGINT NOT NULL REFERENCES spaces (id),
    user_id BIGINT NOT NULL,
    -- NULL once the store has nothing of it but the file.
    policy_id BIGINT REFERENCES storage_policies (id),
    -- Where the file is to go; the folder is looked for again at the end.
    folder_id BIGINT,
    path TEXT NOT NULL,
    total_size BIGINT NOT NULL,
    -- chunked, presigned or presigned_multipart.
    mode TEXT NOT NULL,
    chunk_size BIGINT NOT NULL,
    total_chunks BIGINT NOT NULL,
    -- uploading, presigned, assembling, completed, failed or cancelled.
    status TEXT NOT NULL,
    object_key TEXT NOT NULL,
    -- What the store calls the upload; empty until it was begun there.
    store_upload_id TEXT NOT NULL,
    -- Groups the uploads of one browser; empty for none.
    frontend_client_id TEXT NOT NULL,
    -- Who assembles it, and until when nobody else does.
    lease_token TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    -- When the last URL for its parts ends; 0 for none.
    urls_expire_at BIGINT NOT NULL,
    -- Of an upload that has ended: from when on no part can appear any more.
    sweep_at BIGINT NOT NULL,
    -- The file of a completed upload, which may be gone since.
    file_id BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX upload_sessions_user ON upload_sessions (user_id, space_id);
CREATE INDEX upload_sessions_space ON upload_sessions (space_id);
CREATE INDEX upload_sessions_policy ON upload_sessions (policy_id);
CREATE INDEX upload_sessions_expiry ON upload_sessions (expires_at);

-- Chunks that lie in the store, durably.
CREATE TABLE upload_chunks (
    session_id TEXT NOT NULL REFERENCES upload_sessions (id) ON DELETE CASCADE,
    -- From 0.
    number BIGINT NOT NULL,
    PRIMARY KEY (session_id, number)
);
