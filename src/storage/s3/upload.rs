//! A multipart upload: parts in any order, then all of them at once, or none.

use std::pin::pin;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};

use super::Bucket;
use super::budget::Part;
use super::fault::is_absent;
use super::leftovers::{UnderWay, look_for};
use crate::storage::{ErrorKind, Result, StorageError};

/// Smallest size of a part that is not the last, in bytes.
pub const MIN_PART: u64 = 5 * 1024 * 1024;
/// Most parts of one upload.
pub(super) const MAX_PARTS: u64 = 10_000;
const NO_SUCH_UPLOAD: &str = "NoSuchUpload";

/// An upload under way. Dropped before [`Upload::complete`] succeeded, it is aborted, so that S3 keeps no parts.
#[derive(Debug)]
pub(super) struct Upload {
    bucket: Bucket,
    pub(super) key: String,
    pub(super) id: String,
    /// What was there when the upload began.
    before: Option<Version>,
    open: bool,
    _under_way: UnderWay,
}

/// What tells two writes of one key apart: ETag, and seconds of the last change.
type Version = (Option<String>, Option<i64>);

impl Upload {
    /// Begins an upload to `key`, the full one. Survives its caller: when that is dropped while S3 answers, the upload
    /// which then exists is aborted all the same.
    pub(super) async fn begin(bucket: &Bucket, key: &str) -> Result<Self> {
        let (answer, answered) = oneshot::channel();
        let (bucket, key) = (bucket.clone(), key.to_owned());
        tokio::spawn(async move {
            let created = Self::create(bucket, key).await;
            // Nobody there: the upload comes back in the error and is dropped.
            drop(answer.send(created));
        });
        answered
            .await
            .unwrap_or_else(|_| Err(StorageError::new(ErrorKind::Unknown, "the upload did not begin")))
    }

    async fn create(bucket: Bucket, key: String) -> Result<Self> {
        let under_way = bucket.leftovers.begin(&key);
        let request = bucket.client.create_multipart_upload().bucket(&*bucket.name).key(&key);
        let (created, before) = tokio::join!(request.send(), version(&bucket, &key));
        let created = created.map_err(|error| {
            if !matches!(error, SdkError::ServiceError(_) | SdkError::ConstructionFailure(_)) {
                // Without an answer it may have begun all the same.
                look_for(&bucket, &key);
            }
            bucket.fault("begin an upload", error)
        })?;
        let Some(id) = created.upload_id.filter(|id| !id.is_empty()) else {
            return Err(bucket.nonsense("an upload without an id"));
        };
        let mut upload = Self { bucket, key, id, before: None, open: true, _under_way: under_way };
        // An error from here on drops the upload, which aborts it.
        upload.before = before?;
        Ok(upload)
    }

    /// Sends `part` as the part of that number, counted from 1.
    pub(super) fn send(
        &self,
        number: i32,
        part: Part,
    ) -> impl Future<Output = Result<CompletedPart>> + use<> {
        let bucket = self.bucket.clone();
        let request = bucket.client.upload_part().bucket(&*bucket.name).key(&self.key).upload_id(&self.id);
        async move {
            // The reservation must live as long as the bytes.
            let Part { bytes, reservation: _reservation } = part;
            let request = request.part_number(number).body(bytes.into());
            // As in a put of one request.
            let request = request.customize().disable_payload_signing();
            let sent = request.send().await.map_err(|e| bucket.fault("send a part", e))?;
            completed(&bucket, number, sent.e_tag)
        }
    }

    /// Has S3 make the part of that number from `source`.
    pub(super) fn copy(
        &self,
        number: i32,
        source: CopySource,
    ) -> impl Future<Output = Result<CompletedPart>> + use<> {
        let bucket = self.bucket.clone();
        let request =
            bucket.client.upload_part_copy().bucket(&*bucket.name).key(&self.key).upload_id(&self.id);
        async move {
            let request = request
                .part_number(number)
                .copy_source(source.path)
                .copy_source_if_match(source.etag)
                .set_copy_source_range(source.range);
            let copied = request.send().await.map_err(|e| bucket.fault("copy a part", e))?;
            completed(&bucket, number, copied.copy_part_result.and_then(|part| part.e_tag))
        }
    }

    /// Makes `parts` the object.
    pub(super) async fn complete(&mut self, mut parts: Vec<CompletedPart>) -> Result<()> {
        parts.sort_unstable_by_key(CompletedPart::part_number);
        let request = self.bucket.client.complete_multipart_upload();
        let request = request.bucket(&*self.bucket.name).key(&self.key).upload_id(&self.id);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        match request.multipart_upload(parts).send().await {
            Ok(_) => {}
            Err(error) if is_ended(&error) && self.is_superseded().await? => {}
            Err(error) => return Err(self.bucket.fault("complete an upload", error)),
        }
        self.open = false;
        Ok(())
    }

    /// Whether the key was written while the upload was under way. Then a vanished upload is a done one: either its
    /// own completion went through and only the answer was lost, or the server let a newer writer of the key replace
    /// it (garage does), which is as if that writer had come a moment later.
    async fn is_superseded(&self) -> Result<bool> {
        let now = version(&self.bucket, &self.key).await?;
        Ok(now.is_some() && now != self.before)
    }

