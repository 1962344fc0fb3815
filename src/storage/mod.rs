//! Where objects live. One trait, `ObjectStore`, and its implementations: `local` directories, `s3` buckets and
//! `remote` followers.
//!
//! This module knows bytes, keys and the kinds of failure. It knows no users, no database and no web
//! framework; callers map `StorageError` to their own answers.

mod announced_body;
#[cfg(test)]
pub(crate) mod contract;
mod error;
pub mod local;
mod parts;
mod presigned;
pub mod remote;
pub mod s3;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use futures_util::{Stream, StreamExt, stream};

pub use self::error::{ErrorKind, StorageError};
pub use self::parts::{ChosenPart, MAX_PARTS, PartUpload, StoredPart};
pub use self::presigned::{MAX_LIFETIME, PresignedUrl};
use crate::protocol::{ByteRange, ObjectKey, ResolvedRange};
pub use crate::protocol::{Capacity, ResponseOverrides};

/// Result of every storage call.
pub type Result<T> = std::result::Result<T, StorageError>;

/// Why a body ended early. The source of a stream (a client's connection, a follower, a disk) reports this; the
/// consumer decides what it means.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The sender went away or sent something that is not a body.
    #[error("the sender stopped before the end of the body")]
    Interrupted(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing arrived for longer than the caller was willing to wait.
    #[error("no data arrived for {} s", .0.as_secs())]
    Stalled(Duration),
}

/// Bytes on their way into or out of a store. Pieces may have any size; a store regroups them as it needs.
pub type ByteStream = Pin<Box<dyn Stream<Item = std::result::Result<Bytes, BodyError>> + Send>>;

/// What a store knows after a complete write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Bytes written.
    pub size: u64,
    /// Lower-case hex SHA-256 of the content. `None` only from a peer that did not send one.
    pub sha256: Option<String>,
}

/// What a store knows about an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Size in bytes.
    pub size: u64,
    /// MIME type as the back end keeps it; local directories keep none.
    pub content_type: Option<String>,
}

/// An opened object: its metadata, the part of it that will be sent, and the bytes of exactly that part.
pub struct ObjectReader {
    /// Metadata of the whole object.
    pub meta: ObjectMeta,
    /// The slice that `body` yields; `None` when the whole object was asked for.
    pub range: Option<ResolvedRange>,
    /// Exactly the bytes of the slice, all of one version of the object. An item `Err` means the reader must not treat
    /// what it got as complete; a server may break off when that version is replaced or removed meanwhile.
    pub body: ByteStream,
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectReader")
            .field("meta", &self.meta)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Keys in the order of their bytes. An item `Err` is the last one: what came before is not the whole listing.
pub type KeyStream = Pin<Box<dyn Stream<Item = Result<String>> + Send>>;

/// The stream of a listing that is in memory already.
fn listed(keys: Vec<String>) -> KeyStream {
    Box::pin(stream::iter(keys.into_iter().map(Ok)))
}

/// A place that keeps objects under keys.
///
/// Rules every implementation holds: an object is whole or absent; a successful `put` or `compose` is durable (as
/// durable as the store is configured to be) before it returns; of concurrent writers of one key one whole winner
/// remains; a failed or cancelled call (its future dropped) leaves nothing visible; memory does not grow with
/// object size.
pub trait ObjectStore: fmt::Debug + Send + Sync + 'static {
    /// Whether objects can be stored right now, as far as that can be told without storing one; the error says why
    /// not. A store that cannot tell says nothing.
    fn look<'a>(&'a self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    /// Writes the object, replacing one of the same key. `size` is exact: fewer bytes than that are
    /// [`ErrorKind::SizeMismatch`] and nothing is stored or replaced; bytes after it are not read.
    fn put<'a>(&'a self, key: &'a ObjectKey, size: u64, body: ByteStream) -> BoxFuture<'a, Result<Stored>>;

    /// Opens the object, or the part that `range` names. Errors: [`ErrorKind::NotFound`];
    /// [`ErrorKind::RangeNotSatisfiable`] when the range starts at or behind the end.
    fn get<'a>(&'a self, key: &'a ObjectKey, range: Option<ByteRange>)
    -> BoxFuture<'a, Result<ObjectReader>>;

    /// Size and type of the object. Errors: [`ErrorKind::NotFound`].
    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<ObjectMeta>>;

    /// Removes the object. An object that is not there counts as removed.
    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<()>>;

    /// All keys at or below `prefix` (whole path segments; `None` is everything), sorted by bytes.
    /// Objects that come or go meanwhile may be listed or not.
    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, Result<KeyStream>>;

