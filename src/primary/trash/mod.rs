//! The trash of each space: what was deleted, how it comes back, and when it goes for good.
//!
//! An entry is made in the transaction that takes its item out of the tree. Removal for good first marks the entry, then
//! works it off in parts; an entry that is marked is in no list any more, and upkeep finishes what a crash cut short.

pub(in crate::primary) mod api;
mod store;

use crate::db::{Db, Tx};
use crate::primary::files::{By, FileError, Files, Item, ListQuery};
use crate::primary::policies::Policies;
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;

/// Files that one transaction removes for good.
const PART: u32 = 500;
/// Who deletes what nobody in particular does; no user has this id.
const PROGRAM: i64 = 0;
const DAY_MS: i64 = 86_400_000;

/// Something in the trash.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Id of the entry.
    pub id: i64,
    /// What was deleted.
    pub item: Item,
    /// Name of that.
    pub name: String,
    /// Its path when it was deleted.
    pub original_path: String,
    /// Bytes of a file; of a folder 0.
    pub size: u64,
    /// MIME type of a file; of a folder empty.
    pub mime_type: String,
    /// When.
    pub deleted_at: Timestamp,
}

/// Which entries are asked for: those of one kind, the latest first, behind an entry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page {
    /// Entries to give.
    pub limit: u32,
    /// Time of deletion and id of the entry that the page begins behind.
    pub after: Option<(i64, i64)>,
}

/// Why something about the trash was refused.
#[derive(Debug, thiserror::Error)]
pub enum TrashError {
    /// It is not in the trash of this space.
    #[error("there is no {what} {id} in the trash", what = .0.kind(), id = .0.id())]
    NotFound(Item),
    /// The tree refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error("trash: {0}")]
    Database(#[from] sqlx::Error),
}

/// The trash of all spaces.
#[derive(Debug, Clone)]
pub struct Trash {
    db: Db,
    settings: Settings,
}

impl Trash {
    /// The trash in `db`.
    pub fn new(db: Db, settings: Settings) -> Self {
        Self { db, settings }
    }

    /// Deletes a file, or a folder with what is below it, into the trash.
    pub async fn put(
        &self,
        files: &Files,
        space: Space,
        by: impl Into<By<'_>>,
        item: Item,
    ) -> Result<(), TrashError> {
        let by = by.into();
        let mut tx = self.db.begin().await?;
        self.put_in(&mut tx, files, space, by, item).await?;
        Ok(tx.commit().await?)
    }

    /// The same as part of a transaction.
    pub(in crate::primary) async fn put_in(
        &self,
        tx: &mut Tx,
        files: &Files,
        space: Space,
        by: By<'_>,
        item: Item,
    ) -> Result<(), TrashError> {
        let path = files.path_of(tx, space, item).await?;
        let id = store::insert(tx, space.id, item, &path, by.user_id, Timestamp::now()).await?;
        Ok(files.put_in_trash(tx, space, by, item, id).await?)
    }

    /// Puts an item back to where it was, or into the root when that folder is gone. A name that is taken by now gets a
    /// number.
    pub async fn restore(
        &self,
        files: &Files,
        space: Space,
        user_id: i64,
        item: Item,
    ) -> Result<(), TrashError> {
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        let id = store::find(&mut tx, space.id, item).await?.ok_or(TrashError::NotFound(item))?;
        files.take_from_trash(&mut tx, space, user_id.into(), item, id).await?;
        store::delete(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Removes an item for good.
    pub async fn purge(
        &self,
        files: &Files,
        policies: &Policies,
        space: Space,
        item: Item,
    ) -> Result<(), TrashError> {
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        let id = store::find(&mut tx, space.id, item).await?.ok_or(TrashError::NotFound(item))?;
        store::mark_for_removal(&mut tx, id).await?;
        tx.commit().await?;
        self.work_off(files, policies, space.id, id).await
    }

    /// Marks everything in the trash of `space` for removal and gives the number of entries;
    /// [`remove_marked`](Self::remove_marked) does the work.
    pub async fn empty(&self, space: Space) -> Result<u64, TrashError> {
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        let marked = store::mark_all_for_removal(&mut tx, space.id).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Marks everything in `space` for removal, also what is not in the trash yet; for a space that is closed for good.
    /// `false` when it is empty.
    pub async fn mark_space(&self, files: &Files, space: Space) -> Result<bool, TrashError> {
        let part = ListQuery { folder_limit: PART, file_limit: PART, ..ListQuery::default() };
        loop {
            let root = files.list(space, None, &part).await?;
            let folders = root.folders.iter().map(|folder| Item::Folder(folder.id));
            let items: Vec<Item> = folders.chain(root.files.iter().map(|file| Item::File(file.id))).collect();
            if items.is_empty() {
                break;
            }
            for item in items {
                self.put(files, space, PROGRAM, item).await?;
            }
        }
        self.empty(space).await?;
        Ok(store::any_in(&self.db, space.id).await?)
    }

    /// Marks what has lain longer than the setting allows.
    pub async fn mark_expired(&self, now: Timestamp) -> Result<u64, TrashError> {
        let before = now.unix_ms().saturating_sub(self.retention_ms());
        let mut tx = self.db.begin().await?;
        let marked = store::mark_before(&mut tx, before).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Removes for good what is marked, one entry after the other; gives how many there were. An entry that cannot be
    /// removed does not keep the others: it is tried again in the next round.
    ///
    /// # Errors
    /// The last failure, after all entries.
    pub async fn remove_marked(&self, files: &Files, policies: &Policies) -> Result<u64, TrashError> {
        let (mut removed, mut after, mut failure) = (0, 0, None);
        while let Some((id, space_id)) = store::next_marked(&self.db, after).await? {
            after = id;
            match self.work_off(files, policies, space_id, id).await {
                Ok(()) => removed += 1,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(removed), Err)
    }

    /// When an entry is removed by itself.
    pub fn expires_at(&self, entry: &Entry) -> Timestamp {
        Timestamp::from_unix_ms(entry.deleted_at.unix_ms().saturating_add(self.retention_ms()))
    }

    /// Deleted files, and how many there are.
    pub async fn files(&self, space: Space, page: Page) -> Result<(Vec<Entry>, u64), TrashError> {
        Ok((store::files(&self.db, space.id, page).await?, store::count(&self.db, space.id, "file").await?))
    }

    /// Deleted folders, and how many there are.
    pub async fn folders(&self, space: Space, page: Page) -> Result<(Vec<Entry>, u64), TrashError> {
        Ok((
            store::folders(&self.db, space.id, page).await?,
            store::count(&self.db, space.id, "folder").await?,
        ))
    }

    async fn work_off(
        &self,
        files: &Files,
        policies: &Policies,
        space_id: i64,
        id: i64,
    ) -> Result<(), TrashError> {
        loop {
            let mut tx = self.db.begin().await?;
            let released = files.purge_some(&mut tx, space_id, id, PART).await?;
            if released.is_none() {
                store::delete(&mut tx, id).await?;
            }
            tx.commit().await?;
            match released {
                Some(released) => files.remove_released(policies, released).await,
                None => return Ok(()),
            }
        }
    }

    fn retention_ms(&self) -> i64 {
        i64::try_from(self.settings.trash_retention_days()).unwrap_or(i64::MAX).saturating_mul(DAY_MS)
    }
}
