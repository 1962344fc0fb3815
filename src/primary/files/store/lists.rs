//! SQL of what lies in a folder.

use std::collections::HashSet;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{files, folders};
use crate::primary::files::{Cursor, FileRecord, FolderRecord, Item, ListQuery, Order, SortBy};

/// Column of a list of files, and whether it holds text.
fn file_column(sort_by: SortBy) -> (&'static str, bool) {
    match sort_by {
        SortBy::Name => ("name_key", true),
        SortBy::Size => ("size", false),
        SortBy::CreatedAt => ("created_at", false),
        SortBy::UpdatedAt => ("updated_at", false),
        SortBy::Type => ("mime_type", true),
    }
}

fn folder_column(sort_by: SortBy) -> &'static str {
    match sort_by {
        SortBy::Name | SortBy::Size | SortBy::Type => "name_key",
        SortBy::CreatedAt => "created_at",
        SortBy::UpdatedAt => "updated_at",
    }
}

fn direction(order: Order) -> (&'static str, &'static str) {
    match order {
        Order::Asc => ("ASC", ">"),
        Order::Desc => ("DESC", "<"),
    }
}

pub(in crate::primary::files) async fn folders(
    connection: &mut AnyConnection,
    space_id: i64,
    parent_id: Option<i64>,
    query: &ListQuery,
) -> Result<Vec<FolderRecord>, sqlx::Error> {
    let (column, (direction, _)) = (folder_column(query.sort_by), direction(query.order));
    let sql = format!(
        "{} WHERE space_id = $1 AND COALESCE(parent_id, 0) = $2 AND trash_id IS NULL \
         ORDER BY {column} {direction}, id {direction} LIMIT $3 OFFSET $4",
        folders::folders!("")
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(space_id)
        .bind(parent_id.unwrap_or(0))
        .bind(i64::from(query.folder_limit))
        .bind(i64::from(query.folder_offset))
        .fetch_all(connection)
        .await?;
    rows.iter().map(folders::record).collect()
}

/// One file more than the limit, where there is one, each with the cursor behind it.
pub(in crate::primary::files) async fn files(
    connection: &mut AnyConnection,
    space_id: i64,
    folder_id: Option<i64>,
    query: &ListQuery,
) -> Result<Vec<(FileRecord, Cursor)>, sqlx::Error> {
    let ((column, is_text), (direction, behind)) = (file_column(query.sort_by), direction(query.order));
    let condition = match query.files_after {
        Some(_) => format!("AND (files.{column}, files.id) {behind} ($4, $5)"),
        None => String::new(),
    };
    let sql = format!(
        "{} WHERE files.space_id = $1 AND COALESCE(files.folder_id, 0) = $2 AND files.trash_id IS NULL {condition} \
         ORDER BY files.{column} {direction}, files.id {direction} LIMIT $3",
        files::files!("")
    );
    let mut statement = sqlx::query(AssertSqlSafe(sql))
        .bind(space_id)
        .bind(folder_id.unwrap_or(0))
        .bind(i64::from(query.file_limit) + 1);
    if let Some(cursor) = &query.files_after {
        statement = if is_text {
            statement.bind(cursor.value.as_str())
        } else {
            // What is no number cannot come from one of our answers; it stands behind nothing.
            statement.bind(cursor.value.parse::<i64>().unwrap_or(0))
        };
        statement = statement.bind(cursor.id);
    }
    let rows = statement.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let value = if is_text {
                row.try_get::<String, _>(column)?
            } else {
                row.try_get::<i64, _>(column)?.to_string()
            };
            Ok((files::record(row)?, Cursor { value, id: row.try_get("id")? }))
        })
        .collect()
}

