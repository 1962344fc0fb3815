//! A selection with all that is below it, in the order and under the names of an archive; and what lies below a folder.

use std::collections::HashSet;

use super::store::{files, folders, trees};
use super::{FileError, FileName, FileRecord, Files, Item, MAX_LEVELS, MAX_NUMBER};
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

/// How much a selection may hold.
#[derive(Debug, Clone, Copy)]
pub struct PickLimits {
    /// Files and folders.
    pub entries: u64,
    /// Bytes of the files.
    pub bytes: u64,
}

/// Part of a selection.
#[derive(Debug, Clone)]
pub enum Picked {
    /// A folder; what is in it follows.
    Folder {
        /// Path within the selection.
        path: String,
        /// Last change.
        changed_at: Timestamp,
    },
    /// A file.
    File {
        /// Path within the selection.
        path: String,
        /// The file.
        file: FileRecord,
    },
}

#[derive(Debug)]
struct Picking {
    limits: PickLimits,
    bytes: u64,
    found: Vec<Picked>,
    /// Lower case: on many systems names that differ only in case are one.
    taken: HashSet<String>,
}

impl Files {
    /// Whether a live folder is `top` or lies below it.
    pub async fn lies_below(&self, space: Space, folder_id: i64, top: i64) -> Result<bool, FileError> {
        // What is live has only live folders above it.
        Ok(self.ancestors(space, folder_id).await?.iter().any(|folder| folder.id == top))
    }

    /// The live `items` with all that is below them. Where two would have the same path the later one gets a number.
    pub async fn pick(
        &self,
        space: Space,
        items: &[Item],
        limits: PickLimits,
    ) -> Result<Vec<Picked>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        let mut picking = Picking { limits, bytes: 0, found: Vec::new(), taken: HashSet::new() };
        for &item in items {
            let folder = match item {
                Item::File(id) => {
                    let file = files::live(&mut connection, space.id, id).await?;
                    picking.file("", file.ok_or(FileError::NotFound(id))?)?;
                    continue;
                }
                Item::Folder(id) => folders::live(&mut connection, space.id, id).await?,
            };
            let folder = folder.ok_or(FileError::FolderNotFound(item.id()))?;
            let path = picking.folder("", &folder.name, folder.updated_at)?;
            let mut open = vec![(folder.id, path, 1)];
            while let Some((id, path, level)) = open.pop() {
                let room = picking.room() + 1;
                for file in trees::files_in(&mut connection, id, room).await? {
                    picking.file(&path, file)?;
                }
                // The bound holds should the table ever have a circle.
                for child in trees::folders_in(&mut connection, id, picking.room() + 1).await? {
                    let below = picking.folder(&path, &child.name, child.updated_at)?;
                    if level < MAX_LEVELS {
                        open.push((child.id, below, level + 1));
                    }
                }
            }
        }
        Ok(picking.found)
    }
}

impl Picking {
    fn room(&self) -> u64 {
        self.limits.entries.saturating_sub(self.found.len() as u64)
    }

    fn folder(&mut self, above: &str, name: &str, changed_at: Timestamp) -> Result<String, FileError> {
        let path = self.free_path(above, name)?;
        self.add(Picked::Folder { path: path.clone(), changed_at })?;
        Ok(path)
    }

    fn file(&mut self, above: &str, file: FileRecord) -> Result<(), FileError> {
        self.bytes = self.bytes.saturating_add(file.blob.size);
        if self.bytes > self.limits.bytes {
            return Err(FileError::SelectionTooLarge { what: "bytes", max: self.limits.bytes });
        }
        let path = self.free_path(above, &file.name)?;
        self.add(Picked::File { path, file })
    }

    fn add(&mut self, picked: Picked) -> Result<(), FileError> {
        if self.room() == 0 {
            let max = self.limits.entries;
            return Err(FileError::SelectionTooLarge { what: "files and folders", max });
        }
        self.found.push(picked);
        Ok(())
    }

    fn free_path(&mut self, above: &str, name: &str) -> Result<String, FileError> {
        let name = FileName::kept(name.to_owned());
        for number in 0..=MAX_NUMBER {
            let numbered = if number == 0 { name.clone() } else { name.numbered(number) };
            let path = match above {
                "" => numbered.as_str().to_owned(),
                above => format!("{above}/{}", numbered.as_str()),
            };
            if self.taken.insert(path.to_lowercase()) {
                return Ok(path);
            }
        }
        Err(FileError::TooManyOfName(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_the_same_path_gets_a_number_whatever_the_case() {
        let limits = PickLimits { entries: 9, bytes: 0 };
        let mut picking = Picking { limits, bytes: 0, found: Vec::new(), taken: HashSet::new() };
        let mut free = |above: &str, name: &str| picking.free_path(above, name).expect("free");
        assert_eq!(free("", "a.txt"), "a.txt");
        assert_eq!(free("", "A.TXT"), "A (1).TXT");
        assert_eq!(free("", "a.txt"), "a (2).txt");
        assert_eq!(free("b", "a.txt"), "b/a.txt");
    }
}
