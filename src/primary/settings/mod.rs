//! Settings an administrator changes at run time. Each is declared once, in [`definitions`]; the values lie in the
//! database and in a snapshot that readers take without waiting.
//!
//! What an operator sets before the start is in `config`, not here.

pub(in crate::primary) mod api;
mod definitions;
mod keys;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};

use self::definitions::*;
pub use self::definitions::{Definition, Kind, Value, ValueError};
use self::store::SettingRow;
use crate::db::Db;
use crate::primary::throttle::Limit;
use crate::protocol::{Origin, Timestamp};

/// Between two looks for what other primaries of the database have set.
pub(in crate::primary) const REFRESH_INTERVAL: Duration = Duration::from_secs(2);

/// Why a setting was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No setting has this name.
    #[error("there is no setting `{0}`; GET /api/v1/admin/config/schema lists them")]
    Unknown(String),
    /// The value does not fit the setting.
    #[error("setting `{key}`: {source}")]
    Value {
        /// Name of the setting.
        key: &'static str,
        source: ValueError,
    },
    /// The database failed.
    #[error("settings: {0}")]
    Database(#[from] sqlx::Error),
}

/// One setting with its value in force.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What it is.
    pub definition: &'static Definition,
    /// The value in force.
    pub value: Value,
    /// When it was last set; `None` while the default holds.
    pub updated_at: Option<Timestamp>,
}

/// A value that was set, as opposed to a default.
#[derive(Debug, Clone)]
struct SetValue {
    value: Value,
    updated_at: Timestamp,
}

type Snapshot = BTreeMap<&'static str, SetValue>;

/// The settings in force; clones share them.
#[derive(Debug, Clone)]
pub struct Settings(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    snapshot: ArcSwap<Snapshot>,
    /// The rows of the snapshot. Held over "write, then replace the snapshot", so that snapshots follow each other as the
    /// writes did.
    rows: Mutex<Vec<SettingRow>>,
    changed: watch::Sender<()>,
}

impl Settings {
    /// Reads the values that are set. A stored value that no longer fits its setting is reported in the log and the
    /// default holds.
    pub async fn open(db: Db) -> Result<Self, SettingsError> {
        let rows = store::all(&db).await?;
        let snapshot = ArcSwap::from_pointee(snapshot_of(&rows));
        Ok(Self(Arc::new(Inner { db, snapshot, rows: Mutex::new(rows), changed: watch::Sender::new(()) })))
    }

    /// Puts in force what other primaries of the database have set.
    pub async fn refresh(&self) -> Result<(), SettingsError> {
        self.take_over(&mut *self.0.rows.lock().await).await
    }

    async fn take_over(&self, rows: &mut Vec<SettingRow>) -> Result<(), SettingsError> {
        let found = store::all(&self.0.db).await?;
        if found != *rows {
            self.0.snapshot.store(Arc::new(snapshot_of(&found)));
            *rows = found;
            self.0.changed.send_replace(());
        }
        Ok(())
    }

    /// For background work that waits for as long as a setting says: a new value need not wait for the end of it.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// All settings in the order of their declaration.
    pub fn list(&self) -> Vec<Setting> {
        let snapshot = self.0.snapshot.load();
        DEFINITIONS.iter().map(|definition| setting(definition, &snapshot)).collect()
    }

    /// One setting.
    pub fn get(&self, key: &str) -> Result<Setting, SettingsError> {
        Ok(setting(find(key)?, &self.0.snapshot.load()))
    }

    /// Sets a value; it is in force when this returns.
    pub async fn set(&self, key: &str, texts: &[String]) -> Result<Setting, SettingsError> {
        let definition = find(key)?;
        let value = definition
            .kind
            .parse(texts)
            .map_err(|source| SettingsError::Value { key: definition.key, source })?;
        self.write(definition, Some(value)).await?;
        self.get(key)
    }

    /// Returns to the default.
    pub async fn reset(&self, key: &str) -> Result<Setting, SettingsError> {
        self.write(find(key)?, None).await?;
        self.get(key)
    }

    /// Takes `origin` as public address unless one is set. First-run setup calls this with the address it was
    /// reached under.
    pub async fn adopt_public_site_url(&self, origin: &Origin) -> Result<(), SettingsError> {
        if self.public_site_urls().is_empty() {
            self.set(keys::PUBLIC_SITE_URL, &[origin.as_str().to_owned()]).await?;
        }
        Ok(())
    }

