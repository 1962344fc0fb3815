//! PUT: an unfinished file, the body into it, then one rename (wire contract §5.3). And DELETE (§5.5).

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::PIECE;
use super::blocking::{Caller, blocking};
use super::fault::fault;
use super::room::Admission;
use super::staging::Unfinished;
use super::tree::Tree;
use super::upload::Upload;
use crate::protocol::ObjectKey;
use crate::storage::announced_body::AnnouncedBody;
use crate::storage::{ByteStream, Result, Stored};

/// Stores the first `size` bytes of `body` as `key`, which must be writable. The `admission` promised room for them.
pub(super) async fn put(
    tree: Arc<Tree>,
    key: ObjectKey,
    size: u64,
    body: ByteStream,
    admission: Option<Admission>,
) -> Result<Stored> {
    let mut body = AnnouncedBody::new(body, size);
    if size <= PIECE as u64 {
        let stored = put_small(tree, key, body).await?;
        if let Some(admission) = admission {
            admission.settle();
        }
        return Ok(stored);
    }
    let mut upload = Upload::begin(Arc::clone(&tree), key, size).await?;
    if let Some(admission) = admission {
        admission.settle();
    }
    match upload.receive(&mut body).await {
        Ok(rest) => upload.finish(tree, rest).await,
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

pub(super) fn action(key: &ObjectKey) -> String {
    format!("write object `{key}`")
}
