//! LIST (wire contract §5.6): a walk that follows no link, keeps no handle but the current one and stops at a bound.

use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, statat};
use rustix::io::Errno;

use super::blocking::{Caller, blocking};
use super::fault::{fault, is_absent};
use super::tree::Tree;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, Result, StorageError};

/// Most keys one answer may hold. At a typical length of 64 bytes they take about 100 MiB while they are sorted.
const MAX_KEYS: usize = 1_000_000;

/// All keys at or below `prefix`, sorted by bytes.
pub(super) async fn list(tree: Arc<Tree>, prefix: Option<ObjectKey>) -> Result<Vec<String>> {
    blocking(move |caller| {
        Walk { tree: &tree, caller, limit: MAX_KEYS, keys: Vec::new() }.run(prefix.as_ref())
    })
    .await
}

struct Walk<'a> {
    tree: &'a Tree,
    caller: &'a Caller,
    limit: usize,
    keys: Vec<String>,
}

impl Walk<'_> {
    fn run(mut self, prefix: Option<&ObjectKey>) -> Result<Vec<String>> {
        let start = match prefix {
            None => String::new(),
            Some(prefix) => {
                if self.tree.is_reserved(prefix) {
                    return Ok(self.keys);
                }
                match self.tree.link_metadata(prefix.as_str()) {
                    Ok(found) if found.is_dir() => prefix.to_string(),
                    Ok(found) if found.is_file() => return Ok(vec![prefix.to_string()]),
                    Ok(_) => return Ok(self.keys),
                    Err(error) if is_absent(&error) && !self.tree.is_gone() => return Ok(self.keys),
                    Err(error) => return Err(self.tree.read_fault(prefix, error)),
                }
            }
        };
        let mut pending = vec![start];
        while let Some(directory) = pending.pop() {
            self.caller.still_waits()?;
            self.visit(&directory, &mut pending)?;
        }
        // An open directory that was removed reads as empty.
        if self.keys.is_empty() && self.tree.is_gone() {
            return Err(self.tree.write_fault("list objects", Errno::NOENT.into()));
        }
        self.keys.sort_unstable();
        Ok(self.keys)
    }

    /// Takes the objects of one directory and notes its sub-directories as `pending`.
    fn visit(&mut self, path: &str, pending: &mut Vec<String>) -> Result<()> {
        let failed = |error: std::io::Error| fault(&format!("list directory `{path}`"), error);
        let directory = match self.tree.directory(path) {
            Ok(directory) => directory,
            // Removed since its parent was read.
            Err(error) if is_absent(&error) && !self.tree.is_gone() => return Ok(()),
            Err(error) => return Err(self.tree.write_fault(&format!("list directory `{path}`"), error)),
        };
        let mut entries = Dir::read_from(&directory).map_err(|e| failed(e.into()))?;
        while let Some(entry) = entries.read() {
            let entry = entry.map_err(|e| failed(e.into()))?;
            let kind = match entry.file_type() {
                // Some file systems do not tell with the name.
                FileType::Unknown => match statat(&directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                    Err(Errno::NOENT) => continue,
                    Err(errno) => return Err(failed(errno.into())),
                },
                kind => kind,
            };
            if !matches!(kind, FileType::Directory | FileType::RegularFile) {
                continue;
            }
            let Some(key) = addressable(path, entry.file_name().to_bytes()) else { continue };
            if self.tree.is_reserved(&key) {
                continue;
            }
            let found = if kind == FileType::RegularFile { &mut self.keys } else { &mut *pending };
            found.push(key.to_string());
            if self.keys.len() + pending.len() > self.limit {
                let message = format!("more than {} keys to list; list a narrower prefix", self.limit);
                return Err(StorageError::new(ErrorKind::InvalidArgument, message));
            }
        }
        Ok(())
    }
}

/// The key of the entry `name` in the directory `path`. Names that no key can spell (put there by others: not UTF-8,
/// a backslash, too long) are no objects.
fn addressable(path: &str, name: &[u8]) -> Option<ObjectKey> {
    let name = std::str::from_utf8(name).ok().filter(|name| !matches!(*name, "." | ".."))?;
    let spelled = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    ObjectKey::parse(&spelled).ok().filter(|key| key.as_str() == spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;

    #[test]
    fn a_listing_over_its_limit_is_refused_and_says_so() {
        let directory = tempfile::tempdir().expect("directory");
        let tree = Tree::open(directory.path(), "", "", Durability::Rename).expect("tree");
        for name in ["a", "b", "c"] {
            std::fs::File::create(directory.path().join(name)).expect("file");
        }
        let walk =
            |limit| Walk { tree: &tree, caller: &Caller::default(), limit, keys: Vec::new() }.run(None);
        assert_eq!(walk(3).expect("within the limit"), ["a", "b", "c"]);
        let error = walk(2).expect_err("over the limit");
        assert!(error.to_string().contains("more than 2 keys"), "{error}");
    }
}
