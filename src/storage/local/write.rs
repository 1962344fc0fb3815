//! PUT: an unfinished file, the body into it, then one rename (wire contract §5.3). And DELETE (§5.5).

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

use super::blocking::{Caller, Parked, blocking, lost};
use super::fault::fault;
use super::staging::Unfinished;
use super::tree::Tree;
use super::{LARGE_PIECE, SMALL_OBJECT};
use crate::protocol::ObjectKey;
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::{ByteStream, ErrorKind, Result, StorageError, Stored};

/// Stores the first `size` bytes of `body` as `key`.
pub(super) async fn put(tree: Arc<Tree>, key: ObjectKey, size: u64, body: ByteStream) -> Result<Stored> {
    tree.check_writable_key(&key)?;
    let mut body = AnnouncedBody::new(body, size);
    if size <= SMALL_OBJECT {
        return put_small(tree, key, body).await;
    }
    let mut upload = Upload::begin(Arc::clone(&tree), key.clone(), size).await?;
    match upload.receive(&mut body).await {
        Ok(rest) => upload.finish(tree, key, rest).await,
        Err(error) => {
            upload.discard().await;
            Err(error)
        }
    }
}

/// One trip to the blocking pool, after the body is complete.
async fn put_small(tree: Arc<Tree>, key: ObjectKey, mut body: AnnouncedBody) -> Result<Stored> {
    let content = collect(&mut body).await?;
    blocking(move |caller| {
        let mut draft = Draft::begin(&tree, &key)?;
        draft.append(&content, &key)?;
        draft.finish(&tree, &key, caller)
    })
    .await
}

/// All of a small body. A body of one piece is not copied.
async fn collect(body: &mut AnnouncedBody) -> Result<Bytes> {
    let Some(first) = body.next().await? else { return Ok(Bytes::new()) };
    if body.remaining() == 0 {
        return Ok(first);
    }
    let mut content = Vec::from(first);
    while let Some(piece) = body.next().await? {
        content.extend_from_slice(&piece);
    }
    Ok(content.into())
}

/// An unfinished object and the hash of what is in it. Blocks; belongs on the blocking pool.
#[derive(Debug)]
struct Draft {
    object: Unfinished,
    sha256: Sha256,
    written: u64,
}

impl Draft {
    fn begin(tree: &Tree, key: &ObjectKey) -> Result<Self> {
        let object = tree.stage().map_err(|e| tree.write_fault(&action(key), e))?;
        Ok(Self { object, sha256: Sha256::new(), written: 0 })
    }

    fn append(&mut self, bytes: &[u8], key: &ObjectKey) -> Result<()> {
        self.object.file().write_all(bytes).map_err(|e| fault(&action(key), e))?;
        self.sha256.update(bytes);
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn finish(self, tree: &Tree, key: &ObjectKey, caller: &Caller) -> Result<Stored> {
        let sha256 = hex::encode(self.sha256.finalize());
        tree.place(self.object, key, caller)?;
        Ok(Stored { size: self.written, sha256: Some(sha256) })
    }
}

/// A large object on its way: while one buffer is hashed and written on the blocking pool, the next one fills from
/// the network. Two buffers are all the memory it takes.
struct Upload {
    key: ObjectKey,
    step: Step,
}

/// Where the draft is.
enum Step {
    /// Here, between two writes.
    Idle(Parked<Draft>),
    /// On the blocking pool; comes back with its emptied buffer.
    Writing(JoinHandle<Result<(Parked<Draft>, Vec<u8>)>>),
    /// Lost to an error, which was reported.
    Failed,
}

impl Upload {
    /// Finds out before the body is read whether the object can be placed and whether there is room for it.
    async fn begin(tree: Arc<Tree>, key: ObjectKey, size: u64) -> Result<Self> {
        let step_key = key.clone();
        let draft = blocking(move |_| {
            check_place(&tree, &key)?;
            let draft = Draft::begin(&tree, &key)?;
            reserve(draft.object.file(), size).map_err(|e| fault(&action(&key), e))?;
            Ok(Parked::new(draft))
        })
        .await?;
        Ok(Self { key: step_key, step: Step::Idle(draft) })
    }

