-- The primary this follower belongs to. One follower has one primary, so there is at most one row (id = 1).
CREATE TABLE binding (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    -- Public origin of the primary; decides which browsers may use presigned URLs.
    master_url TEXT NOT NULL,
    -- Address the enrollment was made through; differs from master_url inside a container network.
    enrolled_through TEXT NOT NULL,
    access_key TEXT NOT NULL,
    secret_key_sealed TEXT NOT NULL,
    namespace TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    -- Acknowledgement still owed to the primary; NULL once it was accepted.
    pending_ack_sealed TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Where received objects go. Called ingress profiles on the wire.
CREATE TABLE ingress_targets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    driver_type TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    bucket TEXT NOT NULL,
    -- '' is automatic.
    region TEXT NOT NULL,
    -- 'path' or 'virtual_host'; '' for local targets.
    addressing TEXT NOT NULL,
    access_key_sealed TEXT,
    secret_key_sealed TEXT,
    base_path TEXT NOT NULL,
    max_file_size BIGINT NOT NULL,
    is_default BIGINT NOT NULL,
    desired_revision BIGINT NOT NULL,
    applied_revision BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- At most one default.
CREATE UNIQUE INDEX ingress_targets_default ON ingress_targets (is_default) WHERE is_default = 1;