    /// Leaves the upload to whoever keeps its id, which this gives.
    pub(super) fn leave_open(mut self) -> String {
        self.open = false;
        std::mem::take(&mut self.id)
    }

    /// Ends the upload now, before the caller hears of its error. No part may be on its way any more.
    pub(super) async fn abort(mut self) {
        abort(&self.bucket, &self.key, &self.id).await;
        self.open = false;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        // Outside of a runtime the process is ending; the sweep at the next start finds the upload.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (bucket, key, id) = (self.bucket.clone(), self.key.clone(), self.id.clone());
            runtime.spawn(async move { abort(&bucket, &key, &id).await });
        }
    }
}

/// What is at `key` now.
async fn version(bucket: &Bucket, key: &str) -> Result<Option<Version>> {
    match bucket.client.head_object().bucket(&*bucket.name).key(key).send().await {
        Ok(head) => Ok(Some((head.e_tag, head.last_modified.map(|time| time.secs())))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(bucket.fault("look up an object", error)),
    }
}

/// What could not be ended now is ended later.
async fn abort(bucket: &Bucket, key: &str, id: &str) {
    let request = bucket.client.abort_multipart_upload().bucket(&*bucket.name).key(key).upload_id(id);
    match request.send().await {
        Ok(_) => {}
        // It was completed after all, only the answer was lost.
        Err(error) if is_ended(&error) => {}
        Err(error) => {
            let error = bucket.fault("abort an upload", error);
            tracing::warn!(%error, key, "an unfinished upload stays in the bucket until it answers again");
            look_for(bucket, key);
        }
    }
}

/// Whether an upload is not there any more.
pub(super) fn is_ended(error: &impl ProvideErrorMetadata) -> bool {
    error.code() == Some(NO_SUCH_UPLOAD)
}

/// Bytes that are in S3 already.
#[derive(Debug)]
pub(super) struct CopySource {
    /// Bucket and key, percent-encoded.
    pub(super) path: String,
    /// What the object must still be.
    pub(super) etag: String,
    /// Value of the range header; `None` is the whole object.
    pub(super) range: Option<String>,
}

/// Parts on their way, a bounded number at the same time. Dropped, it stops them all.
#[derive(Debug)]
pub(super) struct PartJobs {
    running: JoinSet<Result<CompletedPart>>,
    done: Vec<CompletedPart>,
    parallel: usize,
}

impl PartJobs {
    pub(super) fn new(parallel: usize) -> Self {
        Self { running: JoinSet::new(), done: Vec::new(), parallel }
    }

    /// Starts `job` as soon as there is room for it; reports when an earlier one failed.
    pub(super) async fn start(
        &mut self,
        job: impl Future<Output = Result<CompletedPart>> + Send + 'static,
    ) -> Result<()> {
        while self.running.len() >= self.parallel {
            self.settle_one().await?;
        }
        self.running.spawn(job);
        Ok(())
    }

    /// Does `work`, unless a running job fails first.
    pub(super) async fn unless_one_fails<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                Some(part) = self.running.join_next() => self.done.push(part.map_err(lost)??),
            }
        }
    }

    /// Waits for all jobs.
    pub(super) async fn finish(&mut self) -> Result<Vec<CompletedPart>> {
        while !self.running.is_empty() {
            self.settle_one().await?;
        }
        Ok(std::mem::take(&mut self.done))
    }

    /// Stops all jobs and waits until they have stopped.
    pub(super) async fn stop(&mut self) {
        self.running.shutdown().await;
    }

    async fn settle_one(&mut self) -> Result<()> {
        if let Some(part) = self.running.join_next().await {
            self.done.push(part.map_err(lost)??);
        }
        Ok(())
    }
}

fn lost(error: JoinError) -> StorageError {
    StorageError::new(ErrorKind::Unknown, "a part's task ended early").with_source(error)
}

/// The entry for a part that S3 has taken.
fn completed(bucket: &Bucket, number: i32, etag: Option<String>) -> Result<CompletedPart> {
    match etag {
        Some(etag) => Ok(CompletedPart::builder().part_number(number).e_tag(etag).build()),
        None => Err(bucket.nonsense("a part without an ETag")),
    }
}

/// Aborts every upload whose key lies below `root`; says how many there were. Only right while no upload to
/// `root` is under way.
pub(super) async fn sweep(bucket: &Bucket, root: &str) -> Result<u64> {
    let mut swept = 0;
    loop {
        let request = bucket.client.list_multipart_uploads().bucket(&*bucket.name).prefix(root);
        let page = request.send().await.map_err(|e| bucket.fault("list unfinished uploads", e))?;
        let before = swept;
        for upload in page.uploads() {
            let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
            if !key.starts_with(root) {
                continue;
            }
            let request = bucket.client.abort_multipart_upload().bucket(&*bucket.name).key(key).upload_id(id);
            request.send().await.map_err(|e| bucket.fault("abort an unfinished upload", e))?;
            swept += 1;
        }
        // What was aborted is gone from the first page, so the next ones move up.
        if swept == before || page.is_truncated() != Some(true) {
            return Ok(swept);
        }
    }
}
