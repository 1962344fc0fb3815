//! Writing an object that no row refers to yet: an upload, and other work that makes objects.

use uuid::Uuid;

use super::store::blobs;
use super::strays::Alive;
use super::{FileError, Files};
use crate::db::Tx;
use crate::primary::policies::{Chosen, Policies, Policy, PolicyError};
use crate::protocol::{ObjectKey, Timestamp};
use crate::storage::SharedStore;

/// A fresh key under a policy, noted before the first byte: whatever becomes of the object, it is known by name. Hold it
/// as long as the object is written; what is dropped is the cleaner's.
#[derive(Debug)]
pub struct Reservation {
    /// The key, never used before.
    pub key: ObjectKey,
    /// The policy as it is while the note stands: its base path does not change.
    pub policy: Policy,
    /// Where the object is to be written.
    pub store: SharedStore,
    stray: i64,
    alive: Alive,
}

impl Files {
    /// Notes an object that is about to be written under this policy.
    pub async fn reserve(&self, policies: &Policies, policy_id: i64) -> Result<Reservation, FileError> {
        let (key, stray, alive) = self.note(policy_id).await?;
        // After the note: from here on the place stands.
        let (policy, store) = policies.store(policy_id).await?;
        Ok(Reservation { key, policy, store, stray, alive })
    }

    /// The same for a place that was chosen before. The policy may have been changed since, under a store that was open
    /// already; then nothing is reserved.
    pub(super) async fn reserve_at(
        &self,
        policies: &Policies,
        place: &Chosen,
    ) -> Result<Reservation, FileError> {
        let (key, stray, alive) = self.note(place.policy.id).await?;
        let (policy, store) = (place.policy.clone(), place.store.clone());
        let reserved = Reservation { key, policy, store, stray, alive };
        if policies.get(place.policy.id).await?.is_same_place(&place.policy) {
            return Ok(reserved);
        }
        self.give_up(reserved).await;
        Err(FileError::PolicyChanged(place.policy.name.clone()))
    }

    async fn note(&self, policy_id: i64) -> Result<(ObjectKey, i64, Alive), FileError> {
        let text = format!("files/{}", Uuid::new_v4());
        let key = ObjectKey::parse(&text).expect("a fixed prefix and a UUID are an object key");
        let alive = self.in_flight.enter(&text);
        let stray = blobs::insert_stray(&self.db, policy_id, &text, Timestamp::now()).await?;
        Ok((key, stray.ok_or(PolicyError::NotFound(policy_id))?, alive))
    }

    /// Does the writing, and lets other primaries know that it goes on.
    pub async fn while_written<T>(
        &self,
        reservation: &Reservation,
        writing: impl Future<Output = T> + Send,
    ) -> T {
        self.while_writing(reservation.stray, writing).await
    }

    /// Removes the object and its note, now or, when the store is away, later.
    pub async fn give_up(&self, reservation: Reservation) {
        let Reservation { key, store, stray, alive, .. } = reservation;
        self.discard(&store, &key, stray, alive).await;
    }

    /// For an object whose fate is not known: the cleaner follows it up.
    pub async fn leave(&self, reservation: Reservation) {
        if let Err(error) = blobs::touch_stray(&self.db, reservation.stray, Timestamp::now()).await {
            tracing::info!(object.key = reservation.key.as_str(), "the note was not renewed: {error}");
        }
    }
}

/// Takes the note away, in the transaction that refers to the object; `false` when the object is, or may be, removed
/// already, and the transaction must not be committed.
pub async fn adopt(tx: &mut Tx, reservation: &Reservation) -> Result<bool, sqlx::Error> {
    blobs::adopt_stray(tx, reservation.stray).await
}
