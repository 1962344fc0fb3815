//! Objects that no file refers to: what crashes, lost answers and deletions while a node was away left behind.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::store::blobs;
use super::{FileError, Files};
use crate::db::Tx;
use crate::primary::policies::Policies;
use crate::protocol::{ObjectKey, Timestamp};
use crate::storage::{ErrorKind, SharedStore, StorageError};

/// Between two rounds of cleaning.
pub(in crate::primary) const INTERVAL: Duration = Duration::from_secs(60);
/// How long a store may still finish a write whose answer was lost. A row is kept, and its object removed again, until
/// nothing can appear any more. More than the time in which a request to a node ends.
pub(in crate::primary) const SETTLE: Duration = Duration::from_secs(180);
/// While an object is being written, its row says so this often.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A row that has said nothing for so long is that of a primary which is gone. One that only lost its database for that
/// long finds its object claimed, and no file is made.
const SILENCE: Duration = Duration::from_secs(20);
/// Rows read at once.
const PAGE: i64 = 200;

/// Object keys that this process writes or removes at this moment; the cleaner leaves them alone.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<String>>>);

/// Keeps a key in [`InFlight`] until dropped.
#[derive(Debug)]
pub(super) struct Alive {
    key: String,
    set: InFlight,
}

impl InFlight {
    pub(super) fn enter(&self, key: &str) -> Alive {
        self.keys().insert(key.to_owned());
        Alive { key: key.to_owned(), set: self.clone() }
    }

    fn contains(&self, key: &str) -> bool {
        self.keys().contains(key)
    }

    fn keys(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.set.keys().remove(&self.key);
    }
}

/// Why a stray object is still there.
#[derive(Debug, thiserror::Error)]
pub(super) enum StrayError {
    /// The store did not remove it.
    #[error(transparent)]
    Store(#[from] StorageError),
    /// The database failed.
    #[error("files: {0}")]
    Database(#[from] sqlx::Error),
}

/// An object to be removed, as the database keeps it.
#[derive(Debug, Clone)]
pub(super) struct Stray {
    pub(super) id: i64,
    pub(super) policy_id: i64,
    pub(super) object_key: String,
    /// When it was last said to be written, in Unix milliseconds; the same with a minus sign once a cleaner has claimed
    /// it, and 0 when nobody ever writes it again.
    pub(super) last_write_at: i64,
}

impl Stray {
    /// Whether no file is made of it any more, whoever may still write it.
    pub(super) fn is_claimed(&self) -> bool {
        self.last_write_at <= 0
    }

    /// Whether it was last written `quiet` ago or earlier, counted from `since` at the earliest.
    fn is_quiet(&self, quiet: Duration, since: Timestamp) -> bool {
        let written = self.last_write_at.saturating_abs().max(since.unix_ms());
        let waited = Timestamp::now().unix_ms().saturating_sub(written);
        self.last_write_at == 0 || u128::try_from(waited).is_ok_and(|waited| waited >= quiet.as_millis())
    }
}

/// Notes, as part of a transaction, an object that no file is ever made of, and that may appear until `until`.
pub(in crate::primary) async fn note_abandoned(
    tx: &mut Tx,
    policy_id: i64,
    object_key: &str,
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    blobs::insert_stray_in(tx, policy_id, object_key, -until.unix_ms()).await.map(|_| ())
}

impl Files {
    /// One round: removes every stray object whose store answers. Gives the number of rows that are left.
    pub async fn clean_strays(&self, policies: &Policies, settle: Duration) -> Result<usize, FileError> {
        let mut stores = HashMap::new();
        let (mut after, mut left) = (0, 0);
        loop {
            let page = blobs::strays_after(&self.db, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(left) };
            after = last.id;
            // An object must not go before it is certain that its last file has.
            self.db.settle().await?;
            for stray in &page {
                if !self.clean(policies, &mut stores, stray, settle).await? {
                    left += 1;
                }
            }
        }
    }

    /// Whether the row is gone. `stores` remembers for the round which policies can be used, so that a node that is
    /// away costs one attempt, not one for each object.
    async fn clean(
        &self,
        policies: &Policies,
        stores: &mut HashMap<i64, Option<SharedStore>>,
        stray: &Stray,
        settle: Duration,
    ) -> Result<bool, FileError> {
        if self.in_flight.contains(&stray.object_key) {
            return Ok(false);
        }
        // What another primary is writing is in its memory and not in ours; it says so in the row while it writes.
        let silence = SILENCE.min(settle);
        if self.db.is_shared() && !stray.is_claimed() && !stray.is_quiet(silence, Timestamp::from_unix_ms(0))
        {
            return Ok(false);
        }
        // A crash may have cut a long upload just now, so the time counts from our own start at the earliest.
        let settled = stray.is_quiet(settle, self.started_at);
        let known = stores.get(&stray.policy_id).cloned();
        let store = match known {
            Some(store) => store,
            None => {
                let store = policies.store(stray.policy_id).await.map(|(_, store)| store);
                let store =
                    store.inspect_err(|error| tracing::info!("stray objects have to wait: {error}")).ok();
                stores.insert(stray.policy_id, store.clone());
                store
            }
        };
        let (Some(store), Ok(key)) = (store, ObjectKey::parse(&stray.object_key)) else { return Ok(false) };
        if !blobs::claim_stray(&self.db, stray).await? {
            return Ok(false);
        }
        let removal = async {
            // The process that wrote it may have been killed with an upload in parts under way.
            if stray.last_write_at != 0 {
                store.abort_unfinished(&key).await?;
            }
            self.remove_stray(&store, &key, stray.id, settled).await
        };
        match removal.await {
            Ok(()) => Ok(settled),
            Err(StrayError::Store(error)) => {
                tracing::info!(object.key = stray.object_key, "the stray object has to wait: {error}");
                // An unknown failure may be this object's alone; the others are the store's.
                if error.kind() != ErrorKind::Unknown {
                    stores.insert(stray.policy_id, None);
                }
                Ok(false)
            }
            Err(StrayError::Database(error)) => Err(error.into()),
        }
    }

    /// Writes an object, and has its row say so: other primaries know of it by nothing else.
    pub(super) async fn while_writing<T>(&self, row: i64, writing: impl Future<Output = T>) -> T {
        let mut writing = std::pin::pin!(writing);
        loop {
            if let Ok(written) = tokio::time::timeout(HEARTBEAT, writing.as_mut()).await {
                return written;
            }
            if let Err(error) = blobs::touch_stray(&self.db, row, Timestamp::now()).await {
                tracing::warn!("the row of an object that is being written was not renewed: {error}");
            }
        }
    }

    /// Removes the object, then, when no write can be under way any more, its row.
    ///
    /// The row is looked up again first: an upload that was under way when the caller read it may have become a file
    /// since, and its row is gone then. Keys are never used twice, so a row that is here now stays a stray.
    pub(super) async fn remove_stray(
        &self,
        store: &SharedStore,
        key: &ObjectKey,
        row: i64,
        settled: bool,
    ) -> Result<(), StrayError> {
        if !blobs::stray_exists(&self.db, row).await? {
            return Ok(());
        }
        store.delete(key).await?;
        if settled {
            let mut tx = self.db.begin().await?;
            blobs::delete_stray(&mut tx, row).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
