//! Objects that lost their last reference: removed at once where the store answers, else by the cleaner.

use std::time::Duration;

use super::{Files, object_key};
use crate::primary::policies::Policies;
use crate::protocol::ObjectKey;
use crate::storage::SharedStore;

use super::strays::Alive;

/// How long a deletion waits for the store before it leaves the objects to the cleaner.
const PATIENCE: Duration = Duration::from_secs(5);

/// An object without a blob, noted as stray by the transaction that took the last reference.
#[derive(Debug, Clone)]
pub(in crate::primary) struct Released {
    pub(super) stray: i64,
    pub(super) policy_id: i64,
    pub(super) object_key: String,
}

impl Files {
    /// Removes what a committed transaction released. Best effort, and not for long: the cleaner has the rows.
    pub(in crate::primary) async fn remove_released(&self, policies: &Policies, released: Vec<Released>) {
        let removal = async {
            for object in &released {
                self.remove_one(policies, object).await;
            }
        };
        if tokio::time::timeout(PATIENCE, removal).await.is_err() {
            tracing::info!("a store is slow; its released objects are removed later");
        }
    }

    async fn remove_one(&self, policies: &Policies, object: &Released) {
        let store = match policies.store(object.policy_id).await {
            Ok((_, store)) => store,
            Err(error) => {
                tracing::info!(object.key = object.object_key, "the object is removed later: {error}");
                return;
            }
        };
        if let Ok(key) = object_key(&object.object_key) {
            let alive = self.in_flight.enter(&object.object_key);
            self.discard(&store, &key, object.stray, alive).await;
        }
    }

    /// Removes an object that no file refers to, then its row. Best effort: what fails here is the cleaner's.
    pub(super) async fn discard(&self, store: &SharedStore, key: &ObjectKey, stray: i64, _alive: Alive) {
        if let Err(error) = self.remove_stray(store, key, stray, true).await {
            tracing::info!(object.key = key.as_str(), "the object is removed later: {error}");
        }
    }
}
