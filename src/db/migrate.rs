//! Which tables each role has, and how a database gets them. A migration file is never edited once released.
//!
//! The files are written in the dialect that SQLite and PostgreSQL share, with SQLite's spelling of the two things that
//! differ everywhere: `INTEGER PRIMARY KEY AUTOINCREMENT` and `TEXT`, see [`for_postgres`]. A migration that differs in
//! more than that has two files, `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql`; both are taken as they are.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, SqlSafeStr};

use super::Kind;

/// The tables of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Accounts, settings, nodes, policies, files.
    Primary,
    /// Binding and ingress targets.
    Follower,
}

/// The text of one migration.
#[derive(Debug, Clone, Copy)]
enum Text {
    /// For both kinds of databases.
    Shared(&'static str),
    /// One for each, where they differ.
    Apart { sqlite: &'static str, postgres: &'static str },
}

/// Number, description and text of one migration.
type Step = (i64, &'static str, Text);

const PRIMARY: &[Step] = &[
    (1, "foundation", Text::Shared(include_str!("../../migrations/primary/0001_foundation.sql"))),
    (2, "audit logs", Text::Shared(include_str!("../../migrations/primary/0002_audit_logs.sql"))),
    (3, "bootstrap", Text::Shared(include_str!("../../migrations/primary/0003_bootstrap.sql"))),
    (4, "re-enrollment", Text::Shared(include_str!("../../migrations/primary/0004_re_enrollment.sql"))),
    (5, "spaces", Text::Shared(include_str!("../../migrations/primary/0005_spaces.sql"))),
    (
        6,
        "accounts security",
        Text::Shared(include_str!("../../migrations/primary/0006_accounts_security.sql")),
    ),
    (7, "policies", Text::Shared(include_str!("../../migrations/primary/0007_policies.sql"))),
    (8, "tasks", Text::Shared(include_str!("../../migrations/primary/0008_tasks.sql"))),
    (9, "uploads", Text::Shared(include_str!("../../migrations/primary/0009_uploads.sql"))),
    (10, "shares", Text::Shared(include_str!("../../migrations/primary/0010_shares.sql"))),
    (
        11,
        "search",
        Text::Apart {
            sqlite: include_str!("../../migrations/primary/0011_search.sqlite.sql"),
            postgres: include_str!("../../migrations/primary/0011_search.postgres.sql"),
        },
    ),
    (13, "locks", Text::Shared(include_str!("../../migrations/primary/0013_locks.sql"))),
    (14, "shared keys", Text::Shared(include_str!("../../migrations/primary/0014_shared_keys.sql"))),
    (15, "webdav", Text::Shared(include_str!("../../migrations/primary/0015_webdav.sql"))),
];
const FOLLOWER: &[Step] = &[
    (1, "foundation", Text::Shared(include_str!("../../migrations/follower/0001_foundation.sql"))),
    (2, "token hash", Text::Shared(include_str!("../../migrations/follower/0002_token_hash.sql"))),
];

impl Schema {
    /// Applies the migrations that the database lacks. A database that has a migration this build does not know (it was
    /// opened by a newer release) is an error.
    ///
    /// Of processes that do this at the same time one works and the others wait for it. On PostgreSQL the wait is for an
    /// advisory lock of the session, so `connection` must be closed after an error, not used again.
    pub(super) async fn migrate(
        self,
        connection: &mut AnyConnection,
        kind: Kind,
    ) -> Result<(), MigrateError> {
        let migrations = self.steps().iter().map(|step| migration(step, kind)).collect();
        let migrator = Migrator::with_migrations(migrations);
        match kind {
            Kind::Postgres => migrator.run_direct(None, connection, false).await,
            Kind::Sqlite => {
                // The migrator has no lock of its own here; the transaction is one, and takes all steps or none.
                let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
                migrator.run_direct(None, &mut *tx, false).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// How many migrations the database lacks. One that has more than this build knows was opened by a newer release.
    pub(super) async fn missing(self, connection: &mut AnyConnection) -> Result<usize, sqlx::Error> {
        let query = sqlx::query("SELECT version FROM _sqlx_migrations WHERE success");
        let rows = match query.fetch_all(connection).await {
            Ok(rows) => rows,
            // A PostgreSQL database that no primary has opened yet.
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "42P01") => {
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let applied = rows.iter().map(|row| row.try_get("version")).collect::<Result<Vec<i64>, _>>()?;
        if let Some(newer) =
            applied.iter().find(|version| self.steps().iter().all(|step| step.0 != **version))
        {
            let text = format!("it has migration {newer}, which only a newer release of this program knows");
            return Err(sqlx::Error::Protocol(text));
        }
        Ok(self.steps().len().saturating_sub(applied.len()))
    }

    fn steps(self) -> &'static [Step] {
        match self {
            Self::Primary => PRIMARY,
            Self::Follower => FOLLOWER,
        }
    }
}

/// The checksum is that of the file, whatever becomes of its text here.
fn migration(&(version, description, text): &Step, kind: Kind) -> Migration {
    let (file, adapted) = match (text, kind) {
        (Text::Shared(file), Kind::Sqlite) => (file, None),
        (Text::Shared(file), Kind::Postgres) => (file, Some(for_postgres(file))),
        (Text::Apart { sqlite, .. }, Kind::Sqlite) => (sqlite, None),
        (Text::Apart { postgres, .. }, Kind::Postgres) => (postgres, None),
    };
    let mut migration = Migration::new(
        version,
        Cow::Borrowed(description),
        MigrationType::Simple,
        file.into_sql_str(),
        false,
    );
    if let Some(adapted) = adapted {
        migration.sql = AssertSqlSafe(adapted).into_sql_str();
    }
    migration
}

/// A shared migration in PostgreSQL's words: ids are identity columns, and text compares
/// and sorts by bytes as it does in SQLite, whatever the locale of the database is.
fn for_postgres(file: &str) -> String {
    let code: String =
        file.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    code.replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_migration_keeps_its_checksum_and_gets_postgres_words() {
        let step = (
            1,
            "x",
            Text::Shared(
                "CREATE TABLE t (\n    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a TEXT\n    name TEXT NOT NULL\n);",
            ),
        );
        let (here, there) = (migration(&step, Kind::Sqlite), migration(&step, Kind::Postgres));
        assert_eq!(here.checksum, there.checksum);
        assert_eq!(
            there.sql.as_str(),
            "CREATE TABLE t (\n    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, \n    name TEXT COLLATE \"C\" NOT NULL\n);"
        );
    }

    #[test]
    fn migrations_stand_in_the_order_of_their_numbers() {
        for schema in [Schema::Primary, Schema::Follower] {
            let numbers: Vec<i64> = schema.steps().iter().map(|step| step.0).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "{schema:?}: {numbers:?}");
        }
    }
}
