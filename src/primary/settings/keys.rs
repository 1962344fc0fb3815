//! Names of the settings.

pub(super) const PUBLIC_SITE_URL: &str = "public_site_url";
pub(super) const AUTH_COOKIE_SECURE: &str = "auth_cookie_secure";
pub(super) const AUTH_ACCESS_TOKEN_TTL_SECS: &str = "auth_access_token_ttl_secs";
pub(super) const AUTH_REFRESH_TOKEN_TTL_SECS: &str = "auth_refresh_token_ttl_secs";
pub(super) const REMOTE_NODE_HEALTH_TEST_INTERVAL_SECS: &str = "remote_node_health_test_interval_secs";
pub(super) const BACKGROUND_TASK_DISPATCH_INTERVAL_SECS: &str = "background_task_dispatch_interval_secs";
pub(super) const BACKGROUND_TASK_MAX_ATTEMPTS: &str = "background_task_max_attempts";
pub(super) const STORAGE_MIGRATION_MAX_CONCURRENCY: &str =
    "background_task_storage_migration_max_concurrency";
pub(super) const MAINTENANCE_CLEANUP_INTERVAL_SECS: &str = "maintenance_cleanup_interval_secs";
pub(super) const BLOB_RECONCILE_INTERVAL_SECS: &str = "blob_reconcile_interval_secs";
pub(super) const TASK_RETENTION_HOURS: &str = "task_retention_hours";
pub(super) const DEFAULT_STORAGE_QUOTA: &str = "default_storage_quota";
pub(super) const MAX_VERSIONS_PER_FILE: &str = "max_versions_per_file";
pub(super) const TRASH_RETENTION_DAYS: &str = "trash_retention_days";
pub(super) const TEAM_ARCHIVE_RETENTION_DAYS: &str = "team_archive_retention_days";
pub(super) const ARCHIVE_BUILD_MAX_ENTRIES: &str = "archive_build_max_entries";
pub(super) const ARCHIVE_BUILD_MAX_BYTES: &str = "archive_build_max_bytes";
pub(super) const THUMBNAIL_MAX_SOURCE_BYTES: &str = "thumbnail_max_source_bytes";
pub(super) const AUTH_ALLOW_USER_REGISTRATION: &str = "auth_allow_user_registration";
pub(super) const AUTH_THROTTLE_ENABLED: &str = "auth_throttle_enabled";
pub(super) const AUTH_THROTTLE_ACCOUNT_BURST: &str = "auth_throttle_account_burst";
pub(super) const AUTH_THROTTLE_ACCOUNT_REFILL_SECS: &str = "auth_throttle_account_refill_secs";
pub(super) const AUTH_THROTTLE_ADDRESS_BURST: &str = "auth_throttle_address_burst";
pub(super) const AUTH_THROTTLE_ADDRESS_REFILL_SECS: &str = "auth_throttle_address_refill_secs";
pub(super) const PUBLIC_THROTTLE_BURST: &str = "public_throttle_burst";
pub(super) const PUBLIC_THROTTLE_REFILL_SECS: &str = "public_throttle_refill_secs";
pub(super) const AUDIT_LOG_ENABLED: &str = "audit_log_enabled";
pub(super) const AUDIT_LOG_RETENTION_DAYS: &str = "audit_log_retention_days";
pub(super) const UPLOAD_SESSION_TTL_SECS: &str = "upload_session_ttl_secs";
pub(super) const WEBDAV_ENABLED: &str = "webdav_enabled";
pub(super) const WEBDAV_BLOCK_SYSTEM_FILES: &str = "webdav_block_system_files_enabled";
pub(super) const WEBDAV_SYSTEM_FILES: &str = "webdav_block_system_file_patterns";
pub(super) const WEBDAV_PROPFIND_MAX_ENTRIES: &str = "webdav_propfind_max_entries";
