-- Who changed what. Entries are never changed, and removed when they are old.
CREATE TABLE audit_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- NULL when no person did it: the declared bootstrap.
    user_id BIGINT,
    action TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    -- NULL for what has no id, such as a setting.
    entity_id BIGINT,
    entity_name TEXT NOT NULL,
    -- JSON object, without secrets.
    details TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_logs_time ON audit_logs (created_at);
