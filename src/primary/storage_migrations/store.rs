//! SQL of storage migrations.

use sqlx::Row;

use super::Totals;
use crate::db::{Db, Tx};
use crate::primary::files::Blob;
use crate::protocol::{ObjectKey, Timestamp};

/// The blobs of a policy with ids up to `until`. `max` is the largest that counts as fitting, in bytes; 0 is unlimited.
pub(super) async fn totals(db: &Db, policy_id: i64, max: u64, until: i64) -> Result<Totals, sqlx::Error> {
    let most = if max == 0 { i64::MAX } else { i64::try_from(max).unwrap_or(i64::MAX) };
    let row = sqlx::query(
        "SELECT COUNT(*) AS blobs, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes, \
         COALESCE(MAX(size), 0) AS largest, \
         COALESCE(CAST(SUM(CASE WHEN size > $1 THEN 1 ELSE 0 END) AS BIGINT), 0) AS oversized \
         FROM blobs WHERE policy_id = $2 AND id <= $3",
    )
    .bind(most)
    .bind(policy_id)
    .bind(until)
    .fetch_one(db.read())
    .await?;
    let number = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(Totals {
        blobs: number("blobs")?,
        bytes: number("bytes")?,
        largest: number("largest")?,
        oversized: number("oversized")?,
    })
}

/// The largest id of any blob.
pub(super) async fn last_blob(db: &Db) -> Result<i64, sqlx::Error> {
    let row = sqlx::query("SELECT COALESCE(MAX(id), 0) AS last FROM blobs").fetch_one(db.read()).await?;
    row.try_get("last")
}

/// Points a blob to its copy, and ties the old object to it; `false` when the blob is gone, or not there any more.
pub(super) async fn switch(
    tx: &mut Tx,
    blob: &Blob,
    target_id: i64,
    key: &ObjectKey,
) -> Result<bool, sqlx::Error> {
    let switched = sqlx::query(
        "UPDATE blobs SET policy_id = $1, object_key = $2 WHERE id = $3 AND policy_id = $4 AND object_key = $5",
    )
    .bind(target_id)
    .bind(key.as_str())
    .bind(blob.id)
    .bind(blob.policy_id)
    .bind(blob.object_key.as_str())
    .execute(&mut **tx)
    .await?;
    if switched.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO kept_objects (blob_id, policy_id, object_key) VALUES ($1, $2, $3)")
        .bind(blob.id)
        .bind(blob.policy_id)
        .bind(blob.object_key.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(true)
}

/// Turns up to `limit` objects kept under a policy into stray ones, and gives their number.
pub(super) async fn release_kept(
    tx: &mut Tx,
    policy_id: i64,
    limit: i64,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let last = sqlx::query(
        "SELECT MAX(id) AS last FROM (SELECT id FROM kept_objects WHERE policy_id = $1 ORDER BY id LIMIT $2) page",
    );
    let last = last.bind(policy_id).bind(limit).fetch_one(&mut **tx).await?;
    let Some(last) = last.try_get::<Option<i64>, _>("last")? else { return Ok(0) };
    sqlx::query(
        "INSERT INTO stray_objects (policy_id, object_key, last_write_at) \
         SELECT policy_id, object_key, CAST($1 AS BIGINT) FROM kept_objects WHERE policy_id = $2 AND id <= $3",
    )
    .bind(now.unix_ms())
    .bind(policy_id)
    .bind(last)
    .execute(&mut **tx)
    .await?;
    let deleted = sqlx::query("DELETE FROM kept_objects WHERE policy_id = $1 AND id <= $2");
    Ok(deleted.bind(policy_id).bind(last).execute(&mut **tx).await?.rows_affected())
}
