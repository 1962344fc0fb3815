-- The names of a space in their order, without regard to folders: what searches walk along. It has all that a search can
-- ask for, so that a walk past a million names reads nothing else.
CREATE INDEX files_in_name_order ON files (space_id, name_key, id, mime_type, size, created_at, folder_id) WHERE trash_id IS NULL;
CREATE INDEX folders_in_name_order ON folders (space_id, name_key, id) WHERE trash_id IS NULL;

-- In which names three characters stand side by side. Names in the trash stay in it, so that a deletion writes nothing
-- here. Only names are noted, not where in them (detail) or how long they are (columnsize): a search looks at the name
-- itself before it believes.
CREATE VIRTUAL TABLE file_names USING fts5 (
    name_key, content = 'files', content_rowid = 'id', columnsize = 0, detail = 'none', tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE folder_names USING fts5 (
    name_key, content = 'folders', content_rowid = 'id', columnsize = 0, detail = 'none', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO file_names (file_names) VALUES ('rebuild');
INSERT INTO folder_names (folder_names) VALUES ('rebuild');

CREATE TRIGGER file_names_insert AFTER INSERT ON files BEGIN
    INSERT INTO file_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER file_names_delete AFTER DELETE ON files BEGIN
    INSERT INTO file_names (file_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
END;
CREATE TRIGGER file_names_update AFTER UPDATE OF name_key ON files WHEN old.name_key <> new.name_key BEGIN
    INSERT INTO file_names (file_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
    INSERT INTO file_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER folder_names_insert AFTER INSERT ON folders BEGIN
    INSERT INTO folder_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
CREATE TRIGGER folder_names_delete AFTER DELETE ON folders BEGIN
    INSERT INTO folder_names (folder_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
END;
CREATE TRIGGER folder_names_update AFTER UPDATE OF name_key ON folders WHEN old.name_key <> new.name_key BEGIN
    INSERT INTO folder_names (folder_names, rowid, name_key) VALUES ('delete', old.id, old.name_key);
    INSERT INTO folder_names (rowid, name_key) VALUES (new.id, new.name_key);
END;
