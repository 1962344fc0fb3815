//! SQL of custom properties.

use sqlx::Row;

use crate::db::{Db, Tx};
use crate::primary::files::{Item, Property};

pub(in crate::primary::files) async fn of(db: &Db, item: Item) -> Result<Vec<Property>, sqlx::Error> {
    let sql = match item {
        Item::File(_) => {
            "SELECT namespace, name, value FROM properties WHERE file_id = $1 ORDER BY namespace, name"
        }
        Item::Folder(_) => {
            "SELECT namespace, name, value FROM properties WHERE folder_id = $1 ORDER BY namespace, name"
        }
    };
    let rows = sqlx::query(sql).bind(item.id()).fetch_all(db.read()).await?;
    rows.iter()
        .map(|row| {
            Ok(Property {
                namespace: row.try_get("namespace")?,
                name: row.try_get("name")?,
                value: row.try_get("value")?,
            })
        })
        .collect()
}

/// Whoever calls has taken the space: nobody puts the same one in between.
pub(in crate::primary::files) async fn put(
    tx: &mut Tx,
    item: Item,
    property: &Property,
) -> Result<(), sqlx::Error> {
    delete(tx, item, &property.namespace, &property.name).await?;
    let (file_id, folder_id) = item.columns();
    sqlx::query(
        "INSERT INTO properties (file_id, folder_id, namespace, name, value) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(file_id)
    .bind(folder_id)
    .bind(property.namespace.as_str())
    .bind(property.name.as_str())
    .bind(property.value.as_str())
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

pub(in crate::primary::files) async fn count(tx: &mut Tx, item: Item) -> Result<u64, sqlx::Error> {
    let sql = match item {
        Item::File(_) => "SELECT COUNT(*) AS total FROM properties WHERE file_id = $1",
        Item::Folder(_) => "SELECT COUNT(*) AS total FROM properties WHERE folder_id = $1",
    };
    let row = sqlx::query(sql).bind(item.id()).fetch_one(&mut **tx).await?;
    Ok(row.try_get::<i64, _>("total")?.unsigned_abs())
}

pub(in crate::primary::files) async fn delete(
    tx: &mut Tx,
    item: Item,
    namespace: &str,
    name: &str,
) -> Result<bool, sqlx::Error> {
    let sql = match item {
        Item::File(_) => "DELETE FROM properties WHERE file_id = $1 AND namespace = $2 AND name = $3",
        Item::Folder(_) => "DELETE FROM properties WHERE folder_id = $1 AND namespace = $2 AND name = $3",
    };
    let query = sqlx::query(sql).bind(item.id()).bind(namespace).bind(name);
    Ok(query.execute(&mut **tx).await?.rows_affected() > 0)
}

/// Gives one file or folder the properties of another of its kind, which has none of its own.
pub(in crate::primary::files) async fn copy(tx: &mut Tx, from: Item, to: i64) -> Result<(), sqlx::Error> {
    let sql = match from {
        Item::File(_) => {
            "INSERT INTO properties (file_id, namespace, name, value) \
             SELECT CAST($1 AS BIGINT), namespace, name, value FROM properties WHERE file_id = $2"
        }
        Item::Folder(_) => {
            "INSERT INTO properties (folder_id, namespace, name, value) \
             SELECT CAST($1 AS BIGINT), namespace, name, value FROM properties WHERE folder_id = $2"
        }
    };
    sqlx::query(sql).bind(to).bind(from.id()).execute(&mut **tx).await.map(|_| ())
}

/// The same for the live files directly in folder `from`, whose copies in folder `to` have their names.
pub(in crate::primary::files) async fn copy_of_files(
    tx: &mut Tx,
    from: i64,
    to: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO properties (file_id, namespace, name, value) \
         SELECT copies.id, properties.namespace, properties.name, properties.value \
         FROM files sources JOIN properties ON properties.file_id = sources.id \
         JOIN files copies ON copies.space_id = sources.space_id AND COALESCE(copies.folder_id, 0) = $1 \
         AND copies.name = sources.name AND copies.trash_id IS NULL \
         WHERE sources.folder_id = $2 AND sources.trash_id IS NULL",
    )
    .bind(to)
    .bind(from)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
