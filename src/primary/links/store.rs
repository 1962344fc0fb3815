//! SQL of links.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{Db, Tx};
use crate::primary::spaces::{Space, SpaceOwner};
use crate::protocol::Timestamp;

pub(super) async fn direct_of(db: &Db, file_id: i64) -> Result<Option<String>, sqlx::Error> {
    let query = sqlx::query("SELECT token FROM direct_links WHERE file_id = $1").bind(file_id);
    query.fetch_optional(db.read()).await?.map(|row| row.try_get("token")).transpose()
}

/// `false` when the file has one, or is gone.
pub(super) async fn insert_direct(
    tx: &mut Tx,
    file_id: i64,
    token: &str,
    user_id: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO direct_links (file_id, token, created_by_user_id, created_at) \
         SELECT files.id, CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM files \
         WHERE files.id = $4 AND files.trash_id IS NULL \
         AND NOT EXISTS (SELECT 1 FROM direct_links WHERE direct_links.file_id = files.id)",
    )
    .bind(token)
    .bind(user_id)
    .bind(now.unix_ms())
    .bind(file_id)
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

pub(super) async fn delete_direct(tx: &mut Tx, file_id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("DELETE FROM direct_links WHERE file_id = $1").bind(file_id);
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Space and file behind a direct link, if the space is open.
pub(super) async fn by_direct(db: &Db, token: &str) -> Result<Option<(Space, i64)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT files.id, files.space_id, spaces.user_id, spaces.team_id FROM direct_links \
         JOIN files ON files.id = direct_links.file_id JOIN spaces ON spaces.id = files.space_id \
         LEFT JOIN users ON users.id = spaces.user_id LEFT JOIN teams ON teams.id = spaces.team_id \
         WHERE direct_links.token = $1 \
         AND (users.status = 'active' OR (teams.id IS NOT NULL AND teams.archived_at IS NULL))",
    )
    .bind(token)
    .fetch_optional(db.read())
    .await?;
    row.as_ref().map(target).transpose()
}

pub(super) async fn insert_preview(
    db: &Db,
    token_hash: &str,
    file_id: i64,
    uses: u32,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "INSERT INTO preview_links (token_hash, file_id, uses_left, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(token_hash)
    .bind(file_id)
    .bind(i64::from(uses))
    .bind(expires_at.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Takes one use, if there is one left, and gives space and file; the space must be open.
pub(super) async fn use_preview(
    db: &Db,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<(Space, i64)>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let used = sqlx::query(
        "UPDATE preview_links SET uses_left = uses_left - 1 WHERE token_hash = $1 AND uses_left > 0 \
         AND expires_at > $2 RETURNING file_id",
    )
    .bind(token_hash)
    .bind(now.unix_ms())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(used) = used else { return Ok(None) };
    let row = sqlx::query(
        "SELECT files.id, files.space_id, spaces.user_id, spaces.team_id FROM files \
         JOIN spaces ON spaces.id = files.space_id \
         LEFT JOIN users ON users.id = spaces.user_id LEFT JOIN teams ON teams.id = spaces.team_id \
         WHERE files.id = $1 \
         AND (users.status = 'active' OR (teams.id IS NOT NULL AND teams.archived_at IS NULL))",
    )
    .bind(used.try_get::<i64, _>("file_id")?)
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    row.as_ref().map(target).transpose()
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    let query = sqlx::query("DELETE FROM preview_links WHERE expires_at <= $1").bind(now.unix_ms());
    query.execute(&mut *tx).await?;
    tx.commit().await
}

fn target(row: &AnyRow) -> Result<(Space, i64), sqlx::Error> {
    let team_id: Option<i64> = row.try_get("team_id")?;
    let owner = match team_id {
        Some(id) => SpaceOwner::Team(id),
        None => SpaceOwner::User(row.try_get("user_id")?),
    };
    // Nothing is uploaded through a link, so that no group is needed.
    Ok((Space { id: row.try_get("space_id")?, owner, policy_group_id: None }, row.try_get("id")?))
}
