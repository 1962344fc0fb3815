//! PUT: one request for a small object, an upload in parts for a large one (wire contract §5.3). And DELETE (§5.5).

use aws_sdk_s3::types::CompletedPart;
use sha2::{Digest, Sha256};

use super::budget::{Carry, PART_MEMORY, Part, fill};
use super::upload::{MAX_PARTS, PartJobs, Upload};
use super::{Bucket, S3Store};
use crate::protocol::ObjectKey;
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::{ByteStream, ErrorKind, Result, StorageError, Stored};

/// Largest part. Objects of up to 468 GiB have smaller ones, of which one can be on its way while the next one fills.
pub const MAX_PART: u64 = PART_MEMORY / 3 * 2;
/// Part sizes are whole multiples of this.
const GRAIN: u64 = 1024 * 1024;

/// Stores the first `size` bytes of `body` as `key`.
pub(super) async fn put(store: &S3Store, key: &ObjectKey, size: u64, body: ByteStream) -> Result<Stored> {
    let full_key = store.full_key(key);
    let mut body = Carry::new(AnnouncedBody::new(body, size));
    let mut sha256 = Sha256::new();
    if size <= store.part_size {
        let whole = fill(&mut body, size, |piece| sha256.update(piece)).await?;
        put_whole(&store.bucket, &full_key, whole).await?;
    } else {
        let part_size = part_size(store.part_size, size)?;
        let upload = Upload::begin(&store.bucket, &full_key).await?;
        // Declared after the upload, so dropped before it: no part is on its way when the upload is aborted.
        let mut jobs = PartJobs::new(store.parallel_parts);
        let parts = send_parts(&upload, &mut jobs, size, part_size, &mut body, &mut sha256).await;
        finish(upload, jobs, parts).await?;
    }
    Ok(Stored { size, sha256: Some(hex::encode(sha256.finalize())) })
}

/// Smallest size, from `preferred` up, with which an object of `size` bytes has no more parts than S3 takes.
fn part_size(preferred: u64, size: u64) -> Result<u64> {
    let needed = size.div_ceil(MAX_PARTS).div_ceil(GRAIN) * GRAIN;
    if needed > MAX_PART {
        let most = MAX_PART / GRAIN * MAX_PARTS / 1024;
        let message = format!("{size} bytes are more than an S3 target takes for one object ({most} GiB)");
        return Err(StorageError::new(ErrorKind::Full, message));
    }
    Ok(preferred.max(needed))
}

/// Stores `whole` in one request.
pub(super) async fn put_whole(bucket: &Bucket, full_key: &str, whole: Part) -> Result<()> {
    // The reservation must live as long as the bytes.
    let Part { bytes, reservation: _reservation } = whole;
    let request = bucket.client.put_object().bucket(&*bucket.name).key(full_key).body(bytes.into());
    // Bodies are unsigned, as they are between primary and follower: what travels is guarded by TLS.
    let request = request.customize().disable_payload_signing();
    request.send().await.map_err(|e| bucket.fault("write an object", e))?;
    Ok(())
}

/// Fills the next part while earlier ones are on their way.
async fn send_parts(
    upload: &Upload,
    jobs: &mut PartJobs,
    size: u64,
    part_size: u64,
    body: &mut Carry,
    sha256: &mut Sha256,
) -> Result<Vec<CompletedPart>> {
    let mut sent = 0;
    let mut number = 0;
    while sent < size {
        let wanted = part_size.min(size - sent);
        let part = jobs.unless_one_fails(fill(body, wanted, |piece| sha256.update(piece))).await?;
        sent += wanted;
        number += 1;
        jobs.start(upload.send(number, part)).await?;
    }
    jobs.finish().await
}

/// Completes `upload` with `parts`, or aborts it when something has failed.
pub(super) async fn finish(
    mut upload: Upload,
    mut jobs: PartJobs,
    parts: Result<Vec<CompletedPart>>,
) -> Result<()> {
    let outcome = match parts {
        Ok(parts) => upload.complete(parts).await,
        Err(error) => {
            jobs.stop().await;
            Err(error)
        }
    };
    if outcome.is_err() {
        upload.abort().await;
    }
    outcome
}

/// Removes `key`; for S3 nothing there is as good.
pub(super) async fn delete(store: &S3Store, key: &ObjectKey) -> Result<()> {
    delete_full(&store.bucket, &store.full_key(key)).await
}

/// Removes the object of that full key.
pub(super) async fn delete_full(bucket: &Bucket, full_key: &str) -> Result<()> {
    match bucket.client.delete_object().bucket(&*bucket.name).key(full_key).send().await {
        Ok(_) => Ok(()),
        // Some servers say so.
        Err(error) if super::fault::is_absent(&error) => Ok(()),
        Err(error) => Err(bucket.fault("delete an object", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn parts_grow_with_the_object_so_that_ten_thousand_are_enough() {
        for (size, expected) in [
            (9 * MIB, 8 * MIB),
            (80_000 * MIB, 8 * MIB),
            (80_000 * MIB + 1, 9 * MIB),
            (640_000 * MIB, 64 * MIB),
        ] {
            let part = part_size(8 * MIB, size).expect("takes it");
            assert_eq!(part, expected, "{size}");
            assert!(size.div_ceil(part) <= MAX_PARTS);
        }
        let error = part_size(8 * MIB, 640_000 * MIB + 1).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::Full);
        assert!(error.to_string().contains("625 GiB"), "{error}");
    }
}
