//! Copies by reference: a copy has the blob of its source and counts in full against the quota. Versions stay behind.

use super::folders::{level_below, level_outside, refuse_too_deep};
use super::locks::{Touched, refuse_locked};
use super::store::{blobs, files, folders, properties, trees};
use super::{FileError, FileName, FileRecord, Files, FolderRecord, Item, MAX_COPIED, MAX_LEVELS, MAX_NUMBER};
use crate::db::Tx;
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;

impl Files {
    /// Copies a file into a folder (`None` is the root). A name that is taken gets a number.
    pub async fn copy(
        &self,
        space: Space,
        author: i64,
        id: i64,
        folder_id: Option<i64>,
    ) -> Result<FileRecord, FileError> {
        let mut tx = self.change_in(space).await?;
        let file = files::live(&mut tx, space.id, id).await?.ok_or(FileError::NotFound(id))?;
        level_below(&mut tx, space, folder_id).await?;
        refuse_locked(&mut tx, space, author.into(), Touched::Names(folder_id)).await?;
        charge(&mut tx, space, file.blob.size).await?;
        blobs::add_reference(&mut tx, file.blob.id).await?;
        let row = files::NewRow {
            space_id: space.id,
            folder_id,
            blob_id: file.blob.id,
            size: file.blob.size,
            mime_type: &file.mime_type,
            created_by_user_id: author,
        };
        let name = FileName::kept(file.name);
        for number in 0..=MAX_NUMBER {
            let name = if number == 0 { name.clone() } else { name.numbered(number) };
            if let Some(copy_id) = files::insert(&mut tx, &row, &name, Timestamp::now()).await? {
                properties::copy(&mut tx, Item::File(id), copy_id).await?;
                let copy = files::live(&mut tx, space.id, copy_id).await?;
                let copy = copy.ok_or(FileError::NotFound(copy_id))?;
                tx.commit().await?;
                return Ok(copy);
            }
        }
        Err(FileError::TooManyOfName(name.as_str().to_owned()))
    }

    /// Copies a folder with everything below it into another folder (`None` is the root) outside of it. A name that
    /// is taken gets a number.
    pub async fn copy_folder(
        &self,
        space: Space,
        author: i64,
        id: i64,
        parent_id: Option<i64>,
    ) -> Result<FolderRecord, FileError> {
        let mut tx = self.change_in(space).await?;
        let folder = folders::live(&mut tx, space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
        let level = level_outside(&mut tx, space, parent_id, id).await?;
        refuse_locked(&mut tx, space, author.into(), Touched::Names(parent_id)).await?;
        let tree = trees::extent(&mut tx, id, MAX_LEVELS).await?;
        refuse_too_deep(level + tree.levels - 1)?;
        let found = tree.files + tree.folders;
        if found > MAX_COPIED {
            return Err(FileError::TooMany { found, max: MAX_COPIED });
        }
        charge(&mut tx, space, tree.bytes).await?;
        let copy_id =
            insert_numbered(&mut tx, space, author, parent_id, &FileName::kept(folder.name)).await?;
        copy_below(&mut tx, space, author, id, copy_id).await?;
        let copy = folders::live(&mut tx, space.id, copy_id).await?;
        tx.commit().await?;
        copy.ok_or(FileError::FolderNotFound(copy_id))
    }
}

pub(super) async fn charge(tx: &mut Tx, space: Space, bytes: u64) -> Result<(), FileError> {
    if spaces::charge(tx, space.id, bytes).await? { Ok(()) } else { Err(FileError::QuotaExceeded(bytes)) }
}

async fn insert_numbered(
    tx: &mut Tx,
    space: Space,
    author: i64,
    parent_id: Option<i64>,
    name: &FileName,
) -> Result<i64, FileError> {
    for number in 0..=MAX_NUMBER {
        let name = if number == 0 { name.clone() } else { name.numbered(number) };
        let made = folders::insert(tx, space.id, parent_id, &name, author, Timestamp::now()).await?;
        if let Some(id) = made {
            return Ok(id);
        }
    }
    Err(FileError::TooManyOfName(name.as_str().to_owned()))
}

/// Copies what lies in folder `from` into the new folder `to`, level by level. The tree was measured: it ends.
pub(super) async fn copy_below(
    tx: &mut Tx,
    space: Space,
    author: i64,
    from: i64,
    to: i64,
) -> Result<(), FileError> {
    let mut open = vec![(from, to)];
    while let Some((from, to)) = open.pop() {
        trees::copy_files(tx, from, to, author, Timestamp::now()).await?;
        properties::copy(tx, Item::Folder(from), to).await?;
        properties::copy_of_files(tx, from, to).await?;
        for (child, name) in trees::children(tx, from).await? {
            let name = FileName::kept(name);
            let made = folders::insert(tx, space.id, Some(to), &name, author, Timestamp::now()).await?;
            // The names were different in the source, so they are in an empty folder.
            let made = made.ok_or(FileError::FolderNotFound(to))?;
            open.push((child, made));
        }
    }
    Ok(())
}
