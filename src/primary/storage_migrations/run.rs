//! The work of a storage migration.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Totals, Wanted, store};
use crate::primary::Primary;
use crate::primary::files::{self, Blob, FileError, Reservation};
use crate::primary::policies::{Policy, PolicyError};
use crate::protocol::Timestamp;
use crate::storage::{ByteStream, ErrorKind, SharedStore, StorageError};
use crate::tasks::{Context, Failure, Kind};

/// Blobs read at once.
const PAGE: i64 = 100;
/// Objects released in one transaction.
const RELEASED: i64 = 500;
/// Failures that are told in full; all are counted.
const TOLD: usize = 100;
/// So many blobs in a row that a store did not give or take are not the blobs' fault.
const IN_A_ROW: u32 = 3;

/// Moves the blobs of one policy to another.
pub(in crate::primary) struct StorageMigration(pub(in crate::primary) Primary);

/// What earlier attempts have done. Which blobs are left is in the blobs themselves.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Moved {
    moved_blobs: u64,
    moved_bytes: u64,
}

/// A blob that stays where it is.
#[derive(Debug, Clone, Serialize)]
struct Stuck {
    blob_id: i64,
    message: String,
}

/// Why one blob was not moved.
enum BlobError {
    /// Nothing is left to do: it was deleted, or moved by somebody else.
    Gone,
    /// This blob cannot be moved.
    Own(String),
    /// A store did not give or take it; `bool` is whether trying again may help.
    Store(String, bool),
    /// The task cannot go on.
    Task(Failure),
}

/// One attempt.
struct Run<'a> {
    primary: &'a Primary,
    context: &'a Context,
    wanted: Wanted,
    moved: Moved,
    /// To move in this attempt, as of its beginning.
    totals: Totals,
    /// What was moved before this attempt.
    before: Moved,
    stuck: Vec<Stuck>,
    stuck_blobs: u64,
}

impl Kind for StorageMigration {
    const NAME: &'static str = "storage_policy_migration";
    type Payload = Wanted;

    fn concurrency(&self) -> usize {
        self.0.settings.storage_migration_concurrency()
    }

    async fn run(&self, context: &Context, wanted: Wanted) -> Result<Value, Failure> {
        let moved: Moved = context.position().unwrap_or_default();
        let until = store::last_blob(&self.0.db).await?;
        let source = wanted.source_policy_id;
        let totals = store::totals(&self.0.db, source, 0, until).await?;
        let (stuck, stuck_blobs, before) = (Vec::new(), 0, moved);
        let mut run = Run { primary: &self.0, context, wanted, moved, totals, before, stuck, stuck_blobs };
        context.step("move the blobs").await?;
        run.move_all(until).await?;
        if run.stuck_blobs > 0 {
            let text = format!(
                "{} of {} blobs could not be moved and are where they were; the result names the first of them. Resume \
                 the migration to try them again",
                run.stuck_blobs, run.totals.blobs
            );
            return Err(Failure::permanent(text).with_result(run.result(0)));
        }
        let mut released = 0;
        if wanted.delete_source_after_success {
            context.step("release the source").await?;
            released = run.release().await?;
        }
        Ok(run.result(released))
    }
}

