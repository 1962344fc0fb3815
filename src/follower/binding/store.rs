//! SQL of the binding: one row, id 1.

use sqlx::any::AnyRow;
use sqlx::{Any, Executor, FromRow, Row as _};

use crate::db::Tx;

/// The columns as they are stored.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) master_url: String,
    pub(super) enrolled_through: String,
    pub(super) access_key: String,
    pub(super) secret_key_sealed: String,
    pub(super) namespace: String,
    pub(super) is_enabled: i64,
    pub(super) pending_ack_sealed: Option<String>,
    pub(super) token_hash: Option<String>,
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.try_get("name")?,
            master_url: row.try_get("master_url")?,
            enrolled_through: row.try_get("enrolled_through")?,
            access_key: row.try_get("access_key")?,
            secret_key_sealed: row.try_get("secret_key_sealed")?,
            namespace: row.try_get("namespace")?,
            is_enabled: row.try_get("is_enabled")?,
            pending_ack_sealed: row.try_get("pending_ack_sealed")?,
            token_hash: row.try_get("token_hash")?,
        })
    }
}

pub(super) async fn find<'e>(db: impl Executor<'e, Database = Any>) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(
        "SELECT name, master_url, enrolled_through, access_key, secret_key_sealed, namespace, is_enabled, \
         pending_ack_sealed, token_hash FROM binding WHERE id = 1",
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn insert(tx: &mut Tx, row: &Row, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO binding (id, name, master_url, enrolled_through, access_key, secret_key_sealed, namespace, \
         is_enabled, pending_ack_sealed, token_hash, created_at, updated_at) \
         VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&row.name)
    .bind(&row.master_url)
    .bind(&row.enrolled_through)
    .bind(&row.access_key)
    .bind(&row.secret_key_sealed)
    .bind(&row.namespace)
    .bind(row.is_enabled)
    .bind(row.pending_ack_sealed.as_deref())
    .bind(row.token_hash.as_deref())
    .bind(now)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Writes what each enrollment brings anew; not the keys.
pub(super) async fn update_enrollment(tx: &mut Tx, row: &Row, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE binding SET name = $1, master_url = $2, is_enabled = $3, pending_ack_sealed = $4, \
         token_hash = $5, updated_at = $6 WHERE id = 1",
    )
    .bind(&row.name)
    .bind(&row.master_url)
    .bind(row.is_enabled)
    .bind(row.pending_ack_sealed.as_deref())
    .bind(row.token_hash.as_deref())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn update_keys(
    tx: &mut Tx,
    access_key: &str,
    secret_key_sealed: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE binding SET access_key = $1, secret_key_sealed = $2 WHERE id = 1")
        .bind(access_key)
        .bind(secret_key_sealed)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Whether there was a row to update.
pub(super) async fn update_by_primary(
    tx: &mut Tx,
    name: &str,
    is_enabled: bool,
    now: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE binding SET name = $1, is_enabled = $2, updated_at = $3 WHERE id = 1")
        .bind(name)
        .bind(i64::from(is_enabled))
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(|done| done.rows_affected() == 1)
}

pub(super) async fn clear_pending_ack(tx: &mut Tx, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE binding SET pending_ack_sealed = NULL, updated_at = $1 WHERE id = 1")
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}
