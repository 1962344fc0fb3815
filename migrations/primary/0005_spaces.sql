-- People who share a space. Archived teams are closed and wait for their removal.
CREATE TABLE teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    policy_group_id BIGINT REFERENCES policy_groups (id),
    created_by_user_id BIGINT NOT NULL,
    archived_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE TABLE team_members (
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- owner, admin or member.
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id);

-- Where files live: one space for each user and each team, with its own quota. Whoever changes what is in a space
-- locks its row first, so that changes of one tree happen one after the other.
CREATE TABLE spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Exactly one of the two.
    user_id BIGINT UNIQUE REFERENCES users (id),
    team_id BIGINT UNIQUE REFERENCES teams (id),
    -- Bytes of files, versions and trash.
    storage_used BIGINT NOT NULL,
    -- Bytes; 0 is unlimited.
    storage_quota BIGINT NOT NULL
);
INSERT INTO spaces (user_id, storage_used, storage_quota) SELECT id, storage_used, storage_quota FROM users ORDER BY id;
ALTER TABLE users DROP COLUMN storage_used;
ALTER TABLE users DROP COLUMN storage_quota;

-- What was deleted and can come back: one row for each file or folder that somebody deleted. Everything that was below a
-- folder at that moment carries its id.
CREATE TABLE trash (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space_id BIGINT NOT NULL REFERENCES spaces (id),
    -- file or folder, and its id.
    item_type TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    -- Path at the time, for people.
    original_path TEXT NOT NULL,
    deleted_by_user_id BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL,
    -- 1 from the moment somebody, or its age, has it removed for good; it is in no list then.
    is_being_removed BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX trash_removal ON trash (id) WHERE is_being_removed = 1;
CREATE INDEX trash_space ON trash (space_id, deleted_at, id);
CREATE INDEX trash_time ON trash (deleted_at);
CREATE UNIQUE INDEX trash_item ON trash (item_type, item_id);

CREATE TABLE folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space_id BIGINT NOT NULL REFERENCES spaces (id),
    -- NULL is the root of the space.
    parent_id BIGINT REFERENCES folders (id) ON DELETE SET NULL,
    name TEXT NOT NULL,
    -- Lower case: what lists are sorted by and searches look at.
    name_key TEXT NOT NULL,
    created_by_user_id BIGINT NOT NULL,
    -- NULL while it is not in the trash.
    trash_id BIGINT REFERENCES trash (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX folders_name ON folders (space_id, (COALESCE(parent_id, 0)), name) WHERE trash_id IS NULL;
CREATE INDEX folders_sorted ON folders (space_id, (COALESCE(parent_id, 0)), name_key, id) WHERE trash_id IS NULL;
CREATE INDEX folders_parent ON folders (parent_id);
CREATE INDEX folders_trash ON folders (trash_id) WHERE trash_id IS NOT NULL;

CREATE TABLE files_in_spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space_id BIGINT NOT NULL REFERENCES spaces (id),
    -- NULL is the root of the space.
    folder_id BIGINT REFERENCES folders (id) ON DELETE SET NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    blob_id BIGINT NOT NULL REFERENCES blobs (id),
    -- That of the blob, for sums and sorting.
    size BIGINT NOT NULL,
    mime_type TEXT NOT NULL,
    created_by_user_id BIGINT NOT NULL,
    trash_id BIGINT REFERENCES trash (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO files_in_spaces (id, space_id, name, name_key, blob_id, size, mime_type, created_by_user_id, created_at, updated_at)
    SELECT files.id, spaces.id, files.name, LOWER(files.name), files.blob_id, files.size, files.mime_type, files.owner_user_id,
        files.created_at, files.updated_at
    FROM files JOIN spaces ON spaces.user_id = files.owner_user_id;
DROP TABLE files;
ALTER TABLE files_in_spaces RENAME TO files;
CREATE UNIQUE INDEX files_name ON files (space_id, (COALESCE(folder_id, 0)), name) WHERE trash_id IS NULL;
CREATE INDEX files_sorted ON files (space_id, (COALESCE(folder_id, 0)), name_key, id) WHERE trash_id IS NULL;
CREATE INDEX files_folder ON files (folder_id);
CREATE INDEX files_blob ON files (blob_id);
CREATE INDEX files_trash ON files (trash_id) WHERE trash_id IS NOT NULL;

-- Earlier contents of a file.
CREATE TABLE file_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id BIGINT NOT NULL REFERENCES files (id),
    blob_id BIGINT NOT NULL REFERENCES blobs (id),
    size BIGINT NOT NULL,
    created_by_user_id BIGINT NOT NULL,
    -- When it became an earlier one.
    created_at BIGINT NOT NULL
);
CREATE INDEX file_versions_file ON file_versions (file_id, id);
CREATE INDEX file_versions_blob ON file_versions (blob_id);
CREATE INDEX blobs_unreferenced ON blobs (id) WHERE ref_count <= 0;
