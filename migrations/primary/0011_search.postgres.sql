-- The names of a space in their order, without regard to folders: what searches walk along. It has all that a search can
-- ask for, so that a walk past a million names reads nothing else.
CREATE INDEX files_in_name_order ON files (space_id, name_key, id) INCLUDE (mime_type, size, created_at, folder_id) WHERE trash_id IS NULL;
CREATE INDEX folders_in_name_order ON folders (space_id, name_key, id) WHERE trash_id IS NULL;

-- In which names three characters stand side by side. Where the extension is missing or not allowed, searches read all
-- names of a space: slower, with the same results. A start says so; the two CREATE INDEX can be made up for at any time.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX files_name_trigrams ON files USING gin (name_key gin_trgm_ops);
    CREATE INDEX folders_name_trigrams ON folders USING gin (name_key gin_trgm_ops);
EXCEPTION
    WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported OR invalid_schema_name THEN
        RAISE WARNING 'searches go without an index: %', SQLERRM;
END
$$;
