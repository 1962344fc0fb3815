//! Opening a database: the connections, what each of them is told first, and waiting for a server that is starting.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::error::DatabaseError;
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Connection, Executor};
use url::Url;

use super::{Db, Kind, Schema, file_of};

/// How long a statement waits for a connection, for a row or for another process's write before it fails.
const WAIT: Duration = Duration::from_secs(15);
/// How long opening waits for a server that is away: a container may start before its database.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest time of one attempt.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Between two attempts to do what SQLite refuses while another process does it.
const BUSY_PAUSE: Duration = Duration::from_millis(10);
/// Between two log lines about waiting.
const REMINDER: Duration = Duration::from_secs(10);

/// What a PostgreSQL session is told first. A statement, a wait for a lock and an idle transaction end at some time, so
/// that nothing a primary left behind stops the others. A server that acknowledges commits before they are on its disk
/// is asked not to: a stored file is acknowledged when its commit is.
const SESSION: &str = "SET statement_timeout = '60s'; SET lock_timeout = '15s'; \
     SET idle_in_transaction_session_timeout = '60s'; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

/// FULL, not NORMAL: an acknowledged enrollment or file must survive a power cut (in WAL mode NORMAL may lose the last
/// commits). The time-out stands first: changing the journal waits for others, too.
const FILE: &str = "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
/// For connections whose commits are made durable together, by [`Log`](super::log::Log).
const TOGETHER: &str = "PRAGMA synchronous = NORMAL;";

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
    /// The server does not answer.
    #[error(
        "the database {database} cannot be reached: {source}. Is its server running, and the address in database.url right?"
    )]
    Away {
        /// Host, port and name.
        database: String,
        #[source]
        source: sqlx::Error,
    },
    /// The server answers, and refuses us.
    #[error(
        "the database {database} refuses the connection: {source}. Check user, password, name and TLS mode in database.url"
    )]
    Refused {
        /// Host, port and name.
        database: String,
        #[source]
        source: sqlx::Error,
    },
    /// The database answered with an error.
    #[error("database {database}: {source}")]
    Sql {
        /// Path, or host, port and name.
        database: String,
        #[source]
        source: sqlx::Error,
    },
    /// The schema cannot be brought up to date.
    #[error("schema of the database {database}: {source}")]
    Migrate {
        /// Path, or host, port and name.
        database: String,
        #[source]
        source: sqlx::migrate::MigrateError,
    },
}

impl Db {
    /// Opens the database at `url` and brings `schema` up to date.
    ///
    /// `sqlite://` has an absolute path; the file is made (0600) when the URL allows it. A server at `postgres://` is
    /// waited for, a minute at most. `connections` bounds the connections for reading, and at PostgreSQL all of them.
    pub async fn open(url: &str, connections: u32, schema: Schema) -> Result<Self, DbError> {
        let place = Place::of(url)?;
        create_private_file(url)?;
        let mut first = place.wait_for().await?;
        let migrated = schema.migrate(&mut first, place.kind).await;
        // Closed in any case: an error leaves the lock of the migrations with the session.
        let closed = first.close().await;
        migrated.map_err(|source| DbError::Migrate { database: place.name.clone(), source })?;
        closed.map_err(|source| place.failed(source))?;
        let (writers, readers) = match place.kind {
            Kind::Sqlite => (1, connections),
            Kind::Postgres => ((connections / 2).max(1), connections.div_ceil(2)),
        };
        let write = place.pool(writers, false).await?;
        let read = place.pool(readers, true).await?;
        Ok(Self::of(write, read, place.kind, file_of(url)))
    }

    /// Opens the database at `url` to look at it beside a running server: nothing is made, brought up to date, written
    /// or waited for. Gives the handle, and how many migrations of `schema` it lacks.
    pub async fn look(url: &str, schema: Schema) -> Result<(Self, usize), DbError> {
        let place = Place::of(&url.replace("mode=rwc", "mode=rw"))?;
        let mut first = place.connect().await?;
        let missing = schema.missing(&mut first).await;
        first.close().await.map_err(|source| place.failed(source))?;
        let missing = missing.map_err(|source| place.failed(source))?;
        let read = place.pool(1, true).await?;
        Ok((Self::of(read.clone(), read, place.kind, None), missing))
    }
}

/// Where a database is.
struct Place {
    kind: Kind,
    options: AnyConnectOptions,
    /// For messages; without user and password.
    name: String,
}