    /// The same in memory, for callers that can hold `most` keys; more are [`ErrorKind::InvalidArgument`].
    fn list_up_to<'a>(
        &'a self,
        most: usize,
        prefix: Option<&'a ObjectKey>,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let mut stream = self.list(prefix).await?;
            let mut keys = Vec::new();
            while let Some(key) = stream.next().await {
                if keys.len() == most {
                    let message = format!("more than {most} keys to list; list a narrower prefix");
                    return Err(StorageError::new(ErrorKind::InvalidArgument, message));
                }
                keys.push(key?);
            }
            Ok(keys)
        })
    }

    /// Concatenates `parts` in order into `target`, which is replaced; then removes the parts, best effort.
    /// The sum of the part sizes must be `expected_size`, else [`ErrorKind::SizeMismatch`]; a missing part is
    /// [`ErrorKind::NotFound`]. After a failure the parts are as they were and an earlier target is untouched.
    /// `target` must not be among the parts ([`ErrorKind::InvalidArgument`]). Returns the bytes of the target.
    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>>;

    /// Free and total space, not older than a second; `None` when the store does not know.
    fn capacity(&self) -> BoxFuture<'_, Result<Option<Capacity>>> {
        Box::pin(future::ready(Ok(None)))
    }

    /// A URL for a GET of the object, with headers of its reply as `overrides` says. Whether the object is there is not
    /// looked at. It works for `lifetime`, a second to [`MAX_LIFETIME`] ([`ErrorKind::InvalidArgument`]).
    /// [`ErrorKind::Unsupported`] from a store that browsers cannot reach.
    fn presign_get<'a>(
        &'a self,
        _key: &'a ObjectKey,
        _overrides: &'a ResponseOverrides,
        _lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(future::ready(Err(presigned::unsupported())))
    }

    /// A URL for a PUT of the object with a body of `size` bytes; errors as for [`ObjectStore::presign_get`]. A body of
    /// another size is refused by S3 and by followers of this build; older followers take it, so the size is looked at
    /// afterwards. The reply has an `ETag` that browsers may read.
    fn presign_put<'a>(
        &'a self,
        _key: &'a ObjectKey,
        _size: u64,
        _lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(future::ready(Err(presigned::unsupported())))
    }

    /// Begins an upload in parts that become `target`. After an error begin with another target: the upload may exist
    /// all the same, and is then removed by its key.
    fn begin_parts<'a>(&'a self, target: &'a ObjectKey) -> BoxFuture<'a, Result<PartUpload>> {
        Box::pin(future::ready(Ok(PartUpload { target: target.clone(), id: parts::new_id() })))
    }

    /// Stores a part, 1 to [`MAX_PARTS`], replacing one of the same number; `size` and `body` as for
    /// [`ObjectStore::put`]. S3 takes parts of 5 MiB to 64 MiB here, the last one may be smaller.
    fn put_part<'a>(
        &'a self,
        upload: &'a PartUpload,
        number: u32,
        size: u64,
        body: ByteStream,
    ) -> BoxFuture<'a, Result<StoredPart>> {
        Box::pin(parts::put(self, upload, number, size, body))
    }

    /// A URL for a PUT of a part; as [`ObjectStore::presign_put`].
    fn presign_part<'a>(
        &'a self,
        upload: &'a PartUpload,
        number: u32,
        size: u64,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(parts::presign(self, upload, number, size, lifetime))
    }

    /// The parts that have arrived, by number. Costs a call for each part but on S3.
    fn list_parts<'a>(&'a self, upload: &'a PartUpload) -> BoxFuture<'a, Result<Vec<StoredPart>>> {
        Box::pin(parts::list(self, upload))
    }

    /// Makes the target of `parts`, which have `expected_size` bytes together, else [`ErrorKind::SizeMismatch`]. A part
    /// that is not there is [`ErrorKind::NotFound`], one with another ETag [`ErrorKind::Precondition`]. Repeating it
    /// after a success, or after an answer that was lost, is a success. After a failure all parts are as they were.
    fn complete_parts<'a>(
        &'a self,
        upload: &'a PartUpload,
        parts: &'a [ChosenPart],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(parts::complete(self, upload, parts, expected_size))
    }

    /// Removes all parts; a completed target stays. Repeating it is a success. Parts whose PUT is still under way may
    /// come later, so it is called again when the last presigned URL has expired.
    fn abort_parts<'a>(&'a self, upload: &'a PartUpload) -> BoxFuture<'a, Result<()>> {
        Box::pin(parts::abort(self, upload))
    }

    /// Removes what is unfinished of `target` and has no name that anybody knows: its writer ended between the store's
    /// answer and the note of it. Only for keys that nobody writes any more. Stores whose unfinished writes are objects,
    /// or go by themselves, have nothing to do.
    fn abort_unfinished<'a>(&'a self, _target: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(future::ready(Ok(())))
    }
}

/// A store as the roles pass it around.
pub type SharedStore = Arc<dyn ObjectStore>;
