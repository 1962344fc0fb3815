-- Who keeps others from changing a file or folder: a person in the app (no token), or a program over WebDAV (with one).
CREATE TABLE locks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space_id BIGINT NOT NULL REFERENCES spaces (id),
    -- Exactly one of the two.
    file_id BIGINT REFERENCES files (id) ON DELETE CASCADE,
    folder_id BIGINT REFERENCES folders (id) ON DELETE CASCADE,
    -- What a program shows to pass; NULL passes its user in the app.
    token TEXT UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- 0 may stand beside others that have 0.
    is_exclusive BIGINT NOT NULL,
    -- 1 also locks what lies below a folder, 0 only the folder and which names are in it.
    is_deep BIGINT NOT NULL,
    -- What the holder says of itself: XML over WebDAV, else empty.
    owner_text TEXT NOT NULL,
    -- NULL is never.
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX locks_space ON locks (space_id);
CREATE INDEX locks_file ON locks (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX locks_folder ON locks (folder_id) WHERE folder_id IS NOT NULL;
CREATE INDEX locks_user ON locks (user_id);
CREATE INDEX locks_expiry ON locks (expires_at) WHERE expires_at IS NOT NULL;

-- What clients note about a file or folder, under names of their own.
CREATE TABLE properties (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Exactly one of the two.
    file_id BIGINT REFERENCES files (id) ON DELETE CASCADE,
    folder_id BIGINT REFERENCES folders (id) ON DELETE CASCADE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE UNIQUE INDEX properties_file ON properties (file_id, namespace, name) WHERE file_id IS NOT NULL;
CREATE UNIQUE INDEX properties_folder ON properties (folder_id, namespace, name) WHERE folder_id IS NOT NULL;
