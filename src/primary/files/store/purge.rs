//! SQL that removes what lies in the trash, a part at a time.

use sqlx::Row;

use crate::db::Tx;

/// Ids of the next files under an entry of the trash, in ascending order.
pub(in crate::primary::files) async fn next_files(
    tx: &mut Tx,
    trash_id: i64,
    limit: u32,
) -> Result<Vec<i64>, sqlx::Error> {
    let rows = sqlx::query("SELECT id FROM files WHERE trash_id = $1 ORDER BY id LIMIT $2")
        .bind(trash_id)
        .bind(i64::from(limit))
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

/// Removes the files from id `first` to `last` under an entry of the trash, with their versions, and takes their
/// references off the blobs. Gives the bytes that are free now.
pub(in crate::primary::files) async fn delete_files(
    tx: &mut Tx,
    trash_id: i64,
    first: i64,
    last: i64,
) -> Result<u64, sqlx::Error> {
    let mut freed = 0;
    for (sum, release, delete) in [
        (
            "SELECT CAST(COALESCE(SUM(v.size), 0) AS BIGINT) AS bytes FROM file_versions v JOIN files f \
             ON f.id = v.file_id WHERE f.trash_id = $1 AND f.id BETWEEN $2 AND $3",
            "UPDATE blobs SET ref_count = ref_count - (SELECT COUNT(*) FROM file_versions v JOIN files f \
             ON f.id = v.file_id WHERE v.blob_id = blobs.id AND f.trash_id = $1 AND f.id BETWEEN $2 AND $3) \
             WHERE id IN (SELECT v.blob_id FROM file_versions v JOIN files f ON f.id = v.file_id \
             WHERE f.trash_id = $1 AND f.id BETWEEN $2 AND $3)",
            "DELETE FROM file_versions WHERE file_id IN \
             (SELECT id FROM files WHERE trash_id = $1 AND id BETWEEN $2 AND $3)",
        ),
        (
            "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM files \
             WHERE trash_id = $1 AND id BETWEEN $2 AND $3",
            "UPDATE blobs SET ref_count = ref_count - (SELECT COUNT(*) FROM files f \
             WHERE f.blob_id = blobs.id AND f.trash_id = $1 AND f.id BETWEEN $2 AND $3) \
             WHERE id IN (SELECT blob_id FROM files WHERE trash_id = $1 AND id BETWEEN $2 AND $3)",
            "DELETE FROM files WHERE trash_id = $1 AND id BETWEEN $2 AND $3",
        ),
    ] {
        let row = sqlx::query(sum).bind(trash_id).bind(first).bind(last).fetch_one(&mut **tx).await?;
        freed += row.try_get::<i64, _>("bytes")?.unsigned_abs();
        for statement in [release, delete] {
            sqlx::query(statement).bind(trash_id).bind(first).bind(last).execute(&mut **tx).await?;
        }
    }
    Ok(freed)
}

/// Removes the folders under an entry of the trash. What was deleted from them earlier, and has an entry of its own,
/// belongs to the root from now on.
pub(in crate::primary::files) async fn delete_folders(tx: &mut Tx, trash_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM folders WHERE trash_id = $1").bind(trash_id).execute(&mut **tx).await.map(|_| ())
}
