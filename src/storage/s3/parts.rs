//! Uploads in parts that outlive a call: begun here, filled by browsers or by us, completed or aborted much later,
//! perhaps by another process.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Part as ListedPart};

use super::budget::{Carry, fill};
use super::upload::{MIN_PART, Upload, is_ended};
use super::write::MAX_PART;
use super::{S3Store, read};
use crate::protocol::{ObjectKey, ResponseOverrides};
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::parts::{check_number, in_order, is_done, plain_etag};
use crate::storage::presigned::check_lifetime;
use crate::storage::{
    ByteStream, ChosenPart, ErrorKind, PartUpload, PresignedUrl, Result, StorageError, StoredPart,
};

/// Most pages of a list of parts: ten of the size that S3 sends hold all parts that an upload can have.
const MAX_PAGES: usize = 100;

pub(super) async fn begin(store: &S3Store, target: &ObjectKey) -> Result<PartUpload> {
    let upload = Upload::begin(&store.bucket, &store.full_key(target)).await?;
    Ok(PartUpload { target: target.clone(), id: upload.leave_open() })
}

pub(super) async fn put(
    store: &S3Store,
    upload: &PartUpload,
    number: u32,
    size: u64,
    body: ByteStream,
) -> Result<StoredPart> {
    let s3_number = number_of(number)?;
    if size > MAX_PART {
        let message = format!("a part has at most {MAX_PART} bytes on its way through here, not {size}");
        return Err(StorageError::new(ErrorKind::InvalidArgument, message));
    }
    let part = fill(&mut Carry::new(AnnouncedBody::new(body, size)), size, |_| {}).await?;
    let bucket = &store.bucket;
    let request = bucket.client.upload_part().bucket(&*bucket.name).key(store.full_key(&upload.target));
    let request = request.upload_id(&upload.id).part_number(s3_number).body(part.bytes.into());
    // The reservation must live as long as the bytes.
    let _reservation = part.reservation;
    let sent = request.customize().disable_payload_signing().send().await;
    let sent = sent.map_err(|error| match is_ended(&error) {
        true => ended(upload),
        false => bucket.fault("send a part", error),
    })?;
    let etag = sent.e_tag.ok_or_else(|| bucket.nonsense("a part without an ETag"))?;
    Ok(StoredPart { number, size, etag: Some(plain_etag(&etag).to_owned()) })
}

/// What S3 has of the upload, by number.
pub(super) async fn list(store: &S3Store, upload: &PartUpload) -> Result<Vec<StoredPart>> {
    let parts = listed(store, upload).await?.ok_or_else(|| ended(upload))?;
    parts.iter().map(|part| stored(store, part)).collect()
}

/// The parts as S3 lists them; `None` when there is no such upload (any more).
async fn listed(store: &S3Store, upload: &PartUpload) -> Result<Option<Vec<ListedPart>>> {
    let bucket = &store.bucket;
    let (mut parts, mut marker) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let request = bucket.client.list_parts().bucket(&*bucket.name).key(store.full_key(&upload.target));
        let page = match request.upload_id(&upload.id).set_part_number_marker(marker).send().await {
            Ok(page) => page,
            Err(error) if is_ended(&error) => return Ok(None),
            Err(error) => return Err(bucket.fault("list the parts of an upload", error)),
        };
        marker = page.next_part_number_marker;
        let more = page.is_truncated == Some(true) && marker.is_some();
        parts.extend(page.parts.unwrap_or_default());
        if !more {
            return Ok(Some(parts));
        }
    }
    Err(bucket.nonsense("a list of parts that does not end"))
}

fn stored(store: &S3Store, part: &ListedPart) -> Result<StoredPart> {
    let number = part.part_number.and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or_else(|| store.bucket.nonsense("a part without a number"))?;
    let size = read::announced(&store.bucket, part.size)?;
    Ok(StoredPart { number, size, etag: part.e_tag.as_deref().map(|etag| plain_etag(etag).to_owned()) })
}

/// Compares what S3 has with what is wanted before anything becomes an object.
pub(super) async fn complete(
    store: &S3Store,
    upload: &PartUpload,
    parts: &[ChosenPart],
    expected_size: u64,
) -> Result<u64> {
    let wanted = in_order(parts)?;
    let Some(listed) = listed(store, upload).await? else {
        return if is_done(store, &upload.target, expected_size).await {
            Ok(expected_size)
        } else {
            Err(ended(upload))
        };
    };
    let completed = choose(store, &listed, &wanted, expected_size)?;
    let bucket = &store.bucket;
    let request = bucket.client.complete_multipart_upload().bucket(&*bucket.name);
    let request = request.key(store.full_key(&upload.target)).upload_id(&upload.id);
    let parts = CompletedMultipartUpload::builder().set_parts(Some(completed)).build();
    match request.multipart_upload(parts).send().await {
        Ok(_) => Ok(expected_size),
        // It may have gone through all the same, in this call or in one beside it.
        Err(error) if error.code().is_none() || is_ended(&error) => {
            if is_done(store, &upload.target, expected_size).await {
                Ok(expected_size)
            } else {
                Err(bucket.fault("complete an upload", error))
            }
        }
        Err(error) => Err(bucket.fault("complete an upload", error)),
    }
}

