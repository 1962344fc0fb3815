-- Background work: each row is one task, from the transaction that asked for it until some time after its end.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- JSON, as the kind reads it.
    payload TEXT NOT NULL,
    -- pending, processing, retry, succeeded, failed or canceled.
    state TEXT NOT NULL,
    -- Times a process began it since it was asked for, or since somebody asked for it again.
    attempt_count BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    -- Not begun before this.
    run_at BIGINT NOT NULL,
    -- Raised each time a process takes the task. Whoever writes for it names the number it got, so that a process that
    -- lost the task cannot.
    lease_number BIGINT NOT NULL,
    -- The process that works on it; '' is nobody.
    lease_owner TEXT NOT NULL,
    -- From then on another process may take it.
    lease_until BIGINT NOT NULL,
    -- 1 when somebody wants the running work to end.
    cancel_requested BIGINT NOT NULL,
    progress_current BIGINT NOT NULL,
    -- 0 while it is not known.
    progress_total BIGINT NOT NULL,
    status_text TEXT NOT NULL,
    -- JSON list.
    steps TEXT NOT NULL,
    -- JSON: how far the work came, for the next attempt; '' when it begins at the beginning.
    position TEXT NOT NULL,
    -- JSON; '' when there is none.
    result TEXT NOT NULL,
    last_error TEXT NOT NULL,
    -- Who asked for it; NULL is the program itself.
    created_by BIGINT,
    -- The space it belongs to, if it belongs to one.
    space_id BIGINT,
    -- Of unfinished tasks with the same key there is one at most.
    dedupe_key TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Of the last attempt.
    started_at BIGINT,
    finished_at BIGINT
);
CREATE UNIQUE INDEX tasks_dedupe ON tasks (dedupe_key) WHERE state IN ('pending', 'processing', 'retry');
CREATE INDEX tasks_due ON tasks (kind, run_at) WHERE state IN ('pending', 'retry');
CREATE INDEX tasks_lease ON tasks (lease_until) WHERE state = 'processing';
CREATE INDEX tasks_creator ON tasks (created_by, id);

-- When periodic work was asked for last. Of several primaries the one whose UPDATE finds the old time asks for it.
CREATE TABLE task_schedules (
    kind TEXT PRIMARY KEY,
    last_at BIGINT NOT NULL
);

-- Objects that a storage migration left at the source. Nothing reads them; they go with their blob.
CREATE TABLE kept_objects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    blob_id BIGINT NOT NULL REFERENCES blobs (id),
    policy_id BIGINT NOT NULL REFERENCES storage_policies (id),
    object_key TEXT NOT NULL,
    UNIQUE (policy_id, object_key)
);
CREATE INDEX kept_objects_blob ON kept_objects (blob_id);
