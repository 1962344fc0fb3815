//! SQL of the policy groups and their rules.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::column;
use crate::db::{Db, Tx};
use crate::primary::policies::groups::{Group, Rule};
use crate::primary::policies::matching::Candidate;
use crate::protocol::Timestamp;

const GROUP: &str =
    "SELECT id, name, description, is_enabled, is_default, created_at, updated_at FROM policy_groups";
const RULE: &str =
    "SELECT id, group_id, policy_id, priority, min_file_size, max_file_size FROM policy_group_rules";

pub(in crate::primary::policies) struct GroupRow<'a> {
    pub(in crate::primary::policies) name: &'a str,
    pub(in crate::primary::policies) description: &'a str,
    pub(in crate::primary::policies) is_enabled: bool,
}

fn group(row: &AnyRow) -> Result<Group, sqlx::Error> {
    Ok(Group {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        is_enabled: row.try_get::<i64, _>("is_enabled")? != 0,
        is_default: row.try_get::<i64, _>("is_default")? != 0,
        rules: Vec::new(),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

fn bytes(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or(0))
}

fn rule(row: &AnyRow) -> Result<Rule, sqlx::Error> {
    Ok(Rule {
        id: row.try_get("id")?,
        policy_id: row.try_get("policy_id")?,
        priority: row.try_get("priority")?,
        min_file_size: bytes(row, "min_file_size")?,
        max_file_size: bytes(row, "max_file_size")?,
    })
}

/// A group without its rules.
pub(in crate::primary::policies) async fn head(db: &Db, id: i64) -> Result<Option<Group>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{GROUP} WHERE id = $1"))).bind(id);
    query.fetch_optional(db.read()).await?.as_ref().map(group).transpose()
}

pub(in crate::primary::policies) async fn by_id(db: &Db, id: i64) -> Result<Option<Group>, sqlx::Error> {
    let Some(mut group) = head(db, id).await? else { return Ok(None) };
    let query =
        sqlx::query(AssertSqlSafe(format!("{RULE} WHERE group_id = $1 ORDER BY priority, id"))).bind(id);
    group.rules = query.fetch_all(db.read()).await?.iter().map(rule).collect::<Result<_, _>>()?;
    Ok(Some(group))
}

pub(in crate::primary::policies) async fn by_id_in(
    tx: &mut Tx,
    id: i64,
) -> Result<Option<Group>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{GROUP} WHERE id = $1"))).bind(id);
    query.fetch_optional(&mut **tx).await?.as_ref().map(group).transpose()
}

pub(in crate::primary::policies) async fn page(
    db: &Db,
    limit: u32,
    offset: u32,
) -> Result<Vec<Group>, sqlx::Error> {
    let query = sqlx::query(AssertSqlSafe(format!("{GROUP} ORDER BY id LIMIT $1 OFFSET $2")));
    let rows = query.bind(i64::from(limit)).bind(i64::from(offset)).fetch_all(db.read()).await?;
    let mut groups = rows.iter().map(group).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (groups.first().map(|g| g.id), groups.last().map(|g| g.id)) else {
        return Ok(groups);
    };
    let query = sqlx::query(AssertSqlSafe(format!(
        "{RULE} WHERE group_id >= $1 AND group_id <= $2 ORDER BY priority, id"
    )));
    let mut rules: HashMap<i64, Vec<Rule>> = HashMap::new();
    for row in query.bind(first).bind(last).fetch_all(db.read()).await? {
        rules.entry(row.try_get("group_id")?).or_default().push(rule(&row)?);
    }
    for group in &mut groups {
        group.rules = rules.remove(&group.id).unwrap_or_default();
    }
    Ok(groups)
}

pub(in crate::primary::policies) async fn count(db: &Db) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM policy_groups").fetch_one(db.read()).await?;
    Ok(u64::try_from(row.try_get::<i64, _>("total")?).unwrap_or(0))
}

pub(in crate::primary::policies) async fn default_id(db: &Db) -> Result<Option<i64>, sqlx::Error> {
    let query = sqlx::query("SELECT id FROM policy_groups WHERE is_default = 1");
    query.fetch_optional(db.read()).await?.map(|row| row.try_get("id")).transpose()
}

