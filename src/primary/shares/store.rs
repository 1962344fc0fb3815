//! SQL of shares.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Share;
use crate::db::{Db, Tx};
use crate::primary::files::Item;
use crate::primary::spaces::{Space, SpaceOwner};
use crate::protocol::Timestamp;

/// Shares with what they refer to. An item in the trash is not joined; a space is open while its user is active or its
/// team is not archived.
macro_rules! shares {
    ($rest:literal) => {
        concat!(
            "SELECT shares.id, shares.token, shares.space_id, shares.file_id, shares.folder_id, ",
            "shares.password_hash, shares.expires_at, shares.max_downloads, shares.download_count, ",
            "shares.view_count, shares.created_at, shares.updated_at, spaces.user_id, spaces.team_id, ",
            "COALESCE(files.name, folders.name, '') AS name, COALESCE(author.username, '') AS shared_by, ",
            "COALESCE(owner.username, teams.name, '') AS space_name, ",
            "CAST(CASE WHEN (files.id IS NOT NULL OR folders.id IS NOT NULL) AND (owner.status = 'active' ",
            "OR (teams.id IS NOT NULL AND teams.archived_at IS NULL)) THEN 1 ELSE 0 END AS BIGINT) AS is_available ",
            "FROM shares JOIN spaces ON spaces.id = shares.space_id ",
            "LEFT JOIN users owner ON owner.id = spaces.user_id LEFT JOIN teams ON teams.id = spaces.team_id ",
            "LEFT JOIN files ON files.id = shares.file_id AND files.trash_id IS NULL ",
            "LEFT JOIN folders ON folders.id = shares.folder_id AND folders.trash_id IS NULL ",
            "LEFT JOIN users author ON author.id = shares.created_by_user_id ",
            $rest
        )
    };
}

/// A share about to be made.
pub(super) struct NewRow {
    pub(super) token: String,
    pub(super) space_id: i64,
    pub(super) item: Item,
    pub(super) created_by: i64,
    pub(super) password_hash: String,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) max_downloads: u64,
}

