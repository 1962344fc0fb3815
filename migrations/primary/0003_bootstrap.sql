-- The declared bootstrap, one row for each thing it makes. A row that is done stays: it is how a later start knows that
-- the thing was made once, whatever an administrator did with it since.
CREATE TABLE bootstrap_steps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- Declared name of the node an ingress target belongs to; '' for everything else.
    node TEXT NOT NULL,
    -- Declared name.
    name TEXT NOT NULL,
    -- JSON of what is to be made, sealed; '' when it is done, or when it takes a start with the variables.
    wanted_sealed TEXT NOT NULL,
    -- pending, failed or done.
    state TEXT NOT NULL,
    -- What it waits for, why it failed, or why nothing was made; '' when there is nothing to say.
    message TEXT NOT NULL,
    -- Id of what was made.
    object_id BIGINT,
    -- When state or message last changed.
    since BIGINT NOT NULL,
    UNIQUE (kind, node, name)
);
