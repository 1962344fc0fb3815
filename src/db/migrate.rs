//! Which tables each role has. A migration file is never edited once released.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Row, SqlSafeStr};

/// The tables of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Accounts, settings, nodes, policies, files.
    Primary,
    /// Binding and ingress targets.
    Follower,
}

/// Number, description and text of one migration.
type Step = (i64, &'static str, &'static str);

const PRIMARY: &[Step] = &[
    (1, "foundation", include_str!("../../migrations/primary/0001_foundation.sql")),
    (2, "audit logs", include_str!("../../migrations/primary/0002_audit_logs.sql")),
    (3, "bootstrap", include_str!("../../migrations/primary/0003_bootstrap.sql")),
    (4, "re-enrollment", include_str!("../../migrations/primary/0004_re_enrollment.sql")),
    (5, "spaces", include_str!("../../migrations/primary/0005_spaces.sql")),
];
const FOLLOWER: &[Step] = &[
    (1, "foundation", include_str!("../../migrations/follower/0001_foundation.sql")),
    (2, "token hash", include_str!("../../migrations/follower/0002_token_hash.sql")),
];

impl Schema {
    /// Applies the migrations that the database lacks, each in its own transaction. A database that has a migration
    /// this build does not know (it was opened by a newer release) is an error.
    pub(super) async fn migrate(self, pool: &AnyPool) -> Result<(), MigrateError> {
        let migrations = self
            .steps()
            .iter()
            .map(|&(version, description, sql)| {
                let description = Cow::Borrowed(description);
                Migration::new(version, description, MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect();
        Migrator::with_migrations(migrations).run(pool).await
    }

    /// How many migrations the database lacks. One that has more than this build knows was opened by a newer release.
    pub(super) async fn missing(self, pool: &AnyPool) -> Result<usize, sqlx::Error> {
        let query = sqlx::query("SELECT version FROM _sqlx_migrations WHERE success = 1");
        let rows = query.fetch_all(pool).await?;
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
