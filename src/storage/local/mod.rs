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
mod buffer;
mod compose;
mod early_sync;
mod fault;
mod list;
mod read;
mod room;
mod site;
mod staging;
mod tree;
mod upload;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::fault::fault;
use self::room::Admission;
use self::site::{Missing, Site};
use self::staging::STAGING_DIR;
use super::{
    ByteStream, Capacity, ErrorKind, KeyStream, ObjectMeta, ObjectReader, ObjectStore, Result, StorageError,
    Stored,
};
use crate::config::Durability;
use crate::protocol::{ByteRange, Namespace, ObjectKey};

/// Most bytes of one piece. Smaller objects travel in one, with at most one trip to the blocking pool; of larger ones a
/// transfer holds two. Larger pieces are slower: one that fits the processor's cache is copied out of it again.
const PIECE: usize = 256 * 1024;

/// A directory of objects. Cheap to clone; all clones share the open handles.
///
/// While the directory is missing all calls fail with [`ErrorKind::Misconfigured`]; within about a second after it is
/// back they work again.
#[derive(Debug, Clone)]
pub struct LocalStore {
    site: Arc<Site>,
    reserved_free_bytes: u64,
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
        Self::open_site(root, base_path, namespace, Missing::Make, durability)
    }

    /// Like [`LocalStore::open_beneath`], but makes nothing except the directory of unfinished objects: a missing
    /// directory is [`ErrorKind::Misconfigured`]. An unmounted disk must not look like an empty one.
    pub fn open_existing_beneath(
        root: &Path,
        base_path: &str,
        namespace: Option<&Namespace>,
        durability: Durability,
    ) -> Result<Self> {
        Self::open_site(root, base_path, namespace, Missing::Refuse, durability)
    }

    fn open_site(
        root: &Path,
        base_path: &str,
        namespace: Option<&Namespace>,
        missing: Missing,
        durability: Durability,
    ) -> Result<Self> {
        let base = normalize_base(base_path)?;
        let namespace = namespace.map_or_else(String::new, |namespace| namespace.as_str().to_owned());
        Site::open(root, base, namespace, missing, durability)
            .map(|site| Self { site: Arc::new(site), reserved_free_bytes: 0 })
            .map_err(|error| cannot_open(root, base_path, error))
    }

    /// The same store, which refuses a PUT with [`ErrorKind::Full`], before its body is read, when less than
    /// `reserved_free_bytes` would stay free. PUTs under way through this store and its clones count as done; what
    /// others write to the disk is seen after at most a second. 0 refuses only what the disk itself does.
    #[must_use]
    pub fn with_reserved_free_bytes(mut self, reserved_free_bytes: u64) -> Self {
        self.reserved_free_bytes = reserved_free_bytes;
        self
    }

    async fn admit(&self, size: u64) -> Result<Option<Admission>> {
        if self.reserved_free_bytes == 0 {
            return Ok(None);
        }
        self.site.room().await?.admit(size, self.reserved_free_bytes).map(Some)
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
    fn look<'a>(&'a self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.site.look_now().await?;
            let free = self.site.capacity().await?.free_bytes;
            if free > self.reserved_free_bytes {
                return Ok(());
            }
            let message = format!(
                "no room for objects: {free} bytes are free, of which {} stay reserved; free some space",
                self.reserved_free_bytes
            );
            Err(StorageError::new(ErrorKind::Full, message))
        })
    }

    fn put<'a>(&'a self, key: &'a ObjectKey, size: u64, body: ByteStream) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(async move {
            let tree = self.site.tree().await?;
            tree.check_writable_key(key)?;
            let admission = self.admit(size).await?;
            write::put(tree, key.clone(), size, body, admission).await
        })
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, Result<ObjectReader>> {
        Box::pin(async move { read::get(self.site.tree().await?, key, range).await })
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<ObjectMeta>> {
        Box::pin(async move { read::head(self.site.tree().await?, key).await })
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { write::delete(self.site.tree().await?, key.clone()).await })
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, Result<KeyStream>> {
        Box::pin(async move { list::list(self.site.tree().await?, prefix.cloned()).await })
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let tree = self.site.tree().await?;
            compose::compose(tree, target.clone(), parts.to_vec(), expected_size).await
        })
    }

    fn capacity(&self) -> BoxFuture<'_, Result<Option<Capacity>>> {
        Box::pin(async move { self.site.capacity().await.map(Some) })
    }
}
