//! What lies in a folder, in pages. Files are paged by a cursor, so that a later page costs what the first does.

use std::collections::{HashMap, HashSet};

use super::store::lists;
use super::{FileError, FileRecord, Files, FolderRecord, Item};
use crate::primary::spaces::Space;

/// What a list is sorted by; equal items by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// Name without regard to case.
    #[default]
    Name,
    /// Bytes; folders have none and go by name.
    Size,
    /// Creation.
    CreatedAt,
    /// Last change.
    UpdatedAt,
    /// MIME type; folders go by name.
    Type,
}

/// Direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The smallest first.
    #[default]
    Asc,
    /// The largest first.
    Desc,
}

/// The last file of a page: the next one begins behind it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Cursor {
    /// What the list is sorted by, of that file.
    pub value: String,
    /// Id of that file.
    pub id: i64,
}

/// Which part of a folder is asked for.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Sorting.
    pub sort_by: SortBy,
    /// Direction.
    pub order: Order,
    /// Folders to give.
    pub folder_limit: u32,
    /// Folders to pass over.
    pub folder_offset: u32,
    /// Files to give.
    pub file_limit: u32,
    /// Files behind this one only.
    pub files_after: Option<Cursor>,
}

/// A part of a folder.
#[derive(Debug)]
pub struct Listing {
    /// Folders of this page.
    pub folders: Vec<FolderRecord>,
    /// Files of this page.
    pub files: Vec<FileRecord>,
    /// All folders in it.
    pub folders_total: u64,
    /// All files in it.
    pub files_total: u64,
    /// What in this folder is shared, on this page or another.
    pub shared: HashSet<Item>,
    /// Where the next page of files begins; `None` after the last.
    pub next_file: Option<Cursor>,
}

impl Files {
    /// The files of `space` with these ids, in their order; what is not there any more is left out.
    pub async fn several(&self, space: Space, ids: &[i64]) -> Result<Vec<FileRecord>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        let found = lists::files_by_id(&mut connection, space.id, ids).await?;
        Ok(in_order(ids, found, |file| file.id))
    }

    /// The folders of `space` with these ids, in their order; what is not there any more is left out.
    pub async fn several_folders(&self, space: Space, ids: &[i64]) -> Result<Vec<FolderRecord>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        let found = lists::folders_by_id(&mut connection, space.id, ids).await?;
        Ok(in_order(ids, found, |folder| folder.id))
    }

    /// What in `space` is shared, at any depth.
    pub async fn shared(&self, space: Space) -> Result<HashSet<Item>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        Ok(lists::shared_anywhere(&mut connection, space.id).await?)
    }

    /// What lies in a folder (`None` is the root).
    pub async fn list(
        &self,
        space: Space,
        folder_id: Option<i64>,
        query: &ListQuery,
    ) -> Result<Listing, FileError> {
        if let Some(id) = folder_id {
            self.folder(space, id).await?;
        }
        let mut connection = self.db.read().acquire().await?;
        let folders = lists::folders(&mut connection, space.id, folder_id, query).await?;
        // One more than asked for says whether there is a next page.
        let mut files = lists::files(&mut connection, space.id, folder_id, query).await?;
        let limit = usize::try_from(query.file_limit).unwrap_or(usize::MAX);
        let more = files.len() > limit;
        files.truncate(limit);
        let next_file = files.last().filter(|_| more).map(|(_, cursor)| cursor.clone());
        Ok(Listing {
            folders,
            files: files.into_iter().map(|(file, _)| file).collect(),
            folders_total: lists::count_folders(&mut connection, space.id, folder_id).await?,
            files_total: lists::count_files(&mut connection, space.id, folder_id).await?,
            shared: lists::shared(&mut connection, space.id, folder_id).await?,
            next_file,
        })
    }
}

fn in_order<T>(ids: &[i64], mut found: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
    let place: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    found.sort_by_key(|one| place.get(&id(one)).copied());
    found
}
