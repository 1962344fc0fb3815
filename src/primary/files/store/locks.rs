//! SQL of locks.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::db::{Db, Tx};
use crate::primary::files::{Item, Lock, NewLock};
use crate::protocol::Timestamp;

/// Locks with the name of what they are on and of who holds them.
macro_rules! locks {
    ($rest:literal) => {
        concat!(
            "SELECT locks.id, locks.file_id, locks.folder_id, locks.token, locks.user_id, users.username, ",
            "locks.is_exclusive, locks.is_deep, locks.owner_text, locks.expires_at, locks.created_at, ",
            "COALESCE(files.name, folders.name) AS name FROM locks JOIN users ON users.id = locks.user_id ",
            "LEFT JOIN files ON files.id = locks.file_id LEFT JOIN folders ON folders.id = locks.folder_id ",
            $rest
        )
    };
}

/// Whether a space has any lock, be it one that has expired.
pub(in crate::primary::files) async fn any_in(
    connection: &mut AnyConnection,
    space_id: i64,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM locks WHERE space_id = $1 LIMIT 1").bind(space_id);
    Ok(query.fetch_optional(connection).await?.is_some())
}

/// Standing locks on an item itself.
pub(in crate::primary::files) async fn of(
    connection: &mut AnyConnection,
    item: Item,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    let sql = match item {
        Item::File(_) => {
            locks!("WHERE locks.file_id = $1 AND (locks.expires_at IS NULL OR locks.expires_at > $2)")
        }
        Item::Folder(_) => {
            locks!("WHERE locks.folder_id = $1 AND (locks.expires_at IS NULL OR locks.expires_at > $2)")
        }
    };
    let rows = sqlx::query(sql).bind(item.id()).bind(now.unix_ms()).fetch_all(connection).await?;
    rows.iter().map(record).collect()
}

/// Standing locks on a folder and those it lies in.
pub(in crate::primary::files) async fn above(
    connection: &mut AnyConnection,
    folder_id: i64,
    max_levels: u32,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    let sql = concat!(
        "WITH RECURSIVE up (id, parent_id, step) AS ( \
         SELECT folders.id, folders.parent_id, CAST(1 AS BIGINT) FROM folders WHERE folders.id = $1 \
         UNION ALL SELECT folders.id, folders.parent_id, up.step + 1 FROM up \
         JOIN folders ON folders.id = up.parent_id WHERE up.step < $2) ",
        locks!("JOIN up ON up.id = locks.folder_id WHERE locks.expires_at IS NULL OR locks.expires_at > $3")
    );
    in_tree(connection, sql, folder_id, max_levels, now).await
}

/// Standing locks on what lies below a folder.
pub(in crate::primary::files) async fn below(
    connection: &mut AnyConnection,
    folder_id: i64,
    max_levels: u32,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    // From the few locks of the space upwards would be quicker in a large tree; from the top it is one statement that
    // ends with the tree, and only spaces with locks get here.
    let sql = concat!(
        "WITH RECURSIVE tree (id, level) AS ( \
         SELECT folders.id, CAST(1 AS BIGINT) FROM folders WHERE folders.id = $1 \
         UNION ALL SELECT folders.id, tree.level + 1 FROM tree JOIN folders ON folders.parent_id = tree.id \
         WHERE folders.trash_id IS NULL AND tree.level < $2) ",
        locks!(
            "WHERE (locks.expires_at IS NULL OR locks.expires_at > $3) \
             AND (folders.parent_id IN (SELECT id FROM tree) OR files.folder_id IN (SELECT id FROM tree))"
        )
    );
    in_tree(connection, sql, folder_id, max_levels, now).await
}

async fn in_tree(
    connection: &mut AnyConnection,
    sql: &'static str,
    folder_id: i64,
    max_levels: u32,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    let query = sqlx::query(sql).bind(folder_id).bind(i64::from(max_levels)).bind(now.unix_ms());
    query.fetch_all(connection).await?.iter().map(record).collect()
}

