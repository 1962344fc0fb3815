//! SQL of tickets.

use sqlx::Row;

use crate::db::Db;
use crate::protocol::Timestamp;

pub(super) async fn insert(
    db: &Db,
    token_hash: &str,
    user_id: i64,
    space_id: i64,
    selection: &str,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "INSERT INTO archive_tickets (token_hash, user_id, space_id, selection, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token_hash)
    .bind(user_id)
    .bind(space_id)
    .bind(selection)
    .bind(expires_at.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Removes a ticket and gives what it is for; of several at the same time one gets it.
pub(super) async fn take(
    db: &Db,
    token_hash: &str,
    user_id: i64,
    space_id: i64,
    now: Timestamp,
) -> Result<Option<String>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(
        "DELETE FROM archive_tickets WHERE token_hash = $1 AND user_id = $2 AND space_id = $3 AND expires_at > $4 \
         RETURNING selection",
    )
    .bind(token_hash)
    .bind(user_id)
    .bind(space_id)
    .bind(now.unix_ms())
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    row.map(|row| row.try_get("selection")).transpose()
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    let query = sqlx::query("DELETE FROM archive_tickets WHERE expires_at <= $1").bind(now.unix_ms());
    query.execute(&mut *tx).await?;
    tx.commit().await
}
