//! The failures both ends know by number and text (wire contract §1).

/// One row of the failure table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// HTTP status.
    pub status: u16,
    /// `code` of the envelope.
    pub number: i64,
    /// `error.code`, and `error.subcode` when `is_subcode`.
    pub text: &'static str,
    /// `error.internal_code`.
    pub internal: &'static str,
    /// Whether `text` is also sent as subcode.
    pub is_subcode: bool,
    /// `error.retryable`, when the row has one.
    pub retryable: Option<bool>,
}

const fn plain(status: u16, number: i64, text: &'static str, internal: &'static str) -> ErrorCode {
    ErrorCode { status, number, text, internal, is_subcode: false, retryable: None }
}

const fn sub(status: u16, number: i64, text: &'static str, internal: &'static str) -> ErrorCode {
    ErrorCode { status, number, text, internal, is_subcode: true, retryable: None }
}

const fn storage(number: i64, text: &'static str, retryable: bool) -> ErrorCode {
    ErrorCode { status: 500, number, text, internal: "E031", is_subcode: true, retryable: Some(retryable) }
}

/// The rows, by name.
pub mod codes {
    use super::{ErrorCode, plain, storage, sub};

    pub const BAD_REQUEST: ErrorCode = plain(400, 1000, "bad_request", "E005");
    pub const NOT_FOUND: ErrorCode = plain(404, 1001, "not_found", "E006");
    pub const INTERNAL: ErrorCode = plain(500, 1002, "internal_server_error", "E004");
    pub const DATABASE: ErrorCode = plain(500, 1003, "database.error", "E001");
    pub const CONFIG: ErrorCode = plain(500, 1004, "config.error", "E003");
    pub const NO_ENDPOINT: ErrorCode = plain(404, 1005, "endpoint_not_found", "E006");
    pub const METHOD_NOT_ALLOWED: ErrorCode = plain(405, 1005, "method_not_allowed", "E006");
    pub const RATE_LIMITED: ErrorCode = plain(429, 1006, "rate_limited", "E007");
    pub const PAYLOAD_TOO_LARGE: ErrorCode = plain(413, 1000, "payload_too_large", "E005");
    pub const TIMEOUT: ErrorCode = plain(408, 1000, "request_timeout", "E005");
    pub const CONFLICT: ErrorCode = plain(409, 1009, "conflict", "E008");

    pub const CREDENTIALS_FAILED_LOGIN: ErrorCode = plain(401, 2000, "auth.credentials_failed", "E010");
    pub const TOKEN_EXPIRED: ErrorCode = plain(401, 2001, "auth.token_expired", "E011");
    pub const TOKEN_INVALID: ErrorCode = plain(401, 2002, "auth.token_invalid", "E012");
    pub const FORBIDDEN: ErrorCode = plain(403, 2003, "auth.forbidden", "E013");
    pub const TOKEN_MISSING: ErrorCode = plain(401, 2007, "auth.token_missing", "E012");
    pub const CREDENTIALS_FAILED: ErrorCode = plain(401, 2008, "auth.credentials_failed", "E010");

    pub const FILE_NOT_FOUND: ErrorCode = plain(404, 3000, "file.not_found", "E020");
    pub const FILE_TOO_LARGE: ErrorCode = plain(400, 3001, "file.too_large", "E021");
    pub const PRECONDITION: ErrorCode = plain(412, 3010, "precondition_failed", "E060");
    pub const RANGE_NOT_SATISFIABLE: ErrorCode = plain(416, 1000, "range_not_satisfiable", "E005");

    pub const BINDING_DISABLED: ErrorCode = sub(412, 3010, "master_binding.disabled", "E060");
    pub const NODE_DISABLED: ErrorCode = sub(412, 3010, "remote_node.disabled", "E060");
    pub const NODE_ENROLLMENT_REQUIRED: ErrorCode = sub(412, 3010, "remote_node.enrollment_required", "E060");
    pub const NODE_UNIQUE_CONFLICT: ErrorCode = sub(400, 1009, "remote_node.unique_conflict", "E005");
    pub const INGRESS_REQUIRED: ErrorCode = sub(412, 3010, "managed_ingress.required", "E060");
    pub const INGRESS_DEFAULT_MISSING: ErrorCode = sub(412, 3010, "managed_ingress.default_missing", "E060");
    pub const INGRESS_DEFAULT_ERROR: ErrorCode = sub(412, 3010, "managed_ingress.default_error", "E060");
    pub const INGRESS_DEFAULT_NOT_APPLIED: ErrorCode =
        sub(412, 3010, "managed_ingress.default_not_applied", "E060");
    pub const INGRESS_DEFAULT_UPDATE_REQUIRES_REPLACEMENT: ErrorCode =
        sub(412, 3010, "managed_ingress.default_update_requires_replacement", "E060");
    pub const INGRESS_DEFAULT_DELETE_REQUIRES_REPLACEMENT: ErrorCode =
        sub(412, 3010, "managed_ingress.default_delete_requires_replacement", "E060");
    pub const INGRESS_TARGET_UNKNOWN: ErrorCode = sub(412, 3010, "managed_ingress.target_unknown", "E060");
    pub const INGRESS_TARGET_ERROR: ErrorCode = sub(412, 3010, "managed_ingress.target_error", "E060");
    pub const INGRESS_LOCAL_PATH_INVALID: ErrorCode =
        sub(400, 1000, "managed_ingress.local_path_invalid", "E005");
    pub const INGRESS_DRIVER_UNSUPPORTED: ErrorCode =
        sub(400, 1000, "managed_ingress.driver_unsupported", "E005");

    pub const STORAGE_UNKNOWN: ErrorCode = storage(4001, "storage.unknown", false);
    pub const STORAGE_FULL: ErrorCode = ErrorCode {
        status: 507,
        number: 4002,
        text: "storage.full",
        internal: "E031",
        is_subcode: false,
        retryable: None,
    };
    pub const STORAGE_AUTH: ErrorCode = storage(4004, "storage.auth", false);
    pub const STORAGE_PERMISSION: ErrorCode = storage(4005, "storage.permission", false);
    pub const STORAGE_MISCONFIGURED: ErrorCode = storage(4006, "storage.misconfigured", false);
    pub const STORAGE_NOT_FOUND: ErrorCode = storage(4007, "storage.not_found", false);
    pub const STORAGE_RATE_LIMITED: ErrorCode = storage(4008, "storage.rate_limited", true);
    pub const STORAGE_TRANSIENT: ErrorCode = storage(4009, "storage.transient", true);
    pub const STORAGE_PRECONDITION: ErrorCode = storage(4010, "storage.precondition", false);
    pub const STORAGE_UNSUPPORTED: ErrorCode = storage(4011, "storage.unsupported", false);
}
