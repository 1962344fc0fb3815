//! SQL of the nodes and their enrollments.

pub(super) mod enrollments;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::enrollment::{EnrollmentFacts, EnrollmentRow};
use super::probe::Examined;
use super::{Node, SealedKeys};
use crate::db::{Db, Tx};
use crate::primary::paging::SortOrder;
use crate::protocol::{BaseUrl, Timestamp};

/// A node with the facts of its enrollment: any acknowledgement, and the newest record.
const NODE: &str = "SELECT n.id, n.name, n.namespace, n.base_url, n.access_key, n.secret_key_sealed, n.is_enabled, \
     n.binding_pending, n.last_error, n.last_capabilities, n.last_checked_at, n.latency_ms, \
     n.clock_difference_ms, n.diagnosis, n.created_at, n.updated_at, \
     (SELECT COUNT(*) FROM enrollments a WHERE a.node_id = n.id AND a.acked_at IS NOT NULL) AS acked, \
     e.expires_at AS enrollment_expires_at, e.redeemed_at AS enrollment_redeemed_at, \
     e.invalidated_at AS enrollment_invalidated_at, e.acked_at AS enrollment_acked_at \
     FROM nodes n LEFT JOIN enrollments e \
     ON e.id = (SELECT MAX(newest.id) FROM enrollments newest WHERE newest.node_id = n.id)";

/// Nodes whose follower can be called: an acknowledged enrollment and an address.
const CALLABLE: &str = "base_url <> '' AND EXISTS \
     (SELECT 1 FROM enrollments e WHERE e.node_id = nodes.id AND e.acked_at IS NOT NULL)";

/// What a list of nodes is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeSort {
    Id,
    Name,
    BaseUrl,
    IsEnabled,
    LastCheckedAt,
    #[default]
    CreatedAt,
    UpdatedAt,
}

pub(super) struct NewRow<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) base_url: &'a str,
    pub(super) keys: &'a SealedKeys,
    pub(super) is_enabled: bool,
}

pub(super) struct ChangedRow<'a> {
    pub(super) name: &'a str,
    pub(super) base_url: &'a str,
    pub(super) is_enabled: bool,
    pub(super) binding_pending: bool,
}

fn node(row: &AnyRow) -> Result<Node, sqlx::Error> {
    let time = |column: &str| -> Result<Option<Timestamp>, sqlx::Error> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_unix_ms))
    };
    let newest = match time("enrollment_expires_at")? {
        None => None,
        Some(expires_at) => Some(EnrollmentRow {
            expires_at,
            redeemed_at: time("enrollment_redeemed_at")?,
            invalidated_at: time("enrollment_invalidated_at")?,
            acked: time("enrollment_acked_at")?.is_some(),
        }),
    };
    let capabilities: String = row.try_get("last_capabilities")?;
    let known = capabilities != "{}";
    Ok(Node {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        namespace: row.try_get("namespace")?,
        base_url: BaseUrl::parse(&row.try_get::<String, _>("base_url")?).ok(),
        keys: SealedKeys {
            access_key: row.try_get("access_key")?,
            secret_key_sealed: row.try_get::<String, _>("secret_key_sealed")?.into(),
        },
        is_enabled: row.try_get::<i64, _>("is_enabled")? != 0,
        binding_pending: row.try_get::<i64, _>("binding_pending")? != 0,
        enrollment: EnrollmentFacts { acked: row.try_get::<i64, _>("acked")? > 0, newest },
        last_error: row.try_get("last_error")?,
        capabilities: known.then(|| serde_json::from_str(&capabilities).ok()).flatten(),
        last_checked_at: time("last_checked_at")?,
        latency_ms: row.try_get("latency_ms")?,
        clock_difference_ms: row.try_get("clock_difference_ms")?,
        diagnosis: serde_json::from_str(&row.try_get::<String, _>("diagnosis")?).ok(),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

pub(super) async fn by_id(db: &Db, id: i64) -> Result<Option<Node>, sqlx::Error> {
    let sql = AssertSqlSafe(format!("{NODE} WHERE n.id = $1"));
    sqlx::query(sql).bind(id).fetch_optional(db.read()).await?.as_ref().map(node).transpose()
}

pub(super) async fn by_id_in(tx: &mut Tx, id: i64) -> Result<Option<Node>, sqlx::Error> {
    let sql = AssertSqlSafe(format!("{NODE} WHERE n.id = $1"));
    sqlx::query(sql).bind(id).fetch_optional(&mut **tx).await?.as_ref().map(node).transpose()
}

pub(super) async fn page(
    db: &Db,
    sort: NodeSort,
    order: SortOrder,
    limit: u32,
    offset: u32,
) -> Result<Vec<Node>, sqlx::Error> {
    let column = match sort {
        NodeSort::Id => "n.id",
        NodeSort::Name => "n.name",
        NodeSort::BaseUrl => "n.base_url",
        NodeSort::IsEnabled => "n.is_enabled",
        // Never checked sorts as earliest on every database.
        NodeSort::LastCheckedAt => "COALESCE(n.last_checked_at, 0)",
        NodeSort::CreatedAt => "n.created_at",
        NodeSort::UpdatedAt => "n.updated_at",
    };
    let direction = order.as_sql();
    let sql = format!("{NODE} ORDER BY {column} {direction}, n.id {direction} LIMIT $1 OFFSET $2");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit)).bind(i64::from(offset));
    query.fetch_all(db.read()).await?.iter().map(node).collect()
}

