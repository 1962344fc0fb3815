//! Uploads that may be left in the bucket because the server was away when they began or were to be ended. They cost
//! space and nobody sees them, so they are looked for, by key, until the server answers.
//!
//! Kept in memory only: what a process leaves behind when it ends is found by the sweep at the next start, or, where
//! others may write to the same bucket, by its key, which the primary has noted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Bucket;
use crate::storage::Result;

/// Wait before the first look; it doubles while the server is away.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A request that was given up may still be carried out, so one look at a key is not enough.
const LOOKS: u8 = 2;
/// Keys that are remembered. A server that is away for longer leaves the rest to the sweep.
const MOST_KEYS: usize = 10_000;

/// What is known of one bucket; shared by all clones of it.
#[derive(Debug, Default)]
pub(super) struct Leftovers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many uploads to a key are under way, from before they begin.
    under_way: HashMap<String, usize>,
    /// Keys with something to end, and how often they were looked at with success.
    owed: BTreeMap<String, u8>,
    /// Whether a task looks for them.
    at_work: bool,
}

/// An upload to a key is under way as long as this lives.
#[derive(Debug)]
pub(super) struct UnderWay {
    leftovers: Arc<Leftovers>,
    key: String,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.leftovers.state();
        let count = state.under_way.get_mut(&self.key).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if count == 0 {
            state.under_way.remove(&self.key);
        }
    }
}

impl Leftovers {
    /// To be called before the upload begins.
    pub(super) fn begin(self: &Arc<Self>, key: &str) -> UnderWay {
        *self.state().under_way.entry(key.to_owned()).or_default() += 1;
        UnderWay { leftovers: Arc::clone(self), key: key.to_owned() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each statement leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys to look at; `None`, and the task is over, when there are none.
    fn next_round(&self) -> Option<Vec<String>> {
        let mut state = self.state();
        state.at_work = !state.owed.is_empty();
        state.at_work.then(|| state.owed.keys().cloned().collect())
    }

    fn looked_at(&self, key: &str) {
        let mut state = self.state();
        let looks = state.owed.get_mut(key).map_or(LOOKS, |looks| {
            *looks += 1;
            *looks
        });
        if looks >= LOOKS {
            state.owed.remove(key);
        }
    }
}

/// Notes that an upload to `key` may be left, and sees to it in the background.
pub(super) fn look_for(bucket: &Bucket, key: &str) {
    // Outside of a runtime the process is ending.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let mut state = bucket.leftovers.state();
    if state.owed.len() >= MOST_KEYS && !state.owed.contains_key(key) {
        tracing::warn!(key, "an unfinished upload may stay in the bucket until the next start");
        return;
    }
    state.owed.insert(key.to_owned(), 0);
    if !std::mem::replace(&mut state.at_work, true) {
        runtime.spawn(work(bucket.clone()));
    }
}

async fn work(bucket: Bucket) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let Some(keys) = bucket.leftovers.next_round() else { return };
        let mut ended = 0;
        let mut outcome = Ok(());
        for key in keys {
            match end(&bucket, &key).await {
                Ok(count) => ended += count,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if ended > 0 {
            tracing::info!(ended, "unfinished uploads were removed from the bucket");
        }
        pause = match outcome {
            Ok(()) => FIRST_PAUSE,
            Err(error) => {
                tracing::debug!("unfinished uploads cannot be removed yet: {error}");
                (pause * 2).min(LONGEST_PAUSE)
            }
        };
    }
}

/// Ends the uploads to `key`, unless one is under way; that one may be among them, and then a later round looks again.
pub(super) async fn end(bucket: &Bucket, key: &str) -> Result<u64> {
    let request = bucket.client.list_multipart_uploads().bucket(&*bucket.name).prefix(key);
    let page = request.send().await.map_err(|e| bucket.fault("list unfinished uploads", e))?;
    // After the list: whatever begins from here on is not in it.
    if bucket.leftovers.state().under_way.contains_key(key) {
        return Ok(0);
    }
    let mut ended = 0;
    for upload in page.uploads().iter().filter(|upload| upload.key() == Some(key)) {
        let Some(id) = upload.upload_id() else { continue };
        let request = bucket.client.abort_multipart_upload().bucket(&*bucket.name).key(key).upload_id(id);
        match request.send().await {
            Ok(_) => ended += 1,
            Err(error) if super::upload::is_ended(&error) => {}
            Err(error) => return Err(bucket.fault("abort an unfinished upload", error)),
        }
    }
    bucket.leftovers.looked_at(key);
    Ok(ended)
}
