//! Compose (wire contract §5.7): parts into one object, copied by the kernel. The target changes in one rename at the
//! end, so a failure leaves everything as it was.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustix::fs::{AtFlags, Stat, copy_file_range, fstat, statat, unlinkat};
use rustix::io::Errno;

use super::LARGE_PIECE;
use super::blocking::{Caller, blocking};
use super::fault::fault;
use super::tree::Tree;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, Result, StorageError};

/// Most bytes one kernel copy takes before the caller is asked for again.
const COPY_STEP: u64 = 64 * 1024 * 1024;

/// Concatenates `parts` into `target`.
pub(super) async fn compose(
    tree: Arc<Tree>,
    target: ObjectKey,
    parts: Vec<ObjectKey>,
    expected_size: u64,
) -> Result<u64> {
    tree.check_writable_key(&target)?;
    if parts.is_empty() {
        return Err(StorageError::new(ErrorKind::InvalidArgument, "compose needs at least one part"));
    }
    if parts.contains(&target) {
        let message = format!("compose target `{target}` is also one of the parts");
        return Err(StorageError::new(ErrorKind::InvalidArgument, message));
    }
    blocking(move |caller| {
        let parts = inspect(&tree, parts, expected_size)?;
        let object = tree.stage().map_err(|e| tree.write_fault(&action(&target), e))?;
        for part in &parts {
            append(&tree, part, object.file(), &target, caller)?;
        }
        tree.place(object, &target, caller)?;
        for part in &parts {
            remove_copied(&tree, part);
        }
        Ok(expected_size)
    })
    .await
}

/// A part and the file that stood there when it was looked at.
struct Part {
    key: ObjectKey,
    size: u64,
    identity: Identity,
}

/// What tells one file from another that takes its name later.
type Identity = (u64, u64);

/// Finds all parts before anything is written; their sizes must sum to `expected_size`.
fn inspect(tree: &Tree, keys: Vec<ObjectKey>, expected_size: u64) -> Result<Vec<Part>> {
    let mut total = 0_u64;
    let mut parts = Vec::with_capacity(keys.len());
    for key in keys {
        let (_, stat) = open(tree, &key)?;
        let size = size_of(&stat);
        total = total.saturating_add(size);
        parts.push(Part { key, size, identity: identity(&stat) });
    }
    if total != expected_size {
        let message = format!("the parts have {total} bytes together; {expected_size} were announced");
        return Err(StorageError::new(ErrorKind::SizeMismatch, message));
    }
    Ok(parts)
}

/// Appends `part` to `output`. A part that was replaced meanwhile fails the compose.
fn append(tree: &Tree, part: &Part, output: &File, target: &ObjectKey, caller: &Caller) -> Result<()> {
    let changed = || {
        let message = format!("part `{}` changed during compose", part.key);
        StorageError::new(ErrorKind::SizeMismatch, message)
    };
    let (mut input, stat) = open(tree, &part.key)?;
    if identity(&stat) != part.identity || size_of(&stat) != part.size {
        return Err(changed());
    }
    let mut left = part.size;
    let mut in_kernel = true;
    while left > 0 {
        caller.still_waits()?;
        let copied = if in_kernel {
            match copy_in_kernel(&input, output, left) {
                Err(Errno::INTR) => continue,
                // Another kind of file system, an old kernel, or files it cannot copy between.
                Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM) => {
                    in_kernel = false;
                    continue;
                }
                copied => copied.map_err(io::Error::from),
            }
        } else {
            copy_through_memory(&mut input, output, left)
        };
        match copied.map_err(|e| fault(&action(target), e))? {
            0 => return Err(changed()),
            copied => left -= copied,
        }
    }
    Ok(())
}

/// Copies from and to the current positions of both files.
fn copy_in_kernel(input: &File, output: &File, left: u64) -> rustix::io::Result<u64> {
    let step = left.min(COPY_STEP) as usize;
    copy_file_range(input, None, output, None, step).map(|copied| copied as u64)
}

fn copy_through_memory(input: &mut File, mut output: &File, left: u64) -> io::Result<u64> {
    let mut buffer = Vec::with_capacity(LARGE_PIECE);
    input.take(left.min(LARGE_PIECE as u64)).read_to_end(&mut buffer)?;
    output.write_all(&buffer)?;
    Ok(buffer.len() as u64)
}

/// Removes a part, best effort, but only while its key still names the file that was copied: neither an object
/// written there meanwhile nor the target (which two spellings name where a file system ignores case) may go.
fn remove_copied(tree: &Tree, part: &Part) {
    let (parent, name) = Tree::split(&part.key);
    let outcome = tree.directory(parent).and_then(|directory| {
        let stat = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if identity(&stat) == part.identity {
            unlinkat(&directory, name, AtFlags::empty())?;
        }
        Ok(())
    });
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, part = %part.key, "a composed part could not be removed");
        }
        // Absent: it was listed twice, or somebody else removed it.
        _ => {}
    }
}

/// Opens the object `key`.
fn open(tree: &Tree, key: &ObjectKey) -> Result<(File, Stat)> {
    if tree.is_reserved(key) {
        return Err(tree.read_fault(key, Errno::NOENT.into()));
    }
    let file = tree.open_for_reading(key.as_str()).map_err(|e| tree.read_fault(key, e))?;
    let stat = fstat(&file).map_err(|e| tree.read_fault(key, e.into()))?;
    if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() {
        return Err(tree.read_fault(key, Errno::NOENT.into()));
    }
    Ok((file, stat))
}

fn identity(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

fn size_of(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn action(target: &ObjectKey) -> String {
    format!("compose object `{target}`")
}
