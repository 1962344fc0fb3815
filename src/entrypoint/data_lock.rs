//! One process for one data directory.
//!
//! The lock is a POSIX record lock on `data/.lock`. The kernel releases it when the process ends, however it ends,
//! and tells who holds it, so no stale process id is ever trusted.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, Pid, fcntl_getlk};

/// Name of the lock file in a directory.
const LOCK_FILE: &str = ".lock";

/// Why the directory cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockError {
    /// Another process has it.
    #[error(
        "another process{} already uses {}. Two instances must not share a data directory: stop the other one, or \
         give this one its own working directory and volume",
        .0.pid.map(|pid| format!(" (pid {})", pid.as_raw_nonzero())).unwrap_or_default(),
        .0.directory.display()
    )]
    Held(Running),
    /// The directory or the lock file cannot be used.
    #[error(
        "cannot write to the data directory {directory}: {source}. It must exist on a writable volume and belong to \
         the user this process runs as (uid {uid})"
    )]
    Io {
        /// The data directory.
        directory: PathBuf,
        /// User id of this process.
        uid: u32,
        #[source]
        source: io::Error,
    },
}

/// The process that has a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    directory: PathBuf,
    /// Its id; `None` when it runs in another process namespace (another container).
    pub pid: Option<Pid>,
    /// Where it listens, once it does.
    pub address: Option<SocketAddr>,
}

/// The held lock. Dropping it, or the end of the process, releases it.
#[derive(Debug)]
pub(super) struct DataLock {
    file: File,
}

impl DataLock {
    /// Takes the lock of `directory`, which is made when it is missing.
    pub(super) fn take(directory: &Path) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io {
            directory: directory.to_owned(),
            uid: rustix::process::getuid().as_raw(),
            source,
        };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error)?;
        let path = directory.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io_error)?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN | Errno::ACCESS) => return Err(LockError::Held(holder(directory, &mut file))),
            Err(error) => return Err(io_error(error.into())),
        }
        let lock = Self { file };
        lock.write(&format!("{}\n", std::process::id())).map_err(io_error)?;
        Ok(lock)
    }

    /// Notes where the process listens, for `healthcheck` and `node enroll`.
    pub(super) fn publish_address(&self, address: SocketAddr) -> io::Result<()> {
        self.write(&format!("{}\n{address}\n", std::process::id()))
    }

    /// The process that has `directory`, if one does. Takes nothing and makes nothing.
    pub(super) fn look(directory: &Path) -> io::Result<Option<Running>> {
        let mut file = match OpenOptions::new().read(true).write(true).open(directory.join(LOCK_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let held = fcntl_getlk(&file, &Flock::from(FlockType::WriteLock))?.is_some();
        Ok(held.then(|| holder(directory, &mut file)))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())
    }
}

fn holder(directory: &Path, file: &mut File) -> Running {
    let lock = fcntl_getlk(&*file, &Flock::from(FlockType::WriteLock)).ok().flatten();
    let mut text = String::new();
    let _ = file.take(256).read_to_string(&mut text);
    Running {
        directory: directory.to_owned(),
        pid: lock.and_then(|lock| lock.pid),
        address: text.lines().nth(1).and_then(|line| line.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_directory_has_no_holder_and_looking_makes_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        assert_eq!(DataLock::look(dir.path()).expect("look"), None);
        assert!(!dir.path().join(LOCK_FILE).exists());
        drop(DataLock::take(dir.path()).expect("take"));
        assert_eq!(DataLock::look(dir.path()).expect("look"), None);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().expect("dir");
        let file = dir.path().join("file");
        File::create(&file).expect("file");
        let error = DataLock::take(&file.join("data")).expect_err("no directory");
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
}
