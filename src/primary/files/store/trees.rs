//! SQL over whole trees: how deep one is, what lies in it, moving it into the trash, copying a folder's files.

use sqlx::{AnyConnection, Row};

use super::{files, folders};
use crate::db::Tx;
use crate::primary::files::{FileRecord, FolderRecord, Item};
use crate::protocol::Timestamp;

/// The live tree below and with folder `$1`, not deeper than `$2` levels. The bound is part of the statement: should the
/// table ever hold a circle, it ends all the same.
macro_rules! tree {
    ($rest:literal) => {
        concat!(
            "WITH RECURSIVE tree (id, level) AS ( ",
            "SELECT folders.id, CAST(1 AS BIGINT) FROM folders WHERE folders.id = $1 AND folders.trash_id IS NULL ",
            "UNION ALL SELECT folders.id, tree.level + 1 FROM tree JOIN folders ON folders.parent_id = tree.id ",
            "WHERE folders.trash_id IS NULL AND tree.level < $2) ",
            $rest
        )
    };
}

/// What lies in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::primary::files) struct Extent {
    /// Levels of folders, the top included.
    pub(in crate::primary::files) levels: u32,
    /// Folders, the top not included.
    pub(in crate::primary::files) folders: u64,
    pub(in crate::primary::files) files: u64,
    /// Bytes of the files' present contents.
    pub(in crate::primary::files) bytes: u64,
}

pub(in crate::primary::files) async fn extent(
    connection: &mut AnyConnection,
    folder_id: i64,
    max_levels: u32,
) -> Result<Extent, sqlx::Error> {
    let row = sqlx::query(tree!(
        "SELECT (SELECT COALESCE(MAX(level), 0) FROM tree) AS levels, (SELECT COUNT(*) FROM tree) AS folders, \
         COUNT(*) AS files, CAST(COALESCE(SUM(files.size), 0) AS BIGINT) AS bytes \
         FROM files WHERE files.trash_id IS NULL AND files.folder_id IN (SELECT id FROM tree)"
    ))
    .bind(folder_id)
    .bind(i64::from(max_levels))
    .fetch_one(connection)
    .await?;
    let number = |column: &str| Ok::<u64, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
    Ok(Extent {
        levels: u32::try_from(number("levels")?).unwrap_or(u32::MAX),
        folders: number("folders")?.saturating_sub(1),
        files: number("files")?,
        bytes: number("bytes")?,
    })
}

/// Live files and folders below a folder, counted up to `most`.
pub(in crate::primary::files) async fn count_below(
    connection: &mut AnyConnection,
    folder_id: i64,
    max_levels: u32,
    most: u64,
) -> Result<u64, sqlx::Error> {
    // The top itself is among the folders.
    let most = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let row = sqlx::query(tree!(
        "SELECT COUNT(*) AS total FROM (SELECT id FROM tree UNION ALL SELECT files.id FROM files \
         WHERE files.trash_id IS NULL AND files.folder_id IN (SELECT id FROM tree) LIMIT $3) counted"
    ))
    .bind(folder_id)
    .bind(i64::from(max_levels))
    .bind(most)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs().saturating_sub(1))
}

/// Puts a folder and everything live below it under one entry of the trash.
pub(in crate::primary::files) async fn set_trash(
    tx: &mut Tx,
    folder_id: i64,
    max_levels: u32,
    trash_id: i64,
) -> Result<(), sqlx::Error> {
    // Files first: the second statement takes the tree away from under them.
    for statement in [
        tree!("UPDATE files SET trash_id = $3 WHERE trash_id IS NULL AND folder_id IN (SELECT id FROM tree)"),
        tree!("UPDATE folders SET trash_id = $3 WHERE trash_id IS NULL AND id IN (SELECT id FROM tree)"),
    ] {
        sqlx::query(statement)
            .bind(folder_id)
            .bind(i64::from(max_levels))
            .bind(trash_id)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Ids and names of the live folders directly in one.
pub(in crate::primary::files) async fn children(
    connection: &mut AnyConnection,
    folder_id: i64,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT id, name FROM folders WHERE parent_id = $1 AND trash_id IS NULL ORDER BY id")
            .bind(folder_id)
            .fetch_all(connection)
            .await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("name")?))).collect()
}

