//! Calls to one follower that must not overtake each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

/// For each node a turn that one at a time has.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn of a node; it lasts as long as the value.
    pub(super) async fn take(&self, id: i64) -> OwnedMutexGuard<()> {
        let turn = Arc::clone(self.0.lock().expect("no holder panics").entry(id).or_default());
        turn.lock_owned().await
    }

    /// The node is gone.
    pub(super) fn forget(&self, id: i64) {
        self.0.lock().expect("no holder panics").remove(&id);
    }
}
