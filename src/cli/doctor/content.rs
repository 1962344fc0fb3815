//! What a primary stores: its counters and, with `--deep`, each object.

use futures_util::{StreamExt, stream};

use super::{Options, Report};
use crate::config::Config;
use crate::db::{Db, Schema};
use crate::primary::files::{self, Blob, Condition, Difference, Files};
use crate::primary::nodes::SortOrder;
use crate::primary::policies::{Policies, Policy, PolicySort};
use crate::primary::settings::Settings;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, SharedStore, StorageError};

const COUNTS: &str = "counts";
const OBJECTS: &str = "objects";
/// Objects looked at at the same time.
const AT_ONCE: usize = 8;
/// Blobs read at once.
const PAGE: i64 = 500;
/// Keys looked up at once.
const KEYS: usize = 200;
/// Policies read at once.
const POLICIES: u32 = 100;
/// Of what is wrong, so many are named.
const NAMED: usize = 5;

/// Things of one kind that are wrong.
#[derive(Debug, Default)]
struct Wrong {
    count: u64,
    named: Vec<String>,
}

impl Wrong {
    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(name());
        }
    }

    fn names(&self) -> String {
        let more = if self.count > self.named.len() as u64 { ", …" } else { "" };
        format!("{}{more}", self.named.join(", "))
    }
}