    /// The same with several addresses that an operator declared, of which the first is the one for followers. Gives
    /// whether they were taken.
    pub async fn declare_public_site_urls(&self, addresses: &[String]) -> Result<bool, SettingsError> {
        if !self.public_site_urls().is_empty() {
            return Ok(false);
        }
        self.set(keys::PUBLIC_SITE_URL, addresses).await.map(|_| true)
    }

    /// Refuses addresses that `public_site_url` does not take.
    pub fn check_public_site_urls(addresses: &[String]) -> Result<(), SettingsError> {
        let definition = find(keys::PUBLIC_SITE_URL)?;
        let parsed = definition.kind.parse(addresses).map(|_| ());
        parsed.map_err(|source| SettingsError::Value { key: definition.key, source })
    }

    /// Puts the operator's wish for the first value of `auth_cookie_secure` in force. To be called only before the
    /// first user exists; from then on the setting is the administrator's.
    pub async fn set_first_cookie_rule(&self, secure: bool) -> Result<(), SettingsError> {
        if secure == self.auth_cookie_secure() {
            return Ok(());
        }
        self.set(keys::AUTH_COOKIE_SECURE, &[secure.to_string()]).await.map(|_| ())
    }

    /// Addresses people reach this primary under; the first is the one followers and links use.
    pub fn public_site_urls(&self) -> Vec<Origin> {
        match self.value(keys::PUBLIC_SITE_URL) {
            Value::Origins(origins) => origins,
            Value::Flag(_) | Value::Number(_) | Value::Names(_) => Vec::new(),
        }
    }

    /// The first public address.
    pub fn public_site_url(&self) -> Option<Origin> {
        self.public_site_urls().into_iter().next()
    }

    /// Whether cookies carry `Secure`.
    pub fn auth_cookie_secure(&self) -> bool {
        self.flag(keys::AUTH_COOKIE_SECURE)
    }

    /// Life of an access token in seconds.
    pub fn auth_access_token_ttl_secs(&self) -> u64 {
        self.number(keys::AUTH_ACCESS_TOKEN_TTL_SECS)
    }

    /// Life of a login without refresh, in seconds.
    pub fn auth_refresh_token_ttl_secs(&self) -> u64 {
        self.number(keys::AUTH_REFRESH_TOKEN_TTL_SECS)
    }

    /// Seconds between two probes of the enabled nodes.
    pub fn remote_node_health_test_interval_secs(&self) -> u64 {
        self.number(keys::REMOTE_NODE_HEALTH_TEST_INTERVAL_SECS)
    }

    /// How long a worker waits before it looks for tasks by itself.
    pub fn background_task_dispatch_interval(&self) -> Duration {
        Duration::from_secs(self.number(keys::BACKGROUND_TASK_DISPATCH_INTERVAL_SECS))
    }

    /// How often a task is tried.
    pub fn background_task_max_attempts(&self) -> u32 {
        self.number(keys::BACKGROUND_TASK_MAX_ATTEMPTS).try_into().unwrap_or(u32::MAX)
    }

    /// Storage migrations at the same time.
    pub fn storage_migration_concurrency(&self) -> usize {
        self.number(keys::STORAGE_MIGRATION_MAX_CONCURRENCY).try_into().unwrap_or(1)
    }

    /// Between two removals of what is out of date.
    pub fn maintenance_cleanup_interval(&self) -> Duration {
        Duration::from_secs(self.number(keys::MAINTENANCE_CLEANUP_INTERVAL_SECS))
    }

    /// Between two checks of the counters.
    pub fn blob_reconcile_interval(&self) -> Duration {
        Duration::from_secs(self.number(keys::BLOB_RECONCILE_INTERVAL_SECS))
    }

    /// Hours for which an ended task is kept.
    pub fn task_retention_hours(&self) -> u64 {
        self.number(keys::TASK_RETENTION_HOURS)
    }

    /// Quota of new users in bytes; 0 is unlimited.
    pub fn default_storage_quota(&self) -> u64 {
        self.number(keys::DEFAULT_STORAGE_QUOTA)
    }

    /// Most earlier contents kept of a file.
    pub fn max_versions_per_file(&self) -> u64 {
        self.number(keys::MAX_VERSIONS_PER_FILE)
    }

    /// Days that something deleted stays in the trash.
    pub fn trash_retention_days(&self) -> u64 {
        self.number(keys::TRASH_RETENTION_DAYS)
    }

    /// Days that an archived team can be restored.
    pub fn team_archive_retention_days(&self) -> u64 {
        self.number(keys::TEAM_ARCHIVE_RETENTION_DAYS)
    }