/// Addresses of the enabled nodes that have one, the newest first.
pub(super) async fn base_urls(db: &Db, limit: u32) -> Result<Vec<String>, sqlx::Error> {
    let query =
        "SELECT base_url FROM nodes WHERE base_url <> '' AND is_enabled = 1 ORDER BY id DESC LIMIT $1";
    let rows = sqlx::query(query).bind(i64::from(limit)).fetch_all(db.read()).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

pub(super) async fn count(db: &Db) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM nodes").fetch_one(db.read()).await?;
    Ok(u64::try_from(row.try_get::<i64, _>("total")?).unwrap_or(0))
}

pub(super) async fn name_taken(tx: &mut Tx, name: &str, but: Option<i64>) -> Result<bool, sqlx::Error> {
    let query =
        sqlx::query("SELECT id FROM nodes WHERE name = $1 AND id <> $2").bind(name).bind(but.unwrap_or(0));
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

pub(super) async fn namespace_taken(tx: &mut Tx, namespace: &str) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT id FROM nodes WHERE namespace = $1").bind(namespace);
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

pub(super) async fn insert(tx: &mut Tx, row: &NewRow<'_>, now: Timestamp) -> Result<i64, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO nodes (name, namespace, base_url, access_key, secret_key_sealed, is_enabled, binding_pending, \
         last_error, last_capabilities, diagnosis, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 0, '', '{}', '', $7, $8) RETURNING id",
    )
    .bind(row.name)
    .bind(row.namespace)
    .bind(row.base_url)
    .bind(&row.keys.access_key)
    .bind(row.keys.secret_key_sealed.expose_secret())
    .bind(i64::from(row.is_enabled))
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    inserted.try_get("id")
}

pub(super) async fn update(
    tx: &mut Tx,
    id: i64,
    row: &ChangedRow<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE nodes SET name = $1, base_url = $2, is_enabled = $3, binding_pending = $4, updated_at = $5 \
         WHERE id = $6",
    )
    .bind(row.name)
    .bind(row.base_url)
    .bind(i64::from(row.is_enabled))
    .bind(i64::from(row.binding_pending))
    .bind(now.unix_ms())
    .bind(id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM nodes WHERE id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

const POLICIES_ON: &str = "SELECT name FROM storage_policies WHERE node_id = $1 ORDER BY id";

/// Names of the storage policies on a node.
pub(super) async fn policies_on(db: &Db, id: i64) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(POLICIES_ON).bind(id).fetch_all(db.read()).await?;
    rows.iter().map(|row| row.try_get("name")).collect()
}

pub(super) async fn policies_on_in(tx: &mut Tx, id: i64) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(POLICIES_ON).bind(id).fetch_all(&mut **tx).await?;
    rows.iter().map(|row| row.try_get("name")).collect()
}

/// Enabled nodes whose follower can be called.
pub(super) async fn probe_ids(db: &Db) -> Result<Vec<i64>, sqlx::Error> {
    let sql = format!("SELECT id FROM nodes WHERE is_enabled = 1 AND {CALLABLE} ORDER BY id");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(db.read()).await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

/// Nodes whose follower can be called and still has to be told name and flag.
pub(super) async fn undelivered_ids(db: &Db) -> Result<Vec<i64>, sqlx::Error> {
    let sql = format!("SELECT id FROM nodes WHERE binding_pending = 1 AND {CALLABLE} ORDER BY id");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(db.read()).await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

/// Notes that the follower knows this name and flag. When they have changed since they were sent, what it knows now may
/// be the older state, whoever told it the newer one: then it has to be told again.
pub(super) async fn delivered(db: &Db, id: i64, name: &str, is_enabled: bool) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE nodes SET binding_pending = CASE WHEN name = $1 AND is_enabled = $2 THEN 0 ELSE 1 END WHERE id = $3",
    )
    .bind(name)
    .bind(i64::from(is_enabled))
    .bind(id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

pub(super) async fn not_delivered(db: &Db, id: i64, error: &str) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE nodes SET binding_pending = 1, last_error = $1 WHERE id = $2")
        .bind(error)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Keeps the result of a probe, unless the node has another address since. A document that did not come leaves the
/// older one in place.
pub(super) async fn examined(
    db: &Db,
    id: i64,
    base_url: &str,
    examined: &Examined,
) -> Result<(), sqlx::Error> {
    let json = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let document = examined.capabilities.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
    let diagnosis = examined.diagnosis.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
    let last_error = examined.diagnosis.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE nodes SET last_checked_at = $1, last_error = $2, last_capabilities = COALESCE($3, last_capabilities), \
         latency_ms = $4, clock_difference_ms = $5, diagnosis = $6 WHERE id = $7 AND base_url = $8",
    )
    .bind(examined.checked_at.unix_ms())
    .bind(last_error)
    .bind(document)
    .bind(examined.latency_ms)
    .bind(examined.clock_difference_ms)
    .bind(diagnosis.unwrap_or_default())
    .bind(id)
    .bind(base_url)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
