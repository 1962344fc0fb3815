//! LIST (wire contract §5.6): a walk in the order of the keys' bytes. It follows no link, keeps no handle, and holds
//! the names of one directory per depth: however many objects there are, none is held twice.

use std::sync::Arc;
use std::vec;

use futures_util::{StreamExt, stream};
use rustix::fs::{AtFlags, Dir, FileType, statat};
use rustix::io::Errno;

use super::blocking::{Caller, blocking};
use super::fault::{fault, is_absent};
use super::tree::Tree;
use crate::protocol::ObjectKey;
use crate::storage::{ErrorKind, KeyStream, Result, StorageError};

/// Most names held at a time, over all depths. At a typical length of 32 bytes they take about 60 MiB.
const MAX_NAMES: usize = 1_000_000;
/// Keys per trip to the blocking pool.
const BATCH: usize = 1024;

/// All keys at or below `prefix`, sorted by bytes. Errors of the first batch are those of the call, later ones are
/// items of the stream and its end.
pub(super) async fn list(tree: Arc<Tree>, prefix: Option<ObjectKey>) -> Result<KeyStream> {
    let (walk, first) = blocking(move |caller| {
        let mut walk = Walk::begin(tree, prefix.as_ref(), MAX_NAMES)?;
        let first = walk.batch(BATCH, caller)?;
        Ok((walk, first))
    })
    .await?;
    let more = stream::unfold(Some(walk), |walk| async move {
        let mut walk = walk.filter(|walk| !walk.levels.is_empty())?;
        let batch = blocking(move |caller| {
            let keys = walk.batch(BATCH, caller)?;
            Ok((walk, keys))
        });
        Some(match batch.await {
            Ok((walk, keys)) => (Ok(keys), Some(walk)),
            Err(error) => (Err(error), None),
        })
    });
    let batches = stream::once(async { Ok(first) }).chain(more);
    let keys = batches.flat_map(|batch| {
        let (keys, error) = match batch {
            Ok(keys) => (keys, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        stream::iter(keys.into_iter().map(Ok).chain(error))
    });
    Ok(Box::pin(keys))
}

/// What of one directory is still to be visited.
struct Level {
    /// `""` for the root of all keys.
    path: String,
    /// Sorted; those of directories end with `/`, which sorts them as their keys do.
    names: vec::IntoIter<String>,
}

struct Walk {
    tree: Arc<Tree>,
    levels: Vec<Level>,
    /// Names in `levels`.
    held: usize,
    limit: usize,
}

impl Walk {
    fn begin(tree: Arc<Tree>, prefix: Option<&ObjectKey>, limit: usize) -> Result<Self> {
        let mut walk = Self { tree, levels: Vec::new(), held: 0, limit };
        let Some(prefix) = prefix else {
            walk.enter(String::new())?;
            if walk.held == 0 {
                walk.check_presence()?;
            }
            return Ok(walk);
        };
        if walk.tree.is_reserved(prefix) {
            return Ok(walk);
        }
        match walk.tree.link_metadata(prefix.as_str()) {
            Ok(found) if found.is_dir() => walk.enter(prefix.to_string())?,
            Ok(found) if found.is_file() => {
                let (path, name) = Tree::split(prefix);
                walk.levels.push(Level { path: path.to_owned(), names: vec![name.to_owned()].into_iter() });
                walk.held = 1;
            }
            Ok(_) => {}
            Err(error) if is_absent(&error) && !walk.tree.is_gone() => {}
            Err(error) => return Err(walk.tree.read_fault(prefix, error)),
        }
        Ok(walk)
    }

    /// An open directory that was removed reads as empty; this tells it from an empty one.
    fn check_presence(&self) -> Result<()> {
        if self.tree.is_gone() {
            return Err(self.tree.write_fault("list objects", Errno::NOENT.into()));
        }
        Ok(())
    }

    /// The next keys, about `most`; none at the end.
    fn batch(&mut self, most: usize, caller: &Caller) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        while let Some(level) = self.levels.last_mut() {
            if keys.len() >= most {
                break;
            }
            let Some(name) = level.names.next() else {
                self.levels.pop();
                continue;
            };
            self.held -= 1;
            let Some(key) = addressable(&level.path, name.trim_end_matches('/')) else { continue };
            if self.tree.is_reserved(&key) {
                continue;
            }
            if name.ends_with('/') {
                caller.still_waits()?;
                self.enter(key.to_string())?;
            } else {
                keys.push(key.to_string());
            }
        }
        Ok(keys)
    }

    /// Reads the names of the directory `path`, which are visited next.
    fn enter(&mut self, path: String) -> Result<()> {
        let failed = |error: std::io::Error| fault(&format!("list directory `{path}`"), error);
        let directory = match self.tree.directory(&path) {
            Ok(directory) => directory,
            // Removed since its parent was read.
            Err(error) if is_absent(&error) && !self.tree.is_gone() => return Ok(()),
            Err(error) => return Err(self.tree.write_fault(&format!("list directory `{path}`"), error)),
        };
        let mut names = Vec::new();
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
            let Ok(name) = entry.file_name().to_str() else { continue };
            match kind {
                FileType::Directory if !matches!(name, "." | "..") => names.push(format!("{name}/")),
                FileType::RegularFile => names.push(name.to_owned()),
                _ => continue,
            }
            if self.held + names.len() > self.limit {
                let message = format!("more than {} names to hold; list a narrower prefix", self.limit);
                return Err(StorageError::new(ErrorKind::InvalidArgument, message));
            }
        }
        names.sort_unstable();
        self.held += names.len();
        self.levels.push(Level { path, names: names.into_iter() });
        Ok(())
    }
}