/// The rules of a group with what decides about them.
pub(in crate::primary::policies) async fn candidates(
    db: &Db,
    group_id: i64,
) -> Result<Vec<Candidate>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT r.id, r.policy_id, p.name AS policy_name, r.priority, r.min_file_size, r.max_file_size, \
         n.name AS node_name, n.is_enabled AS node_enabled \
         FROM policy_group_rules r JOIN storage_policies p ON p.id = r.policy_id \
         LEFT JOIN nodes n ON n.id = p.node_id WHERE r.group_id = $1",
    )
    .bind(group_id)
    .fetch_all(db.read())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                rule_id: row.try_get("id")?,
                policy_id: row.try_get("policy_id")?,
                policy_name: row.try_get("policy_name")?,
                priority: row.try_get("priority")?,
                min_file_size: bytes(row, "min_file_size")?,
                max_file_size: bytes(row, "max_file_size")?,
                disabled_node: match row.try_get::<Option<i64>, _>("node_enabled")? {
                    Some(0) => row.try_get("node_name")?,
                    _ => None,
                },
            })
        })
        .collect()
}

pub(in crate::primary::policies) async fn name_taken(
    tx: &mut Tx,
    name: &str,
    but: Option<i64>,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT id FROM policy_groups WHERE name = $1 AND id <> $2");
    Ok(query.bind(name).bind(but.unwrap_or(0)).fetch_optional(&mut **tx).await?.is_some())
}

pub(in crate::primary::policies) async fn insert(
    tx: &mut Tx,
    row: &GroupRow<'_>,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO policy_groups (name, description, is_enabled, is_default, created_at, updated_at) \
         VALUES ($1, $2, $3, 0, $4, $5) RETURNING id",
    )
    .bind(row.name)
    .bind(row.description)
    .bind(i64::from(row.is_enabled))
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?;
    inserted.try_get("id")
}

pub(in crate::primary::policies) async fn update(
    tx: &mut Tx,
    id: i64,
    row: &GroupRow<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE policy_groups SET name = $1, description = $2, is_enabled = $3, updated_at = $4 WHERE id = $5",
    )
    .bind(row.name)
    .bind(row.description)
    .bind(i64::from(row.is_enabled))
    .bind(now.unix_ms())
    .bind(id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Replaces all rules of a group.
pub(in crate::primary::policies) async fn replace_rules(
    tx: &mut Tx,
    group_id: i64,
    rules: &[Rule],
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM policy_group_rules WHERE group_id = $1").bind(group_id);
    query.execute(&mut **tx).await?;
    for rule in rules {
        sqlx::query(
            "INSERT INTO policy_group_rules (group_id, policy_id, priority, min_file_size, max_file_size) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(group_id)
        .bind(rule.policy_id)
        .bind(rule.priority)
        .bind(column(rule.min_file_size))
        .bind(column(rule.max_file_size))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Takes the flag from whoever has it, then gives it.
pub(in crate::primary::policies) async fn move_default(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE policy_groups SET is_default = 0 WHERE is_default = 1").execute(&mut **tx).await?;
    let query = sqlx::query("UPDATE policy_groups SET is_default = 1 WHERE id = $1").bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}

/// How many users are in a group.
pub(in crate::primary::policies) async fn users_in(tx: &mut Tx, id: i64) -> Result<i64, sqlx::Error> {
    let query = sqlx::query("SELECT COUNT(*) AS total FROM users WHERE policy_group_id = $1").bind(id);
    query.fetch_one(&mut **tx).await?.try_get("total")
}

/// How many teams are in a group, the archived ones included.
pub(in crate::primary::policies) async fn teams_in(tx: &mut Tx, id: i64) -> Result<i64, sqlx::Error> {
    let query = sqlx::query("SELECT COUNT(*) AS total FROM teams WHERE policy_group_id = $1").bind(id);
    query.fetch_one(&mut **tx).await?.try_get("total")
}

pub(in crate::primary::policies) async fn delete(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM policy_groups WHERE id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

/// Assigns the users of one group to another; says how many there were.
pub(in crate::primary::policies) async fn move_users(
    tx: &mut Tx,
    from: i64,
    to: i64,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let query =
        sqlx::query("UPDATE users SET policy_group_id = $1, updated_at = $2 WHERE policy_group_id = $3");
    let moved = query.bind(to).bind(now.unix_ms()).bind(from).execute(&mut **tx).await?;
    Ok(moved.rows_affected())
}
