//! SQL of spaces.

use sqlx::Row;

use super::{SpaceOwner, Usage};
use crate::db::{Db, Tx};

pub(super) async fn insert(tx: &mut Tx, owner: SpaceOwner, quota: i64) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO spaces (user_id, team_id, storage_used, storage_quota) VALUES ($1, $2, 0, $3) RETURNING id",
    )
    .bind(owner.user_id())
    .bind(owner.team_id())
    .bind(quota)
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

pub(super) async fn delete(tx: &mut Tx, owner: SpaceOwner) -> Result<(), sqlx::Error> {
    let query = match owner {
        SpaceOwner::User(id) => sqlx::query("DELETE FROM spaces WHERE user_id = $1").bind(id),
        SpaceOwner::Team(id) => sqlx::query("DELETE FROM spaces WHERE team_id = $1").bind(id),
    };
    query.execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn id_of(db: &Db, owner: SpaceOwner) -> Result<Option<i64>, sqlx::Error> {
    let query = match owner {
        SpaceOwner::User(id) => sqlx::query("SELECT id FROM spaces WHERE user_id = $1").bind(id),
        SpaceOwner::Team(id) => sqlx::query("SELECT id FROM spaces WHERE team_id = $1").bind(id),
    };
    query.fetch_optional(db.read()).await?.map(|row| row.try_get("id")).transpose()
}

pub(super) async fn usage(db: &Db, space_id: i64) -> Result<Option<Usage>, sqlx::Error> {
    let row = sqlx::query("SELECT storage_used, storage_quota FROM spaces WHERE id = $1")
        .bind(space_id)
        .fetch_optional(db.read())
        .await?;
    row.map(|row| {
        Ok(Usage {
            used: row.try_get::<i64, _>("storage_used")?.try_into().unwrap_or(0),
            quota: row.try_get::<i64, _>("storage_quota")?.try_into().unwrap_or(0),
        })
    })
    .transpose()
}

pub(super) async fn set_quota(tx: &mut Tx, owner: SpaceOwner, quota: i64) -> Result<(), sqlx::Error> {
    let query = match owner {
        SpaceOwner::User(id) => {
            sqlx::query("UPDATE spaces SET storage_quota = $1 WHERE user_id = $2").bind(quota).bind(id)
        }
        SpaceOwner::Team(id) => {
            sqlx::query("UPDATE spaces SET storage_quota = $1 WHERE team_id = $2").bind(quota).bind(id)
        }
    };
    query.execute(&mut **tx).await.map(|_| ())
}

/// Also with 0: it is the UPDATE that takes the row.
pub(super) async fn add(tx: &mut Tx, space_id: i64, bytes: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE spaces SET storage_used = storage_used + $1 WHERE id = $2")
        .bind(bytes)
        .bind(space_id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn add_within_quota(tx: &mut Tx, space_id: i64, bytes: i64) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query(
        "UPDATE spaces SET storage_used = storage_used + $1 \
         WHERE id = $2 AND (storage_quota = 0 OR storage_used + $3 <= storage_quota)",
    )
    .bind(bytes)
    .bind(space_id)
    .bind(bytes)
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}
