//! SQL of blobs and stray objects.

use sqlx::Row;

use super::stored_size;
use crate::db::{Db, Tx, is_foreign_key_violation};
use crate::primary::files::Blob;
use crate::primary::files::released::Released;
use crate::primary::files::strays::Stray;
use crate::protocol::Timestamp;

/// `last_write_at` of an object that nobody is writing: it was complete, and its last file is gone.
const NEVER: i64 = 0;

pub(in crate::primary::files) async fn insert_blob(
    tx: &mut Tx,
    blob: &Blob,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
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

/// Takes one reference off a blob. After the last the blob gives way to a stray object.
pub(in crate::primary::files) async fn release_blob(
    tx: &mut Tx,
    blob_id: i64,
) -> Result<Option<Released>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE blobs SET ref_count = ref_count - 1 WHERE id = $1 RETURNING ref_count, policy_id, object_key",
    )
    .bind(blob_id)
    .fetch_one(&mut **tx)
    .await?;
    if row.try_get::<i64, _>("ref_count")? > 0 {
        return Ok(None);
    }
    give_up_kept(tx).await?;
    sqlx::query("DELETE FROM blobs WHERE id = $1").bind(blob_id).execute(&mut **tx).await?;
    let (policy_id, object_key): (i64, String) = (row.try_get("policy_id")?, row.try_get("object_key")?);
    let stray = insert_stray_in(tx, policy_id, &object_key, NEVER).await?;
    Ok(Some(Released { stray, policy_id, object_key }))
}

/// Gives every blob that lost its last reference in this transaction way to a stray object.
///
/// No committed blob is without reference, so those that are were released here.
pub(in crate::primary::files) async fn give_up_unreferenced(
    tx: &mut Tx,
) -> Result<Vec<Released>, sqlx::Error> {
    give_up_kept(tx).await?;
    let rows = sqlx::query(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) \
         SELECT policy_id, object_key, CAST($1 AS BIGINT) FROM blobs WHERE ref_count <= 0 \
         RETURNING id, policy_id, object_key",
    )
    .bind(NEVER)
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM blobs WHERE ref_count <= 0").execute(&mut **tx).await?;
    rows.iter()
        .map(|row| {
            Ok(Released {
                stray: row.try_get("id")?,
                policy_id: row.try_get("policy_id")?,
                object_key: row.try_get("object_key")?,
            })
        })
        .collect()
}

/// What storage migrations kept of the blobs that lost their last reference in this transaction becomes stray, too.
async fn give_up_kept(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) \
         SELECT policy_id, object_key, CAST($1 AS BIGINT) FROM kept_objects \
         WHERE blob_id IN (SELECT id FROM blobs WHERE ref_count <= 0)",
    )
    .bind(NEVER)
    .execute(&mut **tx)
    .await?;
    let forgotten = "DELETE FROM kept_objects WHERE blob_id IN (SELECT id FROM blobs WHERE ref_count <= 0)";
    sqlx::query(forgotten).execute(&mut **tx).await.map(|_| ())
}

/// Adds a reference to a blob.
pub(in crate::primary::files) async fn add_reference(tx: &mut Tx, blob_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE blobs SET ref_count = ref_count + 1 WHERE id = $1")
        .bind(blob_id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// The row's id, or `None` when the policy is gone.
pub(in crate::primary::files) async fn insert_stray(
    db: &Db,
    policy_id: i64,
    object_key: &str,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let mut tx = db.begin().await?;
    match insert_stray_in(&mut tx, policy_id, object_key, now.unix_ms()).await {
        Ok(id) => tx.commit().await.map(|()| Some(id)),
        Err(error) if is_foreign_key_violation(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in crate::primary::files) async fn insert_stray_in(
    tx: &mut Tx,
    policy_id: i64,
    object_key: &str,
    last_write_at: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) VALUES ($1, $2, $3) RETURNING id",
    )
    .bind(policy_id)
    .bind(object_key)
    .bind(last_write_at)
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

/// Says that the object was being written until now, unless a cleaner has claimed it: then the time is negative.
pub(in crate::primary::files) async fn touch_stray(
    db: &Db,
    id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE stray_objects SET last_write_at = $1 WHERE id = $2 AND last_write_at > 0")
        .bind(now.unix_ms())
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

pub(in crate::primary::files) async fn stray_exists(db: &Db, id: i64) -> Result<bool, sqlx::Error> {
    let row =
        sqlx::query("SELECT 1 FROM stray_objects WHERE id = $1").bind(id).fetch_optional(db.read()).await?;
    Ok(row.is_some())
}

/// Claims the object for its removal, unless it was written or became a file since it was looked at; from then on no
/// file is made of it.
pub(in crate::primary::files) async fn claim_stray(db: &Db, stray: &Stray) -> Result<bool, sqlx::Error> {
    if stray.is_claimed() {
        return Ok(true);
    }
    let mut tx = db.begin().await?;
    let query = sqlx::query(
        "UPDATE stray_objects SET last_write_at = -last_write_at WHERE id = $1 AND last_write_at = $2",
    );
    let claimed = query.bind(stray.id).bind(stray.last_write_at).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(claimed.rows_affected() == 1)
}

/// Takes the object out of the strays, because it is a file's now; `false` when a cleaner has claimed it.
pub(in crate::primary::files) async fn adopt_stray(tx: &mut Tx, id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("DELETE FROM stray_objects WHERE id = $1 AND last_write_at > 0");
    Ok(query.bind(id).execute(&mut **tx).await?.rows_affected() == 1)
}

pub(in crate::primary::files) async fn delete_stray(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM stray_objects WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// The next stray objects by id.
pub(in crate::primary::files) async fn strays_after(
    db: &Db,
    after: i64,
    limit: i64,
) -> Result<Vec<Stray>, sqlx::Error> {
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
                last_write_at: row.try_get("last_write_at")?,
            })
        })
        .collect()
}
