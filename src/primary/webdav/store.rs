//! SQL of WebDAV accounts.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::WebdavAccount;
use crate::db::{Db, Tx};
use crate::protocol::Timestamp;

macro_rules! accounts {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT a.id, a.username, a.team_id, a.root_folder_id, a.is_read_only, a.is_enabled, a.last_used_at, ",
            "a.created_at, a.updated_at",
            $columns,
            " FROM webdav_accounts a ",
            $rest
        )
    };
}

/// An account with what decides whether and how it is let in.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) account: WebdavAccount,
    pub(super) password_hash: String,
    pub(super) user_id: i64,
    /// Whether its user may log in.
    pub(super) is_user_active: bool,
    /// The user's own space, and which policy group routes uploads into it.
    pub(super) space_id: i64,
    pub(super) policy_group_id: Option<i64>,
}

pub(super) async fn by_name(db: &Db, name_key: &str) -> Result<Option<Known>, sqlx::Error> {
    let row = sqlx::query(accounts!(
        ", a.password_hash, a.user_id, users.status, users.policy_group_id, spaces.id AS space_id",
        "JOIN users ON users.id = a.user_id JOIN spaces ON spaces.user_id = a.user_id WHERE a.username_key = $1"
    ))
    .bind(name_key)
    .fetch_optional(db.read())
    .await?;
    row.map(|row| {
        Ok(Known {
            account: account(&row)?,
            password_hash: row.try_get("password_hash")?,
            user_id: row.try_get("user_id")?,
            is_user_active: row.try_get::<String, _>("status")? == "active",
            space_id: row.try_get("space_id")?,
            policy_group_id: row.try_get("policy_group_id")?,
        })
    })
    .transpose()
}

pub(super) async fn insert(
    tx: &mut Tx,
    user_id: i64,
    new: &WebdavAccount,
    password_hash: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO webdav_accounts (user_id, username, username_key, password_hash, team_id, root_folder_id, \
         is_read_only, is_enabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         RETURNING id",
    )
    .bind(user_id)
    .bind(new.username.as_str())
    .bind(new.username.to_lowercase())
    .bind(password_hash)
    .bind(new.team_id)
    .bind(new.root_folder_id)
    .bind(i64::from(new.is_read_only))
    .bind(i64::from(new.is_enabled))
    .bind(new.created_at.unix_ms())
    .bind(new.updated_at.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

pub(super) async fn count(tx: &mut Tx, user_id: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("SELECT COUNT(*) AS total FROM webdav_accounts WHERE user_id = $1").bind(user_id);
    Ok(query.fetch_one(&mut **tx).await?.try_get::<i64, _>("total")?.unsigned_abs())
}

pub(super) async fn list(db: &Db, user_id: i64) -> Result<Vec<WebdavAccount>, sqlx::Error> {
    let query = sqlx::query(accounts!("", "WHERE a.user_id = $1 ORDER BY a.id DESC")).bind(user_id);
    query.fetch_all(db.read()).await?.iter().map(account).collect()
}

pub(super) async fn get(tx: &mut Tx, user_id: i64, id: i64) -> Result<Option<WebdavAccount>, sqlx::Error> {
    let query = sqlx::query(accounts!("", "WHERE a.user_id = $1 AND a.id = $2")).bind(user_id).bind(id);
    query.fetch_optional(&mut **tx).await?.as_ref().map(account).transpose()
}

pub(super) async fn update(tx: &mut Tx, account: &WebdavAccount) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE webdav_accounts SET is_read_only = $1, is_enabled = $2, updated_at = $3 WHERE id = $4",
    )
    .bind(i64::from(account.is_read_only))
    .bind(i64::from(account.is_enabled))
    .bind(account.updated_at.unix_ms())
    .bind(account.id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, user_id: i64, id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("DELETE FROM webdav_accounts WHERE id = $1 AND user_id = $2");
    Ok(query.bind(id).bind(user_id).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Notes a use, unless one after `before` was noted.
pub(super) async fn note_use(db: &Db, id: i64, now: Timestamp, before: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE webdav_accounts SET last_used_at = $1 \
         WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)",
    )
    .bind(now.unix_ms())
    .bind(id)
    .bind(before.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

fn account(row: &AnyRow) -> Result<WebdavAccount, sqlx::Error> {
    let time = |column: &str| row.try_get::<i64, _>(column).map(Timestamp::from_unix_ms);
    Ok(WebdavAccount {
        id: row.try_get("id")?,
        username: row.try_get("username")?,
        team_id: row.try_get("team_id")?,
        root_folder_id: row.try_get("root_folder_id")?,
        // Whatever is neither gets the lesser right.
        is_read_only: row.try_get::<i64, _>("is_read_only")? != 0,
        is_enabled: row.try_get::<i64, _>("is_enabled")? == 1,
        last_used_at: row.try_get::<Option<i64>, _>("last_used_at")?.map(Timestamp::from_unix_ms),
        created_at: time("created_at")?,
        updated_at: time("updated_at")?,
    })
}