    /// Takes the body; returns the last bytes, which are not written yet.
    async fn receive(&mut self, body: &mut AnnouncedBody) -> Result<Vec<u8>> {
        let mut buffer = Vec::with_capacity(LARGE_PIECE);
        while let Some(mut piece) = body.next().await? {
            while piece.has_remaining() {
                if buffer.len() == LARGE_PIECE {
                    buffer = self.write(buffer).await?;
                }
                let fits = piece.len().min(LARGE_PIECE - buffer.len());
                buffer.extend_from_slice(&piece.split_to(fits));
            }
        }
        Ok(buffer)
    }

    /// Starts to write `buffer` once the write before it is done; returns an empty buffer.
    async fn write(&mut self, buffer: Vec<u8>) -> Result<Vec<u8>> {
        let (draft, empty) = self.settle().await?;
        let key = self.key.clone();
        self.step = Step::Writing(spawn_blocking(move || {
            let (mut draft, mut buffer) = (draft.take(), buffer);
            draft.append(&buffer, &key)?;
            buffer.clear();
            Ok((Parked::new(draft), buffer))
        }));
        Ok(empty.unwrap_or_else(|| Vec::with_capacity(LARGE_PIECE)))
    }

    /// Waits for the write under way; the draft and, if there was one, its buffer.
    async fn settle(&mut self) -> Result<(Parked<Draft>, Option<Vec<u8>>)> {
        if let Step::Writing(write) = &mut self.step {
            // The step must stay until the write is done: dropped here, the draft goes with it.
            let outcome = write.await;
            self.step = Step::Failed;
            let (draft, buffer) = outcome.map_err(lost)??;
            return Ok((draft, Some(buffer)));
        }
        match std::mem::replace(&mut self.step, Step::Failed) {
            Step::Idle(draft) => Ok((draft, None)),
            Step::Writing(_) | Step::Failed => {
                Err(StorageError::new(ErrorKind::Unknown, "the upload has failed before"))
            }
        }
    }

    /// Writes the `rest` and makes it an object.
    async fn finish(mut self, tree: Arc<Tree>, key: ObjectKey, rest: Vec<u8>) -> Result<Stored> {
        let (draft, _) = self.settle().await?;
        blocking(move |caller| {
            let mut draft = draft.take();
            draft.append(&rest, &key)?;
            draft.finish(&tree, &key, caller)
        })
        .await
    }

    /// Removes what was written, before the caller hears of its error.
    async fn discard(mut self) {
        if let Ok((draft, _)) = self.settle().await {
            // A failed task has dropped the draft as well.
            let _ = spawn_blocking(move || drop(draft.take())).await;
        }
    }
}

/// Removes `key`; nothing there is as good.
pub(super) async fn delete(tree: Arc<Tree>, key: ObjectKey) -> Result<()> {
    blocking(move |_| {
        if tree.is_reserved(&key) {
            return Ok(());
        }
        match tree.remove(&key) {
            Ok(()) => Ok(()),
            Err(error) => Err(tree.write_fault(&format!("delete object `{key}`"), error)),
        }
    })
    .await
}

fn action(key: &ObjectKey) -> String {
    format!("write object `{key}`")
}

/// Refuses a key whose object could not be placed, without making anything. What changes meanwhile, the rename finds.
fn check_place(tree: &Tree, key: &ObjectKey) -> Result<()> {
    match tree.link_metadata(key.as_str()) {
        Ok(found) if found.is_dir() => Err(fault(&action(key), Errno::ISDIR)),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if tree.is_gone() {
                Err(tree.write_fault(&action(key), error))
            } else {
                Ok(())
            }
        }
        Err(error) => Err(fault(&action(key), error)),
    }
}

/// Reserves `size` bytes for `file`. A file system that cannot reserve finds out while writing.
fn reserve(file: &File, size: u64) -> rustix::io::Result<()> {
    if i64::try_from(size).is_err() {
        return Err(Errno::FBIG);
    }
    loop {
        return match fallocate(file, FallocateFlags::empty(), 0, size) {
            Err(Errno::INTR) => continue,
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) | Ok(()) => Ok(()),
            Err(errno) => Err(errno),
        };
    }
}
