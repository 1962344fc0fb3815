//! Folders: making, finding, renaming and moving them. The root of a space is no folder; it is `None`.

use super::locks::{By, Touched, refuse_locked};
use super::store::{folders, trees};
use super::{FileError, FileName, Files, Item, MAX_LEVELS};
use crate::db::Tx;
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;

/// A folder.
#[derive(Debug, Clone)]
pub struct FolderRecord {
    /// Id.
    pub id: i64,
    /// Where it lives.
    pub space_id: i64,
    /// The folder it lies in; `None` is the root of the space.
    pub parent_id: Option<i64>,
    /// Name.
    pub name: String,
    /// Who made it.
    pub created_by_user_id: i64,
    /// Creation.
    pub created_at: Timestamp,
    /// When name or place last changed.
    pub updated_at: Timestamp,
    /// Whether a lock is on it; one on a folder above does not count.
    pub is_locked: bool,
}

/// What lies below a folder, at any depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Folders.
    pub folders: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files, without their versions.
    pub bytes: u64,
}

impl Files {
    /// One folder of `space` that is not in the trash.
    pub async fn folder(&self, space: Space, id: i64) -> Result<FolderRecord, FileError> {
        let mut connection = self.db.read().acquire().await?;
        folders::live(&mut connection, space.id, id).await?.ok_or(FileError::FolderNotFound(id))
    }

    /// Makes a folder.
    pub async fn create_folder(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        parent_id: Option<i64>,
        name: &FileName,
    ) -> Result<FolderRecord, FileError> {
        let by = by.into();
        let mut tx = self.change_in(space).await?;
        let level = level_below(&mut tx, space, parent_id).await?;
        refuse_too_deep(level)?;
        refuse_locked(&mut tx, space, by, Touched::Names(parent_id)).await?;
        let id = folders::insert(&mut tx, space.id, parent_id, name, by.user_id, Timestamp::now()).await?;
        let id = id.ok_or_else(|| exists(name))?;
        let folder = folders::live(&mut tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
        tx.commit().await?;
        Ok(folder)
    }

    /// The folders from the root to `id`, itself last.
    pub async fn ancestors(&self, space: Space, id: i64) -> Result<Vec<FolderRecord>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        folders::live(&mut connection, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
        let mut chain = folders::upwards(&mut connection, id, MAX_LEVELS).await?;
        chain.reverse();
        Ok(chain)
    }

    /// What lies below a folder.
    pub async fn extent(&self, space: Space, id: i64) -> Result<Extent, FileError> {
        let mut connection = self.db.read().acquire().await?;
        folders::live(&mut connection, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
        let trees::Extent { folders, files, bytes, .. } =
            trees::extent(&mut connection, id, MAX_LEVELS).await?;
        Ok(Extent { folders, files, bytes })
    }

    /// Gives a folder another name, another place (`Some(None)` is the root), or both.
    pub async fn change_folder(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        id: i64,
        name: Option<&FileName>,
        parent_id: Option<Option<i64>>,
    ) -> Result<FolderRecord, FileError> {
        let mut tx = self.change_in(space).await?;
        let folder = change_folder_in(&mut tx, space, by.into(), id, name, parent_id).await?;
        tx.commit().await?;
        Ok(folder)
    }

    /// The folder at the end of `names` below `parent_id`; what lacks is made. Takes the space.
    pub(in crate::primary) async fn folder_path(
        &self,
        tx: &mut Tx,
        space: Space,
        parent_id: Option<i64>,
        names: &[FileName],
        author: i64,
    ) -> Result<Option<i64>, FileError> {
        spaces::lock(tx, space.id).await?;
        // One more would be the level of a folder; the names make as many folders as they are.
        let level = level_below(tx, space, parent_id).await?;
        refuse_too_deep(level - 1 + u32::try_from(names.len()).unwrap_or(u32::MAX / 2))?;
        let mut at = parent_id;
        for name in names {
            let found = folders::by_name(tx, space.id, at, name.as_str()).await?.map(|folder| folder.id);
            at = match found {
                Some(id) => Some(id),
                None => {
                    refuse_locked(tx, space, author.into(), Touched::Names(at)).await?;
                    folders::insert(tx, space.id, at, name, author, Timestamp::now()).await?
                }
            };
        }
        Ok(at)
    }
}

/// [`Files::change_folder`] as part of a transaction that has taken the space.
pub(super) async fn change_folder_in(
    tx: &mut Tx,
    space: Space,
    by: By<'_>,
    id: i64,
    name: Option<&FileName>,
    parent_id: Option<Option<i64>>,
) -> Result<FolderRecord, FileError> {
    let folder = folders::live(tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
    let parent_id = parent_id.unwrap_or(folder.parent_id);
    refuse_locked(tx, space, by, Touched::Whole(Item::Folder(id))).await?;
    if parent_id != folder.parent_id {
        let level = level_outside(tx, space, parent_id, id).await?;
        let tree = trees::extent(tx, id, MAX_LEVELS).await?;
        refuse_too_deep(level + tree.levels - 1)?;
        refuse_locked(tx, space, by, Touched::Names(parent_id)).await?;
    }
    let name = name.cloned().unwrap_or_else(|| FileName::kept(folder.name));
    let there = folders::by_name(tx, space.id, parent_id, name.as_str()).await?;
    if there.is_some_and(|there| there.id != id) {
        return Err(exists(&name));
    }
    folders::place(tx, id, parent_id, &name, Timestamp::now()).await?;
    folders::live(tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))
}

/// The level that a folder in `parent_id`, which must be there, is on: 1 in the root.
pub(super) async fn level_below(tx: &mut Tx, space: Space, parent_id: Option<i64>) -> Result<u32, FileError> {
    let Some(id) = parent_id else { return Ok(1) };
    folders::live(tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
    let chain = folders::upwards(tx, id, MAX_LEVELS).await?;
    Ok(u32::try_from(chain.len()).unwrap_or(u32::MAX / 2) + 1)
}

/// [`level_below`], where `parent_id` must not lie in `folder_id`.
pub(super) async fn level_outside(
    tx: &mut Tx,
    space: Space,
    parent_id: Option<i64>,
    folder_id: i64,
) -> Result<u32, FileError> {
    let level = level_below(tx, space, parent_id).await?;
    if let Some(id) = parent_id {
        let chain = folders::upwards(tx, id, MAX_LEVELS).await?;
        if chain.iter().any(|folder| folder.id == folder_id) {
            return Err(FileError::IntoItself);
        }
    }
    Ok(level)
}

pub(super) fn refuse_too_deep(levels: u32) -> Result<(), FileError> {
    if levels > MAX_LEVELS { Err(FileError::TooDeep(levels)) } else { Ok(()) }
}

fn exists(name: &FileName) -> FileError {
    FileError::Exists { what: "folder", name: name.as_str().to_owned() }
}