fn choose(
    store: &S3Store,
    listed: &[ListedPart],
    wanted: &[ChosenPart],
    expected_size: u64,
) -> Result<Vec<CompletedPart>> {
    let refuse = |kind, message: String| Err(StorageError::new(kind, message));
    let mut found = Vec::with_capacity(wanted.len());
    for part in wanted {
        let number = number_of(part.number)?;
        // S3 lists them by number.
        let Ok(index) = listed.binary_search_by_key(&Some(number), |listed| listed.part_number) else {
            return refuse(ErrorKind::NotFound, format!("part {number} was never uploaded"));
        };
        let has = stored(store, &listed[index])?;
        if part.plain_etag().is_some_and(|etag| has.etag.as_deref() != Some(etag)) {
            let message = format!("part {number} is not the one with this ETag; upload it again");
            return refuse(ErrorKind::Precondition, message);
        }
        found.push((number, has.size, listed[index].e_tag.clone()));
    }
    let but_last = found.len().saturating_sub(1);
    if let Some((number, size, _)) = found.iter().take(but_last).find(|(_, size, _)| *size < MIN_PART) {
        let message =
            format!("part {number} has {size} bytes; all parts but the last need at least {MIN_PART}");
        return refuse(ErrorKind::SizeMismatch, message);
    }
    let size = found.iter().fold(0_u64, |sum, (_, size, _)| sum.saturating_add(*size));
    if size != expected_size {
        let message = format!("the parts have {size} bytes together; {expected_size} were announced");
        return refuse(ErrorKind::SizeMismatch, message);
    }
    let completed = found
        .into_iter()
        .map(|(number, _, etag)| CompletedPart::builder().part_number(number).set_e_tag(etag).build());
    Ok(completed.collect())
}

pub(super) async fn abort(store: &S3Store, upload: &PartUpload) -> Result<()> {
    let bucket = &store.bucket;
    let request = bucket.client.abort_multipart_upload().bucket(&*bucket.name);
    match request.key(store.full_key(&upload.target)).upload_id(&upload.id).send().await {
        Ok(_) => Ok(()),
        Err(error) if is_ended(&error) => Ok(()),
        Err(error) => Err(bucket.fault("abort an upload", error)),
    }
}

pub(super) async fn presign_get(
    store: &S3Store,
    key: &ObjectKey,
    overrides: &ResponseOverrides,
    lifetime: Duration,
) -> Result<PresignedUrl> {
    let bucket = &store.bucket;
    let request = bucket
        .client
        .get_object()
        .bucket(&*bucket.name)
        .key(store.full_key(key))
        .set_response_cache_control(overrides.cache_control.clone())
        .set_response_content_disposition(overrides.content_disposition.clone())
        .set_response_content_type(overrides.content_type.clone());
    let signed = request.presigned(config(lifetime)?).await;
    Ok(url(signed.map_err(|error| bucket.fault("presign a download", error))?))
}

pub(super) async fn presign_put(
    store: &S3Store,
    key: &ObjectKey,
    size: u64,
    lifetime: Duration,
) -> Result<PresignedUrl> {
    let bucket = &store.bucket;
    let request = bucket.client.put_object().bucket(&*bucket.name).key(store.full_key(key));
    let signed = request.content_length(length(size)?).presigned(config(lifetime)?).await;
    Ok(url(signed.map_err(|error| bucket.fault("presign an upload", error))?))
}

pub(super) async fn presign_part(
    store: &S3Store,
    upload: &PartUpload,
    number: u32,
    size: u64,
    lifetime: Duration,
) -> Result<PresignedUrl> {
    let bucket = &store.bucket;
    let request = bucket.client.upload_part().bucket(&*bucket.name).key(store.full_key(&upload.target));
    let request = request.upload_id(&upload.id).part_number(number_of(number)?).content_length(length(size)?);
    let signed = request.presigned(config(lifetime)?).await;
    Ok(url(signed.map_err(|error| bucket.fault("presign a part", error))?))
}

fn config(lifetime: Duration) -> Result<PresigningConfig> {
    check_lifetime(lifetime)?;
    PresigningConfig::expires_in(lifetime)
        .map_err(|error| StorageError::new(ErrorKind::InvalidArgument, "no such lifetime").with_source(error))
}

/// All that is signed beside the query are `host` and `content-length`, which browsers send by themselves.
fn url(signed: PresignedRequest) -> PresignedUrl {
    PresignedUrl::new(signed.uri().to_owned())
}

fn length(size: u64) -> Result<i64> {
    i64::try_from(size).map_err(|_| StorageError::new(ErrorKind::Full, "S3 takes no object of this size"))
}

fn number_of(number: u32) -> Result<i32> {
    check_number(number)?;
    Ok(i32::try_from(number).expect("a checked number is small"))
}

fn ended(upload: &PartUpload) -> StorageError {
    let message = format!("the upload of `{}` is not there any more; begin another one", upload.target);
    StorageError::new(ErrorKind::NotFound, message)
}
