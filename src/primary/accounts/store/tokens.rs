//! SQL of API tokens.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{account, time, user_columns, users_and_spaces};
use crate::db::{Db, Tx};
use crate::primary::accounts::Account;
use crate::primary::accounts::api_tokens::{ApiToken, Scope};
use crate::protocol::Timestamp;

pub(in crate::primary::accounts) async fn insert(
    tx: &mut Tx,
    user_id: i64,
    token: &ApiToken,
    hash: &str,
) -> Result<i64, sqlx::Error> {
    let query = sqlx::query(
        "INSERT INTO api_tokens (user_id, name, token_hash, scope, expires_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    );
    query
        .bind(user_id)
        .bind(token.name.as_str())
        .bind(hash)
        .bind(token.scope.as_str())
        .bind(token.expires_at.map(Timestamp::unix_ms))
        .bind(token.created_at.unix_ms())
        .fetch_one(&mut **tx)
        .await?
        .try_get("id")
}

pub(in crate::primary::accounts) async fn count(tx: &mut Tx, user_id: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("SELECT COUNT(*) AS total FROM api_tokens WHERE user_id = $1").bind(user_id);
    let total: i64 = query.fetch_one(&mut **tx).await?.try_get("total")?;
    Ok(total.unsigned_abs())
}

pub(in crate::primary::accounts) async fn list(db: &Db, user_id: i64) -> Result<Vec<ApiToken>, sqlx::Error> {
    let query = sqlx::query(
        "SELECT id AS token_id, name, scope, expires_at, last_used_at, created_at AS token_created_at \
         FROM api_tokens WHERE user_id = $1 ORDER BY id DESC",
    );
    query.bind(user_id).fetch_all(db.read()).await?.iter().map(token).collect()
}

/// Deletes a token if it is one of the user's, and gives it.
pub(in crate::primary::accounts) async fn delete(
    tx: &mut Tx,
    user_id: i64,
    id: i64,
) -> Result<Option<ApiToken>, sqlx::Error> {
    let query = sqlx::query(
        "DELETE FROM api_tokens WHERE id = $1 AND user_id = $2 \
         RETURNING id AS token_id, name, scope, expires_at, last_used_at, created_at AS token_created_at",
    );
    let row = query.bind(id).bind(user_id).fetch_optional(&mut **tx).await?;
    row.as_ref().map(token).transpose()
}

pub(in crate::primary::accounts) async fn delete_all(tx: &mut Tx, user_id: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("DELETE FROM api_tokens WHERE user_id = $1").bind(user_id);
    Ok(query.execute(&mut **tx).await?.rows_affected())
}

/// The token with this hash, unless it has expired, and its user.
pub(in crate::primary::accounts) async fn by_hash(
    db: &Db,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(Account, ApiToken)>, sqlx::Error> {
    let query = sqlx::query(concat!(
        "SELECT ",
        user_columns!(),
        ", api_tokens.id AS token_id, api_tokens.name, api_tokens.scope, \
             api_tokens.expires_at, api_tokens.last_used_at, api_tokens.created_at AS token_created_at \
             FROM ",
        users_and_spaces!(),
        " JOIN api_tokens ON api_tokens.user_id = users.id \
             WHERE api_tokens.token_hash = $1 AND (api_tokens.expires_at IS NULL OR api_tokens.expires_at > $2)",
    ));
    let row = query.bind(hash).bind(now.unix_ms()).fetch_optional(db.read()).await?;
    row.map(|row| Ok((account(&row)?, token(&row)?))).transpose()
}

/// Notes a use, unless one after `before` was noted.
pub(in crate::primary::accounts) async fn note_use(
    db: &Db,
    id: i64,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE api_tokens SET last_used_at = $1 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)",
    )
    .bind(now.unix_ms())
    .bind(id)
    .bind(before.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

fn token(row: &AnyRow) -> Result<ApiToken, sqlx::Error> {
    let scope: String = row.try_get("scope")?;
    let maybe = |column| row.try_get::<Option<i64>, _>(column);
    Ok(ApiToken {
        id: row.try_get("token_id")?,
        name: row.try_get("name")?,
        // Whatever is neither gets the lesser right.
        scope: if scope == Scope::Write.as_str() { Scope::Write } else { Scope::Read },
        expires_at: maybe("expires_at")?.map(Timestamp::from_unix_ms),
        last_used_at: maybe("last_used_at")?.map(Timestamp::from_unix_ms),
        created_at: time(row, "token_created_at")?,
    })
}
