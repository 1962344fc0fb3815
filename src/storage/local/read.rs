//! GET and HEAD (wire contract §5.4, §5.5). A reader holds an open file, so it sees one whole version of the object
//! whatever happens to the key meanwhile.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use rustix::buffer::spare_capacity;
use rustix::fs::{Advice, fadvise};
use rustix::io::{Errno, pread};
use tokio::task::{JoinHandle, spawn_blocking};

use super::blocking::blocking;
use super::fault::fault;
use super::tree::Tree;
use super::{LARGE_PIECE, SMALL_OBJECT};
use crate::protocol::{ByteRange, ObjectKey, ResolvedRange};
use crate::storage::{BodyError, ByteStream, ErrorKind, ObjectMeta, ObjectReader, Result, StorageError};

/// Size of the object.
pub(super) async fn head(tree: Arc<Tree>, key: ObjectKey) -> Result<ObjectMeta> {
    blocking(move |_| {
        if tree.is_reserved(&key) {
            return Err(tree.read_fault(&key, Errno::NOENT.into()));
        }
        let found = tree.metadata(key.as_str()).map_err(|e| tree.read_fault(&key, e))?;
        if !found.is_file() {
            return Err(tree.read_fault(&key, Errno::NOENT.into()));
        }
        Ok(ObjectMeta { size: found.len(), content_type: None })
    })
    .await
}

/// Opens the object. The first piece is read in the same trip to the blocking pool, so a small object takes one.
pub(super) async fn get(tree: Arc<Tree>, key: ObjectKey, range: Option<ByteRange>) -> Result<ObjectReader> {
    let (opened, first) = blocking(move |_| {
        let mut opened = open(&tree, &key, range)?;
        let first = opened.rest.read().map_err(|e| fault(&format!("read object `{key}`"), e))?;
        Ok((opened, first))
    })
    .await?;
    Ok(ObjectReader {
        meta: ObjectMeta { size: opened.size, content_type: None },
        range: opened.range,
        body: body(first, opened.rest),
    })
}

/// An opened object and what is to be sent of it.
struct Opened {
    size: u64,
    range: Option<ResolvedRange>,
    rest: Slice,
}

fn open(tree: &Tree, key: &ObjectKey, range: Option<ByteRange>) -> Result<Opened> {
    if tree.is_reserved(key) {
        return Err(tree.read_fault(key, Errno::NOENT.into()));
    }
    let file = tree.open_for_reading(key.as_str()).map_err(|e| tree.read_fault(key, e))?;
    let found = file.metadata().map_err(|e| tree.read_fault(key, e))?;
    if !found.is_file() {
        return Err(tree.read_fault(key, Errno::NOENT.into()));
    }
    let size = found.len();
    let range = range
        .map(|range| range.resolve(size))
        .transpose()
        .map_err(|e| StorageError::new(ErrorKind::RangeNotSatisfiable, e.to_string()))?;
    let (start, end) = range.map_or((0, size), |range| (range.start, range.end + 1));
    let rest = Slice { file, next: start, end };
    rest.announce();
    Ok(Opened { size, range, rest })
}

/// The bytes of an open file that are still to be read: from `next` up to, not including, `end`.
struct Slice {
    file: File,
    next: u64,
    end: u64,
}

impl Slice {
    /// Tells the kernel to read ahead, when that can pay.
    fn announce(&self) {
        let length = self.end - self.next;
        if length > SMALL_OBJECT {
            // Advice only: a file system that does not take it reads as well without.
            let _ = fadvise(&self.file, self.next, NonZeroU64::new(length), Advice::Sequential);
        }
    }

    fn is_empty(&self) -> bool {
        self.next == self.end
    }

    /// The next piece, as large as it may be. A file that has become shorter is an error, never a short answer.
    fn read(&mut self) -> io::Result<Bytes> {
        let left = self.end - self.next;
        let wanted = if left <= SMALL_OBJECT { left } else { left.min(LARGE_PIECE as u64) } as usize;
        let mut piece = Vec::with_capacity(wanted);
        while piece.len() < wanted {
            match pread(&self.file, spare_capacity(&mut piece), self.next) {
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the file became shorter while it was read",
                    ));
                }
                Ok(count) => self.next += count as u64,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        // A vector may have more room than it was asked for, and the read fills all of it.
        self.next -= (piece.len() - wanted) as u64;
        piece.truncate(wanted);
        Ok(piece.into())
    }
}

/// What a body yields next.
enum Ahead {
    /// Already read, with what is left behind it.
    Ready(Bytes, Slice),
    /// Being read while the consumer is busy with the piece before.
    Reading(JoinHandle<io::Result<(Bytes, Slice)>>),
}

/// The `first` piece and then the `rest`, one piece read ahead of the consumer and never more.
fn body(first: Bytes, rest: Slice) -> ByteStream {
    if first.is_empty() {
        return Box::pin(stream::empty());
    }
    if rest.is_empty() {
        return Box::pin(stream::once(async move { Ok(first) }));
    }
    Box::pin(stream::try_unfold(Some(Ahead::Ready(first, rest)), |ahead| async move {
        let (piece, rest) = match ahead {
            None => return Ok(None),
            Some(Ahead::Ready(piece, rest)) => (piece, rest),
            Some(Ahead::Reading(read)) => read
                .await
                .map_err(|cause| BodyError::Interrupted(cause.into()))?
                .map_err(|cause| BodyError::Interrupted(cause.into()))?,
        };
        Ok(Some((piece, (!rest.is_empty()).then(|| read_ahead(rest)))))
    }))
}

fn read_ahead(mut rest: Slice) -> Ahead {
    Ahead::Reading(spawn_blocking(move || rest.read().map(|piece| (piece, rest))))
}
