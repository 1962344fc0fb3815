//! SQL of the earlier contents of files.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::stored_size;
use crate::db::Tx;
use crate::primary::files::Version;
use crate::protocol::Timestamp;

macro_rules! versions {
    ($rest:literal) => {
        concat!(
            "SELECT file_versions.id, file_versions.blob_id, file_versions.size, file_versions.created_at, blobs.hash, ",
            "file_versions.created_by_user_id, users.username ",
            "FROM file_versions JOIN blobs ON blobs.id = file_versions.blob_id ",
            "LEFT JOIN users ON users.id = file_versions.created_by_user_id ",
            $rest
        )
    };
}

/// All versions of a file, the newest first.
pub(in crate::primary::files) async fn of_file(
    connection: &mut AnyConnection,
    file_id: i64,
) -> Result<Vec<Version>, sqlx::Error> {
    let rows = sqlx::query(versions!("WHERE file_versions.file_id = $1 ORDER BY file_versions.id DESC"))
        .bind(file_id)
        .fetch_all(connection)
        .await?;
    rows.iter().map(version).collect()
}

pub(in crate::primary::files) async fn insert(
    tx: &mut Tx,
    file_id: i64,
    blob_id: i64,
    size: u64,
    author: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO file_versions (file_id, blob_id, size, created_by_user_id, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(file_id)
    .bind(blob_id)
    .bind(stored_size(size)?)
    .bind(author)
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(in crate::primary::files) async fn delete(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM file_versions WHERE id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

fn version(row: &AnyRow) -> Result<Version, sqlx::Error> {
    let author: Option<String> = row.try_get("username")?;
    Ok(Version {
        id: row.try_get("id")?,
        blob_id: row.try_get("blob_id")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        hash: row.try_get("hash")?,
        created_by_user_id: row.try_get("created_by_user_id")?,
        created_by_username: author.unwrap_or_default(),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
    })
}