/// A deep, exclusive lock without token and end.
pub(in crate::primary::files) async fn insert(
    tx: &mut Tx,
    space_id: i64,
    item: Item,
    user_id: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (file_id, folder_id) = item.columns();
    sqlx::query(
        "INSERT INTO locks (space_id, file_id, folder_id, user_id, is_exclusive, is_deep, owner_text, created_at) \
         VALUES ($1, $2, $3, $4, 1, 1, '', $5)",
    )
    .bind(space_id)
    .bind(file_id)
    .bind(folder_id)
    .bind(user_id)
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// A lock that has a token and ends by itself.
pub(in crate::primary::files) async fn insert_with_token(
    tx: &mut Tx,
    space_id: i64,
    item: Item,
    user_id: i64,
    new: &NewLock<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (file_id, folder_id) = item.columns();
    sqlx::query(
        "INSERT INTO locks (space_id, file_id, folder_id, token, user_id, is_exclusive, is_deep, owner_text, \
         expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(space_id)
    .bind(file_id)
    .bind(folder_id)
    .bind(new.token)
    .bind(user_id)
    .bind(i64::from(new.is_exclusive))
    .bind(i64::from(new.is_deep))
    .bind(new.owner_text)
    .bind(new.expires_at.unix_ms())
    .bind(now.unix_ms())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Locks of a space, be they expired ones.
pub(in crate::primary::files) async fn count_in(tx: &mut Tx, space_id: i64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("SELECT COUNT(*) AS total FROM locks WHERE space_id = $1").bind(space_id);
    Ok(query.fetch_one(&mut **tx).await?.try_get::<i64, _>("total")?.unsigned_abs())
}

pub(in crate::primary::files) async fn set_end(
    tx: &mut Tx,
    id: i64,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query("UPDATE locks SET expires_at = $1 WHERE id = $2").bind(expires_at.unix_ms());
    query.bind(id).execute(&mut **tx).await.map(|_| ())
}

pub(in crate::primary::files) async fn delete_of(tx: &mut Tx, item: Item) -> Result<(), sqlx::Error> {
    let sql = match item {
        Item::File(_) => "DELETE FROM locks WHERE file_id = $1",
        Item::Folder(_) => "DELETE FROM locks WHERE folder_id = $1",
    };
    sqlx::query(sql).bind(item.id()).execute(&mut **tx).await.map(|_| ())
}

/// Removes the locks on everything under an entry of the trash.
pub(in crate::primary::files) async fn delete_trashed(tx: &mut Tx, trash_id: i64) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM locks WHERE file_id IN (SELECT id FROM files WHERE trash_id = $1)",
        "DELETE FROM locks WHERE folder_id IN (SELECT id FROM folders WHERE trash_id = $1)",
    ] {
        sqlx::query(sql).bind(trash_id).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Removes a lock and gives what it was; `None` when there is none.
pub(in crate::primary::files) async fn delete(tx: &mut Tx, id: i64) -> Result<Option<Lock>, sqlx::Error> {
    let query = sqlx::query(locks!("WHERE locks.id = $1")).bind(id);
    let lock = query.fetch_optional(&mut **tx).await?.as_ref().map(record).transpose()?;
    let done = sqlx::query("DELETE FROM locks WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(lock.filter(|_| done.rows_affected() == 1))
}

pub(in crate::primary::files) async fn delete_expired(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let query = sqlx::query("DELETE FROM locks WHERE expires_at <= $1").bind(now.unix_ms());
    Ok(query.execute(&mut **tx).await?.rows_affected())
}

pub(in crate::primary::files) async fn page(
    db: &Db,
    limit: u32,
    offset: u32,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    let rows = sqlx::query(locks!(
        "WHERE locks.expires_at IS NULL OR locks.expires_at > $1 ORDER BY locks.id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(now.unix_ms())
    .bind(i64::from(limit))
    .bind(i64::from(offset))
    .fetch_all(db.read())
    .await?;
    rows.iter().map(record).collect()
}

pub(in crate::primary::files) async fn count(db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS total FROM locks WHERE expires_at IS NULL OR expires_at > $1")
        .bind(now.unix_ms())
        .fetch_one(db.read())
        .await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}

fn record(row: &AnyRow) -> Result<Lock, sqlx::Error> {
    let expires_at: Option<i64> = row.try_get("expires_at")?;
    let item = match row.try_get::<Option<i64>, _>("file_id")? {
        Some(id) => Item::File(id),
        None => Item::Folder(row.try_get("folder_id")?),
    };
    Ok(Lock {
        id: row.try_get("id")?,
        item,
        name: row.try_get("name")?,
        token: row.try_get("token")?,
        user_id: row.try_get("user_id")?,
        username: row.try_get("username")?,
        is_exclusive: row.try_get::<i64, _>("is_exclusive")? == 1,
        is_deep: row.try_get::<i64, _>("is_deep")? == 1,
        owner_text: row.try_get("owner_text")?,
        expires_at: expires_at.map(Timestamp::from_unix_ms),
        created_at: Timestamp::from_unix_ms(row.try_get("created_at")?),
    })
}
