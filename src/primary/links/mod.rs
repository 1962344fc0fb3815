//! Links that give the content of one file to whoever has them: direct links, until they are revoked, and preview links
//! for viewers outside, for a few minutes and a few uses.
//!
//! Neither outlives the file, and neither works while the file is in the trash or its space is closed.

pub(in crate::primary) mod api;
mod store;

use secrecy::ExposeSecret;

use crate::db::Db;
use crate::primary::accounts::{Access, CurrentUser, Scope};
use crate::primary::audit::{Action, Audit, Entity, NewEntry};
use crate::primary::files::{FileError, FileRecord, Files};
use crate::primary::spaces::{self, Space};
use crate::protocol::{Timestamp, random_token, sha256_hex};

const TOKEN_BYTES: usize = 16;
/// Seconds that a preview link works.
const PREVIEW_SECS: i64 = 300;
/// Answers with content that a preview link gives.
const PREVIEW_USES: u32 = 5;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// For visitors: never was, revoked, expired, used up, or its file is gone. Which, is not told.
    #[error("there is no such link, or it has ended")]
    NotFound,
    /// An API token that may only read cannot open a file to everybody.
    #[error("this file has no link yet, and an API token with the scope `read` cannot make one")]
    ReadOnly,
    /// The tree refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error("links: {0}")]
    Database(#[from] sqlx::Error),
}

/// A link for viewers outside.
#[derive(Debug)]
pub struct PreviewLink {
    /// What the viewer has.
    pub token: String,
    /// Until when.
    pub expires_at: Timestamp,
    /// Answers that it gives.
    pub max_uses: u32,
}

/// The links to all files.
#[derive(Debug, Clone)]
pub struct Links {
    db: Db,
    audit: Audit,
}

impl Links {
    /// Links in `db`.
    pub fn new(db: Db, audit: Audit) -> Self {
        Self { db, audit }
    }

    /// The direct link of a file; made when there is none.
    pub async fn direct(
        &self,
        files: &Files,
        space: Space,
        by: &CurrentUser,
        file_id: i64,
    ) -> Result<(FileRecord, String), LinkError> {
        let file = files.get(space, file_id).await?;
        if let Some(token) = store::direct_of(&self.db, file_id).await? {
            return Ok((file, token));
        }
        if matches!(by.access, Access::ApiToken { scope: Scope::Read, .. }) {
            return Err(LinkError::ReadOnly);
        }
        self.write_direct(files, space, by, file, false).await
    }

    /// Another direct link for a file; the one before ends.
    pub async fn renew(
        &self,
        files: &Files,
        space: Space,
        by: &CurrentUser,
        file_id: i64,
    ) -> Result<(FileRecord, String), LinkError> {
        let file = files.get(space, file_id).await?;
        self.write_direct(files, space, by, file, true).await
    }

    async fn write_direct(
        &self,
        files: &Files,
        space: Space,
        by: &CurrentUser,
        file: FileRecord,
        replace: bool,
    ) -> Result<(FileRecord, String), LinkError> {
        let token = random_token("", TOKEN_BYTES).expose_secret().to_owned();
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        if replace {
            store::delete_direct(&mut tx, file.id).await?;
        }
        // A file that was purged meanwhile gets none, one that was linked meanwhile keeps that link.
        let made = store::insert_direct(&mut tx, file.id, &token, by.id, Timestamp::now()).await?;
        if made {
            self.note(&mut tx, by, Action::Create, &file).await?;
        }
        tx.commit().await?;
        let file = files.get(space, file.id).await?;
        let token = store::direct_of(&self.db, file.id).await?.ok_or(FileError::NotFound(file.id))?;
        Ok((file, token))
    }

    /// Ends the direct link of a file, if it has one.
    pub async fn revoke(
        &self,
        files: &Files,
        space: Space,
        by: &CurrentUser,
        file_id: i64,
    ) -> Result<(), LinkError> {
        let file = files.get(space, file_id).await?;
        let mut tx = self.db.begin().await?;
        if store::delete_direct(&mut tx, file_id).await? {
            self.note(&mut tx, by, Action::Revoke, &file).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The file that a direct link leads to.
    pub async fn follow(&self, files: &Files, token: &str) -> Result<FileRecord, LinkError> {
        let target = store::by_direct(&self.db, token).await?.ok_or(LinkError::NotFound)?;
        live(files, target).await
    }

    /// A link for viewers outside.
    pub async fn preview(
        &self,
        files: &Files,
        space: Space,
        file_id: i64,
    ) -> Result<(FileRecord, PreviewLink), LinkError> {
        let file = files.get(space, file_id).await?;
        let token = random_token("", TOKEN_BYTES).expose_secret().to_owned();
        let expires_at = Timestamp::now().plus_secs(PREVIEW_SECS);
        let hash = sha256_hex(&token);
        store::insert_preview(&self.db, &hash, file_id, PREVIEW_USES, expires_at).await?;
        Ok((file, PreviewLink { token, expires_at, max_uses: PREVIEW_USES }))
    }

    /// The file that a preview link leads to. Uses the link once, whatever part of the file is asked for.
    pub async fn use_preview(&self, files: &Files, token: &str) -> Result<FileRecord, LinkError> {
        let hash = sha256_hex(token);
        let target = store::use_preview(&self.db, &hash, Timestamp::now()).await?;
        live(files, target.ok_or(LinkError::NotFound)?).await
    }

    /// Removes preview links that have ended.
    pub async fn remove_expired(&self, now: Timestamp) -> Result<(), LinkError> {
        Ok(store::delete_expired(&self.db, now).await?)
    }

    async fn note(
        &self,
        tx: &mut crate::db::Tx,
        by: &CurrentUser,
        action: Action,
        file: &FileRecord,
    ) -> Result<(), LinkError> {
        let entry = NewEntry {
            by: by.into(),
            action,
            entity: Entity::DirectLink,
            entity_id: Some(file.id),
            entity_name: &file.name,
            details: "",
        };
        Ok(self.audit.record_in(tx, &entry).await?)
    }
}

async fn live(files: &Files, (space, file_id): (Space, i64)) -> Result<FileRecord, LinkError> {
    match files.get(space, file_id).await {
        Err(FileError::NotFound(_)) => Err(LinkError::NotFound),
        found => Ok(found?),
    }
}
