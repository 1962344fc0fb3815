//! SQL of folders.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::is_locked;
use crate::db::Tx;
use crate::primary::files::{FileName, FolderRecord};
use crate::protocol::Timestamp;

macro_rules! folders {
    ($rest:literal) => {
        concat!(
            "SELECT folders.id, folders.space_id, folders.parent_id, folders.name, folders.created_by_user_id, ",
            "folders.created_at, folders.updated_at, ",
            "(SELECT MAX(COALESCE(locks.expires_at, 9223372036854775807)) FROM locks ",
            "WHERE locks.folder_id = folders.id) AS locked_until FROM folders ",
            $rest
        )
    };
}
pub(in crate::primary::files) use folders;

/// A folder of a space that is not in the trash.
pub(in crate::primary::files) async fn live(
    connection: &mut AnyConnection,
    space_id: i64,
    id: i64,
) -> Result<Option<FolderRecord>, sqlx::Error> {
    let row = sqlx::query(folders!("WHERE space_id = $1 AND id = $2 AND trash_id IS NULL"))
        .bind(space_id)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(record).transpose()
}

/// A folder with this name in another one.
pub(in crate::primary::files) async fn by_name(
    connection: &mut AnyConnection,
    space_id: i64,
    parent_id: Option<i64>,
    name: &str,
) -> Result<Option<FolderRecord>, sqlx::Error> {
    let row = sqlx::query(folders!(
        "WHERE space_id = $1 AND COALESCE(parent_id, 0) = $2 AND name = $3 \
         AND trash_id IS NULL"
    ))
    .bind(space_id)
    .bind(parent_id.unwrap_or(0))
    .bind(name)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(record).transpose()
}

/// The new folder's id, or `None` when there is one of this name.
pub(in crate::primary::files) async fn insert(
    tx: &mut Tx,
    space_id: i64,
    parent_id: Option<i64>,
    name: &FileName,
    author: i64,
    now: Timestamp,
) -> Result<Option<i64>, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO folders (space_id, parent_id, name, name_key, created_by_user_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(space_id)
    .bind(parent_id)
    .bind(name.as_str())
    .bind(name.key())
    .bind(author)
    .bind(now.unix_ms())
    .bind(now.unix_ms())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| row.try_get("id")).transpose()
}

/// Gives a folder another place and name; whoever calls has seen that they are free.
pub(in crate::primary::files) async fn place(
    tx: &mut Tx,
    id: i64,
    parent_id: Option<i64>,
    name: &FileName,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE folders SET parent_id = $1, name = $2, name_key = $3, updated_at = $4 WHERE id = $5")
        .bind(parent_id)
        .bind(name.as_str())
        .bind(name.key())
        .bind(now.unix_ms())
        .bind(id)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// The folders from `id` up to the root, itself first; bounded, whatever the table says.
pub(in crate::primary::files) async fn upwards(
    connection: &mut AnyConnection,
    id: i64,
    limit: u32,
) -> Result<Vec<FolderRecord>, sqlx::Error> {
    let rows = sqlx::query(concat!(
        "WITH RECURSIVE up (step, id, parent_id) AS ( \
             SELECT CAST(1 AS BIGINT), folders.id, folders.parent_id FROM folders WHERE folders.id = $1 \
             UNION ALL SELECT up.step + 1, folders.id, folders.parent_id \
             FROM up JOIN folders ON folders.id = up.parent_id WHERE up.step < $2) ",
        folders!("JOIN up ON up.id = folders.id ORDER BY up.step")
    ))
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(record).collect()
}

pub(in crate::primary::files) fn record(row: &AnyRow) -> Result<FolderRecord, sqlx::Error> {
    Ok(FolderRecord {
        id: row.try_get("id")?,
        space_id: row.try_get("space_id")?,
        parent_id: row.try_get("parent_id")?,
        name: row.try_get("name")?,
        created_by_user_id: row.try_get("created_by_user_id")?,
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.try_get("updated_at")?),
        is_locked: is_locked(row)?,
    })
}
