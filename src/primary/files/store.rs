//! SQL of files, blobs and stray objects.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::strays::Stray;
use super::{Blob, FileRecord};
use crate::db::{Db, Tx, is_foreign_key_violation};
use crate::protocol::Timestamp;

const FILE: &str = "SELECT files.id, files.owner_user_id, users.username, files.name, files.mime_type, \
     files.created_at, files.updated_at, blobs.id AS blob_id, blobs.policy_id, blobs.object_key, blobs.hash, \
     blobs.size FROM files JOIN blobs ON blobs.id = files.blob_id JOIN users ON users.id = files.owner_user_id \
     WHERE files.owner_user_id = $1 AND files.id = $2";

pub(super) async fn file(db: &Db, owner_id: i64, id: i64) -> Result<Option<FileRecord>, sqlx::Error> {
    file_in(&mut *db.read().acquire().await?, owner_id, id).await
}

pub(super) async fn file_in(
    connection: &mut AnyConnection,
    owner_id: i64,
    id: i64,
) -> Result<Option<FileRecord>, sqlx::Error> {
    let row = sqlx::query(FILE).bind(owner_id).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(record).transpose()
}

/// The new file's id, or `None` when the owner has a file of this name.
pub(super) async fn insert_file(
    tx: &mut Tx,
    owner_id: i64,
    name: &str,
    blob: &Blob,
    mime_type: &str,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    // Not by the violation's error: on PostgreSQL that would end the transaction.
    let row = sqlx::query(
        "INSERT INTO files (owner_user_id, name, blob_id, size, mime_type, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (owner_user_id, name) DO NOTHING RETURNING id",
    )
    .bind(owner_id)
    .bind(name)
    .bind(blob.id)
    .bind(stored_size(blob.size)?)
    .bind(mime_type)
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.try_get("id")).transpose()
}

/// Removes the file's row and gives what it was.
pub(super) async fn delete_file(
    tx: &mut Tx,
    owner_id: i64,
    id: i64,
) -> Result<Option<FileRecord>, sqlx::Error> {
    let Some(file) = file_in(tx, owner_id, id).await? else { return Ok(None) };
    sqlx::query("DELETE FROM files WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(Some(file))
}

pub(super) async fn insert_blob(tx: &mut Tx, blob: &Blob, now: Timestamp) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO blobs (policy_id, object_key, hash, size, ref_count, created_at) \
         VALUES ($1, $2, $3, $4, 1, $5) RETURNING id",
    )
    .bind(blob.policy_id)
    .bind(blob.object_key.as_str())
    .bind(blob.hash.as_str())
    .bind(stored_size(blob.size)?)
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

/// Takes one reference off a blob. After the last the blob gives way to a stray object, whose id is returned.
pub(super) async fn release_blob(
    tx: &mut Tx,
    blob: &Blob,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let left: i64 =
        sqlx::query("UPDATE blobs SET ref_count = ref_count - 1 WHERE id = $1 RETURNING ref_count")
            .bind(blob.id)
            .fetch_one(&mut **tx)
            .await?
            .try_get("ref_count")?;
    if left > 0 {
        return Ok(None);
    }
    sqlx::query("DELETE FROM blobs WHERE id = $1").bind(blob.id).execute(&mut **tx).await?;
    insert_stray_in(tx, blob.policy_id, &blob.object_key, now).await.map(Some)
}

/// The row's id, or `None` when the policy is gone.
pub(super) async fn insert_stray(
    db: &Db,
    policy_id: i64,
    object_key: &str,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let mut tx = db.begin().await?;
    match insert_stray_in(&mut tx, policy_id, object_key, now).await {
        Ok(id) => tx.commit().await.map(|()| Some(id)),
        Err(error) if is_foreign_key_violation(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn insert_stray_in(
    tx: &mut Tx,
    policy_id: i64,
    object_key: &str,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) VALUES ($1, $2, $3) RETURNING id",
    )
    .bind(policy_id)
    .bind(object_key)
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

pub(super) async fn touch_stray(db: &Db, id: i64, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE stray_objects SET last_write_at = $1 WHERE id = $2")
        .bind(now.unix_ms())
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

pub(super) async fn stray_exists(db: &Db, id: i64) -> Result<bool, sqlx::Error> {
    let row =
        sqlx::query("SELECT 1 FROM stray_objects WHERE id = $1").bind(id).fetch_optional(db.read()).await?;
    Ok(row.is_some())
}

pub(super) async fn delete_stray(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM stray_objects WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// The next stray objects by id.
pub(super) async fn strays_after(db: &Db, after: i64, limit: i64) -> Result<Vec<Stray>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, policy_id, object_key, last_write_at FROM stray_objects WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Stray {
                id: row.try_get("id")?,
                policy_id: row.try_get("policy_id")?,
                object_key: row.try_get("object_key")?,
                last_write_at: Timestamp::from_unix_ms(row.try_get("last_write_at")?),
            })
        })
        .collect()
}

fn record(row: &AnyRow) -> Result<FileRecord, sqlx::Error> {
    let size: i64 = row.try_get("size")?;
    Ok(FileRecord {
        id: row.try_get("id")?,
        owner_user_id: row.try_get("owner_user_id")?,
        owner_username: row.try_get("username")?,
        name: row.try_get("name")?,
        blob: Blob {
            id: row.try_get("blob_id")?,
            policy_id: row.try_get("policy_id")?,
            object_key: row.try_get("object_key")?,
            hash: row.try_get("hash")?,
            size: size.unsigned_abs(),
        },
        mime_type: row.try_get("mime_type")?,
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

fn stored_size(size: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(size).map_err(|error| sqlx::Error::Encode(error.into()))
}
