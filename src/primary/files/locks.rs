//! Locks: somebody keeps others from changing a file or folder.
//!
//! A lock of a person in the app stands until it is taken away, and lets that user pass in the app. A lock with a token
//! lets pass who shows the token. A locked file keeps its name, place and content; a deep lock on a folder does the same
//! for everything below it. Who moves or deletes a folder needs to pass all locks in it. A lock that has expired is none.
//!
//! Locks are looked at in the transaction that makes the change, after the space was taken.

use sqlx::AnyConnection;

use super::store::{files, folders, locks};
use super::{FileError, Files, Item, MAX_LEVELS};
use crate::db::Tx;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

/// Who wants to make a change, and what opens locks to them.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The user.
    pub user_id: i64,
    /// Tokens that a program shows; `None` is the user in the app.
    pub tokens: Option<&'a [String]>,
}

impl From<i64> for By<'_> {
    fn from(user_id: i64) -> Self {
        Self { user_id, tokens: None }
    }
}

/// A lock.
#[derive(Debug, Clone)]
pub struct Lock {
    /// Id.
    pub id: i64,
    /// What is locked.
    pub item: Item,
    /// Name of that.
    pub name: String,
    /// What a program shows to pass.
    pub token: Option<String>,
    /// Who holds it.
    pub user_id: i64,
    /// Login name of that user.
    pub username: String,
    /// Whether no other lock may stand beside it.
    pub is_exclusive: bool,
    /// Whether it locks what lies below, too.
    pub is_deep: bool,
    /// What the holder says of itself.
    pub owner_text: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
}

impl Lock {
    fn lets_pass(&self, by: By<'_>) -> bool {
        self.user_id == by.user_id
            && match (&self.token, by.tokens) {
                (None, None) => true,
                (Some(token), Some(shown)) => shown.contains(token),
                _ => false,
            }
    }

    /// Whether somebody who holds another lock on the same item may pass: who shares a lock shares the right to write.
    fn is_shared_with(&self, by: By<'_>, standing: &[Self]) -> bool {
        let opens = |other: &Self| other.item == self.item && other.lets_pass(by);
        !self.is_exclusive && standing.iter().any(opens)
    }

    pub(super) fn refusal(&self) -> FileError {
        FileError::Locked { name: self.name.clone(), holder: self.username.clone() }
    }
}

/// What a change touches.
#[derive(Debug, Clone, Copy)]
pub(super) enum Touched {
    /// The item and what is in it, but neither its name nor what lies below.
    Itself(Item),
    /// Which names a folder has; `None` is the root, which cannot be locked.
    Names(Option<i64>),
    /// The item with everything below it, and its name in its folder.
    Whole(Item),
}

/// Refuses a change that a lock forbids. The space must be taken.
pub(super) async fn refuse_locked(
    connection: &mut AnyConnection,
    space: Space,
    by: By<'_>,
    touched: Touched,
) -> Result<(), FileError> {
    let now = Timestamp::now();
    if !locks::any_in(connection, space.id).await? {
        return Ok(());
    }
    let mut standing = match touched {
        Touched::Whole(Item::Folder(id)) => locks::below(connection, id, MAX_LEVELS, now).await?,
        _ => Vec::new(),
    };
    let above = match touched {
        Touched::Itself(item) | Touched::Whole(item) => {
            standing.extend(locks::of(connection, item, now).await?);
            parent_of(connection, space, item).await?
        }
        Touched::Names(folder_id) => folder_id,
    };
    if let Some(id) = above {
        let chain = locks::above(connection, id, MAX_LEVELS, now).await?;
        // A shallow lock keeps the names of its own folder only.
        let names = !matches!(touched, Touched::Itself(_));
        standing.extend(
            chain.into_iter().filter(|lock| lock.is_deep || (names && lock.item == Item::Folder(id))),
        );
    }
    match standing.iter().find(|lock| !lock.lets_pass(by) && !lock.is_shared_with(by, &standing)) {
        Some(lock) => Err(lock.refusal()),
        None => Ok(()),
    }
}

pub(super) async fn parent_of(
    connection: &mut AnyConnection,
    space: Space,
    item: Item,
) -> Result<Option<i64>, sqlx::Error> {
    Ok(match item {
        Item::File(id) => files::live(connection, space.id, id).await?.and_then(|file| file.folder_id),
        Item::Folder(id) => {
            folders::live(connection, space.id, id).await?.and_then(|folder| folder.parent_id)
        }
    })
}

impl Files {
    /// Locks an item for a user in the app, until it is unlocked. A lock that the user has on it already is enough.
    ///
    /// # Errors
    /// [`FileError::Locked`] when somebody else's lock is on it, above or below it.
    pub async fn lock(&self, space: Space, user_id: i64, item: Item) -> Result<(), FileError> {
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        let by = By::from(user_id);
        refuse_locked(&mut tx, space, by, Touched::Whole(item)).await?;
        let now = Timestamp::now();
        if locks::of(&mut tx, item, now).await?.is_empty() {
            locks::insert(&mut tx, space.id, item, user_id, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Takes all locks off an item, whoever holds them: the user, or with `of_others` anybody.
    ///
    /// # Errors
    /// [`FileError::LockOfAnother`] when somebody else holds one and `of_others` is false.
    pub async fn unlock(
        &self,
        space: Space,
        user_id: i64,
        item: Item,
        of_others: bool,
    ) -> Result<(), FileError> {
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        let standing = locks::of(&mut tx, item, Timestamp::now()).await?;
        if let Some(foreign) = standing.iter().find(|lock| lock.user_id != user_id && !of_others) {
            return Err(FileError::LockOfAnother {
                name: foreign.name.clone(),
                holder: foreign.username.clone(),
            });
        }
        locks::delete_of(&mut tx, item).await?;
        Ok(tx.commit().await?)
    }

    /// The standing locks of all spaces, the newest first, and how many there are.
    pub async fn all_locks(&self, limit: u32, offset: u32) -> Result<(Vec<Lock>, u64), FileError> {
        let now = Timestamp::now();
        Ok((locks::page(&self.db, limit, offset, now).await?, locks::count(&self.db, now).await?))
    }

    /// Takes one lock away, whoever holds it, and gives what it was.
    pub async fn break_lock(&self, id: i64) -> Result<Lock, FileError> {
        let mut tx = self.db.begin().await?;
        let lock = locks::delete(&mut tx, id).await?.ok_or(FileError::LockNotFound(id))?;
        tx.commit().await?;
        Ok(lock)
    }

    /// Removes locks that have expired; gives how many there were.
    pub async fn remove_expired_locks(&self, now: Timestamp) -> Result<u64, FileError> {
        let mut tx = self.db.begin().await?;
        let removed = locks::delete_expired(&mut tx, now).await?;
        tx.commit().await?;
        Ok(removed)
    }
}

/// That the item is there and not in the trash.
pub(super) async fn expect_live(tx: &mut Tx, space: Space, item: Item) -> Result<(), FileError> {
    match item {
        Item::File(id) => files::live(tx, space.id, id).await?.map(|_| ()).ok_or(FileError::NotFound(id)),
        Item::Folder(id) => {
            folders::live(tx, space.id, id).await?.map(|_| ()).ok_or(FileError::FolderNotFound(id))
        }
    }
}
