//! Commits of a SQLite file that become durable together.
//!
//! SQLite has one writer. If each commit waited for the disk before the next transaction could begin, there would be as
//! many commits as the disk can do syncs one after the other. So SQLite itself writes its log (the `-wal` file) without
//! waiting (`synchronous=NORMAL`), the next transaction begins, and whoever has committed waits here for a sync that began
//! after that; one sync serves all who wait. What SQLite syncs by itself when it moves the log's content into the
//! database file is as before.
//!
//! So a commit is acknowledged when it is on the disk, and can be *read* a moment earlier. Who does something for good
//! because of what it has read asks for [`Log::sync`] in between.

use std::fs::File;
use std::io::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::fdatasync;
use tokio::sync::Mutex;

/// The log of one database file.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    /// How many have asked for a sync so far. Whoever asks has its number and wants at least what was there then.
    asked: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the askers up to this number want is on the disk.
    done: u64,
    file: Option<Arc<File>>,
    /// Why nothing is known to be on the disk any more. The kernel tells of a lost write once; a later sync that
    /// succeeds means nothing.
    lost: Option<String>,
}

impl Log {
    /// The log beside the database file at `database`.
    pub(super) fn of(database: PathBuf) -> Self {
        let mut path = database.into_os_string();
        path.push("-wal");
        Self { path: path.into(), asked: AtomicU64::new(0), state: Mutex::default() }
    }

    /// Returns when everything that was committed before the call is on the disk.
    pub(super) async fn sync(self: &Arc<Self>) -> Result<()> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut state = self.state.lock().await;
        if let Some(why) = &state.lost {
            return Err(Error::other(why.clone()));
        }
        if state.done >= number {
            return Ok(());
        }
        // All of these had committed when they asked, and the sync begins after this.
        let all = self.asked.load(Ordering::SeqCst);
        let (log, known) = (Arc::clone(self), state.file.clone());
        let syncing = move || -> Result<_> {
            let file = log.open(known)?;
            Ok((fdatasync(&file), file))
        };
        let synced = tokio::task::spawn_blocking(syncing).await;
        let (outcome, file) = synced.map_err(Error::other)??;
        state.file = Some(file);
        if let Err(error) = outcome {
            state.lost = Some(format!(
                "writes to {} may be lost ({error}); look at the disk, then start the server again",
                self.path.display()
            ));
            return Err(error.into());
        }
        state.done = all;
        Ok(())
    }

    /// SQLite makes a new file when every connection was closed in between.
    fn open(&self, known: Option<Arc<File>>) -> Result<Arc<File>> {
        let there = std::fs::metadata(&self.path)?;
        if let Some(known) = known {
            let open = known.metadata()?;
            if (open.dev(), open.ino()) == (there.dev(), there.ino()) {
                return Ok(known);
            }
        }
        Ok(Arc::new(File::open(&self.path)?))
    }
}
