//! SQL of files.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{is_locked, stored_size};
use crate::db::Tx;
use crate::primary::files::{Blob, FileName, FileRecord};
use crate::protocol::Timestamp;

/// Files with their blob and the name of who made them.
macro_rules! files {
    ($rest:literal) => {
        concat!(
            "SELECT files.id, files.space_id, files.folder_id, files.name, files.name_key, files.mime_type, ",
            "files.created_by_user_id, users.username, files.trash_id, files.created_at, files.updated_at, ",
            "blobs.id AS blob_id, blobs.policy_id, blobs.object_key, blobs.hash, blobs.size, ",
            "(SELECT MAX(COALESCE(locks.expires_at, 9223372036854775807)) FROM locks ",
            "WHERE locks.file_id = files.id) AS locked_until ",
            "FROM files JOIN blobs ON blobs.id = files.blob_id ",
            "LEFT JOIN users ON users.id = files.created_by_user_id ",
            $rest
        )
    };
}
pub(in crate::primary::files) use files;

/// A file of a space that is not in the trash.
pub(in crate::primary::files) async fn live(
    connection: &mut AnyConnection,
    space_id: i64,
    id: i64,
) -> Result<Option<FileRecord>, sqlx::Error> {
    let row = sqlx::query(files!("WHERE files.space_id = $1 AND files.id = $2 AND files.trash_id IS NULL"))
        .bind(space_id)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(record).transpose()
}

/// A file with this name in a folder.
pub(in crate::primary::files) async fn by_name(
    connection: &mut AnyConnection,
    space_id: i64,
    folder_id: Option<i64>,
    name: &str,
) -> Result<Option<FileRecord>, sqlx::Error> {
    let row = sqlx::query(files!(
        "WHERE files.space_id = $1 AND COALESCE(files.folder_id, 0) = $2 AND files.name = $3 \
         AND files.trash_id IS NULL"
    ))
    .bind(space_id)
    .bind(folder_id.unwrap_or(0))
    .bind(name)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(record).transpose()
}

/// A file about to be made.
pub(in crate::primary::files) struct NewRow<'a> {
    pub(in crate::primary::files) space_id: i64,
    pub(in crate::primary::files) folder_id: Option<i64>,
    pub(in crate::primary::files) blob_id: i64,
    pub(in crate::primary::files) size: u64,
    pub(in crate::primary::files) mime_type: &'a str,
    pub(in crate::primary::files) created_by_user_id: i64,
}

/// The new file's id, or `None` when the folder has a file of this name.
pub(in crate::primary::files) async fn insert(
    tx: &mut Tx,
    file: &NewRow<'_>,
    name: &FileName,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    // Not by the violation's error: on PostgreSQL that would end the transaction.
    let row = sqlx::query(
        "INSERT INTO files (space_id, folder_id, name, name_key, blob_id, size, mime_type, created_by_user_id, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(file.space_id)
    .bind(file.folder_id)
    .bind(name.as_str())
    .bind(name.key())
    .bind(file.blob_id)
    .bind(stored_size(file.size)?)
    .bind(file.mime_type)
    .bind(file.created_by_user_id)
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.try_get("id")).transpose()
}

/// Gives a file another place and name; whoever calls has seen that they are free.
pub(in crate::primary::files) async fn place(
    tx: &mut Tx,
    id: i64,
    folder_id: Option<i64>,
    name: &FileName,
    mime_type: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE files SET folder_id = $1, name = $2, name_key = $3, mime_type = $4, updated_at = $5 WHERE id = $6",
    )
    .bind(folder_id)
    .bind(name.as_str())
    .bind(name.key())
    .bind(mime_type)
    .bind(now.unix_ms())
    .bind(id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(in crate::primary::files) async fn set_content(
    tx: &mut Tx,
    id: i64,
    blob_id: i64,
    size: u64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE files SET blob_id = $1, size = $2, updated_at = $3 WHERE id = $4")
        .bind(blob_id)
        .bind(stored_size(size)?)
        .bind(now.unix_ms())
        .bind(id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(in crate::primary::files) async fn set_trash(
    tx: &mut Tx,
    id: i64,
    trash_id: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE files SET trash_id = $1 WHERE id = $2")
        .bind(trash_id)
        .bind(id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(in crate::primary::files) fn record(row: &AnyRow) -> Result<FileRecord, sqlx::Error> {
    let size: i64 = row.try_get("size")?;
    let author: Option<String> = row.try_get("username")?;
    Ok(FileRecord {
        id: row.try_get("id")?,
        space_id: row.try_get("space_id")?,
        folder_id: row.try_get("folder_id")?,
        name: row.try_get("name")?,
        blob: Blob {
            id: row.try_get("blob_id")?,
            policy_id: row.try_get("policy_id")?,
            object_key: row.try_get("object_key")?,
            hash: row.try_get("hash")?,
            size: size.unsigned_abs(),
        },
        mime_type: row.try_get("mime_type")?,
        created_by_user_id: row.try_get("created_by_user_id")?,
        created_by_username: author.unwrap_or_default(),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
        is_locked: is_locked(row)?,
    })
}
