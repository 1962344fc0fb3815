//! From the operating system's error numbers to the kinds of storage failure, in one place.

use std::io;

use rustix::io::Errno;

use crate::storage::{ErrorKind, StorageError};

/// The storage error for `cause`, which kept us from doing `action` (for example ``write object `a/b` ``).
pub(super) fn fault(action: &str, cause: impl Into<io::Error>) -> StorageError {
    let cause = cause.into();
    let (kind, reason) = classify(&cause);
    StorageError::new(kind, format!("cannot {action}: {reason}")).with_source(cause)
}

/// The kind of `cause` alone.
pub(super) fn kind_of(cause: &io::Error) -> ErrorKind {
    classify(cause).0
}

/// Whether `cause` means that nothing stands at a path: an absent name, a path that runs through a file, or a name
/// that this file system could not hold in the first place.
pub(super) fn is_absent(cause: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(cause),
        Some(Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::NXIO)
    )
}

/// The kind of `cause` and what an administrator can do about it.
fn classify(cause: &io::Error) -> (ErrorKind, &'static str) {
    let Some(errno) = Errno::from_io_error(cause) else {
        return match cause.kind() {
            // The only error of ours without a number: the path resolver met a way out.
            io::ErrorKind::PermissionDenied => (
                ErrorKind::Permission,
                "a symbolic link on its path leads out of the storage directory; remove the link",
            ),
            _ => (ErrorKind::Unknown, "the file system answered with an unexpected error; the log has it"),
        };
    };
    match errno {
        Errno::NOSPC => (ErrorKind::Full, "no space is left on the device; free some"),
        Errno::DQUOT => (ErrorKind::Full, "the disk quota is used up; raise it or free some space"),
        Errno::FBIG => (ErrorKind::Full, "it is larger than a file may be here"),
        Errno::ROFS => (ErrorKind::Permission, "the file system is read-only; mount it writable"),
        Errno::ACCESS | Errno::PERM => (
            ErrorKind::Permission,
            "access is denied; give the service's user access to the storage directory",
        ),
        Errno::LOOP => {
            (ErrorKind::Permission, "a symbolic link on its path may not be followed; remove the link")
        }
        Errno::NAMETOOLONG => (
            ErrorKind::InvalidArgument,
            "a segment of the key is longer than the file system takes (255 bytes on most)",
        ),
        Errno::NOTDIR => (ErrorKind::Precondition, "an object stands where its path needs a directory"),
        Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => {
            (ErrorKind::Precondition, "a directory stands where the object should be")
        }
        Errno::NOENT => (ErrorKind::NotFound, "it does not exist"),
        Errno::XDEV => (
            ErrorKind::Misconfigured,
            "its directory lies on another file system than the temporary directory; a target must be one file system",
        ),
        Errno::STALE | Errno::NODEV | Errno::NOTCONN => {
            (ErrorKind::Misconfigured, "the storage directory is no longer reachable; mount it again")
        }
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::BUSY | Errno::TIMEDOUT => {
            (ErrorKind::Transient, "the system is short of resources; try again")
        }
        _ => (ErrorKind::Unknown, "the file system answered with an unexpected error; the log has it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_number_has_the_kind_its_caller_can_act_on() {
        for (errno, kind) in [
            (Errno::NOSPC, ErrorKind::Full),
            (Errno::DQUOT, ErrorKind::Full),
            (Errno::FBIG, ErrorKind::Full),
            (Errno::ROFS, ErrorKind::Permission),
            (Errno::ACCESS, ErrorKind::Permission),
            (Errno::NAMETOOLONG, ErrorKind::InvalidArgument),
            (Errno::ISDIR, ErrorKind::Precondition),
            (Errno::NOTDIR, ErrorKind::Precondition),
            (Errno::XDEV, ErrorKind::Misconfigured),
            (Errno::STALE, ErrorKind::Misconfigured),
            (Errno::MFILE, ErrorKind::Transient),
            (Errno::IO, ErrorKind::Unknown),
        ] {
            assert_eq!(fault("write", errno).kind(), kind, "{errno:?}");
        }
    }
}