/// The live files directly in a folder by name, at most `limit`.
pub(in crate::primary::files) async fn files_in(
    connection: &mut AnyConnection,
    folder_id: i64,
    limit: u64,
) -> Result<Vec<FileRecord>, sqlx::Error> {
    let query = sqlx::query(files::files!(
        "WHERE files.folder_id = $1 AND files.trash_id IS NULL ORDER BY files.name_key, files.id LIMIT $2"
    ));
    let rows =
        query.bind(folder_id).bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(connection).await?;
    rows.iter().map(files::record).collect()
}

/// The live folders directly in one by name, at most `limit`.
pub(in crate::primary::files) async fn folders_in(
    connection: &mut AnyConnection,
    folder_id: i64,
    limit: u64,
) -> Result<Vec<FolderRecord>, sqlx::Error> {
    let query = sqlx::query(folders::folders!(
        "WHERE parent_id = $1 AND trash_id IS NULL ORDER BY name_key, id LIMIT $2"
    ));
    let rows =
        query.bind(folder_id).bind(i64::try_from(limit).unwrap_or(i64::MAX)).fetch_all(connection).await?;
    rows.iter().map(folders::record).collect()
}

/// Makes the live files directly in `from` again in `to`, an empty folder, each a further reference to its blob.
pub(in crate::primary::files) async fn copy_files(
    tx: &mut Tx,
    from: i64,
    to: i64,
    author: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE blobs SET ref_count = ref_count + \
         (SELECT COUNT(*) FROM files WHERE files.blob_id = blobs.id AND files.folder_id = $1 AND files.trash_id IS NULL) \
         WHERE id IN (SELECT blob_id FROM files WHERE folder_id = $2 AND trash_id IS NULL)",
    )
    .bind(from)
    .bind(from)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO files (space_id, folder_id, name, name_key, blob_id, size, mime_type, created_by_user_id, \
         created_at, updated_at) SELECT space_id, CAST($1 AS BIGINT), name, name_key, blob_id, size, mime_type, \
         CAST($2 AS BIGINT), CAST($3 AS BIGINT), updated_at FROM files WHERE folder_id = $4 AND trash_id IS NULL",
    )
    .bind(to)
    .bind(author)
    .bind(now.unix_ms())
    .bind(from)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Parent and name of an item that lies in the trash under this entry.
pub(in crate::primary::files) async fn trashed(
    connection: &mut AnyConnection,
    item: Item,
    trash_id: i64,
) -> Result<Option<(Option<i64>, String)>, sqlx::Error> {
    let sql = match item {
        Item::File(_) => "SELECT folder_id AS parent, name FROM files WHERE id = $1 AND trash_id = $2",
        Item::Folder(_) => "SELECT parent_id AS parent, name FROM folders WHERE id = $1 AND trash_id = $2",
    };
    let row = sqlx::query(sql).bind(item.id()).bind(trash_id).fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get("parent")?, row.try_get("name")?))).transpose()
}

/// Everything under an entry of the trash is live again. The item itself must have a free name in its place by now; what
/// is below it was alone there all the time.
pub(in crate::primary::files) async fn clear_trash(tx: &mut Tx, trash_id: i64) -> Result<(), sqlx::Error> {
    for statement in [
        "UPDATE folders SET trash_id = NULL WHERE trash_id = $1",
        "UPDATE files SET trash_id = NULL WHERE trash_id = $1",
    ] {
        sqlx::query(statement).bind(trash_id).execute(&mut **tx).await?;
    }
    Ok(())
}
