//! What lies in a folder, files and folders alike, for programs that want all of it: a part at a time, so that memory
//! does not grow with the folder.

use super::store::{lists, trees};
use super::{Cursor, FileError, FileRecord, Files, FolderRecord, Item, ListQuery, MAX_LEVELS};
use crate::primary::spaces::Space;

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Where the folder lives.
    pub space: Space,
    /// The folder; `None` is the root of the space.
    pub folder_id: Option<i64>,
    /// The name, which may be one that nothing can have.
    pub name: String,
}

/// A file or a folder with what is known of it.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A file.
    File(FileRecord),
    /// A folder.
    Folder(FolderRecord),
}

/// Where the next part of a folder begins.
#[derive(Debug, Clone)]
pub struct Next(At);

#[derive(Debug, Clone)]
enum At {
    Folders(u32),
    Files(Option<Cursor>),
}

impl Entry {
    /// Which one it is.
    pub fn item(&self) -> Item {
        match self {
            Self::File(file) => Item::File(file.id),
            Self::Folder(folder) => Item::Folder(folder.id),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::File(file) => &file.name,
            Self::Folder(folder) => &folder.name,
        }
    }

    /// Whether a lock is on it; one on a folder above does not count.
    pub fn is_locked(&self) -> bool {
        match self {
            Self::File(file) => file.is_locked,
            Self::Folder(folder) => folder.is_locked,
        }
    }
}

impl Next {
    /// The beginning of a folder.
    pub fn first() -> Self {
        Self(At::Folders(0))
    }
}

impl Files {
    /// A part of what lies in a folder (`None` is the root), at most `limit` entries, folders first, and where the next
    /// part begins.
    pub async fn entries(
        &self,
        space: Space,
        folder_id: Option<i64>,
        from: Next,
        limit: u32,
    ) -> Result<(Vec<Entry>, Option<Next>), FileError> {
        let mut connection = self.db.read().acquire().await?;
        let count = |found: usize| u32::try_from(found).unwrap_or(u32::MAX);
        let mut entries = Vec::new();
        let after = match from.0 {
            At::Files(after) => after,
            At::Folders(offset) => {
                let query = ListQuery { folder_limit: limit, folder_offset: offset, ..ListQuery::default() };
                let folders = lists::folders(&mut connection, space.id, folder_id, &query).await?;
                entries.extend(folders.into_iter().map(Entry::Folder));
                let found = count(entries.len());
                if found >= limit {
                    return Ok((entries, Some(Next(At::Folders(offset.saturating_add(found))))));
                }
                None
            }
        };
        let room = limit - count(entries.len());
        let query = ListQuery { file_limit: room, files_after: after, ..ListQuery::default() };
        // One more than asked for says whether there is a next part.
        let mut files = lists::files(&mut connection, space.id, folder_id, &query).await?;
        let more = files.len() > room as usize;
        files.truncate(room as usize);
        let next = files.last().filter(|_| more).map(|(_, cursor)| Next(At::Files(Some(cursor.clone()))));
        entries.extend(files.into_iter().map(|(file, _)| Entry::File(file)));
        Ok((entries, next))
    }

    /// How many files and folders lie below a folder (`None` is the root), counted up to `most`.
    pub async fn count_below(
        &self,
        space: Space,
        folder_id: Option<i64>,
        most: u64,
    ) -> Result<u64, FileError> {
        let mut connection = self.db.read().acquire().await?;
        Ok(match folder_id {
            Some(id) => trees::count_below(&mut connection, id, MAX_LEVELS, most).await?,
            None => lists::count_in_space(&mut connection, space.id, most).await?,
        })
    }
}
