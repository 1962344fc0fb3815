//! What lies at a path: for programs that know names and no ids.

use super::entries::{Entry, Spot};
use super::store::{files, folders};
use super::{FileError, Files};
use crate::primary::spaces::Space;

/// What a path may lead to. A file and a folder may stand beside each other under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file, or a folder where there is no file of the name.
    Any,
    /// A folder, or a file where there is no folder of the name.
    FolderFirst,
}

impl Files {
    /// What lies at the end of `names` below a folder (`None` is the root): the place where it is or could be, and what
    /// is there. `None` when a folder on the way is not there.
    pub async fn at(
        &self,
        space: Space,
        top: Option<i64>,
        names: &[String],
        kind: Kind,
    ) -> Result<Option<(Spot, Option<Entry>)>, FileError> {
        let Some((name, above)) = names.split_last() else { return Ok(None) };
        let mut connection = self.db.read().acquire().await?;
        let mut folder_id = top;
        for name in above {
            match folders::by_name(&mut connection, space.id, folder_id, name).await? {
                Some(folder) => folder_id = Some(folder.id),
                None => return Ok(None),
            }
        }
        let spot = Spot { space, folder_id, name: name.clone() };
        let mut found = None;
        for wants_file in if kind == Kind::Any { [true, false] } else { [false, true] } {
            found = if wants_file {
                files::by_name(&mut connection, space.id, folder_id, name).await?.map(Entry::File)
            } else {
                folders::by_name(&mut connection, space.id, folder_id, name).await?.map(Entry::Folder)
            };
            if found.is_some() {
                break;
            }
        }
        Ok(Some((spot, found)))
    }
}
