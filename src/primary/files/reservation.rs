//! Writing an object that no row refers to yet: what an upload does, for other work that makes objects.

use uuid::Uuid;

use super::store::blobs;
use super::strays::Alive;
use super::{FileError, Files};
use crate::db::Tx;
use crate::primary::policies::{Policies, Policy, PolicyError};
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
        let key = format!("files/{}", Uuid::new_v4());
        let object = ObjectKey::parse(&key).expect("a fixed prefix and a UUID are an object key");
        let alive = self.in_flight.enter(&key);
        let stray = blobs::insert_stray(&self.db, policy_id, &key, Timestamp::now()).await?;
        let stray = stray.ok_or(PolicyError::NotFound(policy_id))?;
        // After the note: from here on the base path stands.
        match policies.store(policy_id).await {
            Ok((policy, store)) => Ok(Reservation { key: object, policy, store, stray, alive }),
            Err(error) => Err(error.into()),
        }
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
