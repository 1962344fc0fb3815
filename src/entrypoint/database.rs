//! Opening the database of a process that is starting.

use super::Stopped;
use crate::config::Config;
use crate::db::{Db, DbError, Schema};

/// The database, brought up to date. Waits for a server that is starting, too; `None` when `stop` completes first.
pub(super) async fn open(
    config: &Config,
    schema: Schema,
    stop: impl Future<Output = ()>,
) -> Result<Option<Db>, Stopped> {
    let opening = Db::open(&config.database.url, config.database.pool_size, schema);
    let opened = tokio::select! {
        opened = opening => opened,
        () = stop => return Ok(None),
    };
    opened.map(Some).map_err(|error| match error {
        DbError::Away { .. } => Stopped::Temporary(error.to_string()),
        DbError::Refused { .. } => Stopped::Configuration(error.to_string()),
        other => Stopped::failed("cannot open the database", other),
    })
}
