//! Objects that are not whole yet: files in `.aster-tmp/`, in the target's own file system, and the sweep that
//! removes what a killed process left there.
//!
//! Each opened store writes into a directory of its own below `.aster-tmp/` and holds a lock (`flock`) on it. The
//! kernel drops the lock with the process, so a sweep can tell leftovers from the uploads of a store that is in use:
//! the same directory may be open twice, in one process (two targets with one path, a target that is being replaced)
//! or in two (a restart that overlaps).

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::Dir;
use rustix::fs::{
    Advice, AtFlags, FallocateFlags, FlockOperation, Mode, OFlags, fadvise, fallocate, flock, fstat, mkdirat,
    openat, unlinkat,
};
use rustix::io::Errno;
use uuid::Uuid;

/// The directory of all unfinished objects, directly below a store's base. No key reaches it.
pub(super) const STAGING_DIR: &str = ".aster-tmp";

/// Unfinished objects are nobody's business.
const PRIVATE_DIR: Mode = Mode::RWXU;
/// Finished objects: readable for the group, so that an operator's backup need not run as the service.
const OBJECT_FILE: Mode = Mode::from_raw_mode(0o640);
/// How often a sweep of another store may take our new directory from under us before we give up.
const ATTEMPTS: usize = 16;

const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The directory one opened store writes unfinished objects into.
#[derive(Debug)]
pub(super) struct Staging {
    all: Dir,
    name: String,
    /// Also carries the lock; lives as long as the last unfinished object.
    own: OwnedFd,
    next: AtomicU64,
}

impl Staging {
    /// Sweeps `.aster-tmp/` below `base` and makes this store's own directory there.
    pub(super) fn open(base: &Dir) -> io::Result<Arc<Self>> {
        make_directory(base, STAGING_DIR)?;
        let all = openat(base, STAGING_DIR, DIRECTORY | OFlags::RDONLY, Mode::empty())?;
        let all = Dir::from_std_file(File::from(all));
        sweep(&all)?;
        for _ in 0..ATTEMPTS {
            let name = Uuid::new_v4().simple().to_string();
            mkdirat(&all, name.as_str(), PRIVATE_DIR)?;
            if let Some(own) = claim(&all, &name)? {
                return Ok(Arc::new(Self { all, name, own, next: AtomicU64::new(0) }));
            }
        }
        Err(Errno::BUSY.into())
    }

    /// A new, empty, unfinished object.
    pub(super) fn create(self: &Arc<Self>) -> io::Result<Unfinished> {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.own, name.as_str(), flags, OBJECT_FILE)?;
        Ok(Unfinished { staging: Arc::clone(self), name, file: Arc::new(File::from(file)), placed: false })
    }

    /// Whether the directory was removed while the store is open.
    pub(super) fn is_gone(&self) -> bool {
        is_removed(&self.own)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Best effort: what stays behind is empty, and the next sweep takes it.
        let _ = unlinkat(&self.all, self.name.as_str(), AtFlags::REMOVEDIR);
    }
}

/// An object that is being written. Dropped, it is gone; [`Unfinished::rename_to`] makes it an object.
#[derive(Debug)]
pub(super) struct Unfinished {
    staging: Arc<Staging>,
    name: String,
    file: Arc<File>,
    placed: bool,
}

impl Unfinished {
    /// The file to write to.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The same, to keep.
    pub(super) fn share_file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Reserves room for `size` bytes, and makes the file so long. A file system that cannot reserve finds out while
    /// it is written to.
    pub(super) fn reserve(&self, size: u64) -> io::Result<()> {
        if i64::try_from(size).is_err() {
            return Err(Errno::FBIG.into());
        }
        if size == 0 {
            return Ok(());
        }
        loop {
            return match fallocate(&self.file, FallocateFlags::empty(), 0, size) {
                Err(Errno::INTR) => continue,
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) | Ok(()) => Ok(()),
                Err(errno) => Err(errno.into()),
            };
        }
    }

    /// Asks the kernel to begin writing these bytes to the disk, so that the sync at the end has little left to do.
    ///
    /// The advice is a hint, and so is what we make of it: Linux begins to write dirty pages before it lets go of
    /// clean ones, and pages under way stay in the cache. `sync_file_range`, which says it in so many words, has no
    /// safe binding. Errors are kept for the sync of the same open file.
    pub(super) fn begin_writeback(&self, bytes: Range<u64>) {
        let length = NonZeroU64::new(bytes.end.saturating_sub(bytes.start));
        if length.is_some() {
            let _ = fadvise(&self.file, bytes.start, length, Advice::DontNeed);
        }
    }

    /// Moves the file to `name` in `directory`, replacing what is there. On failure nothing has changed.
    pub(super) fn rename_to(&mut self, directory: impl AsFd, name: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.staging.own, self.name.as_str(), directory, name)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        if let Err(error) = unlinkat(&self.staging.own, self.name.as_str(), AtFlags::empty()) {
            tracing::warn!(%error, "an unfinished object could not be removed; the next start sweeps it");
        }
    }
}

/// Whether the open directory has no name any more.
pub(super) fn is_removed(directory: impl AsFd) -> bool {
    fstat(directory).is_ok_and(|stat| stat.st_nlink == 0)
}

/// Makes `name` below `parent` unless it is there.
fn make_directory(parent: &Dir, name: &str) -> io::Result<()> {
    match mkdirat(parent, name, PRIVATE_DIR) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Locks the new directory `name`; `None` when a sweep was faster.
fn claim(all: &Dir, name: &str) -> io::Result<Option<OwnedFd>> {
    let own = match openat(all, name, DIRECTORY | OFlags::RDONLY, Mode::empty()) {
        Ok(own) => own,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    match flock(&own, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => return Ok(None),
        // A file system without locks: we work without, and sweeps there leave every directory alone.
        Err(error) => tracing::debug!(%error, "the file system has no locks"),
        Ok(()) => {}
    }
    Ok((!is_removed(&own)).then_some(own))
}

/// Removes everything in `.aster-tmp/` that no open store writes to.
fn sweep(all: &Dir) -> io::Result<()> {
    let mut removed = 0_u64;
    for entry in all.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let outcome = if entry.file_type()?.is_dir() {
            match lock_leftover(&entry) {
                Ok(Some(_lock)) => all.remove_dir_all(&name),
                Ok(None) => continue,
                Err(error) => Err(error),
            }
        } else {
            all.remove_file(&name)
        };
        match outcome {
            Ok(()) => removed += 1,
            // Another store sweeps the same directory at the same time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, ?name, "a leftover in {STAGING_DIR} could not be removed"),
        }
    }
    if removed > 0 {
        tracing::info!(removed, "removed unfinished objects of an earlier run");
    }
    Ok(())
}

/// The lock on a directory that nobody uses; `None` while its owner lives.
fn lock_leftover(entry: &cap_std::fs::DirEntry) -> io::Result<Option<OwnedFd>> {
    let directory = rustix::fs::openat(
        entry.open_dir()?,
        ".",
        OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY,
        Mode::empty(),
    )?;
    match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(directory)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