impl Run<'_> {
    async fn move_all(&mut self, until: i64) -> Result<(), Failure> {
        let (mut after, mut in_a_row) = (0, 0);
        loop {
            let page = self.primary.files.blobs_of(self.wanted.source_policy_id, after, PAGE).await;
            let page = page.map_err(Failure::transient)?;
            for blob in page.iter().filter(|blob| blob.id <= until) {
                self.context.check()?;
                match self.move_one(blob).await {
                    Ok(()) | Err(BlobError::Gone) => in_a_row = 0,
                    Err(BlobError::Own(message)) => self.stick(blob, message),
                    Err(BlobError::Store(message, may_pass)) => {
                        self.stick(blob, message.clone());
                        in_a_row += 1;
                        if in_a_row == IN_A_ROW {
                            let text = format!("{IN_A_ROW} blobs in a row could not be moved: {message}");
                            let failure =
                                if may_pass { Failure::transient(text) } else { Failure::permanent(text) };
                            return Err(failure.with_result(self.result(0)));
                        }
                    }
                    Err(BlobError::Task(failure)) => return Err(failure),
                }
            }
            match page.last() {
                Some(last) if last.id < until => after = last.id,
                _ => return Ok(()),
            }
        }
    }

    async fn move_one(&mut self, blob: &Blob) -> Result<(), BlobError> {
        let (primary, wanted) = (self.primary, self.wanted);
        let (_, source) = primary.policies.store(wanted.source_policy_id).await.map_err(policy_error)?;
        let target = primary.policies.get(wanted.target_policy_id).await.map_err(policy_error)?;
        refuse_oversized(blob, &target)?;
        let reserved = primary.files.reserve(&primary.policies, target.id).await.map_err(file_error)?;
        let copied = tokio::select! {
            copied = primary.files.while_written(&reserved, copy(blob, &source, &reserved)) => copied,
            () = self.context.stop().cancelled() => Err(BlobError::Task(Failure::stopped())),
        };
        if let Err(error) = copied {
            match error {
                // The store may still finish what was begun.
                BlobError::Task(_) | BlobError::Store(_, true) => primary.files.leave(reserved).await,
                _ => primary.files.give_up(reserved).await,
            }
            // A blob that was deleted meanwhile takes its object along.
            let gone = matches!(primary.files.still_has(blob).await, Ok(false));
            return Err(if gone { BlobError::Gone } else { error });
        }
        match self.switch(blob, &reserved).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                primary.files.give_up(reserved).await;
                Err(BlobError::Gone)
            }
            Err(failure) => {
                // The commit may have happened, and the copy be the blob's.
                primary.files.leave(reserved).await;
                Err(BlobError::Task(failure))
            }
        }
    }

    /// The transaction that makes the copy the blob's content. `false`: the blob is not there any more.
    async fn switch(&mut self, blob: &Blob, copy: &Reservation) -> Result<bool, Failure> {
        let moved = Moved {
            moved_blobs: self.moved.moved_blobs + 1,
            moved_bytes: self.moved.moved_bytes + blob.size,
        };
        let mut tx = self.primary.db.begin().await?;
        if !store::switch(&mut tx, blob, self.wanted.target_policy_id, &copy.key).await? {
            return Ok(false);
        }
        if !files::adopt(&mut tx, copy).await? {
            return Err(Failure::transient("a copy stood still for too long and was removed"));
        }
        let (progress, text) = self.progress(moved);
        self.context.save_in(&mut tx, &moved, progress, &text).await?;
        tx.commit().await?;
        self.moved = moved;
        Ok(true)
    }

    /// Bytes moved and to move in all attempts together, and the same with blobs in words.
    fn progress(&self, moved: Moved) -> ((u64, u64), String) {
        let blobs = self.before.moved_blobs + self.totals.blobs;
        let bytes = self.before.moved_bytes + self.totals.bytes;
        let text = format!(
            "{} of {blobs} blobs, {} of {bytes} bytes moved; {} blobs failed",
            moved.moved_blobs, moved.moved_bytes, self.stuck_blobs
        );
        ((moved.moved_bytes, bytes), text)
    }

    fn stick(&mut self, blob: &Blob, message: String) {
        tracing::warn!(task.id = self.context.id(), blob.id, "a blob was not moved: {message}");
        self.stuck_blobs += 1;
        if self.stuck.len() < TOLD {
            self.stuck.push(Stuck { blob_id: blob.id, message: message.chars().take(300).collect() });
        }
    }

    async fn release(&self) -> Result<u64, Failure> {
        let mut released = 0;
        loop {
            let now = Timestamp::now();
            let source = self.wanted.source_policy_id;
            let mut tx = self.primary.db.begin().await?;
            self.context.hold(&mut tx).await?;
            let some = store::release_kept(&mut tx, source, RELEASED, now).await?;
            tx.commit().await?;
            released += some;
            if some == 0 {
                return Ok(released);
            }
            self.context.check()?;
        }
    }

    fn result(&self, released: u64) -> Value {
        json!({
            "moved_blobs": self.moved.moved_blobs,
            "moved_bytes": self.moved.moved_bytes,
            "failed_blobs": self.stuck_blobs,
            "failures": self.stuck,
            "released_source_objects": released,
        })
    }
}

fn refuse_oversized(blob: &Blob, target: &Policy) -> Result<(), BlobError> {
    match target.max_file_size {
        max if max != 0 && blob.size > max => Err(BlobError::Own(format!(
            "it has {} bytes; storage policy `{}` takes at most {max}",
            blob.size, target.name
        ))),
        _ => Ok(()),
    }
}

/// Streams the object over, and compares size and hash.
async fn copy(blob: &Blob, source: &SharedStore, to: &Reservation) -> Result<(), BlobError> {
    let key = files::key_of(blob).map_err(storage_error)?;
    let reader = source.get(&key, None).await.map_err(storage_error)?;
    if reader.meta.size != blob.size {
        let text = format!("its object has {} bytes instead of {}", reader.meta.size, blob.size);
        return Err(BlobError::Own(text));
    }
    let hash = Arc::new(Mutex::new(Sha256::new()));
    let body = hashed(reader.body, Arc::clone(&hash));
    let stored = to.store.put(&to.key, blob.size, body).await.map_err(storage_error)?;
    let read = hex::encode(hash.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize());
    if stored.size != blob.size || stored.sha256.is_some_and(|written| written != read) {
        return Err(BlobError::Own("the target stored something else than it was sent".to_owned()));
    }
    // A blob whose store gave no hash has an opaque text in its place.
    let is_sha256 = blob.hash.len() == 64 && blob.hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_sha256 && blob.hash != read {
        return Err(BlobError::Own("its object does not have the content that was uploaded".to_owned()));
    }
    Ok(())
}

fn hashed(body: ByteStream, hash: Arc<Mutex<Sha256>>) -> ByteStream {
    Box::pin(body.inspect(move |piece| {
        if let Ok(bytes) = piece {
            hash.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
    }))
}

fn storage_error(error: StorageError) -> BlobError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::SizeMismatch | ErrorKind::InvalidArgument => {
            BlobError::Own(error.to_string())
        }
        kind => {
            let may_pass =
                kind.is_retryable() || matches!(kind, ErrorKind::BodyInterrupted | ErrorKind::Unknown);
            BlobError::Store(error.to_string(), may_pass)
        }
    }
}

fn policy_error(error: PolicyError) -> BlobError {
    match error {
        PolicyError::NotFound(_) => BlobError::Task(Failure::permanent(error)),
        PolicyError::Database(error) => BlobError::Task(error.into()),
        // An administrator or a node that comes back ends it.
        other => BlobError::Task(Failure::transient(other)),
    }
}

fn file_error(error: FileError) -> BlobError {
    match error {
        FileError::Policy(error) => policy_error(error),
        other => BlobError::Task(Failure::transient(other)),
    }
}
