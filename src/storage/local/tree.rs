//! The directory of a store's objects: paths in, handles out, none of which leads outside (wire contract §6, local path).
//!
//! Every path is resolved relative to an open directory with the kernel's `openat2(RESOLVE_BENEATH)`, or on kernels
//! without it by cap-std, segment by segment. Links may be followed as long as they stay inside. All calls block.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions, OpenOptionsExt};
use rustix::fs::{
    Access, AtFlags, Mode, OFlags, ResolveFlags, accessat, fstat, fstatvfs, fsync, mkdirat, openat2, unlinkat,
};
use rustix::io::Errno;

use super::blocking::Caller;
use super::fault::{fault, is_absent};
use super::staging::{STAGING_DIR, Staging, Unfinished, is_removed};
use crate::config::Durability;
use crate::protocol::ObjectKey;
use crate::storage::{Capacity, ErrorKind, Result, StorageError};

/// Directories between objects: the group may look, as with the objects themselves.
const OBJECT_DIR: Mode = Mode::from_raw_mode(0o750);
/// How often a directory may vanish between making it and using it before a write gives up.
const ATTEMPTS: usize = 64;

/// The open directories of one store.
#[derive(Debug)]
pub(super) struct Tree {
    objects: Dir,
    staging: Arc<Staging>,
    durability: Durability,
    /// Writes that are making directories not yet known to be durable.
    making_directories: AtomicUsize,
}

/// One in `making_directories`.
struct Making<'a>(&'a AtomicUsize);

