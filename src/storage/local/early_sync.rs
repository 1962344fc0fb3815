//! Writing to the disk what is already in the page cache while more arrives, so that the last sync of a large object is
//! short.

use std::fs::File;
use std::io;
use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use super::blocking::lost;
use super::fault::fault;
use super::staging::Unfinished;
use super::tree::Tree;
use crate::storage::Result;

/// How much is written between two syncs.
pub(super) const EARLY_SYNC: u64 = 32 * 1024 * 1024;

/// The syncs of one unfinished object, one at a time. The kernel reports a write error once per open file, to
/// whichever sync comes first: so every outcome counts, and [`EarlySync::settle`] must be called before the object is
/// placed.
pub(super) struct EarlySync {
    /// What its errors say we did, for example ``write object `a/b` ``.
    action: String,
    /// `None` when the store does not sync at all.
    file: Option<Arc<File>>,
    unsynced: u64,
    running: Option<JoinHandle<io::Result<()>>>,
}

impl EarlySync {
    pub(super) fn new(tree: &Tree, object: &Unfinished, action: String) -> Self {
        let file = tree.is_fully_durable().then(|| object.share_file());
        Self { action, file, unsynced: 0, running: None }
    }

    /// Notes that `bytes` more are written, or will be very soon; may start a sync.
    pub(super) async fn wrote(&mut self, bytes: u64) -> Result<()> {
        self.unsynced += bytes;
        let busy = self.running.as_ref().is_some_and(|sync| !sync.is_finished());
        if self.unsynced < EARLY_SYNC || busy {
            return Ok(());
        }
        self.settle().await?;
        self.unsynced = 0;
        self.running = self.file.clone().map(|file| spawn_blocking(move || file.sync_data()));
        Ok(())
    }

    /// Waits for the sync under way.
    pub(super) async fn settle(&mut self) -> Result<()> {
        match self.running.take() {
            None => Ok(()),
            Some(sync) => sync.await.map_err(lost)?.map_err(|e| fault(&self.action, e)),
        }
    }
}
