-- What shows whether the primaries of this database have the same keys; filled on PostgreSQL only.
CREATE TABLE shared_keys (
    -- Name of the setting.
    name TEXT PRIMARY KEY,
    -- A text that only the right key opens.
    sealed TEXT NOT NULL
);
