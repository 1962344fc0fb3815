//! SQL of custom properties.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::db::{Db, Tx};
use crate::primary::files::{Item, Property};

/// Most ids in one statement.
const MAX_IDS: usize = 1_000;

pub(in crate::primary::files) async fn of(db: &Db, item: Item) -> Result<Vec<Property>, sqlx::Error> {
    let sql = match item {
        Item::File(_) => {
            "SELECT namespace, name, value, is_xml FROM properties WHERE file_id = $1 ORDER BY namespace, name"
        }
        Item::Folder(_) => {
            "SELECT namespace, name, value, is_xml FROM properties WHERE folder_id = $1 ORDER BY namespace, name"
        }
    };
    let rows = sqlx::query(sql).bind(item.id()).fetch_all(db.read()).await?;
    rows.iter().map(property).collect()
}

fn property(row: &AnyRow) -> Result<Property, sqlx::Error> {
    Ok(Property {
        namespace: row.try_get("namespace")?,
        name: row.try_get("name")?,
        value: row.try_get("value")?,
        is_xml: row.try_get::<i64, _>("is_xml")? == 1,
    })
}

/// The properties of several items, by namespace and name.
pub(in crate::primary::files) async fn of_all(
    connection: &mut AnyConnection,
    items: &[Item],
) -> Result<HashMap<Item, Vec<Property>>, sqlx::Error> {
    let mut found: HashMap<Item, Vec<Property>> = HashMap::new();
    let (files, folders): (Vec<Item>, Vec<Item>) =
        items.iter().partition(|item| matches!(item, Item::File(_)));
    for (column, items) in [("file_id", files), ("folder_id", folders)] {
        for items in items.chunks(MAX_IDS) {
            let places: Vec<String> = (1..=items.len()).map(|number| format!("${number}")).collect();
            let sql = format!(
                "SELECT {column} AS item_id, namespace, name, value, is_xml FROM properties \
                 WHERE {column} IN ({}) ORDER BY namespace, name",
                places.join(", ")
            );
            let query = sqlx::query(AssertSqlSafe(sql));
            let query = items.iter().fold(query, |query, item| query.bind(item.id()));
            for row in query.fetch_all(&mut *connection).await? {
                let id: i64 = row.try_get("item_id")?;
                let item = if column == "file_id" { Item::File(id) } else { Item::Folder(id) };
                found.entry(item).or_default().push(property(&row)?);
            }
        }
    }
    Ok(found)
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
        "INSERT INTO properties (file_id, folder_id, namespace, name, value, is_xml) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(file_id)
    .bind(folder_id)
    .bind(property.namespace.as_str())
    .bind(property.name.as_str())
    .bind(property.value.as_str())
    .bind(i64::from(property.is_xml))
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
            "INSERT INTO properties (file_id, namespace, name, value, is_xml) \
             SELECT CAST($1 AS BIGINT), namespace, name, value, is_xml FROM properties WHERE file_id = $2"
        }
        Item::Folder(_) => {
            "INSERT INTO properties (folder_id, namespace, name, value, is_xml) \
             SELECT CAST($1 AS BIGINT), namespace, name, value, is_xml FROM properties WHERE folder_id = $2"
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
        "INSERT INTO properties (file_id, namespace, name, value, is_xml) \
         SELECT copies.id, properties.namespace, properties.name, properties.value, properties.is_xml \
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

/// Takes all properties off an item.
pub(in crate::primary::files) async fn delete_all(tx: &mut Tx, item: Item) -> Result<(), sqlx::Error> {
    let sql = match item {
        Item::File(_) => "DELETE FROM properties WHERE file_id = $1",
        Item::Folder(_) => "DELETE FROM properties WHERE folder_id = $1",
    };
    sqlx::query(sql).bind(item.id()).execute(&mut **tx).await.map(|_| ())
}
