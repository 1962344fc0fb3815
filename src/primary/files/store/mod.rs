//! SQL of files, folders, versions, blobs and stray objects.

pub(super) mod blobs;
pub(super) mod counts;
pub(super) mod files;
pub(super) mod folders;
pub(super) mod lists;
pub(super) mod purge;
pub(super) mod trees;
pub(super) mod versions;

/// Sizes as the database keeps them.
fn stored_size(size: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size).map_err(|error| sqlx::Error::Encode(error.into()))
}
