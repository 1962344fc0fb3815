//! SQL of the audit trail.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Entry, NewEntry};
use crate::db::{Db, Tx};
use crate::protocol::Timestamp;

/// Which entries are asked for; `None` is all of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AuditFilter {
    /// Done by this user.
    pub user_id: Option<i64>,
    /// This was done.
    pub action: Option<String>,
    /// To things of this kind.
    pub entity_type: Option<String>,
    /// To the thing with this id.
    pub entity_id: Option<i64>,
    /// At this time or later.
    pub after: Option<Timestamp>,
    /// Earlier than this.
    pub before: Option<Timestamp>,
}

/// An absent member of the filter is bound as a value that no entry has, and a flag that it does not count: every
/// database types `$n IS NULL` of a bare parameter differently.
const FITS: &str = "($1 = 0 OR user_id = $2) AND ($3 = '' OR action = $4) AND ($5 = '' OR entity_type = $6) \
     AND ($7 = 0 OR entity_id = $8) AND created_at >= $9 AND created_at < $10";

pub(super) async fn insert(tx: &mut Tx, entry: &NewEntry<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    let details = if entry.details.is_empty() { json!({}) } else { json!({"text": entry.details}) };
    let query = sqlx::query(
        "INSERT INTO audit_logs (user_id, action, entity_type, entity_id, entity_name, details, ip_address, client, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    );
    query
        .bind(entry.by.user_id)
        .bind(entry.action.as_str())
        .bind(entry.entity.as_str())
        .bind(entry.entity_id)
        .bind(entry.entity_name)
        .bind(details.to_string())
        .bind(entry.by.ip().map(|ip| ip.to_string()).unwrap_or_default())
        .bind(entry.by.caller.map_or("", |caller| caller.agent.as_str()))
        .bind(now.unix_ms())
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn page(
    db: &Db,
    filter: &AuditFilter,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Entry>, u64), sqlx::Error> {
    let sql = format!(
        "SELECT id, user_id, action, entity_type, entity_id, entity_name, details, ip_address, client, created_at \
         FROM audit_logs WHERE {FITS} ORDER BY id DESC LIMIT $11 OFFSET $12"
    );
    let rows = filtered(sql, filter).bind(i64::from(limit)).bind(i64::from(offset));
    let rows = rows.fetch_all(db.read()).await?;
    let total = filtered(format!("SELECT COUNT(*) AS total FROM audit_logs WHERE {FITS}"), filter);
    let total: i64 = total.fetch_one(db.read()).await?.try_get("total")?;
    Ok((rows.iter().map(entry).collect::<Result<_, _>>()?, total.unsigned_abs()))
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn filtered(sql: String, filter: &AuditFilter) -> Query<'_> {
    let (action, entity) = (filter.action.as_deref(), filter.entity_type.as_deref());
    let time = |time: Option<Timestamp>, open| time.map_or(open, Timestamp::unix_ms);
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(i64::from(filter.user_id.is_some()))
        .bind(filter.user_id.unwrap_or(0))
        .bind(action.unwrap_or_default())
        .bind(action.unwrap_or_default())
        .bind(entity.unwrap_or_default())
        .bind(entity.unwrap_or_default())
        .bind(i64::from(filter.entity_id.is_some()))
        .bind(filter.entity_id.unwrap_or(0))
        .bind(time(filter.after, i64::MIN))
        .bind(time(filter.before, i64::MAX))
}

fn entry(row: &AnyRow) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        id: row.try_get("id")?,
        user_id: row.try_get("user_id")?,
        action: row.try_get("action")?,
        entity_type: row.try_get("entity_type")?,
        entity_id: row.try_get("entity_id")?,
        entity_name: row.try_get("entity_name")?,
        details: serde_json::from_str(&row.try_get::<String, _>("details")?).unwrap_or_default(),
        ip_address: row.try_get("ip_address")?,
        client: row.try_get("client")?,
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
    })
}

pub(super) async fn delete_before(db: &Db, time: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    let query = sqlx::query("DELETE FROM audit_logs WHERE created_at < $1").bind(time.unix_ms());
    query.execute(&mut *tx).await?;
    tx.commit().await
}
