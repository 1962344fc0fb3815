//! Storage migrations: all blobs of one policy move to another one, as a task.
//!
//! A blob moves so: a note of a fresh key under the target, the copy (size and SHA-256 compared), then one transaction
//! that holds the task's lease, takes the note away and points the blob to the copy, if the blob is still there and
//! still where it was. Until then readers get the old object, afterwards the new one. The old one is *kept*: a row ties
//! it to its blob, and it goes when the blob goes. When all blobs have moved and `delete_source_after_success` was
//! asked for, everything kept at the source becomes stray objects.
//!
//! So a kill at any moment leaves each blob whole in one place, and no object that no row knows.

pub(in crate::primary) mod api;
mod run;
mod store;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(in crate::primary) use self::run::StorageMigration;
use crate::db::Db;
use crate::primary::policies::{Driver, Policies, Policy, PolicyError};
use crate::tasks::{Filter, Kind, NewTask, Queue, Task, TaskError};

/// More than other tasks get: it may take days, and each end of a process without a drain costs one.
const ATTEMPTS: u32 = 10;

/// What a migration is asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NewStorageMigration")]
pub struct Wanted {
    /// Blobs leave this policy.
    pub source_policy_id: i64,
    /// Blobs go to this policy.
    pub target_policy_id: i64,
    /// Whether the source's objects are removed when all blobs have moved; otherwise they are kept as copies that
    /// nothing reads, until their blobs go.
    #[serde(default)]
    pub delete_source_after_success: bool,
}

/// What a migration would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "StorageMigrationDryRun")]
pub struct DryRun {
    /// See [`Wanted`].
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Blobs to move.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of the largest.
    pub largest_blob: u64,
    /// Largest file that the target takes; 0 is unlimited.
    pub target_max_file_size: u64,
    /// Blobs that are larger; they would stay.
    pub oversized_blobs: u64,
    /// Free bytes at the target; `null` when it does not say.
    pub target_free_bytes: Option<u64>,
    /// Whether the bytes fit; `null` when the target does not say.
    pub enough_room: Option<bool>,
    /// Whether source and target answer now and nothing stands against it.
    pub can_start: bool,
    /// What stands against it, for people.
    pub problems: Vec<String>,
}

/// Blobs of a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    blobs: u64,
    bytes: u64,
    largest: u64,
    oversized: u64,
}

/// Why a migration was refused.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// From somewhere to the same place.
    #[error("target_policy_id: is the source; choose another storage policy")]
    SamePolicy,
    /// No storage migration has this id.
    #[error("there is no storage migration {0}")]
    NotFound(i64),
    /// One at a time empties a policy.
    #[error("a storage migration away from policy {0} is not finished; wait for it or cancel it")]
    Running(i64),
    /// A policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The task.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The database failed.
    #[error("storage migrations: {0}")]
    Database(#[from] sqlx::Error),
}

/// Asks for storage migrations.
#[derive(Debug)]
pub struct StorageMigrations {
    db: Db,
    policies: Policies,
    queue: Queue,
}

impl StorageMigrations {
    /// Migrations between `policies`, done as tasks of `queue`.
    pub fn new(db: Db, policies: Policies, queue: Queue) -> Self {
        Self { db, policies, queue }
    }

    /// Looks at everything a migration needs, and moves nothing.
    pub async fn dry_run(&self, wanted: Wanted) -> Result<DryRun, MigrationError> {
        let (_, target) = self.both(wanted).await?;
        let totals = store::totals(&self.db, wanted.source_policy_id, target.max_file_size, i64::MAX).await?;
        let mut problems = Vec::new();
        if let Err(error) = self.policies.store(wanted.source_policy_id).await {
            problems.push(format!("the source cannot be used now: {error}"));
        }
        let free = self.room(&target, &mut problems).await;
        let enough = free.map(|free| free >= totals.bytes);
        if enough == Some(false) {
            problems.push(format!("the target has room for {} bytes only", free.unwrap_or_default()));
        }
        if totals.oversized > 0 {
            let (count, most) = (totals.oversized, target.max_file_size);
            problems.push(format!("{count} blobs are larger than the {most} bytes that the target takes"));
        }
        Ok(DryRun {
            wanted,
            blobs: totals.blobs,
            bytes: totals.bytes,
            largest_blob: totals.largest,
            target_max_file_size: target.max_file_size,
            oversized_blobs: totals.oversized,
            target_free_bytes: free,
            enough_room: enough,
            can_start: problems.is_empty(),
            problems,
        })
    }

    /// Asks for a migration; gives its task.
    pub async fn start(&self, wanted: Wanted, user_id: i64) -> Result<Task, MigrationError> {
        self.both(wanted).await?;
        let source = wanted.source_policy_id;
        let task = NewTask::of::<StorageMigration>(&wanted)?
            .by(user_id)
            .attempts(ATTEMPTS)
            .once(format!("{}:{source}", StorageMigration::NAME));
        let id = self.queue.submit(&task).await?.ok_or(MigrationError::Running(source))?;
        Ok(self.queue.get(id).await?)
    }

    /// A part of the migrations, the newest first, and how many there are.
    pub async fn list(&self, limit: u32, offset: u32) -> Result<(Vec<Task>, u64), MigrationError> {
        let filter = Filter { kind: Some(StorageMigration::NAME.to_owned()), ..Filter::default() };
        Ok(self.queue.list(&filter, limit, offset).await?)
    }

    /// Goes on with a migration that failed or was canceled; blobs that could not be moved are tried again.
    pub async fn resume(&self, id: i64) -> Result<Task, MigrationError> {
        let task = match self.queue.get(id).await {
            Err(TaskError::NotFound(_)) => return Err(MigrationError::NotFound(id)),
            found => found?,
        };
        if task.kind != StorageMigration::NAME {
            return Err(MigrationError::NotFound(id));
        }
        Ok(self.queue.retry(id).await?)
    }

    async fn both(&self, wanted: Wanted) -> Result<(Policy, Policy), MigrationError> {
        let source = self.policies.get(wanted.source_policy_id).await?;
        let target = self.policies.get(wanted.target_policy_id).await?;
        if source.id == target.id { Err(MigrationError::SamePolicy) } else { Ok((source, target)) }
    }

    /// Free bytes at the target, if it says.
    async fn room(&self, target: &Policy, problems: &mut Vec<String>) -> Option<u64> {
        let usable = async {
            let (_, store) = self.policies.store(target.id).await.map_err(|error| error.to_string())?;
            store.look().await.map_err(|error| error.to_string())?;
            let known = match target.driver {
                Driver::Remote => {
                    self.policies.node_capacity(target).await.map_err(|error| error.to_string())?
                }
                Driver::Local | Driver::S3 => store.capacity().await.map_err(|error| error.to_string())?,
            };
            Ok::<_, String>(known.map(|capacity| capacity.free_bytes))
        };
        usable.await.unwrap_or_else(|error| {
            problems.push(format!("the target cannot be used now: {error}"));
            None
        })
    }
}