pub(super) async fn insert(tx: &mut Tx, row: &NewRow, now: Timestamp) -> Result<i64, sqlx::Error> {
    let (file_id, folder_id) = match row.item {
        Item::File(id) => (Some(id), None),
        Item::Folder(id) => (None, Some(id)),
    };
    sqlx::query(
        "INSERT INTO shares (token, space_id, file_id, folder_id, created_by_user_id, password_hash, expires_at, \
         max_downloads, download_count, view_count, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10) RETURNING id",
    )
    .bind(row.token.as_str())
    .bind(row.space_id)
    .bind(file_id)
    .bind(folder_id)
    .bind(row.created_by)
    .bind(row.password_hash.as_str())
    .bind(row.expires_at.map(Timestamp::unix_ms))
    .bind(stored(row.max_downloads))
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

pub(super) async fn update(tx: &mut Tx, share: &Share, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE shares SET password_hash = $1, expires_at = $2, max_downloads = $3, updated_at = $4 WHERE id = $5",
    )
    .bind(share.password_hash.as_str())
    .bind(share.expires_at.map(Timestamp::unix_ms))
    .bind(stored(share.max_downloads))
    .bind(now.unix_ms())
    .bind(share.id)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(super) async fn delete(tx: &mut Tx, space_id: i64, id: i64) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM shares WHERE id = $1 AND space_id = $2").bind(id).bind(space_id);
    query.execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn by_id(
    connection: &mut AnyConnection,
    space_id: i64,
    id: i64,
) -> Result<Option<Share>, sqlx::Error> {
    let query = sqlx::query(shares!("WHERE shares.space_id = $1 AND shares.id = $2"));
    let row = query.bind(space_id).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(share).transpose()
}

pub(super) async fn by_token(db: &Db, token: &str) -> Result<Option<Share>, sqlx::Error> {
    let row = sqlx::query(shares!("WHERE shares.token = $1")).bind(token).fetch_optional(db.read()).await?;
    row.as_ref().map(share).transpose()
}

pub(super) async fn of_item(tx: &mut Tx, item: Item) -> Result<Option<Share>, sqlx::Error> {
    let query = match item {
        Item::File(id) => sqlx::query(shares!("WHERE shares.file_id = $1")).bind(id),
        Item::Folder(id) => sqlx::query(shares!("WHERE shares.folder_id = $1")).bind(id),
    };
    query.fetch_optional(&mut **tx).await?.as_ref().map(share).transpose()
}

pub(super) async fn page(
    db: &Db,
    space_id: i64,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Share>, u64), sqlx::Error> {
    let rows = sqlx::query(shares!("WHERE shares.space_id = $1 ORDER BY shares.id DESC LIMIT $2 OFFSET $3"))
        .bind(space_id)
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(db.read())
        .await?;
    let total = sqlx::query("SELECT COUNT(*) AS total FROM shares WHERE space_id = $1")
        .bind(space_id)
        .fetch_one(db.read())
        .await?;
    Ok((rows.iter().map(share).collect::<Result<_, _>>()?, number(&total, "total")?))
}

/// The same of all spaces; only those that one user made where asked.
pub(super) async fn page_of_all(
    db: &Db,
    made_by: Option<i64>,
    limit: u32,
    offset: u32,
) -> Result<(Vec<Share>, u64), sqlx::Error> {
    let (wanted, anybody) = (made_by.unwrap_or(0), i64::from(made_by.is_none()));
    let rows = sqlx::query(shares!(
        "WHERE ($1 = 1 OR shares.created_by_user_id = $2) ORDER BY shares.id DESC LIMIT $3 OFFSET $4"
    ))
    .bind(anybody)
    .bind(wanted)
    .bind(i64::from(limit))
    .bind(i64::from(offset))
    .fetch_all(db.read())
    .await?;
    let total =
        sqlx::query("SELECT COUNT(*) AS total FROM shares WHERE ($1 = 1 OR shares.created_by_user_id = $2)")
            .bind(anybody)
            .bind(wanted)
            .fetch_one(db.read())
            .await?;
    Ok((rows.iter().map(share).collect::<Result<_, _>>()?, number(&total, "total")?))
}

/// A share of any space.
pub(super) async fn anywhere(connection: &mut AnyConnection, id: i64) -> Result<Option<Share>, sqlx::Error> {
    let row = sqlx::query(shares!("WHERE shares.id = $1")).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(share).transpose()
}

pub(super) async fn count_view(db: &Db, id: i64) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE shares SET view_count = view_count + 1 WHERE id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Counts one download within the limit and the time; `false` and no change when there is none left. The check is part
/// of the statement: of any number at the same time, no more than the limit see a row change.
pub(super) async fn take_download(db: &Db, id: i64, now: Timestamp) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let taken = sqlx::query(
        "UPDATE shares SET download_count = download_count + 1 WHERE id = $1 \
         AND (max_downloads = 0 OR download_count < max_downloads) AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(id)
    .bind(now.unix_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(taken.rows_affected() == 1)
}

pub(super) async fn give_back(db: &Db, id: i64) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    sqlx::query("UPDATE shares SET download_count = download_count - 1 WHERE id = $1 AND download_count > 0")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

fn share(row: &AnyRow) -> Result<Share, sqlx::Error> {
    let file_id: Option<i64> = row.try_get("file_id")?;
    let item = match file_id {
        Some(id) => Item::File(id),
        None => Item::Folder(row.try_get("folder_id")?),
    };
    let team_id: Option<i64> = row.try_get("team_id")?;
    let owner = match team_id {
        Some(id) => SpaceOwner::Team(id),
        None => SpaceOwner::User(row.try_get("user_id")?),
    };
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    Ok(Share {
        id: row.try_get("id")?,
        token: row.try_get("token")?,
        // Nothing is uploaded through a share, so that no group is needed.
        space: Space { id: row.try_get("space_id")?, owner, policy_group_id: None },
        item,
        name: row.try_get("name")?,
        shared_by: row.try_get("shared_by")?,
        space_name: row.try_get("space_name")?,
        password_hash: row.try_get("password_hash")?,
        expires_at: expires_at.map(Timestamp::from_unix_ms),
        max_downloads: number(row, "max_downloads")?,
        download_count: number(row, "download_count")?,
        view_count: number(row, "view_count")?,
        is_available: row.try_get::<i64, _>("is_available")? != 0,
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
    })
}

fn number(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.try_into().unwrap_or(0))
}

/// The rules took no larger number.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
