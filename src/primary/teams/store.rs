//! SQL of teams and their members.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{Member, Team, TeamRole};
use crate::db::{Db, Tx};
use crate::protocol::Timestamp;

/// Teams with the use of their spaces and the number of their members.
macro_rules! teams {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT teams.id, teams.name, teams.description, teams.policy_group_id, teams.created_by_user_id, ",
            "teams.archived_at, teams.removal_began_at, teams.created_at, teams.updated_at, ",
            "spaces.storage_used, spaces.storage_quota, ",
            "(SELECT COUNT(*) FROM team_members m WHERE m.team_id = teams.id) AS members",
            $columns,
            " FROM teams JOIN spaces ON spaces.team_id = teams.id ",
            $rest
        )
    };
}

/// The policy group of an open team that the user belongs to; the outer `None` says that there is no such team.
pub(super) async fn group_for_member(
    db: &Db,
    team_id: i64,
    user_id: i64,
) -> Result<Option<Option<i64>>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT teams.policy_group_id FROM teams JOIN team_members ON team_members.team_id = teams.id \
         WHERE teams.id = $1 AND team_members.user_id = $2 AND teams.archived_at IS NULL",
    )
    .bind(team_id)
    .bind(user_id)
    .fetch_optional(db.read())
    .await?;
    row.map(|row| row.try_get("policy_group_id")).transpose()
}

pub(super) async fn by_id(connection: &mut AnyConnection, id: i64) -> Result<Option<Team>, sqlx::Error> {
    let query = sqlx::query(teams!("", "WHERE teams.id = $1")).bind(id);
    query.fetch_optional(connection).await?.as_ref().map(team).transpose()
}

pub(super) async fn page(db: &Db, limit: u32, offset: u32) -> Result<(Vec<Team>, u64), sqlx::Error> {
    let rows = sqlx::query(teams!("", "ORDER BY teams.id LIMIT $1 OFFSET $2"))
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(db.read())
        .await?;
    let total = sqlx::query("SELECT COUNT(*) AS total FROM teams").fetch_one(db.read()).await?;
    Ok((rows.iter().map(team).collect::<Result<_, _>>()?, number(&total, "total")?))
}

pub(super) async fn of_user(
    db: &Db,
    user_id: i64,
    limit: u32,
    offset: u32,
) -> Result<(Vec<(Team, TeamRole)>, u64), sqlx::Error> {
    let rows = sqlx::query(teams!(
        ", own.role AS own_role",
        "JOIN team_members own ON own.team_id = teams.id WHERE own.user_id = $1 AND teams.archived_at IS NULL \
         ORDER BY teams.name, teams.id LIMIT $2 OFFSET $3"
    ))
    .bind(user_id)
    .bind(i64::from(limit))
    .bind(i64::from(offset))
    .fetch_all(db.read())
    .await?;
    let total = sqlx::query(
        "SELECT COUNT(*) AS total FROM team_members JOIN teams ON teams.id = team_members.team_id \
         WHERE team_members.user_id = $1 AND teams.archived_at IS NULL",
    )
    .bind(user_id)
    .fetch_one(db.read())
    .await?;
    let own = |row: &AnyRow| {
        let role: String = row.try_get("own_role")?;
        Ok::<_, sqlx::Error>((team(row)?, TeamRole::from_stored(&role)))
    };
    Ok((rows.iter().map(own).collect::<Result<_, _>>()?, number(&total, "total")?))
}

/// Open teams that a user owns.
pub(super) async fn owned(tx: &mut Tx, user_id: i64) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "SELECT COUNT(*) AS total FROM team_members JOIN teams ON teams.id = team_members.team_id \
         WHERE team_members.user_id = $1 AND team_members.role = 'owner' AND teams.archived_at IS NULL",
    )
    .bind(user_id)
    .fetch_one(&mut **tx)
    .await?
    .try_get("total")
}

pub(super) async fn group_exists(tx: &mut Tx, id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM policy_groups WHERE id = $1").bind(id);
    Ok(query.fetch_optional(&mut **tx).await?.is_some())
}

