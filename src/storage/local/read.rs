//! GET and HEAD (wire contract §5.4, §5.5). A reader holds an open file, so it sees one whole version of the object
//! whatever happens to the key meanwhile.
//!
//! What the kernel can answer from its caches is answered on the async worker, by calls that refuse to wait
//! (`RESOLVE_CACHED`, `RWF_NOWAIT`). Everything else, errors included, goes to the blocking pool.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use rustix::fs::{Advice, OFlags, fadvise};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};
use tokio::task::{JoinHandle, spawn_blocking};

use super::PIECE;
use super::blocking::blocking;
use super::buffer::Buffer;
use super::fault::fault;
use super::tree::Tree;
use crate::protocol::{ByteRange, ObjectKey, ResolvedRange};
use crate::storage::{BodyError, ByteStream, ErrorKind, ObjectMeta, ObjectReader, Result, StorageError};

/// How an object is opened on an async worker: without waiting for whatever stands there, and without the write to
/// the disk that noting the time of access may take. Only a file's owner may ask for the latter; other files are
/// read on the blocking pool.
const READ: OFlags = OFlags::NOATIME.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// How far the kernel is asked to read ahead of a reader that waits for the disk.
const READ_AHEAD: NonZeroU64 = NonZeroU64::new(1024 * 1024).expect("not zero");

