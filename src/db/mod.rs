//! Database pools, migrations and transactions.
//!
//! SQLite (WAL) with one writer and a pool of readers. Writers queue for the single write connection instead of
//! meeting `SQLITE_BUSY`; readers never wait for them. Statements live in the roles' `store.rs` files and keep to
//! the dialect that PostgreSQL shares: `$1` placeholders, BIGINT and TEXT columns, flags 0/1, times in Unix
//! milliseconds.

mod migrate;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Executor, Transaction};

pub use self::migrate::Schema;

/// How long a statement waits for a connection or for another process's write before it fails.
const WAIT: Duration = Duration::from_secs(15);

/// An open write transaction; dropped without commit it rolls back.
pub type Tx = Transaction<'static, Any>;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The file cannot be made or opened.
    #[error("cannot open the database file {path}: {source}")]
    File {
        /// Path from the URL.
        path: String,
        #[source]
        source: std::io::Error,
    },
    /// The database answered with an error.
    #[error("database: {0}")]
    Sql(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("database schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Handle to the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    write: AnyPool,
    read: AnyPool,
}

impl Db {
    /// Opens the database at `url` (`sqlite://` with an absolute path), creates the file (0600) when the URL allows
    /// it, and brings `schema` up to date. `readers` bounds the concurrent read connections.
    pub async fn open(url: &str, readers: u32, schema: Schema) -> Result<Self, DbError> {
        sqlx::any::install_default_drivers();
        create_private_file(url)?;
        let options = AnyConnectOptions::from_str(url)?;
        let write = pool(1, false).connect_with(options.clone()).await?;
        schema.migrate(&write).await?;
        let read = pool(readers, true).connect_with(options).await?;
        Ok(Self { write, read })
    }

    /// Opens the database at `url` to look at it beside a running server: nothing is made, brought up to date or
    /// written. Gives the handle, and how many migrations of `schema` it lacks.
    pub async fn look(url: &str, schema: Schema) -> Result<(Self, usize), DbError> {
        sqlx::any::install_default_drivers();
        let options = AnyConnectOptions::from_str(&url.replace("mode=rwc", "mode=rw"))?;
        let read = pool(1, true).connect_with(options).await?;
        let missing = schema.missing(&read).await?;
        Ok((Self { write: read.clone(), read }, missing))
    }

    /// Connections for statements that only read.
    pub fn read(&self) -> &AnyPool {
        &self.read
    }

    /// Begins a write transaction. It holds the only write connection until commit or drop, so it must not wait for
    /// the network.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        // IMMEDIATE takes the write lock now: a deferred transaction could read, then fail to upgrade because
        // another process (`node enroll`) wrote in between.
        self.write.begin_with("BEGIN IMMEDIATE").await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(|_| ())
    }

    /// Waits for running statements and closes the files.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Whether `error` says that a UNIQUE constraint refused the row.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(inner) if inner.is_unique_violation())
}

/// Whether `error` says that the row refers to one that is not there.
pub fn is_foreign_key_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(inner) if inner.is_foreign_key_violation())
}

fn pool(size: u32, read_only: bool) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(WAIT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(prepare(connection, read_only)))
}

async fn prepare(connection: &mut AnyConnection, read_only: bool) -> Result<(), sqlx::Error> {
    // FULL, not NORMAL: an acknowledged enrollment or file must survive a power cut (in WAL mode NORMAL may lose
    // the last commits).
    connection
        .execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 15000;",
        )
        .await?;
    if read_only {
        connection.execute("PRAGMA query_only = ON;").await?;
    }
    Ok(())
}

/// SQLite would create the file with the process's umask; it holds password hashes and sealed keys.
fn create_private_file(url: &str) -> Result<(), DbError> {
    let Some(path) = file_of(url) else { return Ok(()) };
    if !url.split_once('?').is_some_and(|(_, query)| query.split('&').any(|member| member == "mode=rwc")) {
        return Ok(());
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(DbError::File { path: path.display().to_string(), source }),
    }
}

/// The file behind a `sqlite://` URL; `None` for other databases.
pub fn file_of(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite://")?;
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned().into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn open(dir: &tempfile::TempDir) -> Db {
        let url = format!("sqlite://{}/test.db?mode=rwc", dir.path().display());
        Db::open(&url, 2, Schema::Follower).await.expect("open")
    }

    #[tokio::test]
    async fn a_new_database_file_is_private_and_opens_again() {
        let dir = tempfile::tempdir().expect("dir");
        open(&dir).await.close().await;
        let mode = std::fs::metadata(dir.path().join("test.db")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        open(&dir).await.ping().await.expect("second open");
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let dir = tempfile::tempdir().expect("dir");
        let db = open(&dir).await;
        let refused = sqlx::query("CREATE TABLE sneaky (id BIGINT)").execute(db.read()).await;
        assert!(refused.is_err());
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        let db = open(&dir).await;
        let mut tx = db.begin().await.expect("begin");
        sqlx::query("CREATE TABLE made (id BIGINT)").execute(&mut *tx).await.expect("create");
        drop(tx);
        assert!(sqlx::query("SELECT id FROM made").execute(db.read()).await.is_err());
        db.begin().await.expect("the write connection is free again").commit().await.expect("commit");
    }
}
