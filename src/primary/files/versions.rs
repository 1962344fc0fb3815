//! Earlier contents of a file. Overwriting keeps the content before as a version, up to a limit; so does restoring one.

use super::locks::{Touched, refuse_locked};
use super::released::Released;
use super::store::{blobs, files, versions};
use super::{Blob, FileError, FileRecord, Files, Item};
use crate::db::Tx;
use crate::primary::policies::Policies;
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;

/// An earlier content.
#[derive(Debug, Clone)]
pub struct Version {
    /// Id.
    pub id: i64,
    /// The content.
    pub blob_id: i64,
    /// Bytes.
    pub size: u64,
    /// Hash of the content, as of a [`Blob`].
    pub hash: String,
    /// Who put another content in its place.
    pub created_by_user_id: i64,
    /// The login name of that user; empty when the account is gone.
    pub created_by_username: String,
    /// When another content took its place.
    pub created_at: Timestamp,
}

impl Files {
    /// The earlier contents of a file, the newest first.
    pub async fn versions(&self, space: Space, file_id: i64) -> Result<Vec<Version>, FileError> {
        self.get(space, file_id).await?;
        Ok(versions::of_file(&mut *self.db.read().acquire().await?, file_id).await?)
    }

    /// Makes an earlier content the present one. The present one becomes a version, so that nothing is lost.
    pub async fn restore_version(
        &self,
        policies: &Policies,
        space: Space,
        user_id: i64,
        file_id: i64,
        version_id: i64,
    ) -> Result<FileRecord, FileError> {
        let mut tx = self.change_in(space).await?;
        let (file, version) = find(&mut tx, space, file_id, version_id).await?;
        refuse_locked(&mut tx, space, user_id.into(), Touched::Itself(Item::File(file_id))).await?;
        // The reference goes from the version to the file, and what the file had goes to a new version.
        versions::delete(&mut tx, version.id).await?;
        let now = Timestamp::now();
        let blob = Blob { id: version.blob_id, size: version.size, ..file.blob.clone() };
        let released = self.replace_content(&mut tx, &file, &blob, user_id, now).await?;
        let file = files::live(&mut tx, space.id, file_id).await?.ok_or(FileError::NotFound(file_id))?;
        tx.commit().await?;
        self.remove_released(policies, released).await;
        Ok(file)
    }

    /// Removes an earlier content for good.
    pub async fn delete_version(
        &self,
        policies: &Policies,
        space: Space,
        user_id: i64,
        file_id: i64,
        version_id: i64,
    ) -> Result<(), FileError> {
        let mut tx = self.change_in(space).await?;
        let (_, version) = find(&mut tx, space, file_id, version_id).await?;
        refuse_locked(&mut tx, space, user_id.into(), Touched::Itself(Item::File(file_id))).await?;
        let released = remove(&mut tx, space.id, &version).await?;
        tx.commit().await?;
        self.remove_released(policies, released.into_iter().collect()).await;
        Ok(())
    }

    /// Puts `blob`, whose reference and bytes are counted already, in the place of the present content, which becomes
    /// a version. Versions over the limit go, the oldest first.
    pub(super) async fn replace_content(
        &self,
        tx: &mut Tx,
        file: &FileRecord,
        blob: &Blob,
        author: i64,
        now: Timestamp,
    ) -> Result<Vec<Released>, FileError> {
        versions::insert(tx, file.id, file.blob.id, file.blob.size, author, now).await?;
        files::set_content(tx, file.id, blob.id, blob.size, now).await?;
        let limit = usize::try_from(self.settings.max_versions_per_file()).unwrap_or(usize::MAX);
        let mut released = Vec::new();
        for version in versions::of_file(tx, file.id).await?.iter().skip(limit) {
            released.extend(remove(tx, file.space_id, version).await?);
        }
        Ok(released)
    }
}

async fn find(
    tx: &mut Tx,
    space: Space,
    file_id: i64,
    version_id: i64,
) -> Result<(FileRecord, Version), FileError> {
    let file = files::live(tx, space.id, file_id).await?.ok_or(FileError::NotFound(file_id))?;
    let all = versions::of_file(tx, file_id).await?;
    let version = all.into_iter().find(|version| version.id == version_id);
    Ok((file, version.ok_or(FileError::VersionNotFound(version_id))?))
}

async fn remove(tx: &mut Tx, space_id: i64, version: &Version) -> Result<Option<Released>, FileError> {
    versions::delete(tx, version.id).await?;
    spaces::refund(tx, space_id, version.size).await?;
    Ok(blobs::release_blob(tx, version.blob_id).await?)
}
