//! Objects that arrive in parts, in any order and at any time, and become one object at the end.
//!
//! S3 has such uploads itself. Every other store keeps each part as an object of its own, `uploads/<id>/parts/<n>`
//! (wire contract §10.2), and composes them; that is the code here.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{ByteStream, ErrorKind, ObjectStore, PresignedUrl, Result, StorageError};
use crate::protocol::ObjectKey;

/// Most parts of one upload: what S3 takes.
pub const MAX_PARTS: u32 = 10_000;
/// Small calls of one operation at the same time.
const PARALLEL_CALLS: usize = 16;

/// An upload in parts. It lives in the store until it is completed or aborted, whatever becomes of the process that
/// began it; whoever begins one keeps both members where they survive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartUpload {
    /// The object that the parts become. Nothing else may write this key, before, meanwhile or later: what lies there
    /// with the right size is taken for the result of this upload.
    pub target: ObjectKey,
    /// What the store calls the upload.
    pub id: String,
}

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// From 1.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// What the store calls this content, without quotes; `None` where a listing does not say.
    pub etag: Option<String>,
}

/// A part that belongs to the finished object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenPart {
    /// From 1.
    pub number: u32,
    /// The ETag that the sender of the part got, quotes or not. S3 refuses another one; other stores cannot tell and go
    /// by the sizes.
    pub etag: Option<String>,
}

impl ChosenPart {
    /// The ETag as it is compared: without quotes and mark of weakness.
    pub(super) fn plain_etag(&self) -> Option<&str> {
        self.etag.as_deref().map(plain_etag)
    }
}

/// An ETag without quotes and mark of weakness.
pub(super) fn plain_etag(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/").trim_matches('"')
}

/// Refuses a number that no store takes.
pub(super) fn check_number(number: u32) -> Result<()> {
    if (1..=MAX_PARTS).contains(&number) {
        return Ok(());
    }
    let message = format!("part {number} is none; parts are numbered from 1 to {MAX_PARTS}");
    Err(StorageError::new(ErrorKind::InvalidArgument, message))
}

/// The parts in their order; refuses none, one twice, and numbers that are none.
pub(super) fn in_order(parts: &[ChosenPart]) -> Result<Vec<ChosenPart>> {
    let refuse = |message: String| Err(StorageError::new(ErrorKind::InvalidArgument, message));
    if parts.is_empty() {
        return refuse("an upload has at least one part".to_owned());
    }
    let mut sorted = parts.to_vec();
    sorted.sort_unstable_by_key(|part| part.number);
    for part in &sorted {
        check_number(part.number)?;
    }
    match sorted.windows(2).find(|pair| pair[0].number == pair[1].number) {
        Some(pair) => refuse(format!("part {} is named twice", pair[0].number)),
        None => Ok(sorted),
    }
}

/// Whether the target is there with the size that it is to have: then an earlier completion went through, and only its
/// answer was lost.
pub(super) async fn is_done<S: ObjectStore + ?Sized>(store: &S, target: &ObjectKey, size: u64) -> bool {
    store.head(target).await.is_ok_and(|meta| meta.size == size)
}

pub(super) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

fn key_of(upload: &PartUpload, number: u32) -> Result<ObjectKey> {
    check_number(number)?;
    below(upload, &format!("/{number}"))
}

fn below(upload: &PartUpload, rest: &str) -> Result<ObjectKey> {
    ObjectKey::parse(&format!("uploads/{}/parts{rest}", upload.id))
        .map_err(|error| StorageError::new(ErrorKind::InvalidArgument, error.to_string()))
}

pub(super) async fn put<S: ObjectStore + ?Sized>(
    store: &S,
    upload: &PartUpload,
    number: u32,
    size: u64,
    body: ByteStream,
) -> Result<StoredPart> {
    let stored = store.put(&key_of(upload, number)?, size, body).await?;
    Ok(StoredPart { number, size: stored.size, etag: stored.sha256 })
}

pub(super) async fn presign<S: ObjectStore + ?Sized>(
    store: &S,
    upload: &PartUpload,
    number: u32,
    size: u64,
    lifetime: Duration,
) -> Result<PresignedUrl> {
    store.presign_put(&key_of(upload, number)?, size, lifetime).await
}

pub(super) async fn list<S: ObjectStore + ?Sized>(store: &S, upload: &PartUpload) -> Result<Vec<StoredPart>> {
    let prefix = below(upload, "")?;
    let keys = store.list_up_to(MAX_PARTS as usize, Some(&prefix)).await?;
    let numbers = keys.iter().filter_map(|key| key.rsplit('/').next()?.parse::<u32>().ok());
    // Owned: a closure over references gives futures that are not `Send` for every lifetime.
    let mut numbers: Vec<u32> = numbers.filter(|number| check_number(*number).is_ok()).collect();
    numbers.sort_unstable();
    let looks = numbers.into_iter().map(|number| async move {
        match store.head(&key_of(upload, number)?).await {
            Ok(meta) => Ok(Some(StoredPart { number, size: meta.size, etag: None })),
            // Removed since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    let found: Vec<Option<StoredPart>> = stream::iter(looks).buffered(PARALLEL_CALLS).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

pub(super) async fn complete<S: ObjectStore + ?Sized>(
    store: &S,
    upload: &PartUpload,
    parts: &[ChosenPart],
    expected_size: u64,
) -> Result<u64> {
    let parts = in_order(parts)?;
    let keys: Vec<ObjectKey> = parts.iter().map(|part| key_of(upload, part.number)).collect::<Result<_>>()?;
    match store.compose(&upload.target, &keys, expected_size).await {
        // Parts that are gone, and an answer that never came, are also what a finished completion looks like.
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Transient)
                && is_done(store, &upload.target, expected_size).await =>
        {
            // An ended process, or a part that came late, may have left some.
            if let Err(error) = abort(store, upload).await {
                tracing::warn!(upload = upload.id, "parts of a finished upload stay for now: {error}");
            }
            Ok(expected_size)
        }
        other => other,
    }
}

pub(super) async fn abort<S: ObjectStore + ?Sized>(store: &S, upload: &PartUpload) -> Result<()> {
    let keys: BTreeSet<String> =
        store.list_up_to(MAX_PARTS as usize, Some(&below(upload, "")?)).await?.into_iter().collect();
    let removals = keys.into_iter().map(|key| async move {
        let key = ObjectKey::parse(&key)
            .map_err(|error| StorageError::new(ErrorKind::InvalidArgument, error.to_string()))?;
        store.delete(&key).await
    });
    stream::iter(removals).buffer_unordered(PARALLEL_CALLS).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(numbers: &[u32]) -> Vec<ChosenPart> {
        numbers.iter().map(|&number| ChosenPart { number, etag: None }).collect()
    }

    #[test]
    fn parts_are_put_in_order_and_none_may_stand_twice() {
        let sorted = in_order(&chosen(&[3, 1, 2])).expect("parts");
        assert_eq!(sorted, chosen(&[1, 2, 3]));
        for (bad, hint) in [
            (chosen(&[]), "at least one part"),
            (chosen(&[2, 1, 2]), "part 2 is named twice"),
            (chosen(&[0]), "part 0"),
            (chosen(&[MAX_PARTS + 1]), "part 10001"),
        ] {
            let error = in_order(&bad).expect_err(hint);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(hint), "{error}");
        }
    }

    #[test]
    fn etags_are_compared_without_their_dress() {
        for etag in ["abc", "\"abc\"", "W/\"abc\"", " \"abc\" "] {
            assert_eq!(plain_etag(etag), "abc");
        }
    }
}
