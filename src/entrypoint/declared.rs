//! The declared bootstrap from a primary's one-time variables, before the process serves.

use super::Stopped;
use crate::config::{Config, DeclaredBootstrap};
use crate::db::{Db, Schema};
use crate::primary::Primary;
use crate::primary::bootstrap::BootstrapError;
use crate::storage::remote::transport;

/// Makes what the database alone is enough for, and notes the rest there: the serving process, which no longer has
/// the variables, works from these notes.
pub(super) async fn declare(config: &Config, declared: &DeclaredBootstrap) -> Result<(), Stopped> {
    let db = Db::open(&config.database.url, config.database.pool_size, Schema::Primary)
        .await
        .map_err(|error| Stopped::failed("cannot open the database", error))?;
    let primary = Primary::open(db, config, transport::direct())
        .await
        .map_err(|error| Stopped::failed("cannot start the primary", error))?;
    let outcome = primary.declare(declared).await;
    primary.close().await;
    outcome.map_err(|error| match error {
        BootstrapError::Invalid(mistakes) => Stopped::Configuration(mistakes.to_string()),
        other => Stopped::failed("cannot carry out the declared bootstrap", other),
    })
}
