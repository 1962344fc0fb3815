//! Locks of programs: each has a token, which whoever shows it may pass, and ends by itself.

use super::locks::expect_live;
use super::store::locks;
use super::{FileError, Files, Item, Lock, MAX_LEVELS};
use crate::db::Tx;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

/// Most locks in one space: each change in it looks at them.
const MAX_LOCKS: u64 = 10_000;

/// A lock that a program wants.
#[derive(Debug, Clone)]
pub struct NewLock<'a> {
    /// What it is going to show; never used before.
    pub token: &'a str,
    /// Whether no other lock may stand beside it.
    pub is_exclusive: bool,
    /// Whether it locks what lies below, too.
    pub is_deep: bool,
    /// What the program says of itself.
    pub owner_text: &'a str,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Files {
    /// Locks an item for a program of the user.
    ///
    /// # Errors
    /// [`FileError::Locked`] when a lock on it, above or below it cannot stand beside this one, whoever holds that.
    pub async fn lock_with_token(
        &self,
        space: Space,
        user_id: i64,
        item: Item,
        new: &NewLock<'_>,
    ) -> Result<(), FileError> {
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        let now = Timestamp::now();
        let found = locks::count_in(&mut tx, space.id).await?;
        if found >= MAX_LOCKS {
            return Err(FileError::TooManyLocks(found));
        }
        let mut standing = covering(&mut tx, space, item, now).await?;
        if let (Item::Folder(id), true) = (item, new.is_deep) {
            standing.extend(locks::below(&mut tx, id, MAX_LEVELS, now).await?);
        }
        if let Some(lock) = standing.iter().find(|lock| lock.is_exclusive || new.is_exclusive) {
            return Err(lock.refusal());
        }
        locks::insert_with_token(&mut tx, space.id, item, user_id, new, now).await?;
        Ok(tx.commit().await?)
    }

    /// The standing locks on an item and the deep ones on the folders that it lies in.
    pub async fn locks_on(&self, space: Space, item: Item) -> Result<Vec<Lock>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        if !locks::any_in(&mut connection, space.id).await? {
            return Ok(Vec::new());
        }
        Ok(covering(&mut connection, space, item, Timestamp::now()).await?)
    }

    /// The standing deep locks on a folder and those that it lies in: what covers anything that is made in it.
    pub async fn locks_over(&self, space: Space, folder_id: Option<i64>) -> Result<Vec<Lock>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        let Some(id) = folder_id else { return Ok(Vec::new()) };
        if !locks::any_in(&mut connection, space.id).await? {
            return Ok(Vec::new());
        }
        let above = locks::above(&mut connection, id, MAX_LEVELS, Timestamp::now()).await?;
        Ok(above.into_iter().filter(|lock| lock.is_deep).collect())
    }

    /// Has a lock that covers the item end later; gives it, or `None` when the user has none with this token there.
    pub async fn refresh_lock(
        &self,
        space: Space,
        user_id: i64,
        item: Item,
        token: &str,
        expires_at: Timestamp,
    ) -> Result<Option<Lock>, FileError> {
        let mut tx = self.change_in(space).await?;
        let Some(lock) = held(&mut tx, space, user_id, item, token).await? else { return Ok(None) };
        locks::set_end(&mut tx, lock.id, expires_at).await?;
        tx.commit().await?;
        Ok(Some(Lock { expires_at: Some(expires_at), ..lock }))
    }

    /// Takes a lock away that covers the item; `false` when the user has none with this token there.
    pub async fn unlock_with_token(
        &self,
        space: Space,
        user_id: i64,
        item: Item,
        token: &str,
    ) -> Result<bool, FileError> {
        let mut tx = self.change_in(space).await?;
        let Some(lock) = held(&mut tx, space, user_id, item, token).await? else { return Ok(false) };
        locks::delete(&mut tx, lock.id).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn held(
    tx: &mut Tx,
    space: Space,
    user_id: i64,
    item: Item,
    token: &str,
) -> Result<Option<Lock>, FileError> {
    let standing = covering(tx, space, item, Timestamp::now()).await?;
    let is_it = |lock: &Lock| lock.user_id == user_id && lock.token.as_deref() == Some(token);
    Ok(standing.into_iter().find(is_it))
}

async fn covering(
    connection: &mut sqlx::AnyConnection,
    space: Space,
    item: Item,
    now: Timestamp,
) -> Result<Vec<Lock>, sqlx::Error> {
    let mut standing = locks::of(connection, item, now).await?;
    if let Some(id) = super::locks::parent_of(connection, space, item).await? {
        let above = locks::above(connection, id, MAX_LEVELS, now).await?;
        standing.extend(above.into_iter().filter(|lock| lock.is_deep));
    }
    Ok(standing)
}
