//! SQL of users and sessions.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::sessions::Session;
use super::{Account, AccountError, Role, Status};
use crate::db::{Db, Tx, is_foreign_key_violation};
use crate::protocol::Timestamp;

/// Users with the space that counts what they store.
const USER: &str = "SELECT users.id, username, email, role, status, storage_used, storage_quota, policy_group_id, \
     session_version, users.created_at, users.updated_at FROM users JOIN spaces ON spaces.user_id = users.id";

pub(super) async fn user_exists(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(connection).await?;
    Ok(row.is_some())
}

pub(super) async fn user_by_id(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Option<Account>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{USER} WHERE users.id = $1"))).bind(id);
    query.fetch_optional(connection).await?.as_ref().map(account).transpose()
}

/// Id and password hash of the user whose folded name or address is `key`.
pub(super) async fn credentials(db: &Db, key: &str) -> Result<Option<(i64, String)>, sqlx::Error> {
    // Names contain no `@` and addresses do, so that at most one row fits.
    let row = sqlx::query("SELECT id, password_hash FROM users WHERE username_key = $1 OR email_key = $2")
        .bind(key)
        .bind(key)
        .fetch_optional(db.read())
        .await?;
    row.map(|row| Ok((row.try_get("id")?, row.try_get("password_hash")?))).transpose()
}

pub(super) async fn users(db: &Db, limit: u32, offset: u32) -> Result<(Vec<Account>, u64), sqlx::Error> {
    let rows = sqlx::query(AssertSqlSafe(format!("{USER} ORDER BY users.id LIMIT $1 OFFSET $2")))
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(db.read())
        .await?;
    let total: i64 =
        sqlx::query("SELECT COUNT(*) AS total FROM users").fetch_one(db.read()).await?.try_get("total")?;
    let accounts = rows.iter().map(account).collect::<Result<_, _>>()?;
    Ok((accounts, total.unsigned_abs()))
}

