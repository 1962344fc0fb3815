//! Objects as files below one directory: what a follower's local target is made of.
//!
//! ```text
//! <root>/<base>/.aster-tmp/…        objects that are not whole yet (`staging`)
//! <root>/<base>/<namespace>/<key>   objects
//! ```
//!
//! This module owns the order of writing (file, sync, rename, sync of the directory), confinement and the meaning of
//! the operating system's errors. It knows no node, no profile and no HTTP.

mod blocking;
mod compose;
mod fault;
mod list;
mod read;
mod staging;
mod tree;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::fault::fault;
use self::staging::STAGING_DIR;
use self::tree::Tree;
use super::{ByteStream, ErrorKind, ObjectMeta, ObjectReader, ObjectStore, Result, StorageError, Stored};
use crate::config::Durability;
use crate::protocol::{ByteRange, Namespace, ObjectKey};

/// Objects up to this many bytes travel in one piece, with one trip to the blocking pool.
const SMALL_OBJECT: u64 = 256 * 1024;
/// Size of the buffers that larger objects move in. A transfer holds at most two.
const LARGE_PIECE: usize = 512 * 1024;

/// A directory of objects. Cheap to clone; all clones share the open handles.
#[derive(Debug, Clone)]
pub struct LocalStore {
    tree: Arc<Tree>,
}

impl LocalStore {
    /// Opens `root`, which is made with its parents when missing, and removes what an earlier process left
    /// unfinished there. Blocks.
    pub fn open(root: &Path, durability: Durability) -> Result<Self> {
        Self::open_beneath(root, ".", None, durability)
    }

    /// Like [`LocalStore::open`] for the directory `base_path` below `root`; keys then lie in its sub-directory
    /// `namespace`, if there is one. Both are made when missing. Blocks.
    ///
    /// [`ErrorKind::Misconfigured`] when `base_path` is absolute, contains `..` or leads out of `root` through a
    /// symbolic link (wire contract §6, local path).
    pub fn open_beneath(
        root: &Path,
        base_path: &str,
        namespace: Option<&Namespace>,
        durability: Durability,
    ) -> Result<Self> {
        let base = normalize_base(base_path)?;
        let namespace = namespace.map_or("", Namespace::as_str);
        Tree::open(root, &base, namespace, durability)
            .map(|tree| Self { tree: Arc::new(tree) })
            .map_err(|error| cannot_open(root, base_path, error))
    }
}

/// `base_path` with single separators and no `.`; `""` for the root itself.
fn normalize_base(base_path: &str) -> Result<String> {
    let refused = |why: &str| {
        let message = format!("base path `{base_path}` {why}; use a relative path below the ingress root");
        Err(StorageError::new(ErrorKind::Misconfigured, message))
    };
    if base_path.starts_with(['/', '\\']) {
        return refused("is absolute");
    }
    let segments = || base_path.split(['/', '\\']).filter(|segment| !matches!(*segment, "" | "."));
    if segments().next().is_none() {
        return Ok(String::new());
    }
    if segments().any(|segment| segment.eq_ignore_ascii_case(STAGING_DIR)) {
        return refused("runs through the directory of unfinished objects");
    }
    match ObjectKey::parse(base_path) {
        Ok(path) => Ok(path.as_str().to_owned()),
        Err(error) => refused(&format!("is not usable ({error})")),
    }
}

fn cannot_open(root: &Path, base_path: &str, cause: io::Error) -> StorageError {
    if cause.kind() == io::ErrorKind::PermissionDenied && cause.raw_os_error().is_none() {
        let message = format!(
            "base path `{base_path}` leads out of the ingress root through a symbolic link; remove the link or move the root"
        );
        return StorageError::new(ErrorKind::Misconfigured, message).with_source(cause);
    }
    let error = fault(&format!("open storage directory `{}`", root.join(base_path).display()), cause);
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Precondition | ErrorKind::InvalidArgument => {
            StorageError::new(ErrorKind::Misconfigured, error.to_string()).with_source(error)
        }
        _ => error,
    }
}

impl ObjectStore for LocalStore {
    fn put<'a>(&'a self, key: &'a ObjectKey, size: u64, body: ByteStream) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(write::put(Arc::clone(&self.tree), key.clone(), size, body))
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, Result<ObjectReader>> {
        Box::pin(read::get(Arc::clone(&self.tree), key.clone(), range))
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<ObjectMeta>> {
        Box::pin(read::head(Arc::clone(&self.tree), key.clone()))
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(write::delete(Arc::clone(&self.tree), key.clone()))
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(list::list(Arc::clone(&self.tree), prefix.cloned()))
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(compose::compose(Arc::clone(&self.tree), target.clone(), parts.to_vec(), expected_size))
    }
}
