//! Whether the counters are right: how many rows refer to each blob, and how many bytes lie in each space. Both are
//! kept as they change, and this computes them anew from the rows themselves.

use super::{Blob, FileError, Files, store};
#[cfg(test)]
use crate::db::Db;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, ObjectStore, StorageError};

/// Every column that refers to a blob and counts in its `ref_count`: table and column. A table that comes to refer to
/// blobs is added here; a test compares the list with the schema.
pub(super) const REFERENCES: &[(&str, &str)] = &[("files", "blob_id"), ("file_versions", "blob_id")];

/// Columns that refer to a blob and do not count: they go with it.
#[cfg(test)]
const FOLLOWERS: &[(&str, &str)] = &[("kept_objects", "blob_id")];

/// What lies in each space, the trash included: `space` and `bytes`, one row for each space that is not empty.
pub(super) const USAGE: &str = "SELECT space, CAST(SUM(size) AS BIGINT) AS bytes FROM (\
     SELECT space_id AS space, size FROM files UNION ALL \
     SELECT files.space_id, file_versions.size FROM file_versions JOIN files ON files.id = file_versions.file_id\
     ) stored GROUP BY space";

/// Differences that are kept to be shown; all are counted.
const SHOWN: usize = 20;
/// Rows read at once.
const PAGE: i64 = 500;

/// A counter that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The blob or the space.
    pub id: i64,
    /// What the row says.
    pub counted: i64,
    /// What it should say.
    pub actual: i64,
}

/// What a check of the counters found.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Blobs looked at.
    pub blobs: u64,
    /// Blobs with a wrong count; some of them, and how many there are.
    pub references: (Vec<Difference>, u64),
    /// Blobs that nothing refers to.
    pub unreferenced: u64,
    /// Spaces with a wrong sum.
    pub usage: Vec<Difference>,
}

/// A look at one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// There, with its size.
    Whole,
    /// Not there.
    Missing,
    /// There, with this size.
    WrongSize(u64),
}

impl Counts {
    /// Whether everything is as it should be.
    pub fn is_right(&self) -> bool {
        self.references.1 == 0 && self.usage.is_empty() && self.unreferenced == 0
    }
}

impl Files {
    /// Computes all counters anew and compares. Writes nothing. Uploads and deletions may go on meanwhile: each
    /// statement compares counter and rows as of one moment.
    pub async fn check_counts(&self) -> Result<Counts, FileError> {
        let mut counts = Counts { blobs: store::counts::blobs(&self.db).await?, ..Counts::default() };
        let mut after = 0;
        while let Some((page, last)) = store::counts::wrong_references(&self.db, after, PAGE).await? {
            after = last;
            for difference in page {
                counts.references.1 += 1;
                counts.unreferenced += u64::from(difference.actual == 0);
                if counts.references.0.len() < SHOWN {
                    counts.references.0.push(difference);
                }
            }
        }
        counts.usage = store::counts::wrong_usage(&self.db).await?;
        Ok(counts)
    }

    /// Puts the counters right, beside a running server, and gives how many were wrong. A blob that nothing refers to
    /// becomes a stray object, which the cleaner removes; the database itself refuses that for a blob that any row
    /// refers to.
    pub async fn repair_counts(&self) -> Result<u64, FileError> {
        let (mut repaired, mut after) = (0, 0);
        while let Some((page, last)) = store::counts::wrong_references(&self.db, after, PAGE).await? {
            after = last;
            for difference in &page {
                repaired += u64::from(self.repair(difference).await?);
            }
        }
        for difference in store::counts::wrong_usage(&self.db).await? {
            let mut tx = self.db.begin().await?;
            repaired += u64::from(store::counts::repair_usage(&mut tx, &difference).await?);
            tx.commit().await?;
        }
        Ok(repaired)
    }

    async fn repair(&self, difference: &Difference) -> Result<bool, FileError> {
        let mut tx = self.db.begin().await?;
        let repaired = match difference.actual {
            0 if store::counts::take_references_off(&mut tx, difference.id).await? => {
                store::blobs::give_up_unreferenced(&mut tx).await.map(|_| true)?
            }
            0 => false,
            _ => store::counts::repair_references(&mut tx, difference).await?,
        };
        tx.commit().await?;
        Ok(repaired)
    }

    /// Blobs of a policy by id, for looking at their objects one by one.
    pub async fn blobs_of(&self, policy_id: i64, after: i64, limit: i64) -> Result<Vec<Blob>, FileError> {
        Ok(store::counts::blobs_of(&self.db, policy_id, after, limit).await?)
    }

