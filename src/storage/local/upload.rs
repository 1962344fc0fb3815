//! A large PUT on its way: while one piece is hashed and written, each on a thread of its own, the next one fills from
//! the network, and the disk takes what was written before.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use tokio::task::{JoinHandle, spawn_blocking};

use super::PIECE;
use super::blocking::{Parked, blocking, lost};
use super::buffer::Buffer;
use super::early_sync::EarlySync;
use super::fault::fault;
use super::staging::Unfinished;
use super::tree::Tree;
use super::write::action;
use crate::protocol::ObjectKey;
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::{ErrorKind, Result, StorageError, Stored};

/// An object that is being received. Two pieces are all the memory it takes.
pub(super) struct Upload {
    key: ObjectKey,
    size: u64,
    object: Stage<Unfinished>,
    sha256: Stage<Sha256>,
    syncing: EarlySync,
}

impl Upload {
    /// Finds out before the body is read whether the object can be placed and whether there is room for it.
    pub(super) async fn begin(tree: Arc<Tree>, key: ObjectKey, size: u64) -> Result<Self> {
        blocking(move |_| {
            check_place(&tree, &key)?;
            let object = tree.stage().map_err(|e| tree.write_fault(&action(&key), e))?;
            object.reserve(size).map_err(|e| fault(&action(&key), e))?;
            let syncing = EarlySync::new(&tree, &object, action(&key));
            Ok(Self { key, size, object: Stage::idle(object), sha256: Stage::idle(Sha256::new()), syncing })
        })
        .await
    }

    /// Takes the body; returns the last bytes, which are not written yet.
    pub(super) async fn receive(&mut self, body: &mut AnnouncedBody) -> Result<Bytes> {
        let (mut filling, mut working) = (Buffer::default(), Buffer::default());
        let mut filled = 0;
        while let Some(mut arrived) = body.next().await? {
            while arrived.has_remaining() {
                if filled == PIECE {
                    self.append(filling.share(filled)).await?;
                    mem::swap(&mut filling, &mut working);
                    filled = 0;
                }
                let fits = arrived.len().min(PIECE - filled);
                filling.prepare(PIECE)[filled..filled + fits].copy_from_slice(&arrived.split_to(fits));
                filled += fits;
            }
        }
        Ok(filling.share(filled))
    }

    /// Starts to hash and to write `piece` once the piece before is done.
    async fn append(&mut self, piece: Bytes) -> Result<()> {
        let (key, content) = (self.key.clone(), piece.clone());
        self.object
            .start(move |object| object.file().write_all(&content).map_err(|e| fault(&action(&key), e)))
            .await?;
        self.syncing.wrote(piece.len() as u64).await?;
        self.sha256
            .start(move |sha256| {
                sha256.update(&piece);
                Ok(())
            })
            .await
    }

    /// Writes the `rest` and makes it an object.
    pub(super) async fn finish(mut self, tree: Arc<Tree>, rest: Bytes) -> Result<Stored> {
        let (object, sha256) = (self.object.settle().await?, self.sha256.settle().await?);
        self.syncing.settle().await?;
        let (key, size) = (self.key, self.size);
        blocking(move |caller| {
            let (object, mut sha256) = (object.take(), sha256.take());
            object.file().write_all(&rest).map_err(|e| fault(&action(&key), e))?;
            sha256.update(&rest);
            tree.place(object, &key, caller)?;
            Ok(Stored { size, sha256: Some(hex::encode(sha256.finalize())) })
        })
        .await
    }

    /// Removes what was written, before the caller hears of its error.
    pub(super) async fn discard(mut self) {
        if let Ok(object) = self.object.settle().await {
            // A failed task has dropped the object as well.
            let _ = spawn_blocking(move || drop(object.take())).await;
        }
    }
}

/// Something that is worked on piece by piece on the blocking pool, and where it is now.
enum Stage<T: Send + 'static> {
    /// Here, between two pieces.
    Idle(Parked<T>),
    /// On the blocking pool.
    Working(JoinHandle<Result<Parked<T>>>),
    /// Lost to an error, which was reported.
    Failed,
}

impl<T: Send + 'static> Stage<T> {
    fn idle(value: T) -> Self {
        Self::Idle(Parked::new(value))
    }

    /// Starts `work` once the work before it is done.
    async fn start(&mut self, work: impl FnOnce(&mut T) -> Result<()> + Send + 'static) -> Result<()> {
        let value = self.settle().await?;
        *self = Self::Working(spawn_blocking(move || {
            let mut value = value.take();
            work(&mut value)?;
            Ok(Parked::new(value))
        }));
        Ok(())
    }

    /// Waits for the work under way.
    async fn settle(&mut self) -> Result<Parked<T>> {
        if let Self::Working(work) = self {
            // The stage must stay until the work is done: dropped here, the value goes with it.
            let outcome = work.await;
            *self = Self::Failed;
            return outcome.map_err(lost)?;
        }
        match mem::replace(self, Self::Failed) {
            Self::Idle(value) => Ok(value),
            Self::Working(_) | Self::Failed => {
                Err(StorageError::new(ErrorKind::Unknown, "the upload has failed before"))
            }
        }
    }
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
