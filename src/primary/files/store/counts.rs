//! SQL of the counters' check.

use std::collections::HashSet;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::db::{Db, Tx};
use crate::primary::files::Blob;
use crate::primary::files::counts::{Difference, REFERENCES, USAGE};

/// How many rows refer to each blob with an id from `$1` (exclusive) to `$2`; written so that each table is asked for
/// that range only.
fn references(first: usize) -> String {
    let each: Vec<String> = REFERENCES
        .iter()
        .enumerate()
        .map(|(at, (table, column))| {
            let (low, high) = (first + 2 * at, first + 2 * at + 1);
            format!("SELECT {column} AS blob FROM {table} WHERE {column} > ${low} AND {column} <= ${high}")
        })
        .collect();
    format!("SELECT blob, COUNT(*) AS n FROM ({}) counted GROUP BY blob", each.join(" UNION ALL "))
}

/// The number of rows that refer to the blob with the id that stands at `blob`.
fn count_of(blob: &str) -> String {
    let each = REFERENCES
        .iter()
        .map(|(table, column)| format!("(SELECT COUNT(*) FROM {table} WHERE {column} = {blob})"));
    each.collect::<Vec<_>>().join(" + ")
}

pub(in crate::primary::files) async fn blobs(db: &Db) -> Result<u64, sqlx::Error> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM blobs").fetch_one(db.read()).await?;
    Ok(row.try_get::<i64, _>("n")?.unsigned_abs())
}

/// The wrong ones among the next `limit` blobs after `after`, and the last id looked at; `None` behind the last blob.
pub(in crate::primary::files) async fn wrong_references(
    db: &Db,
    after: i64,
    limit: i64,
) -> Result<Option<(Vec<Difference>, i64)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT MAX(id) AS last FROM (SELECT id FROM blobs WHERE id > $1 ORDER BY id LIMIT $2) page",
    )
    .bind(after)
    .bind(limit)
    .fetch_one(db.read())
    .await?;
    let Some(last) = row.try_get::<Option<i64>, _>("last")? else { return Ok(None) };
    // One statement sees one state of the database, so a blob and its rows fit together.
    let sql = format!(
        "SELECT b.id, b.ref_count AS counted, COALESCE(r.n, 0) AS actual FROM blobs b LEFT JOIN ({}) r \
         ON r.blob = b.id WHERE b.id > $1 AND b.id <= $2 AND b.ref_count <> COALESCE(r.n, 0) ORDER BY b.id",
        references(3)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(last);
    for _ in REFERENCES {
        query = query.bind(after).bind(last);
    }
    let rows = query.fetch_all(db.read()).await?;
    Ok(Some((rows.iter().map(difference).collect::<Result<_, _>>()?, last)))
}

pub(in crate::primary::files) async fn wrong_usage(db: &Db) -> Result<Vec<Difference>, sqlx::Error> {
    let sql = format!(
        "SELECT u.id, u.storage_used AS counted, COALESCE(s.bytes, 0) AS actual FROM spaces u \
         LEFT JOIN ({USAGE}) s ON s.space = u.id WHERE u.storage_used <> COALESCE(s.bytes, 0) ORDER BY u.id"
    );
    sqlx::query(AssertSqlSafe(sql)).fetch_all(db.read()).await?.iter().map(difference).collect()
}

/// `false` when the count is another one by now: somebody uses the blob at this moment, and the next check looks anew.
pub(in crate::primary::files) async fn repair_references(
    tx: &mut Tx,
    wrong: &Difference,
) -> Result<bool, sqlx::Error> {
    let sql =
        format!("UPDATE blobs SET ref_count = {} WHERE id = $1 AND ref_count = $2", count_of("blobs.id"));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(wrong.id).bind(wrong.counted);
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

pub(in crate::primary::files) async fn repair_usage(
    tx: &mut Tx,
    wrong: &Difference,
) -> Result<bool, sqlx::Error> {
    let sql = format!(
        "UPDATE spaces SET storage_used = COALESCE((SELECT s.bytes FROM ({USAGE}) s WHERE s.space = spaces.id), 0) \
         WHERE id = $1 AND storage_used = $2"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(wrong.id).bind(wrong.counted);
    Ok(query.execute(&mut **tx).await?.rows_affected() == 1)
}

/// Says that the blob has no reference, if it has none.
pub(in crate::primary::files) async fn take_references_off(
    tx: &mut Tx,
    id: i64,
) -> Result<bool, sqlx::Error> {
    let sql = format!("UPDATE blobs SET ref_count = 0 WHERE id = $1 AND {} = 0", count_of("blobs.id"));
    let taken = sqlx::query(AssertSqlSafe(sql)).bind(id).execute(&mut **tx).await?;
    Ok(taken.rows_affected() == 1)
}

pub(in crate::primary::files) async fn blobs_of(
    db: &Db,
    policy_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Blob>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, policy_id, object_key, hash, size FROM blobs WHERE policy_id = $1 AND id > $2 \
         ORDER BY id LIMIT $3",
    )
    .bind(policy_id)
    .bind(after)
    .bind(limit)
    .fetch_all(db.read())
    .await?;
    rows.iter().map(blob).collect()
}

pub(in crate::primary::files) async fn still_has(db: &Db, blob: &Blob) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT id FROM blobs WHERE id = $1 AND policy_id = $2 AND object_key = $3");
    let query = query.bind(blob.id).bind(blob.policy_id).bind(blob.object_key.as_str());
    Ok(query.fetch_optional(db.read()).await?.is_some())
}

pub(in crate::primary::files) async fn unknown_keys(
    db: &Db,
    keys: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    let mut known = HashSet::new();
    for table in ["blobs", "stray_objects", "kept_objects"] {
        let marks: Vec<String> = (1..=keys.len()).map(|number| format!("${number}")).collect();
        let sql = format!("SELECT object_key FROM {table} WHERE object_key IN ({})", marks.join(", "));
        let query = keys.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, key| query.bind(key.as_str()));
        for row in query.fetch_all(db.read()).await? {
            known.insert(row.try_get::<String, _>("object_key")?);
        }
    }
    Ok(keys.iter().filter(|key| !known.contains(*key)).cloned().collect())
}

fn difference(row: &AnyRow) -> Result<Difference, sqlx::Error> {
    Ok(Difference {
        id: row.try_get("id")?,
        counted: row.try_get("counted")?,
        actual: row.try_get("actual")?,
    })
}

fn blob(row: &AnyRow) -> Result<Blob, sqlx::Error> {
    Ok(Blob {
        id: row.try_get("id")?,
        policy_id: row.try_get("policy_id")?,
        object_key: row.try_get("object_key")?,
        hash: row.try_get("hash")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
    })
}
