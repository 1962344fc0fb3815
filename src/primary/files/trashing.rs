//! The tree's side of the trash: what leaves the tree, what comes back, what goes for good. The entries themselves are
//! [`trash`](crate::primary::trash)'s.

use super::folders::{level_below, refuse_too_deep};
use super::locks::{By, Touched, refuse_locked};
use super::released::Released;
use super::store::{blobs, files, folders, locks, purge, trees};
use super::{FileError, FileName, Files, MAX_LEVELS, MAX_NUMBER, name};
use crate::db::Tx;
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;

/// A file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// A file, by id.
    File(i64),
    /// A folder, by id.
    Folder(i64),
}

impl Item {
    /// The id.
    pub fn id(self) -> i64 {
        match self {
            Self::File(id) | Self::Folder(id) => id,
        }
    }

    /// `file` or `folder`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Folder(_) => "folder",
        }
    }

    /// For the columns `file_id` and `folder_id`, one of which is set.
    pub(super) fn columns(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::File(id) => (Some(id), None),
            Self::Folder(id) => (None, Some(id)),
        }
    }
}

impl Files {
    /// The path of an item from the root, for people: `Photos/2026/beach.jpg`. Takes the space.
    pub(in crate::primary) async fn path_of(
        &self,
        tx: &mut Tx,
        space: Space,
        item: Item,
    ) -> Result<String, FileError> {
        spaces::lock(tx, space.id).await?;
        let (parent, name) = match item {
            Item::File(id) => {
                let file = files::live(tx, space.id, id).await?.ok_or(FileError::NotFound(id))?;
                (file.folder_id, file.name)
            }
            Item::Folder(id) => {
                let folder = folders::live(tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
                (folder.parent_id, folder.name)
            }
        };
        let mut names = vec![name];
        if let Some(parent) = parent {
            names.extend(
                folders::upwards(tx, parent, MAX_LEVELS).await?.into_iter().map(|folder| folder.name),
            );
        }
        names.reverse();
        Ok(names.join("/"))
    }

    /// Takes a live item, and what lies below it, out of the tree, with the locks on it. The space must be taken.
    pub(in crate::primary) async fn put_in_trash(
        &self,
        tx: &mut Tx,
        space: Space,
        by: By<'_>,
        item: Item,
        trash_id: i64,
    ) -> Result<(), FileError> {
        refuse_locked(tx, space, by, Touched::Whole(item)).await?;
        match item {
            Item::File(id) => files::set_trash(tx, id, trash_id).await?,
            Item::Folder(id) => trees::set_trash(tx, id, MAX_LEVELS, trash_id).await?,
        }
        locks::delete_trashed(tx, trash_id).await?;
        Ok(())
    }

    /// Puts an item, and everything under its entry of the trash, back: into its folder, or into the root when that
    /// is gone. A name that is taken by now gets a number. The space must be taken.
    pub(in crate::primary) async fn take_from_trash(
        &self,
        tx: &mut Tx,
        space: Space,
        by: By<'_>,
        item: Item,
        trash_id: i64,
    ) -> Result<(), FileError> {
        let Some((parent, name)) = trees::trashed(tx, item, trash_id).await? else {
            return Err(match item {
                Item::File(id) => FileError::NotFound(id),
                Item::Folder(id) => FileError::FolderNotFound(id),
            });
        };
        let parent = match parent {
            Some(id) => folders::live(tx, space.id, id).await?.map(|folder| folder.id),
            None => None,
        };
        refuse_locked(tx, space, by, Touched::Names(parent)).await?;
        let name = free_name(tx, space, item, parent, &FileName::kept(name)).await?;
        let now = Timestamp::now();
        // The name first: in its old place and by its old name it may clash with something live.
        match item {
            Item::File(id) => {
                files::place(tx, id, parent, &name, &name::mime_type(name.as_str()), now).await?;
            }
            Item::Folder(id) => folders::place(tx, id, parent, &name, now).await?,
        }
        trees::clear_trash(tx, trash_id).await?;
        if let Item::Folder(id) = item {
            // The folder above may have been moved deeper in the meantime.
            let level = level_below(tx, space, parent).await?;
            let tree = trees::extent(tx, id, MAX_LEVELS).await?;
            refuse_too_deep(level + tree.levels - 1)?;
        }
        Ok(())
    }

    /// Removes at most `limit` of the files under an entry of the trash for good, with their versions, and gives their
    /// bytes back to the space; after the last file the folders go, and nothing is left (`None`). What is released is to
    /// be removed after the commit.
    pub(in crate::primary) async fn purge_some(
        &self,
        tx: &mut Tx,
        space_id: i64,
        trash_id: i64,
        limit: u32,
    ) -> Result<Option<Vec<Released>>, FileError> {
        spaces::lock(tx, space_id).await?;
        let ids = purge::next_files(tx, trash_id, limit).await?;
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            purge::delete_folders(tx, trash_id).await?;
            return Ok(None);
        };
        let bytes = purge::delete_files(tx, trash_id, *first, *last).await?;
        spaces::refund(tx, space_id, bytes).await?;
        Ok(Some(blobs::give_up_unreferenced(tx).await?))
    }
}

/// `name`, or a numbered one when something of the same kind has it.
async fn free_name(
    tx: &mut Tx,
    space: Space,
    item: Item,
    parent: Option<i64>,
    name: &FileName,
) -> Result<FileName, FileError> {
    for number in 0..=MAX_NUMBER {
        let name = if number == 0 { name.clone() } else { name.numbered(number) };
        let taken = match item {
            Item::File(_) => files::by_name(tx, space.id, parent, name.as_str()).await?.is_some(),
            Item::Folder(_) => folders::by_name(tx, space.id, parent, name.as_str()).await?.is_some(),
        };
        if !taken {
            return Ok(name);
        }
    }
    Err(FileError::TooManyOfName(name.as_str().to_owned()))
}