impl Place {
    fn of(url: &str) -> Result<Self, DbError> {
        sqlx::any::install_default_drivers();
        let name = name_of(url);
        match AnyConnectOptions::from_str(url) {
            Ok(options) => Ok(Self { kind: Kind::of(url), options, name }),
            Err(source) => Err(DbError::Sql { database: name, source }),
        }
    }

    fn failed(&self, source: sqlx::Error) -> DbError {
        DbError::Sql { database: self.name.clone(), source }
    }

    /// The first connection, as soon as there is one. It has no limits of time: migrations take what they take.
    async fn wait_for(&self) -> Result<AnyConnection, DbError> {
        let began = Instant::now();
        let mut told: Option<Instant> = None;
        loop {
            match self.connect().await {
                Err(DbError::Away { source, .. }) if began.elapsed() < PATIENCE => {
                    if told.is_none_or(|told| told.elapsed() >= REMINDER) {
                        tracing::warn!("waiting for the database {}: {source}", self.name);
                        told = Some(Instant::now());
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn connect(&self) -> Result<AnyConnection, DbError> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            if self.kind == Kind::Sqlite {
                in_wal_mode(&mut connection).await?;
            }
            Ok(connection)
        };
        let connected = match tokio::time::timeout(ATTEMPT, connecting).await {
            Ok(connected) => connected,
            Err(late) => Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, late))),
        };
        connected.map_err(|source| {
            let database = self.name.clone();
            match (self.kind, &source) {
                (Kind::Sqlite, _) => DbError::Sql { database, source },
                (Kind::Postgres, error) if is_away(error) => DbError::Away { database, source },
                (Kind::Postgres, _) => DbError::Refused { database, source },
            }
        })
    }

    async fn pool(&self, size: u32, read_only: bool) -> Result<AnyPool, DbError> {
        let kind = self.kind;
        let options = AnyPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(WAIT)
            .after_connect(move |connection, _| Box::pin(prepare(connection, kind, read_only)));
        let options = match kind {
            Kind::Sqlite => options.idle_timeout(None).max_lifetime(None).test_before_acquire(false),
            // Asked before each use: a server that was restarted must cost nobody an error.
            Kind::Postgres => options.test_before_acquire(true),
        };
        options.connect_with(self.options.clone()).await.map_err(|source| self.failed(source))
    }
}

/// Gives a new file its journal. SQLite does not wait when two processes do that at the same moment: one is refused, and
/// finds it done a moment later.
async fn in_wal_mode(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let began = Instant::now();
    loop {
        match connection.execute(FILE).await {
            Err(sqlx::Error::Database(error)) if is_busy(&*error) && began.elapsed() < WAIT => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            done => return done.map(|_| ()),
        }
    }
}

/// `SQLITE_BUSY` and its finer codes, which have more in the higher bits.
fn is_busy(error: &dyn DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}

async fn prepare(connection: &mut AnyConnection, kind: Kind, read_only: bool) -> Result<(), sqlx::Error> {
    let (always, only_reading) = match kind {
        Kind::Sqlite => (FILE, "PRAGMA query_only = ON;"),
        Kind::Postgres => (SESSION, "SET default_transaction_read_only = on;"),
    };
    connection.execute(always).await?;
    if read_only {
        connection.execute(only_reading).await?;
    } else if kind == Kind::Sqlite {
        connection.execute(TOGETHER).await?;
    }
    Ok(())
}

/// Whether the server may be there a moment later: nobody answers, its name is not known yet, it is starting or
/// stopping, or has no room for one more connection.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        // A certificate that is not trusted comes as data that is not valid; it will not be a moment later either.
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code == "53300")
        }
        _ => false,
    }
}

/// What a message calls the database: the path of a file, or host, port and name; never user or password.
fn name_of(url: &str) -> String {
    if let Some(path) = file_of(url) {
        return path.display().to_string();
    }
    let Ok(url) = Url::parse(url) else { return "of an unreadable URL".to_owned() };
    let query =
        |wanted: &str| url.query_pairs().find(|(key, _)| key == wanted).map(|(_, value)| value.into_owned());
    let host = query("host").or_else(|| url.host_str().map(decoded)).unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{} at {host}{port}", decoded(url.path().trim_start_matches('/')))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_without_user_and_password() {
        assert_eq!(
            name_of("postgres://anna:s3cret@db.example:5433/drive?sslmode=require"),
            "drive at db.example:5433"
        );
        assert_eq!(name_of("postgresql://anna:s3cret@%2Frun%2Fpostgresql/drive"), "drive at /run/postgresql");
        assert_eq!(name_of("sqlite:///srv/data/asterdrive.db?mode=rwc"), "/srv/data/asterdrive.db");
    }
}
