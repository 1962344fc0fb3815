//! SQL of the trash.

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::{Entry, Page};
use crate::db::{Db, Tx};
use crate::primary::files::Item;
use crate::protocol::Timestamp;

pub(super) async fn insert(
    tx: &mut Tx,
    space_id: i64,
    item: Item,
    path: &str,
    user_id: i64,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query(
        "INSERT INTO trash (space_id, item_type, item_id, original_path, deleted_by_user_id, deleted_at) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(space_id)
    .bind(item.kind())
    .bind(item.id())
    .bind(path)
    .bind(user_id)
    .bind(now.unix_ms())
    .fetch_one(&mut **tx)
    .await?
    .try_get("id")
}

/// The entry of an item that is not being removed.
pub(super) async fn find(tx: &mut Tx, space_id: i64, item: Item) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT id FROM trash WHERE space_id = $1 AND item_type = $2 AND item_id = $3 AND is_being_removed = 0",
    )
    .bind(space_id)
    .bind(item.kind())
    .bind(item.id())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.try_get("id")).transpose()
}

pub(super) async fn delete(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM trash WHERE id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

pub(super) async fn mark_for_removal(tx: &mut Tx, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE trash SET is_being_removed = 1 WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

pub(super) async fn mark_all_for_removal(tx: &mut Tx, space_id: i64) -> Result<u64, sqlx::Error> {
    sqlx::query("UPDATE trash SET is_being_removed = 1 WHERE space_id = $1 AND is_being_removed = 0")
        .bind(space_id)
        .execute(&mut **tx)
        .await
        .map(|done| done.rows_affected())
}

/// Whether a space has anything in the trash, marked or not.
pub(super) async fn any_in(db: &Db, space_id: i64) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM trash WHERE space_id = $1 LIMIT 1").bind(space_id);
    Ok(query.fetch_optional(db.read()).await?.is_some())
}

pub(super) async fn mark_before(tx: &mut Tx, before_ms: i64) -> Result<u64, sqlx::Error> {
    sqlx::query("UPDATE trash SET is_being_removed = 1 WHERE deleted_at <= $1 AND is_being_removed = 0")
        .bind(before_ms)
        .execute(&mut **tx)
        .await
        .map(|done| done.rows_affected())
}

/// The next entry by id that is being removed, and its space.
pub(super) async fn next_marked(db: &Db, after: i64) -> Result<Option<(i64, i64)>, sqlx::Error> {
    const NEXT: &str =
        "SELECT id, space_id FROM trash WHERE is_being_removed = 1 AND id > $1 ORDER BY id LIMIT 1";
    let row = sqlx::query(NEXT).bind(after).fetch_optional(db.read()).await?;
    row.map(|row| Ok((row.try_get("id")?, row.try_get("space_id")?))).transpose()
}

pub(super) async fn files(db: &Db, space_id: i64, page: Page) -> Result<Vec<Entry>, sqlx::Error> {
    const FILES: &str = "SELECT trash.id, trash.item_id, trash.original_path, trash.deleted_at, files.name, files.size, files.mime_type FROM trash \
                         JOIN files ON files.id = trash.item_id AND files.trash_id = trash.id \
                         WHERE trash.item_type = 'file' AND ";
    entries(db, FILES, space_id, page, Item::File).await
}

pub(super) async fn folders(db: &Db, space_id: i64, page: Page) -> Result<Vec<Entry>, sqlx::Error> {
    const FOLDERS: &str = "SELECT trash.id, trash.item_id, trash.original_path, trash.deleted_at, folders.name, CAST(0 AS BIGINT) AS size, '' AS mime_type FROM trash \
                           JOIN folders ON folders.id = trash.item_id AND folders.trash_id = trash.id \
                           WHERE trash.item_type = 'folder' AND ";
    entries(db, FOLDERS, space_id, page, Item::Folder).await
}

async fn entries(
    db: &Db,
    select: &str,
    space_id: i64,
    page: Page,
    item: fn(i64) -> Item,
) -> Result<Vec<Entry>, sqlx::Error> {
    let (at, id) = page.after.unwrap_or((i64::MAX, i64::MAX));
    let sql = format!(
        "{select} trash.space_id = $1 AND trash.is_being_removed = 0 AND (trash.deleted_at, trash.id) < ($2, $3) \
         ORDER BY trash.deleted_at DESC, trash.id DESC LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(space_id)
        .bind(at)
        .bind(id)
        .bind(i64::from(page.limit))
        .fetch_all(db.read())
        .await?;
    rows.iter().map(|row| entry(row, item)).collect()
}

pub(super) async fn count(db: &Db, space_id: i64, kind: &str) -> Result<u64, sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS total FROM trash WHERE space_id = $1 AND item_type = $2 AND is_being_removed = 0",
    )
    .bind(space_id)
    .bind(kind)
    .fetch_one(db.read())
    .await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}

fn entry(row: &AnyRow, item: fn(i64) -> Item) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        id: row.try_get("id")?,
        item: item(row.try_get("item_id")?),
        name: row.try_get("name")?,
        original_path: row.try_get("original_path")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        mime_type: row.try_get("mime_type")?,
        deleted_at: Timestamp::from_unix_ms(row.try_get("deleted_at")?),
    })
}