    /// Most files and folders of one downloaded archive.
    pub fn archive_build_max_entries(&self) -> u64 {
        self.number(keys::ARCHIVE_BUILD_MAX_ENTRIES)
    }

    /// Most bytes of the files of one downloaded archive.
    pub fn archive_build_max_bytes(&self) -> u64 {
        self.number(keys::ARCHIVE_BUILD_MAX_BYTES)
    }

    /// Bytes of the largest image that a thumbnail is made of.
    pub fn thumbnail_max_source_bytes(&self) -> u64 {
        self.number(keys::THUMBNAIL_MAX_SOURCE_BYTES)
    }

    /// Whether everybody may make an account.
    pub fn auth_allow_user_registration(&self) -> bool {
        self.flag(keys::AUTH_ALLOW_USER_REGISTRATION)
    }

    /// Wrong passwords for one account from one address; `None` while throttling is off.
    pub fn account_limit(&self) -> Option<Limit> {
        self.limit(keys::AUTH_THROTTLE_ACCOUNT_BURST, keys::AUTH_THROTTLE_ACCOUNT_REFILL_SECS)
    }

    /// Wrong passwords from one address.
    pub fn address_limit(&self) -> Option<Limit> {
        self.limit(keys::AUTH_THROTTLE_ADDRESS_BURST, keys::AUTH_THROTTLE_ADDRESS_REFILL_SECS)
    }

    /// Calls that need no login, from one address.
    pub fn public_call_limit(&self) -> Option<Limit> {
        self.limit(keys::PUBLIC_THROTTLE_BURST, keys::PUBLIC_THROTTLE_REFILL_SECS)
    }

    /// Whether the audit trail is written.
    pub fn audit_log_enabled(&self) -> bool {
        self.flag(keys::AUDIT_LOG_ENABLED)
    }

    /// Days an entry of the audit trail is kept.
    pub fn audit_log_retention_days(&self) -> u64 {
        self.number(keys::AUDIT_LOG_RETENTION_DAYS)
    }

    fn limit(&self, burst: &str, refill: &str) -> Option<Limit> {
        let burst = u32::try_from(self.number(burst)).unwrap_or(u32::MAX);
        let refill = Duration::from_secs(self.number(refill));
        self.flag(keys::AUTH_THROTTLE_ENABLED).then_some(Limit { burst, refill })
    }

    fn flag(&self, key: &str) -> bool {
        matches!(self.value(key), Value::Flag(true))
    }

    /// Life of an upload session in seconds.
    pub fn upload_session_ttl_secs(&self) -> u64 {
        self.number(keys::UPLOAD_SESSION_TTL_SECS)
    }

    /// Whether the drive is served over WebDAV.
    pub fn webdav_enabled(&self) -> bool {
        self.flag(keys::WEBDAV_ENABLED)
    }

    /// Names that nothing can be given over WebDAV.
    pub fn webdav_blocked_names(&self) -> Vec<String> {
        match self.value(keys::WEBDAV_SYSTEM_FILES) {
            Value::Names(names) if self.flag(keys::WEBDAV_BLOCK_SYSTEM_FILES) => names,
            _ => Vec::new(),
        }
    }

    /// Files and folders that one listing of a whole tree may have.
    pub fn webdav_propfind_max_entries(&self) -> u64 {
        self.number(keys::WEBDAV_PROPFIND_MAX_ENTRIES)
    }

    fn value(&self, key: &str) -> Value {
        let definition = find(key).expect("getters use keys that are declared");
        setting(definition, &self.0.snapshot.load()).value
    }

    fn number(&self, key: &str) -> u64 {
        match self.value(key) {
            Value::Number(number) => number,
            Value::Flag(_) | Value::Origins(_) | Value::Names(_) => 0,
        }
    }

    /// In a task of its own: a caller that goes away must not leave a value in the database that is not in force.
    async fn write(
        &self,
        definition: &'static Definition,
        value: Option<Value>,
    ) -> Result<(), SettingsError> {
        let settings = self.clone();
        let writing = async move {
            let mut rows = settings.0.rows.lock().await;
            let db = &settings.0.db;
            match value {
                Some(value) => {
                    store::upsert(db, definition.key, &value.to_stored(), Timestamp::now()).await?;
                }
                None => store::delete(db, definition.key).await?,
            }
            settings.take_over(&mut rows).await
        };
        tokio::spawn(writing).await.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))?
    }
}

