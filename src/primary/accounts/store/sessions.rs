//! SQL of logins.

use sqlx::Row;

use super::{account, time, user_columns, users_and_spaces};
use crate::db::{Db, Tx};
use crate::primary::accounts::Account;
use crate::primary::accounts::devices::Device;
use crate::primary::accounts::sessions::Session;
use crate::protocol::Timestamp;

pub(in crate::primary::accounts) async fn insert(tx: &mut Tx, session: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sessions (id, user_id, refresh_hash, previous_hash, refreshed_at, expires_at, created_at, \
         user_agent, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(session.id.as_str())
    .bind(session.user_id)
    .bind(session.refresh_hash.as_str())
    .bind(session.previous_hash.as_str())
    .bind(session.refreshed_at.unix_ms())
    .bind(session.expires_at.unix_ms())
    .bind(session.created_at.unix_ms())
    .bind(session.user_agent.as_str())
    .bind(session.address.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::primary::accounts) async fn get(tx: &mut Tx, id: &str) -> Result<Option<Session>, sqlx::Error> {
    let row = sqlx::query("SELECT id, user_id, refresh_hash, previous_hash, refreshed_at, expires_at, created_at, user_agent, address FROM sessions WHERE id = $1").bind(id).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        Ok(Session {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            refresh_hash: row.try_get("refresh_hash")?,
            previous_hash: row.try_get("previous_hash")?,
            refreshed_at: time(&row, "refreshed_at")?,
            expires_at: time(&row, "expires_at")?,
            created_at: time(&row, "created_at")?,
            user_agent: row.try_get("user_agent")?,
            address: row.try_get("address")?,
        })
    })
    .transpose()
}

pub(in crate::primary::accounts) async fn user_of(tx: &mut Tx, id: &str) -> Result<Option<i64>, sqlx::Error> {
    let query = sqlx::query("SELECT user_id FROM sessions WHERE id = $1").bind(id);
    query.fetch_optional(&mut **tx).await?.map(|row| row.try_get("user_id")).transpose()
}

pub(in crate::primary::accounts) async fn update(tx: &mut Tx, session: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sessions SET refresh_hash = $1, previous_hash = $2, refreshed_at = $3, expires_at = $4, \
         user_agent = $5, address = $6 WHERE id = $7",
    )
    .bind(session.refresh_hash.as_str())
    .bind(session.previous_hash.as_str())
    .bind(session.refreshed_at.unix_ms())
    .bind(session.expires_at.unix_ms())
    .bind(session.user_agent.as_str())
    .bind(session.address.as_str())
    .bind(session.id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The user of a login that has not expired.
pub(in crate::primary::accounts) async fn user_of_open(
    db: &Db,
    session_id: &str,
    user_id: i64,
    now: Timestamp,
) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query(concat!(
        "SELECT ",
        user_columns!(),
        " FROM ",
        users_and_spaces!(),
        " JOIN sessions ON sessions.user_id = users.id \
             WHERE sessions.id = $1 AND users.id = $2 AND sessions.expires_at > $3",
    ))
    .bind(session_id)
    .bind(user_id)
    .bind(now.unix_ms())
    .fetch_optional(db.read())
    .await?;
    row.as_ref().map(account).transpose()
}

/// Whether the user has an open login that was last renewed from `address`.
pub(in crate::primary::accounts) async fn is_known_at(
    db: &Db,
    user_id: i64,
    address: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let query =
        sqlx::query("SELECT 1 FROM sessions WHERE user_id = $1 AND address = $2 AND expires_at > $3 LIMIT 1");
    let query = query.bind(user_id).bind(address).bind(now.unix_ms());
    Ok(query.fetch_optional(db.read()).await?.is_some())
}

/// The logins of a user that have not expired, the most recently used first.
pub(in crate::primary::accounts) async fn open(
    db: &Db,
    user_id: i64,
    now: Timestamp,
) -> Result<Vec<Device>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, user_agent, address, created_at, refreshed_at, expires_at FROM sessions \
         WHERE user_id = $1 AND expires_at > $2 ORDER BY refreshed_at DESC, id",
    )
    .bind(user_id)
    .bind(now.unix_ms())
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Device {
                id: row.try_get("id")?,
                user_agent: row.try_get("user_agent")?,
                ip_address: row.try_get("address")?,
                created_at: time(row, "created_at")?,
                last_used_at: time(row, "refreshed_at")?,
                expires_at: time(row, "expires_at")?,
            })
        })
        .collect()
}

/// Deletes a login if it is one of the user's.
pub(in crate::primary::accounts) async fn delete_of(
    tx: &mut Tx,
    user_id: i64,
    id: &str,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("DELETE FROM sessions WHERE id = $1 AND user_id = $2").bind(id).bind(user_id);
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

pub(in crate::primary::accounts) async fn delete_others(
    tx: &mut Tx,
    user_id: i64,
    kept: &str,
) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2").bind(user_id).bind(kept);
    Ok(query.execute(&mut **tx).await?.rows_affected())
}

pub(in crate::primary::accounts) async fn delete_all(tx: &mut Tx, user_id: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user_id);
    Ok(query.execute(&mut **tx).await?.rows_affected())
}

/// Leaves the `kept` most recently used logins of a user.
pub(in crate::primary::accounts) async fn delete_beyond(
    tx: &mut Tx,
    user_id: i64,
    kept: u32,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN \
         (SELECT id FROM sessions WHERE user_id = $2 ORDER BY refreshed_at DESC, id LIMIT $3)",
    );
    query.bind(user_id).bind(user_id).bind(i64::from(kept)).execute(&mut **tx).await.map(|_| ())
}

pub(in crate::primary::accounts) async fn delete_before(db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut tx = db.begin().await?;
    let deleted = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected())
}
