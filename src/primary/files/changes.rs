//! Renaming and moving a file.

use super::folders::level_below;
use super::locks::{By, Touched, refuse_locked};
use super::store::files;
use super::{FileError, FileName, FileRecord, Files, Item, name};
use crate::db::Tx;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

impl Files {
    /// Gives a file another name, another folder (`Some(None)` is the root), or both. Its content stays where it is.
    pub async fn change(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        id: i64,
        name: Option<&FileName>,
        folder_id: Option<Option<i64>>,
    ) -> Result<FileRecord, FileError> {
        let mut tx = self.change_in(space).await?;
        let file = change_file_in(&mut tx, space, by.into(), id, name, folder_id).await?;
        tx.commit().await?;
        Ok(file)
    }
}

/// [`Files::change`] as part of a transaction that has taken the space.
pub(super) async fn change_file_in(
    tx: &mut Tx,
    space: Space,
    by: By<'_>,
    id: i64,
    name: Option<&FileName>,
    folder_id: Option<Option<i64>>,
) -> Result<FileRecord, FileError> {
    let file = files::live(tx, space.id, id).await?.ok_or(FileError::NotFound(id))?;
    let folder_id = folder_id.unwrap_or(file.folder_id);
    // Only to see that it is there.
    level_below(tx, space, folder_id).await?;
    refuse_locked(tx, space, by, Touched::Whole(Item::File(id))).await?;
    refuse_locked(tx, space, by, Touched::Names(folder_id)).await?;
    let name = name.cloned().unwrap_or_else(|| FileName::kept(file.name));
    let there = files::by_name(tx, space.id, folder_id, name.as_str()).await?;
    if there.is_some_and(|there| there.id != id) {
        return Err(FileError::Exists { what: "file", name: name.as_str().to_owned() });
    }
    let mime_type = name::mime_type(name.as_str());
    files::place(tx, id, folder_id, &name, &mime_type, Timestamp::now()).await?;
    files::live(tx, space.id, id).await?.ok_or(FileError::NotFound(id))
}
