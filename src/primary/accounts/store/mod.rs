//! SQL of users.
//!
//! A transaction that changes a user's logins, password or tokens begins with [`user_for_change`]: with several primaries
//! on one database such changes wait for each other there, in one order.

pub(super) mod sessions;
pub(super) mod tokens;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Account, AccountError, Preferences, Role, Status, UserFilter, UserSort};
use crate::db::{Db, Tx, hold, is_foreign_key_violation};
use crate::primary::spaces::{self, SpaceOwner};
use crate::protocol::Timestamp;

/// Columns of a user with the space that counts what the user stores, and where they are.
macro_rules! user_columns {
    () => {
        "users.id, users.username, users.email, users.role, users.status, users.policy_group_id, \
         users.preferences, users.session_version, users.created_at, users.updated_at, spaces.storage_used, \
         spaces.storage_quota"
    };
}
macro_rules! users_and_spaces {
    () => {
        "users JOIN spaces ON spaces.user_id = users.id"
    };
}
pub(super) use {user_columns, users_and_spaces};

const USER: &str = concat!("SELECT ", user_columns!(), " FROM ", users_and_spaces!());

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

/// The same, and nobody else changes the user until the transaction ends.
pub(super) async fn user_for_change(tx: &mut Tx, id: i64) -> Result<Option<Account>, sqlx::Error> {
    hold(tx, "users", id).await?;
    user_by_id(tx, id).await
}

/// Keeps the administrators as they are until the transaction ends.
pub(super) async fn lock_admins(tx: &mut Tx) -> Result<(), sqlx::Error> {
    let locking = sqlx::query("UPDATE users SET role = role WHERE role = $1").bind(Role::Admin.as_str());
    locking.execute(&mut **tx).await.map(|_| ())
}

/// Notes that setup happens; `false` when it happened before.
pub(super) async fn mark_set_up(tx: &mut Tx, now: Timestamp) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query("INSERT INTO setup_marks (id, set_up_at) VALUES (1, $1) ON CONFLICT DO NOTHING");
    Ok(marked.bind(now.unix_ms()).execute(&mut **tx).await?.rows_affected() == 1)
}

/// What a login is compared with.
pub(super) struct Credentials {
    pub(super) id: i64,
    pub(super) password_hash: String,
}

/// Of the user whose folded name or address is `key`.
pub(super) async fn credentials(db: &Db, key: &str) -> Result<Option<Credentials>, sqlx::Error> {
    // Names contain no `@` and addresses do, so that at most one row fits.
    let row = sqlx::query("SELECT id, password_hash FROM users WHERE username_key = $1 OR email_key = $2")
        .bind(key)
        .bind(key)
        .fetch_optional(db.read())
        .await?;
    row.map(|row| Ok(Credentials { id: row.try_get("id")?, password_hash: row.try_get("password_hash")? }))
        .transpose()
}

pub(super) async fn password_hash(db: &Db, id: i64) -> Result<Option<String>, sqlx::Error> {
    let query = sqlx::query("SELECT password_hash FROM users WHERE id = $1").bind(id);
    query.fetch_optional(db.read()).await?.map(|row| row.try_get("password_hash")).transpose()
}

pub(super) async fn has_password(tx: &mut Tx, id: i64, hash: &str) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM users WHERE id = $1 AND password_hash = $2").bind(id).bind(hash);
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

pub(super) async fn set_password(tx: &mut Tx, id: i64, hash: &str) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}

/// `false` and no change when `old` is not the hash any more.
pub(super) async fn replace_password(
    tx: &mut Tx,
    id: i64,
    old: &str,
    new: &str,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3");
    Ok(query.bind(new).bind(id).bind(old).execute(&mut **tx).await?.rows_affected() == 1)
}

pub(super) async fn set_preferences(
    tx: &mut Tx,
    id: i64,
    preferences: &Preferences,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE users SET preferences = $1 WHERE id = $2");
    query.bind(preferences.to_stored()).bind(id).execute(&mut **tx).await.map(|_| ())
}

/// An absent member is bound as a value that fits everybody: every database types `$n IS NULL` of a bare parameter
/// differently.
const FITS: &str = "(username_key LIKE $1 ESCAPE '!' OR email_key LIKE $2 ESCAPE '!') \
     AND ($3 = '' OR role = $4) AND ($5 = '' OR status = $6)";

pub(super) async fn users(
    db: &Db,
    filter: &UserFilter,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Account>, u64), sqlx::Error> {
    let column = match filter.sort_by {
        UserSort::Id => "users.id",
        UserSort::Username => "username_key",
        UserSort::Email => "email_key",
        UserSort::Role => "role",
        UserSort::Status => "status",
        UserSort::StorageUsed => "storage_used",
        UserSort::StorageQuota => "storage_quota",
        UserSort::CreatedAt => "users.created_at",
        UserSort::UpdatedAt => "users.updated_at",
    };
    let direction = filter.sort_order.as_sql();
    let sql =
        format!("{USER} WHERE {FITS} ORDER BY {column} {direction}, users.id {direction} LIMIT $7 OFFSET $8");
    let rows = filtered(sql, filter).bind(i64::from(limit)).bind(i64::from(offset));
    let rows = rows.fetch_all(db.read()).await?;
    let total = filtered(format!("SELECT COUNT(*) AS total FROM users WHERE {FITS}"), filter);
    let total: i64 = total.fetch_one(db.read()).await?.try_get("total")?;
    let accounts = rows.iter().map(account).collect::<Result<_, _>>()?;
    Ok((accounts, total.unsigned_abs()))
}

type Query = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

fn filtered(sql: String, filter: &UserFilter) -> Query {
    let mut pattern = String::from("%");
    for character in super::rules::folded(filter.keyword.as_deref().unwrap_or_default().trim()).chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    let role = filter.role.map_or("", Role::as_str);
    let status = filter.status.map_or("", Status::as_str);
    sqlx::query(AssertSqlSafe(sql))
        .bind(pattern.clone())
        .bind(pattern)
        .bind(role)
        .bind(role)
        .bind(status)
        .bind(status)
}

/// Deletes a user with logins and tokens.
pub(super) async fn delete_user(tx: &mut Tx, id: i64) -> Result<(), AccountError> {
    if owns_team_alone(tx, id).await? {
        return Err(AccountError::LastOwner(id));
    }
    let deleted = async {
        spaces::remove(tx, SpaceOwner::User(id)).await?;
        sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(&mut **tx).await
    };
    match deleted.await {
        Ok(_) => Ok(()),
        Err(error) if is_foreign_key_violation(&error) => Err(AccountError::StillOwns(id)),
        Err(error) => Err(error.into()),
    }
}

/// Whether a team would be without an owner. Keeps the members of the user's teams as they are until the transaction
/// ends.
async fn owns_team_alone(tx: &mut Tx, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE teams SET updated_at = updated_at WHERE id IN (SELECT team_id FROM team_members WHERE user_id = $1)",
    )
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let row = sqlx::query(
        "SELECT 1 FROM team_members own WHERE own.user_id = $1 AND own.role = 'owner' AND NOT EXISTS \
         (SELECT 1 FROM team_members other WHERE other.team_id = own.team_id AND other.role = 'owner' \
         AND other.user_id <> own.user_id) LIMIT 1",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.is_some())
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

pub(super) fn account(row: &AnyRow) -> Result<Account, sqlx::Error> {
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
        preferences: Preferences::from_stored(row.try_get("preferences")?),
        session_version: row.try_get("session_version")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

fn time(row: &AnyRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(column).map(Timestamp::from_unix_ms)
}
