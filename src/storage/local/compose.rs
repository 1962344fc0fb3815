//! Compose (wire contract §5.7): parts into one object, copied by the kernel. The target changes in one rename at the
//! end, so a failure leaves everything as it was.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustix::fs::{AtFlags, Stat, copy_file_range, fstat, statat, unlinkat};
use rustix::io::Errno;

use super::PIECE;
use super::blocking::{Caller, Parked, blocking};
use super::fault::fault;
use super::staging::Unfinished;
use super::tree::Tree;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, Result, StorageError};

/// Most parts kept open until all are copied.
const MAX_OPEN_PARTS: usize = 64;
/// Most bytes between two looks at whether the caller still waits, and between two requests to begin writing to the
/// disk. Fewer cost more calls; more leave the disk idle at the start and busy at the end.
const STRIDE: u64 = 4 * 1024 * 1024;

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
        let mut composition = Composition::begin(&tree, target, parts, expected_size)?;
        composition.copy_all(&tree, caller)?;
        composition.finish(&tree, caller)
    })
    .await?;
    Ok(expected_size)
}

/// A target that is being put together. Blocks; belongs on the blocking pool.
struct Composition {
    target: ObjectKey,
    parts: Vec<Part>,
    object: Unfinished,
    /// Bytes copied, and how many of them the disk was asked to take.
    copied: u64,
    handed_to_disk: u64,
    /// Copied parts. While they are open, removing their names is quick; the blocks are freed when they are closed.
    done: Vec<File>,
    /// Whether the kernel copies between these files.
    in_kernel: bool,
}

impl Composition {
    /// Finds the parts and room for the whole.
    fn begin(tree: &Tree, target: ObjectKey, parts: Vec<ObjectKey>, expected_size: u64) -> Result<Self> {
        let parts = inspect(tree, parts, expected_size)?;
        let object = tree.stage().map_err(|e| tree.write_fault(&action(&target), e))?;
        object.reserve(expected_size).map_err(|e| fault(&action(&target), e))?;
        Ok(Self { target, parts, object, copied: 0, handed_to_disk: 0, done: Vec::new(), in_kernel: true })
    }

    /// A part that was replaced meanwhile fails the compose.
    fn copy_all(&mut self, tree: &Tree, caller: &Caller) -> Result<()> {
        for index in 0..self.parts.len() {
            let (mut input, mut left) = self.parts[index].reopen(tree)?;
            while left > 0 {
                caller.still_waits()?;
                let copied = self.copy_some(&mut input, left.min(STRIDE));
                let copied = match copied.map_err(|e| fault(&action(&self.target), e))? {
                    0 => return Err(self.parts[index].changed()),
                    copied => copied,
                };
                left -= copied;
                self.copied += copied;
                if tree.is_fully_durable() && self.copied - self.handed_to_disk >= STRIDE {
                    self.object.begin_writeback(self.handed_to_disk..self.copied);
                    self.handed_to_disk = self.copied;
                }
            }
            if self.done.len() < MAX_OPEN_PARTS {
                self.done.push(input);
            }
        }
        Ok(())
    }

    /// Copies from the position of `input` to the end of what was copied before. In the kernel this shares blocks
    /// where the file system can.
    fn copy_some(&mut self, input: &mut File, most: u64) -> io::Result<u64> {
        while self.in_kernel {
            match copy_file_range(&*input, None, self.object.file(), None, most as usize) {
                Err(Errno::INTR) => {}
                // Another kind of file system, an old kernel, or files it cannot copy between.
                Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM) => {
                    self.in_kernel = false;
                }
                copied => return Ok(copied.map(|copied| copied as u64)?),
            }
        }
        copy_through_memory(input, self.object.file(), most)
    }

    /// Makes the copy the target, then removes the parts.
    fn finish(self, tree: &Tree, caller: &Caller) -> Result<()> {
        // The caller need not wait until they are closed.
        let _closed_later = Parked::new(self.done);
        tree.place(self.object, &self.target, caller)?;
        for part in &self.parts {
            remove_copied(tree, part);
        }
        // Parts mostly share a directory, which is empty only after the last of them.
        let parents: BTreeSet<&str> = self.parts.iter().map(|part| Tree::split(&part.key).0).collect();
        for parent in parents.into_iter().rev() {
            tree.remove_empty(parent);
        }
        Ok(())
    }
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

impl Part {
    /// The part again, with its size; it must be the file that was inspected.
    fn reopen(&self, tree: &Tree) -> Result<(File, u64)> {
        let (file, stat) = open(tree, &self.key)?;
        if identity(&stat) != self.identity || size_of(&stat) != self.size {
            return Err(self.changed());
        }
        Ok((file, self.size))
    }

    fn changed(&self) -> StorageError {
        let message = format!("part `{}` changed during compose", self.key);
        StorageError::new(ErrorKind::SizeMismatch, message)
    }
}

fn copy_through_memory(input: &mut File, mut output: &File, left: u64) -> io::Result<u64> {
    let mut buffer = Vec::with_capacity(PIECE);
    input.take(left.min(PIECE as u64)).read_to_end(&mut buffer)?;
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
