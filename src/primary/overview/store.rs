//! SQL of the overview.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{GroupUse, PolicyUse, Totals};
use crate::db::Db;

/// What is counted one by one; blobs are summed by policy.
pub(super) async fn totals(db: &Db) -> Result<Totals, sqlx::Error> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM users) AS users, \
         (SELECT COUNT(*) FROM users WHERE status = 'active') AS active_users, \
         (SELECT COUNT(*) FROM teams WHERE archived_at IS NULL) AS teams, \
         (SELECT COUNT(*) FROM files WHERE trash_id IS NULL) AS files, \
         (SELECT COUNT(*) FROM shares) AS shares",
    )
    .fetch_one(db.read())
    .await?;
    Ok(Totals {
        users: number(&row, "users")?,
        active_users: number(&row, "active_users")?,
        teams: number(&row, "teams")?,
        files: number(&row, "files")?,
        shares: number(&row, "shares")?,
        ..Totals::default()
    })
}

pub(super) async fn policies(db: &Db) -> Result<Vec<PolicyUse>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT policy_id, COUNT(*) AS blobs, CAST(SUM(size) AS BIGINT) AS bytes FROM blobs \
         GROUP BY policy_id ORDER BY policy_id",
    )
    .fetch_all(db.read())
    .await?;
    let policy = |row: &AnyRow| {
        Ok(PolicyUse {
            policy_id: row.try_get("policy_id")?,
            blobs: number(row, "blobs")?,
            bytes: number(row, "bytes")?,
        })
    };
    rows.iter().map(policy).collect()
}

pub(super) async fn groups(db: &Db) -> Result<Vec<GroupUse>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, CAST(SUM(users) AS BIGINT) AS users, CAST(SUM(teams) AS BIGINT) AS teams FROM (\
         SELECT policy_group_id AS id, COUNT(*) AS users, 0 AS teams FROM users \
         WHERE policy_group_id IS NOT NULL GROUP BY policy_group_id UNION ALL \
         SELECT policy_group_id, 0, COUNT(*) FROM teams WHERE policy_group_id IS NOT NULL GROUP BY policy_group_id\
         ) assigned GROUP BY id ORDER BY id",
    )
    .fetch_all(db.read())
    .await?;
    let group = |row: &AnyRow| {
        Ok(GroupUse {
            policy_group_id: row.try_get("id")?,
            users: number(row, "users")?,
            teams: number(row, "teams")?,
        })
    };
    rows.iter().map(group).collect()
}

/// Blobs and bytes by day since 1970; `offset` and `since` in milliseconds.
pub(super) async fn uploads(
    db: &Db,
    offset: i64,
    since: i64,
) -> Result<HashMap<i64, (u64, u64)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT (created_at + $1) / 86400000 AS day, COUNT(*) AS blobs, CAST(SUM(size) AS BIGINT) AS bytes \
         FROM blobs WHERE created_at >= $2 GROUP BY day",
    )
    .bind(offset)
    .bind(since)
    .fetch_all(db.read())
    .await?;
    rows.iter().map(|row| Ok((row.try_get("day")?, (number(row, "blobs")?, number(row, "bytes")?)))).collect()
}

/// Entries of the audit trail by day since 1970.
pub(super) async fn events(db: &Db, offset: i64, since: i64) -> Result<HashMap<i64, u64>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT (created_at + $1) / 86400000 AS day, COUNT(*) AS events FROM audit_logs \
         WHERE created_at >= $2 GROUP BY day",
    )
    .bind(offset)
    .bind(since)
    .fetch_all(db.read())
    .await?;
    rows.iter().map(|row| Ok((row.try_get("day")?, number(row, "events")?))).collect()
}

fn number(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.try_into().unwrap_or(0))
}