/// Compares counters with rows, and puts them right when that was asked for.
pub(super) async fn counts(report: &mut Report, files: &Files, config: &Config, options: Options) {
    let counts = match files.check_counts().await {
        Ok(counts) => counts,
        Err(error) => return report.fail(COUNTS, error.to_string()),
    };
    if counts.is_right() {
        let text = format!("{} blobs and the bytes of all spaces are counted rightly", counts.blobs);
        return report.ok(COUNTS, text);
    }
    let named = |differences: &[Difference], what: &str| {
        let each = differences.iter().take(NAMED);
        let each = each.map(|d| format!("{what} {} says {} instead of {}", d.id, d.counted, d.actual));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut texts = Vec::new();
    if counts.references.1 > 0 {
        let (wrong, all, none) = (counts.references.1, counts.blobs, counts.unreferenced);
        let named = named(&counts.references.0, "blob");
        texts.push(format!(
            "{wrong} of {all} blobs have a wrong reference count ({none} of them nothing refers to): {named}"
        ));
    }
    if !counts.usage.is_empty() {
        let named = named(&counts.usage, "space");
        texts.push(format!("the stored bytes of {} spaces are wrong: {named}", counts.usage.len()));
    }
    let found = texts.join("; ");
    if !options.fix {
        return report.fail(COUNTS, format!("{found}. Run `aster_drive doctor --fix` to put them right"));
    }
    match repair(config).await {
        Ok(repaired) => report.ok(COUNTS, format!("{repaired} counters were put right: {found}")),
        Err(error) => report.fail(COUNTS, format!("{found}. They could not be put right: {error}")),
    }
}

async fn repair(config: &Config) -> Result<u64, String> {
    // The one that looks cannot write.
    let db = Db::open(&config.database.url, 1, Schema::Primary).await.map_err(|error| error.to_string())?;
    let settings = Settings::open(db.clone()).await.map_err(|error| error.to_string())?;
    let repaired = Files::new(db.clone(), settings).repair_counts().await.map_err(|error| error.to_string());
    db.close().await;
    repaired
}

/// Looks at the object of each blob, and for objects without one.
pub(super) async fn objects(report: &mut Report, files: &Files, policies: &Policies) {
    let mut offset = 0;
    loop {
        let page = match policies.list(PolicySort::Id, SortOrder::Asc, POLICIES, offset).await {
            Ok((page, _)) => page,
            Err(error) => return report.fail(OBJECTS, error.to_string()),
        };
        for policy in &page {
            match policies.store(policy.id).await {
                Ok((_, store)) => one_policy(report, files, policy, &store).await,
                Err(error) => report.warn(
                    OBJECTS,
                    format!("storage policy `{}` cannot be looked at now: {error}", policy.name),
                ),
            }
        }
        if page.len() < POLICIES as usize {
            return;
        }
        offset += POLICIES;
    }
}

async fn one_policy(report: &mut Report, files: &Files, policy: &Policy, store: &SharedStore) {
    let name = &policy.name;
    match blobs(files, policy, store).await {
        Ok((all, missing, damaged)) => {
            if missing.count == 0 && damaged.count == 0 {
                report.ok(OBJECTS, format!("storage policy `{name}` has the objects of all {all} blobs"));
            }
            if missing.count > 0 {
                report.fail(
                    OBJECTS,
                    format!(
                        "storage policy `{name}` lacks the objects of {} of {all} blobs: {}. Restore them from a \
                         backup of its directory, bucket or node; their files cannot be read until then",
                        missing.count,
                        missing.names()
                    ),
                );
            }
            if damaged.count > 0 {
                report.fail(
                    OBJECTS,
                    format!(
                        "under storage policy `{name}` the objects of {} of {all} blobs have a wrong size: {}. \
                         Restore them from a backup",
                        damaged.count,
                        damaged.names()
                    ),
                );
            }
        }
        Err(error) => {
            return report.fail(OBJECTS, format!("the objects of storage policy `{name}`: {error}"));
        }
    }
    match unknown(files, store).await {
        Ok(unknown) if unknown.count == 0 => {}
        Ok(unknown) => report.warn(
            OBJECTS,
            format!(
                "storage policy `{name}` has {} objects that no file refers to: {}. Another program or an older \
                 database put them there; look at them, then remove them by hand",
                unknown.count,
                unknown.names()
            ),
        ),
        Err(error) if error.kind() == ErrorKind::Unsupported => {}
        Err(error) => {
            report.warn(OBJECTS, format!("storage policy `{name}` cannot be listed: {error}"));
        }
    }
}

/// Blobs looked at, those without an object, and those whose object has another size.
async fn blobs(files: &Files, policy: &Policy, store: &SharedStore) -> Result<(u64, Wrong, Wrong), String> {
    let (mut all, mut missing, mut damaged) = (0, Wrong::default(), Wrong::default());
    let mut after = 0;
    loop {
        let page = files.blobs_of(policy.id, after, PAGE).await.map_err(|error| error.to_string())?;
        let Some(last) = page.last() else { return Ok((all, missing, damaged)) };
        after = last.id;
        let looks = page.iter().map(async |blob| (blob, files::condition(&**store, blob).await));
        let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
        while let Some((blob, found)) = looks.next().await {
            all += 1;
            let found = found.map_err(|error| error.to_string())?;
            // Whoever was deleted or moved meanwhile is all right.
            if found == Condition::Whole || !still_has(files, blob).await? {
                continue;
            }
            let name = || format!("blob {} ({})", blob.id, blob.object_key);
            match found {
                Condition::WrongSize(size) => {
                    damaged.add(|| format!("{} has {size} instead of {} bytes", name(), blob.size));
                }
                Condition::Missing | Condition::Whole => missing.add(name),
            }
        }
    }
}

async fn still_has(files: &Files, blob: &Blob) -> Result<bool, String> {
    files.still_has(blob).await.map_err(|error| error.to_string())
}

/// Objects that no row knows.
async fn unknown(files: &Files, store: &SharedStore) -> Result<Wrong, StorageError> {
    let mut wrong = Wrong::default();
    let mut keys = store.list(None).await?.chunks(KEYS);
    while let Some(some) = keys.next().await {
        let some = some.into_iter().collect::<Result<Vec<String>, _>>()?;
        let failed = |error: files::FileError| StorageError::new(ErrorKind::Unknown, error.to_string());
        for key in files.unknown_keys(&some).await.map_err(failed)? {
            // A file that was deleted between the listing and the look took its object along.
            let there = match ObjectKey::parse(&key) {
                Ok(parsed) => match store.head(&parsed).await {
                    Err(error) if error.kind() == ErrorKind::NotFound => false,
                    found => found.map(|_| true)?,
                },
                Err(_) => true,
            };
            if there {
                wrong.add(|| key);
            }
        }
    }
    Ok(wrong)
}