/// What in a folder is shared. It goes through the shares of the space, which are few, and not through the folder.
pub(in crate::primary::files) async fn shared(
    connection: &mut AnyConnection,
    space_id: i64,
    folder_id: Option<i64>,
) -> Result<HashSet<Item>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT shares.file_id, shares.folder_id FROM shares LEFT JOIN files ON files.id = shares.file_id \
         LEFT JOIN folders ON folders.id = shares.folder_id \
         WHERE shares.space_id = $1 AND COALESCE(files.folder_id, folders.parent_id, 0) = $2",
    )
    .bind(space_id)
    .bind(folder_id.unwrap_or(0))
    .fetch_all(connection)
    .await?;
    rows.iter().map(shared_item).collect()
}

/// What in a space is shared.
pub(in crate::primary::files) async fn shared_anywhere(
    connection: &mut AnyConnection,
    space_id: i64,
) -> Result<HashSet<Item>, sqlx::Error> {
    let query = sqlx::query("SELECT file_id, folder_id FROM shares WHERE space_id = $1").bind(space_id);
    query.fetch_all(connection).await?.iter().map(shared_item).collect()
}

fn shared_item(row: &AnyRow) -> Result<Item, sqlx::Error> {
    Ok(match row.try_get("file_id")? {
        Some(id) => Item::File(id),
        None => Item::Folder(row.try_get("folder_id")?),
    })
}

pub(in crate::primary::files) async fn count_folders(
    connection: &mut AnyConnection,
    space_id: i64,
    parent_id: Option<i64>,
) -> Result<u64, sqlx::Error> {
    const COUNT: &str = "SELECT COUNT(*) AS total FROM folders WHERE space_id = $1 \
                         AND COALESCE(parent_id, 0) = $2 AND trash_id IS NULL";
    count(connection, COUNT, space_id, parent_id).await
}

pub(in crate::primary::files) async fn count_files(
    connection: &mut AnyConnection,
    space_id: i64,
    folder_id: Option<i64>,
) -> Result<u64, sqlx::Error> {
    const COUNT: &str = "SELECT COUNT(*) AS total FROM files WHERE space_id = $1 \
                         AND COALESCE(folder_id, 0) = $2 AND trash_id IS NULL";
    count(connection, COUNT, space_id, folder_id).await
}

async fn count(
    connection: &mut AnyConnection,
    sql: &'static str,
    space_id: i64,
    folder_id: Option<i64>,
) -> Result<u64, sqlx::Error> {
    let row = sqlx::query(sql).bind(space_id).bind(folder_id.unwrap_or(0)).fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}

pub(in crate::primary::files) async fn files_by_id(
    connection: &mut AnyConnection,
    space_id: i64,
    ids: &[i64],
) -> Result<Vec<FileRecord>, sqlx::Error> {
    let rows = by_id(connection, "files", files::files!(""), space_id, ids).await?;
    rows.iter().map(files::record).collect()
}

pub(in crate::primary::files) async fn folders_by_id(
    connection: &mut AnyConnection,
    space_id: i64,
    ids: &[i64],
) -> Result<Vec<FolderRecord>, sqlx::Error> {
    let rows = by_id(connection, "folders", folders::folders!(""), space_id, ids).await?;
    rows.iter().map(folders::record).collect()
}

async fn by_id(
    connection: &mut AnyConnection,
    table: &str,
    select: &str,
    space_id: i64,
    ids: &[i64],
) -> Result<Vec<AnyRow>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..ids.len() + 2).map(|number| format!("${number}")).collect();
    let sql = format!(
        "{select} WHERE {table}.space_id = $1 AND {table}.trash_id IS NULL AND {table}.id IN ({})",
        places.join(", ")
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(space_id);
    ids.iter().fold(query, |query, id| query.bind(*id)).fetch_all(connection).await
}

/// Live files and folders of a space, counted up to `most`.
pub(in crate::primary::files) async fn count_in_space(
    connection: &mut AnyConnection,
    space_id: i64,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let row = sqlx::query(
        "SELECT COUNT(*) AS total FROM ( \
         SELECT id FROM files WHERE space_id = $1 AND trash_id IS NULL UNION ALL \
         SELECT id FROM folders WHERE space_id = $2 AND trash_id IS NULL LIMIT $3) counted",
    )
    .bind(space_id)
    .bind(space_id)
    .bind(most)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}
