//! The place a store was opened at, and what stands there now: disks are unmounted and mounted again, directories are
//! moved away and restored while we run.
//!
//! The path is looked at about once a second while the store is in use. While the directory is missing every call
//! fails; when it is back, or another one stands in its place, the store goes on with that. Nothing but the directory
//! of unfinished objects is made then: the mount point of a missing disk must not be taken for an empty store.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::task::spawn_blocking;

use super::blocking::lost;
use super::fault::kind_of;
use super::room::Room;
use super::tree::Tree;
use crate::config::Durability;
use crate::storage::{Capacity, ErrorKind, Result, StorageError};

/// How old the last look may be.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Where a store is, and its open directories.
#[derive(Debug)]
pub(super) struct Site {
    root: PathBuf,
    base: String,
    namespace: String,
    durability: Durability,
    tree: ArcSwap<Tree>,
    watch: Mutex<Watch>,
    room: Arc<Room>,
}

/// What opening does about directories that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Makes them.
    Make,
    /// Fails.
    Refuse,
}

#[derive(Debug)]
struct Watch {
    /// When the last look began.
    checked: Instant,
    /// Why the store cannot be used, as found by the last look.
    lost: Option<(ErrorKind, &'static str)>,
}

impl Site {
    /// Opens the store; see [`Tree::open`]. Blocks.
    pub(super) fn open(
        root: &Path,
        base: String,
        namespace: String,
        missing: Missing,
        durability: Durability,
    ) -> io::Result<Self> {
        let open = match missing {
            Missing::Make => Tree::open,
            Missing::Refuse => Tree::open_existing,
        };
        let tree = open(root, &base, &namespace, durability)?;
        let room = Arc::new(Room::default());
        room.measure(|| tree.capacity())?;
        Ok(Self {
            root: root.to_owned(),
            base,
            namespace,
            durability,
            tree: ArcSwap::from_pointee(tree),
            watch: Mutex::new(Watch { checked: Instant::now(), lost: None }),
            room,
        })
    }

    /// The directories to work in. Looks at the path from time to time, but waits for that only while the store is lost.
    pub(super) async fn tree(self: &Arc<Self>) -> Result<Arc<Tree>> {
        let (due, lost) = self.take_turn();
        if due {
            let check = self.start_check();
            if lost.is_some() {
                check.await?;
            }
        }
        self.current()
    }

    /// Looks at the path now. The error says why objects cannot be stored there.
    pub(super) async fn look_now(self: &Arc<Self>) -> Result<()> {
        self.watch().checked = Instant::now();
        self.start_check().await?;
        let tree = self.current()?;
        spawn_blocking(move || tree.check_writable()).await.map_err(lost)?
    }

    /// The free space, measured no longer than [`CHECK_INTERVAL`] ago.
    pub(super) async fn room(self: &Arc<Self>) -> Result<Arc<Room>> {
        if self.take_turn().0 {
            self.start_check().await?;
        }
        self.current()?;
        Ok(Arc::clone(&self.room))
    }

    /// Free and total space.
    pub(super) async fn capacity(self: &Arc<Self>) -> Result<Capacity> {
        Ok(self.room().await?.measured())
    }

    fn current(&self) -> Result<Arc<Tree>> {
        match self.watch().lost {
            None => Ok(self.tree.load_full()),
            Some((kind, what)) => {
                let path = self.root.join(&self.base).join(&self.namespace);
                Err(StorageError::new(kind, format!("the storage directory `{}` {what}", path.display())))
            }
        }
    }

    /// Whether the caller should look now, and why the store cannot be used.
    fn take_turn(&self) -> (bool, Option<(ErrorKind, &'static str)>) {
        let now = Instant::now();
        let mut watch = self.watch();
        let due = now.duration_since(watch.checked) >= CHECK_INTERVAL;
        if due {
            watch.checked = now;
        }
        (due, watch.lost)
    }

    fn start_check(self: &Arc<Self>) -> impl Future<Output = Result<()>> + use<> {
        let site = Arc::clone(self);
        let check = spawn_blocking(move || site.check());
        async move { check.await.map_err(lost) }
    }

    fn check(&self) {
        let outcome = self.look();
        let lost = outcome.as_ref().err().map(|error| {
            if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory {
                return (ErrorKind::Misconfigured, "is gone; restore or mount it");
            }
            (kind_of(error), "cannot be opened; the log has the reason")
        });
        let before = std::mem::replace(&mut self.watch().lost, lost);
        let path = self.root.join(&self.base).join(&self.namespace);
        match outcome {
            Err(error) if before.is_none() => {
                tracing::error!(path = %path.display(), %error, "the storage directory is lost");
            }
            Ok(()) if before.is_some() => {
                tracing::info!(path = %path.display(), "the storage directory is back");
            }
            _ => {}
        }
    }

    /// Finds what stands at the path now, opens it if it is not what is open, and measures its free space.
    fn look(&self) -> io::Result<()> {
        let open = self.tree.load();
        if !open.is_at(&self.root, &self.base, &self.namespace)? || open.is_gone() {
            let other = Tree::open_existing(&self.root, &self.base, &self.namespace, self.durability)?;
            self.tree.store(Arc::new(other));
        }
        self.room.measure(|| self.tree.load().capacity())
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        // Each field stands for itself.
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