    /// Whether the blob is still there, under the same key.
    pub async fn still_has(&self, blob: &Blob) -> Result<bool, FileError> {
        Ok(store::counts::still_has(&self.db, blob).await?)
    }

    /// Which of these keys no blob, no note and no kept copy of any policy has.
    pub async fn unknown_keys(&self, keys: &[String]) -> Result<Vec<String>, FileError> {
        Ok(store::counts::unknown_keys(&self.db, keys).await?)
    }
}

/// Looks at the object of a blob without reading it.
pub async fn condition(store: &dyn ObjectStore, blob: &Blob) -> Result<Condition, StorageError> {
    let key = key_of(blob)?;
    match store.head(&key).await {
        Ok(meta) if meta.size == blob.size => Ok(Condition::Whole),
        Ok(meta) => Ok(Condition::WrongSize(meta.size)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Condition::Missing),
        Err(error) => Err(error),
    }
}

/// The key of a blob's object.
pub fn key_of(blob: &Blob) -> Result<ObjectKey, StorageError> {
    super::object_key(&blob.object_key)
}

/// For the log of the periodic check.
pub(in crate::primary) fn report(counts: &Counts) {
    for difference in &counts.references.0 {
        let Difference { id, counted, actual } = difference;
        tracing::warn!(blob.id = id, counted, actual, "a blob's reference count is wrong");
    }
    for Difference { id, counted, actual } in &counts.usage {
        tracing::warn!(space.id = id, counted, actual, "the bytes of a space are counted wrongly");
    }
}

/// The schema, as a list of columns that refer to blobs.
#[cfg(test)]
pub(super) async fn columns_that_refer_to_blobs(db: &Db) -> Vec<(String, String)> {
    use sqlx::Row;
    let sql = "SELECT m.name AS tbl, f.\"from\" AS col FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
               WHERE m.type = 'table' AND f.\"table\" = 'blobs' ORDER BY 1, 2";
    let rows = sqlx::query(sql).fetch_all(db.read()).await.expect("schema");
    rows.iter().map(|row| (row.get("tbl"), row.get("col"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primary::tests::Site;

    #[tokio::test]
    async fn in_the_sqlite_schema_every_column_that_refers_to_a_blob_is_counted_or_goes_with_it() {
        let (site, _) = Site::with_admin().await;
        let mut known: Vec<_> = REFERENCES.iter().chain(FOLLOWERS).copied().collect();
        known.sort_unstable();
        let schema = columns_that_refer_to_blobs(&site.primary.db).await;
        let schema: Vec<_> = schema.iter().map(|(table, column)| (table.as_str(), column.as_str())).collect();
        assert_eq!(known, schema, "extend REFERENCES");
    }

    #[tokio::test]
    async fn wrong_counters_are_found_and_put_right_and_unreferenced_content_goes() {
        let (site, admin) = Site::with_admin().await;
        for name in ["a", "b", "c"] {
            assert_eq!(admin.upload_bytes(name, b"12345").await.0, 201);
        }
        let files = &site.primary.files;
        assert!(files.check_counts().await.expect("check").is_right());
        site.execute("UPDATE blobs SET ref_count = 3 WHERE id = 1").await;
        site.execute("DELETE FROM files WHERE blob_id = 2").await;
        site.execute("UPDATE spaces SET storage_used = 99").await;
        let counts = files.check_counts().await.expect("check");
        let (one, two) =
            (Difference { id: 1, counted: 3, actual: 1 }, Difference { id: 2, counted: 1, actual: 0 });
        assert_eq!((counts.blobs, &counts.references), (3, &(vec![one, two], 2)));
        assert_eq!(counts.unreferenced, 1);
        assert_eq!(counts.usage, [Difference { id: 1, counted: 99, actual: 10 }]);
        assert_eq!(files.repair_counts().await.expect("repair"), 3);
        assert!(files.check_counts().await.expect("check").is_right());
        assert_eq!(site.leftovers().await, (2, 2, 1, 3));
        files.clean_strays(&site.primary.policies, std::time::Duration::ZERO).await.expect("clean");
        assert_eq!(site.leftovers().await, (2, 2, 0, 2));
    }

    #[tokio::test]
    async fn an_empty_space_has_no_bytes() {
        let (site, _) = Site::with_admin().await;
        site.execute("UPDATE spaces SET storage_used = 5").await;
        let files = &site.primary.files;
        assert_eq!(
            files.check_counts().await.expect("check").usage,
            [Difference { id: 1, counted: 5, actual: 0 }]
        );
        assert_eq!(files.repair_counts().await.expect("repair"), 1);
        assert!(files.check_counts().await.expect("check").is_right());
    }
}
