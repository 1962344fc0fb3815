//! GET and HEAD (wire contract §5.4, §5.5): what S3 says about its answer is compared with what was asked.

use std::error::Error;
use std::num::NonZeroU64;

use aws_sdk_s3::primitives::ByteStream as SdkStream;
use futures_util::stream;

use super::fault::is_absent;
use super::{Bucket, S3Store};
use crate::protocol::{ByteRange, ObjectKey, ResolvedRange};
use crate::storage::{BodyError, ByteStream, ErrorKind, ObjectMeta, ObjectReader, Result, StorageError};

/// What a HEAD tells.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) meta: ObjectMeta,
    /// Names this version of the object.
    pub(super) etag: Option<String>,
}

/// Size, type and version of `key`.
pub(super) async fn head(store: &S3Store, key: &ObjectKey) -> Result<Head> {
    let bucket = &store.bucket;
    let request = bucket.client.head_object().bucket(&*bucket.name).key(store.full_key(key));
    let head = match request.send().await {
        Ok(head) => head,
        Err(error) if is_absent(&error) => return Err(absent(key)),
        Err(error) => return Err(bucket.fault(&format!("look up object `{key}`"), error)),
    };
    let size = announced(bucket, head.content_length)?;
    Ok(Head { meta: ObjectMeta { size, content_type: head.content_type }, etag: head.e_tag })
}

/// Opens `key`, or the part of it that `range` names.
pub(super) async fn get(store: &S3Store, key: &ObjectKey, range: Option<ByteRange>) -> Result<ObjectReader> {
    let bucket = &store.bucket;
    let request = bucket.client.get_object().bucket(&*bucket.name).key(store.full_key(key));
    let reply = match request.set_range(range.map(range_header)).send().await {
        Ok(reply) => reply,
        Err(error) if is_absent(&error) => return Err(absent(key)),
        Err(error) => return Err(bucket.fault(&format!("read object `{key}`"), error)),
    };
    let length = announced(bucket, reply.content_length)?;
    let range = match range {
        None => None,
        Some(range) => Some(sent_range(bucket, range, length, reply.content_range.as_deref())?),
    };
    let size = range.map_or(length, |range| range.total);
    Ok(ObjectReader {
        meta: ObjectMeta { size, content_type: reply.content_type },
        range,
        body: exactly(length, reply.body),
    })
}

fn absent(key: &ObjectKey) -> StorageError {
    StorageError::new(ErrorKind::NotFound, format!("object `{key}` does not exist"))
}

/// The length that an answer must carry.
pub(super) fn announced(bucket: &Bucket, length: Option<i64>) -> Result<u64> {
    length.and_then(|length| u64::try_from(length).ok()).ok_or_else(|| bucket.nonsense("no length"))
}

/// The value of `Range` for `range`.
pub(super) fn range_header(range: ByteRange) -> String {
    match range {
        ByteRange::From { start, length: None } => format!("bytes={start}-"),
        ByteRange::From { start, length: Some(length) } => {
            // No object is that large, but servers parse into 63 bits.
            let end = start.saturating_add(length.get() - 1).min(i64::MAX.unsigned_abs());
            format!("bytes={start}-{end}")
        }
        ByteRange::Last(count) => format!("bytes=-{count}"),
    }
}

/// What came for `range`: exactly that, or an error. `length` bytes follow.
fn sent_range(
    bucket: &Bucket,
    range: ByteRange,
    length: u64,
    content_range: Option<&str>,
) -> Result<ResolvedRange> {
    let total = match content_range {
        Some(value) => total_of(value).ok_or_else(|| bucket.nonsense("an unreadable Content-Range"))?,
        // The whole object, which is right when that is what the range spans.
        None => length,
    };
    let wanted = range
        .resolve(total)
        .map_err(|error| StorageError::new(ErrorKind::RangeNotSatisfiable, error.to_string()))?;
    let is_wanted = match content_range {
        Some(value) => value == wanted.content_range(),
        None => wanted.byte_count() == total,
    };
    if !is_wanted || wanted.byte_count() != length {
        return Err(bucket.nonsense("another part of the object than was asked for"));
    }
    Ok(wanted)
}

fn total_of(content_range: &str) -> Option<u64> {
    content_range.strip_prefix("bytes ")?.split_once('/')?.1.parse().ok()
}

/// The `length` bytes of `body`; an error when there are fewer, or more.
pub(super) fn exactly(length: u64, body: SdkStream) -> ByteStream {
    Box::pin(stream::try_unfold((length, body), |(remaining, mut body)| async move {
        if remaining == 0 {
            return Ok(None);
        }
        let piece = match body.next().await {
            Some(piece) => piece.map_err(|error| cut_off(error.into()))?,
            None => return Err(cut_off(format!("{remaining} bytes are missing").into())),
        };
        match remaining.checked_sub(piece.len() as u64) {
            Some(remaining) => Ok(Some((piece, (remaining, body)))),
            None => Err(cut_off("more bytes than announced".into())),
        }
    }))
}

/// Silence is told apart from everything else that ends a body early.
fn cut_off(error: Box<dyn Error + Send + Sync>) -> BodyError {
    let mut next: Option<&(dyn Error + 'static)> = Some(&*error);
    while let Some(cause) = next {
        if let Some(BodyError::Stalled(waited)) = cause.downcast_ref::<BodyError>() {
            return BodyError::Stalled(*waited);
        }
        next = cause.source();
    }
    BodyError::Interrupted(error)
}

/// The range of `length` bytes from `start`.
pub(super) fn slice(start: u64, length: NonZeroU64) -> ByteRange {
    ByteRange::From { start, length: Some(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_spelled_as_http_spells_them() {
        for text in ["bytes=0-0", "bytes=5-", "bytes=-9", "bytes=7-1000"] {
            let range = ByteRange::parse_header(text).expect(text);
            assert_eq!(range_header(range), text);
        }
        let endless = slice(1, NonZeroU64::MAX);
        assert_eq!(range_header(endless), format!("bytes=1-{}", i64::MAX));
    }
}
