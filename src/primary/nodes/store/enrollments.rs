//! SQL of the enrollment records.

use secrecy::ExposeSecret;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::db::Tx;
use crate::primary::nodes::SealedKeys;
use crate::primary::nodes::enrollment::StoredEnrollment;
use crate::protocol::Timestamp;

const ENROLLMENT: &str = "SELECT id, node_id, ack_hash, expires_at, redeemed_at, acked_at, invalidated_at, access_key, secret_key_sealed \
     FROM enrollments";

/// Enrollments whose keys a re-enrollment names; a follower with an older binding needs an empty volume.
const MOST_FORMER_KEYS: i64 = 100;

fn enrollment(row: &AnyRow) -> Result<StoredEnrollment, sqlx::Error> {
    let is_set = |column: &str| row.try_get::<Option<i64>, _>(column).map(|time| time.is_some());
    Ok(StoredEnrollment {
        id: row.try_get("id")?,
        node_id: row.try_get("node_id")?,
        ack_hash: row.try_get("ack_hash")?,
        expires_at: Timestamp::from_unix_ms(row.try_get("expires_at")?),
        redeemed: is_set("redeemed_at")?,
        acked: is_set("acked_at")?,
        invalidated: is_set("invalidated_at")?,
        new_keys: row.try_get::<Option<String>, _>("access_key")?.zip(row.try_get("secret_key_sealed")?).map(
            |(access_key, sealed): (_, String)| SealedKeys { access_key, secret_key_sealed: sealed.into() },
        ),
    })
}

/// Adds a record and invalidates the node's older ones that were not acknowledged.
pub(in crate::primary::nodes) async fn replace(
    tx: &mut Tx,
    node_id: i64,
    token_hash: &str,
    ack_hash: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE enrollments SET invalidated_at = $1 \
         WHERE node_id = $2 AND acked_at IS NULL AND invalidated_at IS NULL",
    )
    .bind(now.unix_ms())
    .bind(node_id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO enrollments (node_id, token_hash, ack_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(node_id)
    .bind(token_hash)
    .bind(ack_hash)
    .bind(expires_at.unix_ms())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(in crate::primary::nodes) async fn by_token_hash(
    tx: &mut Tx,
    hash: &str,
) -> Result<Option<StoredEnrollment>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{ENROLLMENT} WHERE token_hash = $1"))).bind(hash);
    query.fetch_optional(&mut **tx).await?.as_ref().map(enrollment).transpose()
}

pub(in crate::primary::nodes) async fn by_ack_hash(
    tx: &mut Tx,
    hash: &str,
) -> Result<Option<StoredEnrollment>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{ENROLLMENT} WHERE ack_hash = $1"))).bind(hash);
    query.fetch_optional(&mut **tx).await?.as_ref().map(enrollment).transpose()
}

/// Keeps the time of the first redeem, and until when it may be repeated.
pub(in crate::primary::nodes) async fn mark_redeemed(
    tx: &mut Tx,
    id: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "UPDATE enrollments SET redeemed_at = $1, expires_at = $2 WHERE id = $3 AND redeemed_at IS NULL",
    );
    let query = query.bind(now.unix_ms()).bind(expires_at.unix_ms()).bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}

pub(in crate::primary::nodes) async fn mark_acked(
    tx: &mut Tx,
    id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE enrollments SET acked_at = $1 WHERE id = $2");
    query.bind(now.unix_ms()).bind(id).execute(&mut **tx).await.map(|_| ())
}

/// Gives the record with this token the keys that it hands out.
pub(in crate::primary::nodes) async fn set_new_keys(
    tx: &mut Tx,
    token_hash: &str,
    keys: &SealedKeys,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE enrollments SET access_key = $1, secret_key_sealed = $2 WHERE token_hash = $3")
        .bind(&keys.access_key)
        .bind(keys.secret_key_sealed.expose_secret())
        .bind(token_hash)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Makes `keys` those of the node, and notes with the record which it had. What was said of the node was about the
/// older ones; the follower has yet to be told name and flag.
pub(in crate::primary::nodes) async fn hand_over(
    tx: &mut Tx,
    id: i64,
    node_id: i64,
    keys: &SealedKeys,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE enrollments SET replaced_access_key = (SELECT n.access_key FROM nodes n WHERE n.id = $1) WHERE id = $2",
    )
    .bind(node_id)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE nodes SET access_key = $1, secret_key_sealed = $2, binding_pending = 1, last_error = '', \
         diagnosis = '' WHERE id = $3",
    )
    .bind(&keys.access_key)
    .bind(keys.secret_key_sealed.expose_secret())
    .bind(node_id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Access keys that enrollments of the node handed out or replaced, the newest first. More than
/// [`MOST_FORMER_KEYS`] are not looked at.
pub(in crate::primary::nodes) async fn former_keys(
    tx: &mut Tx,
    node_id: i64,
) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT access_key, replaced_access_key FROM enrollments \
         WHERE node_id = $1 AND access_key IS NOT NULL ORDER BY id DESC LIMIT $2",
    )
    .bind(node_id)
    .bind(MOST_FORMER_KEYS)
    .fetch_all(&mut **tx)
    .await?;
    let mut keys = Vec::new();
    for row in rows {
        keys.extend(row.try_get::<Option<String>, _>("access_key")?);
        keys.extend(row.try_get::<Option<String>, _>("replaced_access_key")?);
    }
    Ok(keys)
}