impl<'a> Making<'a> {
    fn start(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Tree {
    /// Opens `root`, which is made when missing, then `base` below it, then `namespace` below that (`""` is the
    /// directory itself). Neither may leave `root`.
    pub(super) fn open(root: &Path, base: &str, namespace: &str, durability: Durability) -> io::Result<Self> {
        create_root(root, durability)?;
        let root = Dir::open_ambient_dir(root, ambient_authority())?;
        let base = ensure_durable_directory(&root, base, durability)?;
        let objects = ensure_durable_directory(&base, namespace, durability)?;
        Self::with(base, objects, durability)
    }

    /// The same, but makes neither of them.
    pub(super) fn open_existing(
        root: &Path,
        base: &str,
        namespace: &str,
        durability: Durability,
    ) -> io::Result<Self> {
        let (base, objects) = find(root, base, namespace)?;
        Self::with(base, objects, durability)
    }

    fn with(base: Dir, objects: Dir, durability: Durability) -> io::Result<Self> {
        let staging = Staging::open(&base)?;
        Ok(Self { objects, staging, durability, making_directories: AtomicUsize::new(0) })
    }

    /// Whether files can be made among the objects, as the permissions and the mount have it. Blocks.
    pub(super) fn check_writable(&self) -> Result<()> {
        let access = accessat(
            &self.objects,
            ".",
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK,
            AtFlags::empty(),
        );
        access.map_err(|errno| {
            let message = match errno {
                Errno::ROFS => "the storage directory is on a read-only file system; mount it writable",
                _ => "the storage directory cannot be written; give the service's user access to it",
            };
            StorageError::new(ErrorKind::Permission, message).with_source(io::Error::from(errno))
        })
    }

    /// Whether this store's objects are what stands at `namespace` below `base` below `root` now.
    pub(super) fn is_at(&self, root: &Path, base: &str, namespace: &str) -> io::Result<bool> {
        let (_, objects) = find(root, base, namespace)?;
        let (ours, found) = (fstat(&self.objects)?, fstat(&objects)?);
        Ok((ours.st_dev, ours.st_ino) == (found.st_dev, found.st_ino))
    }

    /// Space of the file system: what is free for us (not what is kept for root), and all of it.
    pub(super) fn capacity(&self) -> io::Result<Capacity> {
        let found = fstatvfs(&self.objects)?;
        Ok(Capacity {
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    /// Whether `key` runs through a directory of unfinished objects: of this store, or of one whose base lies among
    /// our keys. No object can be there. Some file systems ignore case.
    pub(super) fn is_reserved(&self, key: &ObjectKey) -> bool {
        key.as_str().split('/').any(|segment| segment.eq_ignore_ascii_case(STAGING_DIR))
    }

    /// Refuses keys that no object can have.
    pub(super) fn check_writable_key(&self, key: &ObjectKey) -> Result<()> {
        if self.is_reserved(key) {
            let message = format!("object key `{key}` is reserved: `{STAGING_DIR}` holds unfinished objects");
            return Err(StorageError::new(ErrorKind::InvalidArgument, message));
        }
        Ok(())
    }

    /// Opens what stands at `path` for reading. Never waits, whatever it is.
    pub(super) fn open_for_reading(&self, path: &str) -> io::Result<File> {
        open_for_reading(&self.objects, path)
    }

    /// Opens what stands at `path` without waiting for a disk. `None` when that cannot be done, or when anything is
    /// wrong with the path: a call that may wait finds out.
    pub(super) fn open_cached(&self, path: &str, flags: OFlags) -> Option<File> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::CACHED;
        openat2(&self.objects, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve).ok().map(File::from)
    }

    /// What stands at `path`, behind links.
    pub(super) fn metadata(&self, path: &str) -> io::Result<Metadata> {
        self.objects.metadata(path)
    }

    /// What stands at `path`; a link at its end is not followed.
    pub(super) fn link_metadata(&self, path: &str) -> io::Result<Metadata> {
        self.objects.symlink_metadata(path)
    }

    /// Opens the directory `path` (`""` is the root of all keys) for listing and syncing.
    pub(super) fn directory(&self, path: &str) -> io::Result<OwnedFd> {
        open_directory(&self.objects, path)
    }

    /// Whether a write is acknowledged only when it would survive a power failure.
    pub(super) fn is_fully_durable(&self) -> bool {
        self.durability == Durability::Full
    }

    /// A new, empty, unfinished object.
    pub(super) fn stage(&self) -> io::Result<Unfinished> {
        self.staging.create()
    }

    /// Makes `object` the object `key`, as durably as configured. Parent directories are made as needed. When this
    /// fails before the rename, or `caller` is gone by then, nothing has changed.
    pub(super) fn place(&self, mut object: Unfinished, key: &ObjectKey, caller: &Caller) -> Result<()> {
        let action = || format!("write object `{key}`");
        if self.is_fully_durable() {
            object.file().sync_data().map_err(|e| fault(&action(), e))?;
        }
        let (parent, _) = Self::split(key);
        let mut making = None;
        let outcome = self
            .rename_into(&mut object, key, &mut making, caller)
            .and_then(|directory| self.sync_entry(&directory, parent).map_err(|e| fault(&action(), e)));
        if outcome.is_err() && making.is_some() {
            // What another write uses meanwhile stays, and that write takes it for durable.
            let _ = self.sync_ancestors(parent);
            self.remove_empty(parent);
        }
        outcome
    }

    /// The rename itself; returns the directory of the new name. `making` is set from the first directory made, and
    /// stays so until the caller has synced.
    fn rename_into<'a>(
        &'a self,
        object: &mut Unfinished,
        key: &ObjectKey,
        making: &mut Option<Making<'a>>,
        caller: &Caller,
    ) -> Result<OwnedFd> {
        let (parent, name) = Self::split(key);
        let mut last = io::Error::from(Errno::NOENT);
        for _ in 0..ATTEMPTS {
            caller.still_waits()?;
            let renamed = self
                .directory(parent)
                .or_else(|error| match error.kind() {
                    io::ErrorKind::NotFound => {
                        making.get_or_insert_with(|| Making::start(&self.making_directories));
                        ensure_directory(&self.objects, parent)
                    }
                    _ => Err(error),
                })
                .and_then(|directory| object.rename_to(&directory, name).map(|()| directory));
            match renamed {
                Ok(directory) => return Ok(directory),
                // A directory may be removed at any time while it is empty: then everything starts over.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_gone() => last = error,
                Err(error) => return Err(self.write_fault(&format!("write object `{key}`"), error)),
            }
        }
        Err(self.write_fault(&format!("write object `{key}`"), last))
    }

    /// Removes the name `key`, and the directories above it that are empty then. A missing name, or a directory of that
    /// name, is no object and counts as removed.
    pub(super) fn remove(&self, key: &ObjectKey) -> io::Result<()> {
        let (parent, name) = Self::split(key);
        let unlinked = self
            .directory(parent)
            .and_then(|directory| Ok(unlinkat(&directory, name, AtFlags::empty()).map(|()| directory)?));
        match unlinked {
            Ok(directory) => {
                // The name is gone for good when the nearest directory that stays is synced.
                let stays = self.remove_empty(parent).unwrap_or(directory);
                if self.is_fully_durable() { Ok(fsync(stays)?) } else { Ok(()) }
            }
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(()),
            Err(error) if is_absent(&error) && !self.is_gone() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes the directory `path` and those above it, as far as they are empty; the root of all keys stays. Returns
    /// the nearest directory that stays if any was removed. The kernel refuses to remove what another write has put
    /// something into, and a write whose directory went before that makes it again.
    pub(super) fn remove_empty(&self, mut path: &str) -> Option<OwnedFd> {
        let mut stays = None;
        while !path.is_empty() {
            let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Ok(directory) = self.directory(parent) else { break };
            if unlinkat(&directory, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
            stays = Some(directory);
            path = parent;
        }
        stays
    }

    /// The error of a call that found nothing where it should read: [`ErrorKind::NotFound`], or
    /// [`ErrorKind::Misconfigured`] when the whole store is gone.
    pub(super) fn read_fault(&self, key: &ObjectKey, cause: io::Error) -> StorageError {
        if is_absent(&cause) {
            if self.is_gone() {
                return self.gone(cause);
            }
            return StorageError::new(ErrorKind::NotFound, format!("object `{key}` does not exist"));
        }
        fault(&format!("read object `{key}`"), cause)
    }

    /// The error of a failed write. An absent path is never the caller's fault there: writes make what they need.
    pub(super) fn write_fault(&self, action: &str, cause: io::Error) -> StorageError {
        if cause.kind() != io::ErrorKind::NotFound {
            return fault(action, cause);
        }
        if self.is_gone() {
            return self.gone(cause);
        }
        let message =
            format!("cannot {action}: its directory keeps vanishing; a broken symbolic link may be there");
        StorageError::new(ErrorKind::Precondition, message).with_source(cause)
    }

    /// Whether the directories the store works in were removed under it.
    pub(super) fn is_gone(&self) -> bool {
        is_removed(&self.objects) || self.staging.is_gone()
    }

    fn gone(&self, cause: io::Error) -> StorageError {
        StorageError::new(
            ErrorKind::Misconfigured,
            "the storage directory was removed while in use; restore or mount it",
        )
        .with_source(cause)
    }

    /// The directory and the name of a key; the directory is `""` for the root of all keys.
    pub(super) fn split(key: &ObjectKey) -> (&str, &str) {
        key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()))
    }

    /// Makes the new entry in `directory` (at `path`) survive a power failure.
    ///
    /// Whoever makes directories syncs all ancestors before it is done. But another write may find such a directory
    /// before that, and must not acknowledge an object whose path is not durable: while anybody makes directories,
    /// every write syncs all its ancestors (which costs little when they are clean).
    fn sync_entry(&self, directory: &OwnedFd, path: &str) -> io::Result<()> {
        if self.is_fully_durable() {
            fsync(directory)?;
            if self.making_directories.load(Ordering::SeqCst) > 0 {
                self.sync_ancestors(path)?;
            }
        }
        Ok(())
    }

    fn sync_ancestors(&self, path: &str) -> io::Result<()> {
        sync_ancestors(&self.objects, path, self.durability)
    }
}

/// The directories above `path`, the nearest first, `""` last.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rsplit_once('/') {
        Some((parent, _)) => Some(parent),
        None if path.is_empty() => None,
        None => Some(""),
    })
    .skip(1)
}

/// Opens the directory `path` below `dir`; `""` is `dir` itself. Unlike [`Dir::open_dir`], the handle can be synced.
fn open_directory(dir: &Dir, path: &str) -> io::Result<OwnedFd> {
    let directory = open_for_reading(dir, if path.is_empty() { "." } else { path })?;
    // Not `O_DIRECTORY`: with it, cap-std's own resolver (kernels without `openat2`) takes a link for a file.
    if directory.metadata()?.is_dir() { Ok(directory.into()) } else { Err(Errno::NOTDIR.into()) }
}

/// Opens whatever stands at `path`, and never waits for it (a FIFO without a writer).
fn open_for_reading(dir: &Dir, path: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    dir.open_with(path, &options).map(cap_std::fs::File::into_std)
}

/// Opens the directory `path` below `dir` after making what is missing of it.
fn ensure_directory(dir: &Dir, path: &str) -> io::Result<OwnedFd> {
    let mut parent = open_directory(dir, "")?;
    let mut end = 0;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        match mkdirat(&parent, segment, OBJECT_DIR) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        end += segment.len() + usize::from(end > 0);
        parent = open_directory(dir, &path[..end])?;
    }
    Ok(parent)
}

