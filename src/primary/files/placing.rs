//! Moving and copying to an exact place, as part of a transaction that has taken the space and made room there: for
//! programs, which say themselves what is to be overwritten.

use super::changes::change_file_in;
use super::copies::{charge, copy_below};
use super::entries::Spot;
use super::folders::{change_folder_in, level_below, level_outside, refuse_too_deep};
use super::locks::{By, Touched, refuse_locked};
use super::released::Released;
use super::store::{blobs, files, folders, locks, properties, trees};
use super::{FileError, FileName, FileRecord, Files, Item, MAX_COPIED, MAX_LEVELS};
use crate::db::Tx;
use crate::protocol::Timestamp;

impl Files {
    /// Takes the space of a change, so that what is looked at in the transaction stays true.
    pub(in crate::primary) async fn take_space(&self, tx: &mut Tx, spot: &Spot) -> Result<(), sqlx::Error> {
        crate::primary::spaces::lock(tx, spot.space.id).await
    }

    /// Everything that has the name now: a file, a folder, or one of each.
    pub(in crate::primary) async fn named(&self, tx: &mut Tx, spot: &Spot) -> Result<Vec<Item>, FileError> {
        let Spot { space, folder_id, name } = spot;
        let file = files::by_name(tx, space.id, *folder_id, name).await?.map(|file| Item::File(file.id));
        let folder = folders::by_name(tx, space.id, *folder_id, name).await?;
        Ok(file.into_iter().chain(folder.map(|folder| Item::Folder(folder.id))).collect())
    }

    /// Moves an item. Locks that programs hold on it or below it end: they belong to the place, not to the item.
    pub(in crate::primary) async fn move_to(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        item: Item,
        to: &Spot,
    ) -> Result<(), FileError> {
        let name = FileName::parse(&to.name)?;
        let (space, folder_id) = (to.space, Some(to.folder_id));
        match item {
            Item::File(id) => change_file_in(tx, space, by, id, Some(&name), folder_id).await.map(|_| ())?,
            Item::Folder(id) => {
                change_folder_in(tx, space, by, id, Some(&name), folder_id).await.map(|_| ())?;
            }
        }
        let now = Timestamp::now();
        let mut standing = locks::of(tx, item, now).await?;
        if let Item::Folder(id) = item {
            standing.extend(locks::below(tx, id, MAX_LEVELS, now).await?);
        }
        for lock in standing.iter().filter(|lock| lock.token.is_some()) {
            locks::delete(tx, lock.id).await?;
        }
        Ok(())
    }

    /// Copies an item with its properties; of a folder, with `deep`, also what lies below it.
    pub(in crate::primary) async fn copy_to(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        item: Item,
        to: &Spot,
        deep: bool,
    ) -> Result<(), FileError> {
        refuse_locked(tx, to.space, by, Touched::Names(to.folder_id)).await?;
        match item {
            Item::File(id) => copy_file(tx, by, id, to).await,
            Item::Folder(id) => copy_folder(tx, by, id, to, deep).await,
        }
    }

    /// Makes the content of `from` the content of `over`, whose own becomes a version, and gives it the same properties.
    /// What is released is to be removed after the commit.
    pub(in crate::primary) async fn copy_over(
        &self,
        tx: &mut Tx,
        by: By<'_>,
        from: i64,
        over: i64,
        spot: &Spot,
    ) -> Result<Vec<Released>, FileError> {
        let space = spot.space;
        let source = live(tx, spot, from).await?;
        let target = live(tx, spot, over).await?;
        refuse_locked(tx, space, by, Touched::Itself(Item::File(over))).await?;
        charge(tx, space, source.blob.size).await?;
        blobs::add_reference(tx, source.blob.id).await?;
        let now = Timestamp::now();
        let released = self.replace_content(tx, &target, &source.blob, by.user_id, now).await?;
        properties::delete_all(tx, Item::File(over)).await?;
        properties::copy(tx, Item::File(from), over).await?;
        Ok(released)
    }
}

async fn live(tx: &mut Tx, spot: &Spot, id: i64) -> Result<FileRecord, FileError> {
    files::live(tx, spot.space.id, id).await?.ok_or(FileError::NotFound(id))
}

async fn copy_file(tx: &mut Tx, by: By<'_>, id: i64, to: &Spot) -> Result<(), FileError> {
    let name = FileName::parse(&to.name)?;
    let file = live(tx, to, id).await?;
    level_below(tx, to.space, to.folder_id).await?;
    charge(tx, to.space, file.blob.size).await?;
    blobs::add_reference(tx, file.blob.id).await?;
    let mime_type = super::name::mime_type(name.as_str());
    let row = files::NewRow {
        space_id: to.space.id,
        folder_id: to.folder_id,
        blob_id: file.blob.id,
        size: file.blob.size,
        mime_type: &mime_type,
        created_by_user_id: by.user_id,
    };
    let exists = || FileError::Exists { what: "file", name: to.name.clone() };
    let made = files::insert(tx, &row, &name, Timestamp::now()).await?.ok_or_else(exists)?;
    Ok(properties::copy(tx, Item::File(id), made).await?)
}

async fn copy_folder(tx: &mut Tx, by: By<'_>, id: i64, to: &Spot, deep: bool) -> Result<(), FileError> {
    let name = FileName::parse(&to.name)?;
    folders::live(tx, to.space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
    let level = level_outside(tx, to.space, to.folder_id, id).await?;
    refuse_too_deep(level)?;
    if deep {
        let tree = trees::extent(tx, id, MAX_LEVELS).await?;
        refuse_too_deep(level + tree.levels - 1)?;
        let found = tree.files + tree.folders;
        if found > MAX_COPIED {
            return Err(FileError::TooMany { found, max: MAX_COPIED });
        }
        charge(tx, to.space, tree.bytes).await?;
    }
    let exists = || FileError::Exists { what: "folder", name: to.name.clone() };
    let now = Timestamp::now();
    let made = folders::insert(tx, to.space.id, to.folder_id, &name, by.user_id, now).await?;
    let made = made.ok_or_else(exists)?;
    if deep {
        return copy_below(tx, to.space, by.user_id, id, made).await;
    }
    Ok(properties::copy(tx, Item::Folder(id), made).await?)
}