fn find(key: &str) -> Result<&'static Definition, SettingsError> {
    DEFINITIONS
        .iter()
        .find(|definition| definition.key == key)
        .ok_or_else(|| SettingsError::Unknown(key.chars().take(80).collect()))
}

fn setting(definition: &'static Definition, snapshot: &Snapshot) -> Setting {
    match snapshot.get(definition.key) {
        Some(set) => Setting { definition, value: set.value.clone(), updated_at: Some(set.updated_at) },
        None => Setting { definition, value: definition.default_value(), updated_at: None },
    }
}

fn snapshot_of(rows: &[SettingRow]) -> Snapshot {
    let mut snapshot = Snapshot::new();
    for row in rows {
        let Ok(definition) = find(&row.key) else { continue };
        match definition.kind.read_stored(&row.value) {
            Ok(value) => {
                snapshot.insert(definition.key, SetValue { value, updated_at: row.updated_at });
            }
            Err(error) => {
                tracing::warn!(
                    "the stored value of `{}` is not usable ({error}); the default holds",
                    row.key
                );
            }
        }
    }
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Schema;
    use crate::db::tests::url_in;

    async fn open() -> (tempfile::TempDir, Db, Settings) {
        let dir = tempfile::tempdir().expect("dir");
        let db = Db::open(&url_in(dir.path()), 2, Schema::Primary).await.expect("db");
        let settings = Settings::open(db.clone()).await.expect("settings");
        (dir, db, settings)
    }

    #[tokio::test]
    async fn a_value_is_in_force_at_once_and_after_a_restart_until_it_is_reset() {
        let (_dir, db, settings) = open().await;
        assert_eq!(settings.auth_access_token_ttl_secs(), 900);
        settings.set("auth_access_token_ttl_secs", &["60".to_owned()]).await.expect("set");
        assert_eq!(settings.auth_access_token_ttl_secs(), 60);
        let reopened = Settings::open(db).await.expect("reopen");
        assert_eq!(reopened.auth_access_token_ttl_secs(), 60);
        assert!(reopened.get("auth_access_token_ttl_secs").expect("get").updated_at.is_some());
        let back = reopened.reset("auth_access_token_ttl_secs").await.expect("reset");
        assert_eq!(back.value, Value::Number(900));
        assert!(back.updated_at.is_none());
    }

    #[tokio::test]
    async fn what_another_primary_has_set_is_in_force_after_a_refresh() {
        let (_dir, db, settings) = open().await;
        let other = Settings::open(db).await.expect("settings");
        let mut changes = settings.changes();
        other.set("auth_access_token_ttl_secs", &["60".to_owned()]).await.expect("set");
        settings.refresh().await.expect("refresh");
        assert_eq!(settings.auth_access_token_ttl_secs(), 60);
        changes.changed().await.expect("told");
        settings.refresh().await.expect("refresh");
        assert!(!changes.has_changed().expect("told nothing new"));
    }

    #[tokio::test]
    async fn a_change_whose_caller_went_away_is_in_force_or_not_made() {
        let (_dir, db, settings) = open().await;
        let sixty = ["60".to_owned()];
        {
            let mut change = Box::pin(settings.set("auth_access_token_ttl_secs", &sixty));
            assert!(futures_util::poll!(&mut change).is_pending());
        }
        // A second change waits for the first.
        settings.set("auth_refresh_token_ttl_secs", &["600".to_owned()]).await.expect("set");
        let stored = store::all(&db).await.expect("rows").len();
        assert_eq!((stored, settings.auth_access_token_ttl_secs()), (2, 60));
    }

    #[tokio::test]
    async fn a_public_address_is_adopted_only_while_none_is_set() {
        let (_dir, _db, settings) = open().await;
        let origin = |raw| Origin::parse(raw).expect("origin");
        settings.adopt_public_site_url(&origin("http://first:3000")).await.expect("adopt");
        settings.adopt_public_site_url(&origin("http://second")).await.expect("adopt");
        assert_eq!(settings.public_site_urls(), [origin("http://first:3000")]);
    }

    #[tokio::test]
    async fn a_stored_value_that_does_not_fit_leaves_the_default() {
        let (_dir, db, _settings) = open().await;
        store::upsert(&db, "auth_access_token_ttl_secs", "soon", Timestamp::now()).await.expect("row");
        store::upsert(&db, "of_another_release", "x", Timestamp::now()).await.expect("row");
        let settings = Settings::open(db).await.expect("open");
        assert_eq!(settings.auth_access_token_ttl_secs(), 900);
    }
}