/// Makes the names of all directories on the way from `dir` to `path` durable.
fn sync_ancestors(dir: &Dir, path: &str, durability: Durability) -> io::Result<()> {
    if durability == Durability::Full {
        for ancestor in ancestors(path) {
            match open_directory(dir, ancestor) {
                Ok(directory) => fsync(directory)?,
                // A delete came in between; it made the loss of this name intended.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Opens what [`Tree::open`] opens, making nothing: the base and the directory of the objects.
fn find(root: &Path, base: &str, namespace: &str) -> io::Result<(Dir, Dir)> {
    let root = Dir::open_ambient_dir(root, ambient_authority())?;
    let base = open_directory(&root, base).map(|base| Dir::from_std_file(File::from(base)))?;
    let objects = open_directory(&base, namespace)?;
    Ok((base, Dir::from_std_file(File::from(objects))))
}

fn ensure_durable_directory(dir: &Dir, path: &str, durability: Durability) -> io::Result<Dir> {
    let directory = ensure_directory(dir, path)?;
    sync_ancestors(dir, path, durability)?;
    Ok(Dir::from_std_file(File::from(directory)))
}

/// Makes the root with all its parents, and makes their names durable.
fn create_root(root: &Path, durability: Durability) -> io::Result<()> {
    let missing: Vec<&Path> =
        root.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    std::fs::create_dir_all(root)?;
    if durability == Durability::Full {
        for made in missing {
            let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ancestors_of_a_path_end_with_the_root() {
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(ancestors("a").collect::<Vec<_>>(), [""]);
        assert!(ancestors("").next().is_none());
    }
}