pub(super) async fn insert(
    tx: &mut Tx,
    name: &str,
    description: &str,
    policy_group_id: Option<i64>,
    created_by: i64,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO teams (name, description, policy_group_id, created_by_user_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(name)
    .bind(description)
    .bind(policy_group_id)
    .bind(created_by)
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

pub(super) async fn update(tx: &mut Tx, team: &Team, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE teams SET name = $1, description = $2, policy_group_id = $3, updated_at = $4 WHERE id = $5",
    )
    .bind(team.name.as_str())
    .bind(team.description.as_str())
    .bind(team.policy_group_id)
    .bind(now.unix_ms())
    .bind(team.id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn set_archived(tx: &mut Tx, id: i64, at: Option<Timestamp>) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE teams SET archived_at = $1 WHERE id = $2");
    query.bind(at.map(Timestamp::unix_ms)).bind(id).execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn mark_for_removal(
    tx: &mut Tx,
    before: Timestamp,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE teams SET removal_began_at = $1 WHERE archived_at <= $2 AND removal_began_at IS NULL")
        .bind(now.unix_ms())
        .bind(before.unix_ms())
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Ids and policy groups of the marked teams.
pub(super) async fn being_removed(db: &Db) -> Result<Vec<(i64, Option<i64>)>, sqlx::Error> {
    let query =
        sqlx::query("SELECT id, policy_group_id FROM teams WHERE removal_began_at IS NOT NULL ORDER BY id");
    let rows = query.fetch_all(db.read()).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("policy_group_id")?))).collect()
}

pub(super) async fn delete_marked(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM teams WHERE id = $1 AND removal_began_at IS NOT NULL").bind(id);
    query.execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn role(
    connection: &mut AnyConnection,
    team_id: i64,
    user_id: i64,
) -> Result<Option<TeamRole>, sqlx::Error> {
    let row = sqlx::query("SELECT role FROM team_members WHERE team_id = $1 AND user_id = $2")
        .bind(team_id)
        .bind(user_id)
        .fetch_optional(connection)
        .await?;
    row.map(|row| row.try_get::<String, _>("role").map(|role| TeamRole::from_stored(&role))).transpose()
}

/// `false` when there is no such user.
pub(super) async fn insert_member(
    tx: &mut Tx,
    team_id: i64,
    user_id: i64,
    role: TeamRole,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO team_members (team_id, user_id, role, created_at) \
         SELECT CAST($1 AS BIGINT), users.id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM users WHERE users.id = $4",
    )
    .bind(team_id)
    .bind(role.as_str())
    .bind(now.unix_ms())
    .bind(user_id)
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn set_role(
    tx: &mut Tx,
    team_id: i64,
    user_id: i64,
    role: TeamRole,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE team_members SET role = $1 WHERE team_id = $2 AND user_id = $3")
        .bind(role.as_str())
        .bind(team_id)
        .bind(user_id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn delete_member(tx: &mut Tx, team_id: i64, user_id: i64) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM team_members WHERE team_id = $1 AND user_id = $2");
    query.bind(team_id).bind(user_id).execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn other_owner_exists(tx: &mut Tx, team_id: i64, user_id: i64) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT 1 FROM team_members WHERE team_id = $1 AND role = 'owner' AND user_id <> $2 LIMIT 1",
    )
    .bind(team_id)
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.is_some())
}

pub(super) async fn members(
    db: &Db,
    team_id: i64,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Member>, u64), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT team_members.user_id, users.username, team_members.role, team_members.created_at \
         FROM team_members JOIN users ON users.id = team_members.user_id WHERE team_members.team_id = $1 \
         ORDER BY CASE team_members.role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 ELSE 2 END, users.username_key \
         LIMIT $2 OFFSET $3",
    )
    .bind(team_id)
    .bind(i64::from(limit))
    .bind(i64::from(offset))
    .fetch_all(db.read())
    .await?;
    let total = sqlx::query("SELECT COUNT(*) AS total FROM team_members WHERE team_id = $1")
        .bind(team_id)
        .fetch_one(db.read())
        .await?;
    Ok((rows.iter().map(member_of).collect::<Result<_, _>>()?, number(&total, "total")?))
}

pub(super) async fn member(tx: &mut Tx, team_id: i64, user_id: i64) -> Result<Option<Member>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT team_members.user_id, users.username, team_members.role, team_members.created_at \
         FROM team_members JOIN users ON users.id = team_members.user_id \
         WHERE team_members.team_id = $1 AND team_members.user_id = $2",
    )
    .bind(team_id)
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    row.as_ref().map(member_of).transpose()
}

fn member_of(row: &AnyRow) -> Result<Member, sqlx::Error> {
    Ok(Member {
        user_id: row.try_get("user_id")?,
        username: row.try_get("username")?,
        role: TeamRole::from_stored(&row.try_get::<String, _>("role")?),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
    })
}

fn team(row: &AnyRow) -> Result<Team, sqlx::Error> {
    let moment =
        |column: &str| row.try_get::<Option<i64>, _>(column).map(|time| time.map(Timestamp::from_unix_ms));
    Ok(Team {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        policy_group_id: row.try_get("policy_group_id")?,
        created_by_user_id: row.try_get("created_by_user_id")?,
        members: number(row, "members")?,
        storage_used: number(row, "storage_used")?,
        storage_quota: number(row, "storage_quota")?,
        archived_at: moment("archived_at")?,
        removal_began_at: moment("removal_began_at")?,
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

fn number(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.try_into().unwrap_or(0))
}

pub(super) async fn leads(db: &Db, team_id: i64, user_id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "SELECT 1 FROM team_members WHERE team_id = $1 AND user_id = $2 AND role IN ('owner', 'admin')",
    );
    Ok(query.bind(team_id).bind(user_id).fetch_optional(db.read()).await?.is_some())
}