/// Size of the object.
pub(super) async fn head(tree: Arc<Tree>, key: &ObjectKey) -> Result<ObjectMeta> {
    if let Some((_, size)) = cached_object(&tree, key, OFlags::PATH) {
        return Ok(ObjectMeta { size, content_type: None });
    }
    let key = key.clone();
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

/// Opens the object and reads its first piece, so that a small object is complete with it.
pub(super) async fn get(tree: Arc<Tree>, key: &ObjectKey, range: Option<ByteRange>) -> Result<ObjectReader> {
    let unread = match cached_object(&tree, key, READ) {
        Some((file, size)) => {
            let mut opened = Opened::new(file, size, range)?;
            if let Some(first) = opened.rest.read_cached().map_err(|e| unreadable(key, e))? {
                return Ok(opened.into_reader(first, true));
            }
            Some(opened)
        }
        None => None,
    };
    let key = key.clone();
    let (opened, first) = blocking(move |_| {
        let mut opened = unread.map_or_else(|| open(&tree, &key, range), Ok)?;
        let first = opened.rest.read().map_err(|e| unreadable(&key, e))?;
        Ok((opened, first))
    })
    .await?;
    Ok(opened.into_reader(first, false))
}

/// The object and its size, if the kernel finds both without waiting.
fn cached_object(tree: &Tree, key: &ObjectKey, flags: OFlags) -> Option<(File, u64)> {
    if tree.is_reserved(key) {
        return None;
    }
    let file = tree.open_cached(key.as_str(), flags)?;
    let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some((file, found.len()))
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
    Opened::new(file, found.len(), range)
}

fn unreadable(key: &ObjectKey, cause: io::Error) -> StorageError {
    fault(&format!("read object `{key}`"), cause)
}

/// An opened object and what is to be sent of it.
struct Opened {
    size: u64,
    range: Option<ResolvedRange>,
    rest: Slice,
}

impl Opened {
    fn new(file: File, size: u64, range: Option<ByteRange>) -> Result<Self> {
        let range = range
            .map(|range| range.resolve(size))
            .transpose()
            .map_err(|e| StorageError::new(ErrorKind::RangeNotSatisfiable, e.to_string()))?;
        let (next, end) = range.map_or((0, size), |range| (range.start, range.end + 1));
        Ok(Self { size, range, rest: Slice::new(file, next, end) })
    }

    fn into_reader(self, first: Bytes, cached: bool) -> ObjectReader {
        ObjectReader {
            meta: ObjectMeta { size: self.size, content_type: None },
            range: self.range,
            body: body(first, self.rest, cached),
        }
    }
}

/// The bytes of an open file that are still to be read: from `next` up to, not including, `end`.
struct Slice {
    file: File,
    next: u64,
    end: u64,
    /// Where the next piece goes; its first `filled` bytes are there, and `next` stands behind them.
    buffer: Buffer,
    filled: usize,
}

impl Slice {
    fn new(file: File, next: u64, end: u64) -> Self {
        if end - next > PIECE as u64 {
            // Advice only: a file system that does not take it reads as well without.
            let _ = fadvise(&file, next, NonZeroU64::new(end - next), Advice::Sequential);
        }
        Self { file, next, end, buffer: Buffer::default(), filled: 0 }
    }

    fn is_empty(&self) -> bool {
        self.next == self.end
    }

    /// The next piece if all of it is in the page cache; never waits. `None` leaves what was there in the buffer.
    fn read_cached(&mut self) -> io::Result<Option<Bytes>> {
        let filled = self
            .fill(|file, rest, at| preadv2(file, &mut [IoSliceMut::new(rest)], at, ReadWriteFlags::NOWAIT));
        match filled {
            Ok(piece) => Ok(Some(piece)),
            // Not cached, or a file system that cannot tell.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(None),
            Err(errno) => Err(explain(errno)),
        }
    }

    /// The next piece. Waits for the disk, and asks it for the pieces behind.
    fn read(&mut self) -> io::Result<Bytes> {
        if self.end - self.next > PIECE as u64 {
            let _ = fadvise(&self.file, self.next, Some(READ_AHEAD), Advice::WillNeed);
        }
        self.fill(|file, rest, at| pread(file, rest, at)).map_err(explain)
    }

    /// Fills the next piece, as large as it may be, with `read`.
    fn fill(
        &mut self,
        read: impl Fn(&File, &mut [u8], u64) -> rustix::io::Result<usize>,
    ) -> rustix::io::Result<Bytes> {
        let wanted = (PIECE as u64).min(self.end - self.next + self.filled as u64) as usize;
        let piece = self.buffer.prepare(wanted);
        while self.filled < wanted {
            match read(&self.file, &mut piece[self.filled..], self.next) {
                Ok(0) => return Err(Errno::NODATA),
                Ok(count) => {
                    self.filled += count;
                    self.next += count as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        self.filled = 0;
        Ok(self.buffer.share(wanted))
    }
}

/// A file that has become shorter is an error, never a short answer.
fn explain(errno: Errno) -> io::Error {
    if errno == Errno::NODATA {
        let message = "the file became shorter while it was read";
        return io::Error::new(io::ErrorKind::UnexpectedEof, message);
    }
    errno.into()
}

/// A piece, what is left behind it, and whether the piece was in the page cache.
type Read = (Bytes, Slice, bool);

/// What a body yields next.
enum Ahead {
    /// Already read.
    Ready(Read),
    /// The piece before was in the page cache, so this one may be.
    Cached(Slice),
    /// Being read while the consumer is busy with the piece before.
    Reading(JoinHandle<io::Result<Read>>),
}

/// The `first` piece and then the `rest`. From the disk, one piece is read ahead of the consumer and never more.
fn body(first: Bytes, rest: Slice, cached: bool) -> ByteStream {
    if first.is_empty() {
        return Box::pin(stream::empty());
    }
    if rest.is_empty() {
        return Box::pin(stream::once(async move { Ok(first) }));
    }
    Box::pin(stream::try_unfold(Some(Ahead::Ready((first, rest, cached))), |ahead| async move {
        let Some(ahead) = ahead else { return Ok(None) };
        let (piece, rest, cached) =
            ahead.piece().await.map_err(|cause| BodyError::Interrupted(cause.into()))?;
        let ahead = (!rest.is_empty())
            .then(|| if cached { Ahead::Cached(rest) } else { Ahead::Reading(read_on_the_pool(rest)) });
        Ok::<_, BodyError>(Some((piece, ahead)))
    }))
}

impl Ahead {
    async fn piece(self) -> io::Result<Read> {
        let read = match self {
            Self::Ready(read) => return Ok(read),
            Self::Cached(mut rest) => match rest.read_cached()? {
                Some(piece) => return Ok((piece, rest, true)),
                None => read_on_the_pool(rest),
            },
            Self::Reading(read) => read,
        };
        read.await.map_err(io::Error::other)?
    }
}

fn read_on_the_pool(mut rest: Slice) -> JoinHandle<io::Result<Read>> {
    spawn_blocking(move || {
        if let Some(piece) = rest.read_cached()? {
            return Ok((piece, rest, true));
        }
        rest.read().map(|piece| (piece, rest, false))
    })
}
