//! SQL of files, folders, versions, blobs and stray objects.

pub(super) mod blobs;
pub(super) mod counts;
pub(super) mod files;
pub(super) mod folders;
pub(super) mod lists;
pub(super) mod locks;
pub(super) mod properties;
pub(super) mod purge;
pub(super) mod trees;
pub(super) mod versions;

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::protocol::Timestamp;

/// Sizes as the database keeps them.
fn stored_size(size: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Whether the last of an item's locks still stands.
fn is_locked(row: &AnyRow) -> Result<bool, sqlx::Error> {
    let until: Option<i64> = row.try_get("locked_until")?;
    Ok(until.is_some_and(|until| until > Timestamp::now().unix_ms()))
}