/// The key of the entry `name` in the directory `path`. Names that no key can spell (put there by others: a
/// backslash, too long) are no objects.
fn addressable(path: &str, name: &str) -> Option<ObjectKey> {
    let spelled = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    ObjectKey::parse(&spelled).ok().filter(|key| key.as_str() == spelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Durability;

    #[test]
    fn a_directory_over_the_limit_is_refused_and_says_so() {
        let directory = tempfile::tempdir().expect("directory");
        let tree = Arc::new(Tree::open(directory.path(), "", "", Durability::Rename).expect("tree"));
        for name in ["a", "b", "c"] {
            std::fs::File::create(directory.path().join(name)).expect("file");
        }
        // The directory of unfinished objects is one more name.
        let walk = |limit| Walk::begin(Arc::clone(&tree), None, limit);
        let keys = walk(4).and_then(|mut walk| walk.batch(10, &Caller::default()));
        assert_eq!(keys.expect("within the limit"), ["a", "b", "c"]);
        let error = walk(3).map(|_| ()).expect_err("over the limit");
        assert!(error.to_string().contains("more than 3 names"), "{error}");
    }

    #[test]
    fn a_walk_that_is_cut_anywhere_yields_each_key_once_and_in_order() {
        let directory = tempfile::tempdir().expect("directory");
        let tree = Arc::new(Tree::open(directory.path(), "", "", Durability::Rename).expect("tree"));
        let mut keys = Vec::new();
        for parent in ["a", "a-", "a0", "a/b", "a/b.c"] {
            std::fs::create_dir_all(directory.path().join(parent)).expect("directory");
            for name in ["x", "y-", "y"] {
                std::fs::File::create(directory.path().join(parent).join(name)).expect("file");
                keys.push(format!("{parent}/{name}"));
            }
        }
        keys.sort_unstable();
        for most in [1, 2, 4, 100] {
            let mut walk = Walk::begin(Arc::clone(&tree), None, 100).expect("walk");
            let mut found = Vec::new();
            while !walk.levels.is_empty() {
                found.extend(walk.batch(most, &Caller::default()).expect("batch"));
            }
            assert_eq!(found, keys, "in batches of {most}");
        }
    }
}
