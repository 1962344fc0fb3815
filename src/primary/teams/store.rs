//! SQL of teams and their members.

use sqlx::Row;

use crate::db::Db;

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
