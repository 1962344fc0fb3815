//! The declared bootstrap from a primary's one-time variables, before the process serves.

use super::{Stopped, database, signals};
use crate::config::{Config, DeclaredBootstrap};
use crate::db::Schema;
use crate::primary::Primary;
use crate::primary::bootstrap::BootstrapError;
use crate::storage::remote::transport;

/// How it went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Made, and the rest noted.
    Declared,
    /// A signal came while the database was away.
    Interrupted,
}

/// Makes what the database alone is enough for, and notes the rest there: the serving process, which no longer has
/// the variables, works from these notes.
pub(super) async fn declare(config: &Config, declared: &DeclaredBootstrap) -> Result<Outcome, Stopped> {
    let Some(db) = database::open(config, Schema::Primary, signals::terminated()).await? else {
        return Ok(Outcome::Interrupted);
    };
    let primary = Primary::open(db, config, transport::direct()).await.map_err(super::refuse_primary)?;
    let outcome = primary.declare(declared).await;
    primary.close().await;
    outcome.map(|()| Outcome::Declared).map_err(|error| match error {
        BootstrapError::Invalid(mistakes) => Stopped::Configuration(mistakes.to_string()),
        other => Stopped::failed("cannot carry out the declared bootstrap", other),
    })
}
