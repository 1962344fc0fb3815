//! Database pools, migrations and transactions.
//!
//! SQLite (WAL) has one writer and a pool of readers: writers queue for the single write connection instead of meeting
//! `SQLITE_BUSY`, readers never wait for them, and commits reach the disk together (`log`). PostgreSQL has a pool of writers beside the pool of readers, and may
//! have several primaries; what one of them read may be changed by another before it writes. A change whose checks need
//! more than the statement that makes it therefore takes its turn (`Db::begin_alone`) or holds the row it looks at
//! (`hold`); on SQLite both are true of every write transaction.
//!
//! Statements live in the roles' `store.rs` files and are the same for both: `$1` placeholders, BIGINT and TEXT columns,
//! flags 0/1, times in Unix milliseconds, columns by name and never `*` (a statement that PostgreSQL has prepared fails
//! when a newer primary adds a column to its result), nothing after a failed statement but the end of the transaction.

mod connect;
#[cfg(test)]
pub(crate) mod failing;
mod log;
mod migrate;
mod tx;

use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use sqlx::{Any, AnyPool, Encode, Type};

pub use self::connect::DbError;
pub use self::migrate::Schema;
pub use self::tx::Tx;

/// The name under which sqlx knows PostgreSQL.
const POSTGRES: &str = "PostgreSQL";
/// Advisory lock of [`Db::begin_alone`]; the number is ours alone in this database.
const TURN: i64 = 0x6173_7465_7200_0001;

/// What a URL leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    fn of(url: &str) -> Self {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::Postgres
        } else {
            Self::Sqlite
        }
    }
}

/// Handle to the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    write: AnyPool,
    read: AnyPool,
    kind: Kind,
    /// Of a SQLite file that is written to.
    log: Option<Arc<log::Log>>,
    #[cfg(test)]
    steps: failing::Steps,
}

impl Db {
    fn of(write: AnyPool, read: AnyPool, kind: Kind, file: Option<PathBuf>) -> Self {
        Self {
            write,
            read,
            kind,
            log: file.map(|file| Arc::new(log::Log::of(file))),
            #[cfg(test)]
            steps: failing::Steps::default(),
        }
    }

    /// Lets commits fail.
    #[cfg(test)]
    pub(crate) fn steps(&self) -> &failing::Steps {
        &self.steps
    }

    /// Connections for statements that only read.
    pub fn read(&self) -> &AnyPool {
        &self.read
    }

    /// Whether other processes may change what is in the database.
    pub fn is_shared(&self) -> bool {
        self.kind == Kind::Postgres
    }

    /// Begins a write transaction. It holds a write connection, on SQLite the only one, until commit or drop, so it must
    /// not wait for the network. Each of its statements sees what is committed when the statement begins.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        let begun = self.write.begin_with(match self.kind {
            // IMMEDIATE takes the write lock now: a deferred transaction could read, then fail to upgrade because
            // another process (`node enroll`) wrote in between.
            Kind::Sqlite => "BEGIN IMMEDIATE",
            // Whatever the server's default is: the stricter levels end transactions with an error to be retried.
            Kind::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        });
        Ok(Tx::new(begun.await?, self))
    }

    /// Begins a write transaction beside which no other of these is open, here or in another primary. For the changes
    /// that are rare and whose checks look at many rows: what administrators do.
    pub async fn begin_alone(&self) -> Result<Tx, sqlx::Error> {
        let mut tx = self.begin().await?;
        if self.kind == Kind::Postgres {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(TURN).execute(&mut *tx).await?;
        }
        Ok(tx)
    }

    /// Waits until everything that could be read before the call is durable. For whoever removes for good what the
    /// database, as it was read, has no use for.
    pub async fn settle(&self) -> Result<(), sqlx::Error> {
        match &self.log {
            Some(log) => log.sync().await.map_err(sqlx::Error::Io),
            None => Ok(()),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(|_| ())
    }

    /// Waits for running statements and closes the connections.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Keeps the row of `table` with this `id` as it is, also against rows that begin to refer to it, until the end of the
/// transaction; the statements after this one see it so. No row is no error.
///
/// Who holds several rows takes them in the same order as everybody else: users, sessions, policies, groups.
pub async fn hold<'q, T>(tx: &mut Tx, table: &'static str, id: T) -> Result<(), sqlx::Error>
where
    T: Encode<'q, Any> + Type<Any> + Send + 'q,
{
    if tx.backend_name() != POSTGRES {
        return Ok(());
    }
    let sql = sqlx::AssertSqlSafe(format!("SELECT 1 FROM {table} WHERE id = $1 FOR UPDATE"));
    sqlx::query(sql).bind(id).execute(&mut **tx).await.map(|_| ())
}

/// Whether `error` says that a UNIQUE constraint refused the row.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(inner) if inner.is_unique_violation())
}

/// Whether `error` says that the row refers to one that is not there.
pub fn is_foreign_key_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(inner) if inner.is_foreign_key_violation())
}

/// The file behind a `sqlite://` URL; `None` for other databases.
pub fn file_of(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite://")?;
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned().into())
}

#[cfg(test)]
pub(crate) mod tests;
