//! COMPOSE (wire contract §5.7) without passing large parts through this machine: S3 copies them. What is too small
//! to be a part of an upload is read and sent again together with its neighbours.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::budget::{Part, reserve};
use super::plan::{Slice, Step, plan};
use super::read::{exactly, head, range_header, slice};
use super::upload::{CopySource, MAX_PARTS, PartJobs, Upload};
use super::write::{delete_full, finish, put_whole};
use super::{Bucket, PARALLEL_REQUESTS, S3Store};
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, Result, StorageError};

/// What a copy source keeps as it is; everything else is percent-encoded.
const COPY_SOURCE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// An object that becomes part of the target, in exactly the version whose size was counted.
#[derive(Debug, Clone)]
struct Source {
    full_key: String,
    size: u64,
    etag: String,
}

/// Joins `parts` into `target`, then removes them.
pub(super) async fn compose(
    store: &S3Store,
    target: &ObjectKey,
    parts: &[ObjectKey],
    expected_size: u64,
) -> Result<u64> {
    if parts.is_empty() {
        return Err(StorageError::new(ErrorKind::InvalidArgument, "there are no parts to compose"));
    }
    if parts.contains(target) {
        let message = format!("target `{target}` is one of the parts; compose into another key");
        return Err(StorageError::new(ErrorKind::InvalidArgument, message));
    }
    let sources = look_up(store, parts).await?;
    let size = sources.iter().try_fold(0_u64, |sum, source| sum.checked_add(source.size));
    if size != Some(expected_size) {
        let size = size.map_or_else(|| "too many".to_owned(), |size| size.to_string());
        let message = format!("the parts have {size} bytes together; {expected_size} were announced");
        return Err(StorageError::new(ErrorKind::SizeMismatch, message));
    }
    join(store, &store.full_key(target), &sources).await?;
    remove(&store.bucket, &sources).await;
    Ok(expected_size)
}

/// Size and version of every part, in order.
async fn look_up(store: &S3Store, parts: &[ObjectKey]) -> Result<Vec<Source>> {
    // Owned keys: a closure over references gives futures that are not `Send` for every lifetime.
    let lookups = parts.iter().cloned().map(|part| async move {
        let head = head(store, &part).await?;
        let etag = head.etag.ok_or_else(|| store.bucket.nonsense("an object without an ETag"))?;
        Ok(Source { full_key: store.full_key(&part), size: head.meta.size, etag })
    });
    stream::iter(lookups).buffered(PARALLEL_REQUESTS).try_collect().await
}

async fn join(store: &S3Store, target: &str, sources: &[Source]) -> Result<()> {
    let bucket = &store.bucket;
    let sizes: Vec<u64> = sources.iter().map(|source| source.size).collect();
    let steps = plan(&sizes);
    match steps.as_slice() {
        [] => put_whole(bucket, target, gather(bucket.clone(), Vec::new()).await?).await,
        [Step::Gather(slices)] => {
            put_whole(bucket, target, gather(bucket.clone(), resolve(sources, slices)).await?).await
        }
        steps if steps.len() as u64 > MAX_PARTS => {
            let message = format!("the target would have {} parts; S3 takes {MAX_PARTS}", steps.len());
            Err(StorageError::new(ErrorKind::InvalidArgument, message))
        }
        steps => {
            let upload = Upload::begin(bucket, target).await?;
            // Declared after the upload, so dropped before it: no part is on its way when the upload is aborted.
            let mut jobs = PartJobs::new(store.parallel_parts);
            let parts = run(bucket, &upload, &mut jobs, sources, steps).await;
            finish(upload, jobs, parts).await
        }
    }
}

async fn run(
    bucket: &Bucket,
    upload: &Upload,
    jobs: &mut PartJobs,
    sources: &[Source],
    steps: &[Step],
) -> Result<Vec<CompletedPart>> {
    for (step, number) in steps.iter().zip(1..) {
        match step {
            Step::Copy(slice) => {
                jobs.start(upload.copy(number, copy_source(bucket, &sources[slice.source], slice))).await?;
            }
            Step::Gather(slices) => {
                let gathered = gather(bucket.clone(), resolve(sources, slices));
                let part = jobs.unless_one_fails(gathered).await?;
                jobs.start(upload.send(number, part)).await?;
            }
        }
    }
    jobs.finish().await
}

fn copy_source(bucket: &Bucket, source: &Source, slice: &Slice) -> CopySource {
    let path = format!("{}/{}", bucket.name, source.full_key);
    let range = (slice.length != source.size)
        .then(|| format!("bytes={}-{}", slice.start, slice.start + slice.length - 1));
    CopySource { path: utf8_percent_encode(&path, COPY_SOURCE).to_string(), etag: source.etag.clone(), range }
}

fn resolve(sources: &[Source], slices: &[Slice]) -> Vec<(Source, Slice)> {
    slices.iter().map(|slice| (sources[slice.source].clone(), *slice)).collect()
}

/// The bytes of `slices` in one buffer.
async fn gather(bucket: Bucket, slices: Vec<(Source, Slice)>) -> Result<Part> {
    let size: u64 = slices.iter().map(|(_, slice)| slice.length).sum();
    // Twice: the slices that have arrived, and the buffer they go to.
    let reservation = reserve(2 * size).await?;
    let mut buffer = BytesMut::with_capacity(usize::try_from(size).expect("a gathered part is small"));
    let reads = slices.into_iter().map(|(source, slice)| read_slice(&bucket, source, slice));
    let mut reads = stream::iter(reads).buffered(PARALLEL_REQUESTS);
    while let Some(bytes) = reads.try_next().await? {
        buffer.extend_from_slice(&bytes);
    }
    Ok(Part { bytes: buffer.freeze(), reservation })
}

async fn read_slice(bucket: &Bucket, source: Source, part: Slice) -> Result<Bytes> {
    let request =
        bucket.client.get_object().bucket(&*bucket.name).key(&source.full_key).if_match(&source.etag);
    let range = (part.length != source.size)
        .then(|| NonZeroU64::new(part.length).map(|length| range_header(slice(part.start, length))))
        .flatten();
    let reply = request.set_range(range).send().await.map_err(|e| bucket.fault("read a part", e))?;
    let length = super::read::announced(bucket, reply.content_length)?;
    if length != part.length {
        return Err(bucket.nonsense("another part of the object than was asked for"));
    }
    let body: Vec<Bytes> = exactly(length, reply.body).try_collect().await.map_err(|error| {
        let message = format!("a part broke off while it was read in {}", bucket.place);
        StorageError::new(ErrorKind::Transient, message).with_source(error)
    })?;
    Ok(body.concat().into())
}

/// Deletes the parts, best effort: one that stays is only space, and whoever lists the parts finds it.
async fn remove(bucket: &Bucket, sources: &[Source]) {
    let keys: BTreeSet<String> = sources.iter().map(|source| source.full_key.clone()).collect();
    let removals = keys.into_iter().map(|key| async move {
        if let Err(error) = delete_full(bucket, &key).await {
            tracing::warn!(%error, key, "a composed part stays in the bucket");
        }
    });
    stream::iter(removals).buffer_unordered(PARALLEL_REQUESTS).collect::<()>().await;
}