pub(super) async fn insert_user(
    tx: &mut Tx,
    account: &Account,
    password_hash: &str,
) -> Result<i64, AccountError> {
    let (username_key, email_key) =
        (super::rules::folded(&account.username), super::rules::folded(&account.email));
    // Not by the violation's error: on PostgreSQL that would end the transaction.
    let inserted = sqlx::query(
        "INSERT INTO users (username, username_key, email, email_key, password_hash, role, status, \
         session_version, policy_group_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(account.username.as_str())
    .bind(username_key.as_str())
    .bind(account.email.as_str())
    .bind(email_key.as_str())
    .bind(password_hash)
    .bind(account.role.as_str())
    .bind(account.status.as_str())
    .bind(account.policy_group_id)
    .bind(account.created_at.unix_ms())
    .bind(account.updated_at.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(row) = inserted {
        return Ok(row.try_get("id")?);
    }
    let taken = sqlx::query("SELECT 1 FROM users WHERE username_key = $1")
        .bind(username_key.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    Err(match taken {
        Some(_) => AccountError::UsernameTaken(account.username.clone()),
        None => AccountError::EmailTaken(account.email.clone()),
    })
}

/// Writes what may change about an account.
pub(super) async fn update_user(tx: &mut Tx, account: &Account) -> Result<(), AccountError> {
    let updated = sqlx::query(
        "UPDATE users SET role = $1, status = $2, policy_group_id = $3, session_version = $4, updated_at = $5 \
         WHERE id = $6",
    )
    .bind(account.role.as_str())
    .bind(account.status.as_str())
    .bind(account.policy_group_id)
    .bind(account.session_version)
    .bind(account.updated_at.unix_ms())
    .bind(account.id)
    .execute(&mut **tx)
    .await;
    match (updated, account.policy_group_id) {
        (Ok(_), _) => Ok(()),
        (Err(error), Some(group)) if is_foreign_key_violation(&error) => {
            Err(AccountError::UnknownGroup(group))
        }
        (Err(error), _) => Err(error.into()),
    }
}

pub(super) async fn other_active_admin_exists(tx: &mut Tx, id: i64) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT 1 FROM users WHERE role = $1 AND status = $2 AND id <> $3 LIMIT 1")
        .bind(Role::Admin.as_str())
        .bind(Status::Active.as_str())
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.is_some())
}

pub(super) async fn move_users(
    tx: &mut Tx,
    from: Option<i64>,
    to: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(
        "UPDATE users SET policy_group_id = $1, updated_at = $2 \
         WHERE policy_group_id IS NULL OR policy_group_id = $3",
    );
    query.bind(to).bind(now.unix_ms()).bind(from).execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn insert_session(tx: &mut Tx, session: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sessions (id, user_id, refresh_hash, previous_hash, refreshed_at, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(session.id.as_str())
    .bind(session.user_id)
    .bind(session.refresh_hash.as_str())
    .bind(session.previous_hash.as_str())
    .bind(session.refreshed_at.unix_ms())
    .bind(session.expires_at.unix_ms())
    .bind(session.created_at.unix_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn session(tx: &mut Tx, id: &str) -> Result<Option<Session>, sqlx::Error> {
    let query = sqlx::query(
        "SELECT id, user_id, refresh_hash, previous_hash, refreshed_at, expires_at, created_at FROM sessions \
         WHERE id = $1",
    );
    let row = query.bind(id).fetch_optional(&mut **tx).await?;
    row.map(|row| {
        Ok(Session {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            refresh_hash: row.try_get("refresh_hash")?,
            previous_hash: row.try_get("previous_hash")?,
            refreshed_at: time(&row, "refreshed_at")?,
            expires_at: time(&row, "expires_at")?,
            created_at: time(&row, "created_at")?,
        })
    })
    .transpose()
}

pub(super) async fn update_session(tx: &mut Tx, session: &Session) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE sessions SET refresh_hash = $1, previous_hash = $2, refreshed_at = $3, expires_at = $4 \
         WHERE id = $5",
    )
    .bind(session.refresh_hash.as_str())
    .bind(session.previous_hash.as_str())
    .bind(session.refreshed_at.unix_ms())
    .bind(session.expires_at.unix_ms())
    .bind(session.id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The user of a login that has not expired.
pub(super) async fn user_of_session(
    db: &Db,
    session_id: &str,
    user_id: i64,
    now: Timestamp,
) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query(AssertSqlSafe(format!(
        "{USER} JOIN sessions ON sessions.user_id = users.id \
         WHERE sessions.id = $1 AND users.id = $2 AND sessions.expires_at > $3"
    )))
    .bind(session_id)
    .bind(user_id)
    .bind(now.unix_ms())
    .fetch_optional(db.read())
    .await?;
    row.as_ref().map(account).transpose()
}

pub(super) async fn delete_session(tx: &mut Tx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn delete_sessions_of(tx: &mut Tx, user_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user_id).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn delete_sessions_before(db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut tx = db.begin().await?;
    let deleted = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now.unix_ms())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected())
}

fn account(row: &AnyRow) -> Result<Account, sqlx::Error> {
    let role: String = row.try_get("role")?;
    let status: String = row.try_get("status")?;
    Ok(Account {
        id: row.try_get("id")?,
        username: row.try_get("username")?,
        email: row.try_get("email")?,
        // Whatever is neither gets the lesser right.
        role: if role == Role::Admin.as_str() { Role::Admin } else { Role::User },
        status: if status == Status::Active.as_str() { Status::Active } else { Status::Disabled },
        storage_used: row.try_get::<i64, _>("storage_used")?.try_into().unwrap_or(0),
        storage_quota: row.try_get::<i64, _>("storage_quota")?.try_into().unwrap_or(0),
        policy_group_id: row.try_get("policy_group_id")?,
        session_version: row.try_get("session_version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

fn time(row: &AnyRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(column).map(Timestamp::from_unix_ms)
}
