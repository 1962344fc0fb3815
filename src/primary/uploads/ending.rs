//! Uploads that end without a file, or have become one, leave no parts.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use super::session::{Session, Status};
use super::{UploadError, Uploads, after, store};
use crate::primary::files::note_abandoned;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;
use crate::storage::{ErrorKind, SharedStore, StorageError};

/// How long a cancellation waits for the store before it leaves the parts to the cleaner.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest work of a store at one assembly, after which no object can appear.
const ASSEMBLY: Duration = Duration::from_secs(600);
/// Rows read at once.
const PAGE: i64 = 200;

/// Which assembly does not keep an upload from ending.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// One that has gone silent.
    Silent,
    /// The caller's own.
    Held(&'a str),
    /// Any.
    Anybodys,
}

impl Uploads {
    /// Ends an upload at its owner's wish.
    pub async fn cancel(&self, space: Space, user_id: i64, id: Uuid) -> Result<(), UploadError> {
        let session = self.find(space, user_id, id).await?;
        match session.status {
            Status::Completed => return Err(UploadError::Over(Status::Completed)),
            // What it has left is removed without anybody's wish.
            Status::Failed | Status::Cancelled => return Ok(()),
            Status::Uploading | Status::Presigned | Status::Assembling => {}
        }
        if self.end(&session.id, Status::Cancelled, Whose::Silent, Timestamp::now()).await? {
            return Ok(());
        }
        match store::by_id(&self.db, &session.id).await?.map(|session| session.status) {
            Some(status @ (Status::Assembling | Status::Completed)) => Err(UploadError::Over(status)),
            _ => Ok(()),
        }
    }

    /// Ends an upload that could not be begun.
    pub(super) async fn give_up(&self, session: &Session) {
        if let Err(error) = self.end(&session.id, Status::Cancelled, Whose::Silent, Timestamp::now()).await {
            tracing::warn!(upload.id = session.id, "the upload ends when it expires: {error}");
        }
    }

    /// Ends an upload unless it is completed, or being assembled by somebody who does not count; `false` then. Its parts
    /// are removed now as far as the store answers, and once more when none can appear any more.
    pub(super) async fn end(
        &self,
        id: &str,
        into: Status,
        whose: Whose<'_>,
        now: Timestamp,
    ) -> Result<bool, UploadError> {
        let mut tx = self.db.begin().await?;
        let Some(ended) = store::end(&mut tx, id, into, whose, now).await? else { return Ok(false) };
        if let (Some(policy_id), true) = (ended.session.policy_id, ended.was_assembled) {
            // The target may be there, or come yet; it is nobody's.
            let until = after(Timestamp::now(), ASSEMBLY);
            note_abandoned(&mut tx, policy_id, &ended.session.object_key, until).await?;
        }
        tx.commit().await?;
        self.remove_parts(&ended.session).await;
        Ok(true)
    }

    /// Best effort, and not for long: the row stays until it is known that nothing is left.
    pub(super) async fn remove_parts(&self, session: &Session) {
        let removal = async {
            let place = self.place(session).await?;
            abort(&place.store, session).await.map_err(|source| {
                UploadError::from(crate::primary::files::FileError::Storage {
                    policy: place.policy.name,
                    source,
                })
            })
        };
        match tokio::time::timeout(PATIENCE, removal).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(upload.id = session.id, "parts are removed later: {error}"),
            Err(_) => tracing::info!(upload.id = session.id, "the store is slow; parts are removed later"),
        }
    }

    /// One round of upkeep at `now`: ends what has expired, and follows up what has ended until nothing of it can
    /// appear any more. Right beside the same round in another primary.
    pub async fn remove_expired(&self, now: Timestamp) -> Result<(), UploadError> {
        let mut last = String::new();
        loop {
            let page = store::expired_after(&self.db, now, &last, PAGE).await?;
            let Some(next) = page.last() else { break };
            last.clone_from(next);
            for id in &page {
                self.end(id, Status::Cancelled, Whose::Silent, now).await?;
            }
        }
        self.sweep(now).await?;
        Ok(store::forget_completed(&self.db, now).await?)
    }

    /// Removes the parts of ended uploads once more, then what is known of them. A store that does not answer costs one
    /// attempt in a round.
    async fn sweep(&self, now: Timestamp) -> Result<(), UploadError> {
        let mut stores: HashMap<i64, Option<SharedStore>> = HashMap::new();
        let mut last = String::new();
        loop {
            let page = store::to_sweep_after(&self.db, now, &last, PAGE).await?;
            let Some(next) = page.last() else { return Ok(()) };
            last.clone_from(&next.id);
            // Nor must parts go before the end of their upload is certain.
            self.db.settle().await?;
            for session in &page {
                let Some(policy_id) = session.policy_id else { continue };
                let known = stores.get(&policy_id).cloned();
                let found = match known {
                    Some(known) => known,
                    None => {
                        let opened = self.policies.store(policy_id).await;
                        let opened =
                            opened.inspect_err(|error| tracing::info!("parts have to wait: {error}"));
                        let opened = opened.ok().map(|(_, store)| store);
                        stores.insert(policy_id, opened.clone());
                        opened
                    }
                };
                let Some(found) = found else { continue };
                match abort(&found, session).await {
                    Ok(()) => store::forget_parts(&self.db, session).await?,
                    Err(error) => {
                        tracing::info!(upload.id = session.id, "parts have to wait: {error}");
                        if error.kind() != ErrorKind::Unknown {
                            stores.insert(policy_id, None);
                        }
                    }
                }
            }
        }
    }

    /// Uploads to a policy that can go on.
    pub async fn open_sessions(&self, policy_id: i64) -> Result<u64, UploadError> {
        Ok(store::count_open(&self.db, policy_id).await?)
    }

    /// Ends all uploads to a policy and forgets them, whether its store answers or not: for a policy that goes. What
    /// is still under way there may stay. Gives how many could have gone on.
    pub async fn drop_sessions(&self, policy_id: i64) -> Result<u64, UploadError> {
        let mut ended = 0;
        for session in store::of_policy(&self.db, policy_id).await? {
            let now = Timestamp::now();
            if self.end(&session.id, Status::Cancelled, Whose::Anybodys, now).await? {
                ended += 1;
            }
        }
        for session in store::of_policy(&self.db, policy_id).await? {
            store::forget_parts(&self.db, &session).await?;
        }
        Ok(ended)
    }
}

async fn abort(store: &SharedStore, session: &Session) -> Result<(), StorageError> {
    match session.in_store()? {
        Some(upload) => store.abort_parts(&upload).await,
        // Begun there perhaps, by a process that ended before it could note the name.
        None => store.abort_unfinished(&session.target_key()?).await,
    }
}
