//! The memory of request nonces: a table of fixed size in which nothing is forgotten silently.
//!
//! Invariant: every request ever admitted whose timestamp is above the floor is still in the table. An entry that is
//! overwritten, for whatever reason, first lifts the floor to its timestamp, and a request at or below the floor is
//! refused. So a replay is never admitted, even if the clock steps back. In normal service only entries that are too
//! old to be accepted again are overwritten, the floor stays behind the accepted window, and no fresh request is
//! refused; only a full bucket costs the oldest seconds of the window.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::protocol::MAX_CLOCK_SKEW_SECS;

/// Second of signing (0: the slot is free) and 96 bits that name the nonce. An array of integers, because `vec!` gets
/// zeroed arrays from the system untouched: memory is used only as requests come.
pub(super) type Entry = [u32; 4];

/// Bytes of one entry.
pub(super) const ENTRY_BYTES: usize = size_of::<Entry>();
/// Entries that are searched for one nonce.
const BUCKET: usize = 32;
/// Locks; more than any machine has cores to contend for them.
const MAX_SHARDS: usize = 64;

/// Why a request was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::follower) enum Refusal {
    /// The nonce was seen.
    #[error("this nonce was used before; sign each request with a fresh one")]
    Replayed,
    /// Too old to be told from a replay.
    #[error(
        "the replay memory does not reach back to this timestamp (the follower was restarted, or its memory was full); sign the request again"
    )]
    Forgotten,
}

/// Nonces seen, in buckets of [`BUCKET`] entries, each chosen by the nonce itself.
pub(super) struct Table {
    shards: Vec<Mutex<Vec<Entry>>>,
    buckets: usize,
    floor: AtomicU32,
}

impl Table {
    /// A table of about `bytes`, at least one bucket. Requests signed at `floor` or before are refused.
    pub(super) fn new(bytes: usize, floor: u32) -> Self {
        let buckets = (bytes / (BUCKET * ENTRY_BYTES)).max(1);
        let shard_count = buckets.min(MAX_SHARDS);
        let shard_entries = buckets.div_ceil(shard_count) * BUCKET;
        let shards = (0..shard_count).map(|_| Mutex::new(vec![[0; 4]; shard_entries])).collect();
        Self { shards, buckets, floor: AtomicU32::new(floor) }
    }

    /// Records the nonce, or refuses the request. Check and record are one step.
    pub(super) fn admit(
        &self,
        access_key: &str,
        nonce: &str,
        timestamp: i64,
        now: i64,
    ) -> Result<(), Refusal> {
        // Outside of 1970 to 2106 nothing can be remembered.
        let signed_at = u32::try_from(timestamp).map_err(|_| Refusal::Forgotten)?;
        self.insert(entry_of(access_key, nonce, signed_at), now)
    }

    fn insert(&self, entry: Entry, now: i64) -> Result<(), Refusal> {
        let [signed_at, name @ ..] = entry;
        let index = name[0] as usize % self.buckets;
        let mut shard = lock(&self.shards[index % self.shards.len()]);
        let start = index / self.shards.len() * BUCKET;
        let bucket = &mut shard[start..start + BUCKET];
        if bucket.iter().any(|seen| seen[0] != 0 && seen[1..] == name) {
            return Err(Refusal::Replayed);
        }
        // Read under the lock: had this nonce been overwritten, it would have been in this bucket, by somebody who
        // lifted the floor under the same lock.
        if signed_at <= self.floor.load(Ordering::SeqCst) {
            return Err(Refusal::Forgotten);
        }
        // Free slots have second 0, so they are the oldest.
        let Some(slot) = bucket.iter_mut().min_by_key(|seen| seen[0]) else {
            return Err(Refusal::Forgotten);
        };
        let forgotten = slot[0];
        if is_live(forgotten, now) && signed_at <= forgotten {
            // The newcomer itself is among the oldest: it would be forgotten at once.
            self.lift_floor(signed_at);
            return Err(Refusal::Forgotten);
        }
        if forgotten != 0 {
            self.lift_floor(forgotten);
        }
        *slot = entry;
        Ok(())
    }

    fn lift_floor(&self, to: u32) {
        self.floor.fetch_max(to, Ordering::SeqCst);
    }

    /// Closes the table for good and gives what has to survive: the floor, and every entry above it that could still be
    /// accepted at `now`.
    pub(super) fn drain(&self, now: i64) -> (u32, Vec<Entry>) {
        // First the floor, then the locks: a request that is admitted in between is still copied.
        let mut floor = self.floor.swap(u32::MAX, Ordering::SeqCst);
        let mut live = Vec::new();
        for shard in &self.shards {
            for entry in lock(shard).iter().filter(|entry| entry[0] != 0) {
                if is_live(entry[0], now) {
                    live.push(*entry);
                } else {
                    floor = floor.max(entry[0]);
                }
            }
        }
        (floor, live)
    }

    /// Puts back what [`Table::drain`] gave.
    pub(super) fn restore(&self, floor: u32, entries: &[Entry], now: i64) {
        for entry in entries {
            // An entry that does not fit lifts the floor, as it does in service.
            let _ = self.insert(*entry, now);
        }
        self.lift_floor(floor);
    }
}

fn entry_of(access_key: &str, nonce: &str, signed_at: u32) -> Entry {
    let mut digest = Sha256::new();
    // Both are header values: neither contains a line feed.
    digest.update(access_key.as_bytes());
    digest.update(b"\n");
    digest.update(nonce.as_bytes());
    let digest = digest.finalize();
    let word = |at: usize| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
    [signed_at, word(0), word(4), word(8)]
}

/// Whether a request signed at `second` would still be accepted at `now`.
fn is_live(second: u32, now: i64) -> bool {
    i64::from(second) >= now.saturating_sub(MAX_CLOCK_SKEW_SECS)
}

/// Entries are plain numbers, whole at any moment; a panic elsewhere does not spoil them.
fn lock(shard: &Mutex<Vec<Entry>>) -> MutexGuard<'_, Vec<Entry>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const NOW: i64 = 1_767_225_600;
    const KEY: &str = "rn_00112233445566778899aabbccddeeff";
    const FULL_SIZE: usize = 32 * 1024 * 1024;
    const ONE_BUCKET: usize = BUCKET * ENTRY_BYTES;

    #[test]
    fn a_replay_is_refused_in_every_second_it_could_be_accepted() {
        let table = Table::new(FULL_SIZE, 0);
        for offset in [-300, -299, 0, 1, 299, 300] {
            let nonce = format!("n{offset}");
            let signed_at = NOW + offset;
            assert_eq!(table.admit(KEY, &nonce, signed_at, NOW), Ok(()), "{offset}");
            for now in NOW..=signed_at + MAX_CLOCK_SKEW_SECS {
                assert_eq!(
                    table.admit(KEY, &nonce, signed_at, now),
                    Err(Refusal::Replayed),
                    "{offset} {now}"
                );
            }
        }
    }

    #[test]
    fn two_access_keys_may_use_one_nonce() {
        let table = Table::new(FULL_SIZE, 0);
        assert_eq!(table.admit("rn_a", "nonce", NOW, NOW), Ok(()));
        assert_eq!(table.admit("rn_b", "nonce", NOW, NOW), Ok(()));
    }

    #[test]
    fn three_hundred_thousand_requests_within_five_minutes_are_all_admitted() {
        let table = Table::new(FULL_SIZE, 0);
        for number in 0..300_000_i64 {
            let now = NOW + number / 1000;
            assert_eq!(table.admit(KEY, &number.to_string(), now - number % 300, now), Ok(()), "{number}");
        }
    }

    #[test]
    fn a_full_bucket_forgets_its_oldest_second_and_refuses_only_what_is_that_old() {
        let table = Table::new(ONE_BUCKET, 0);
        for number in 0..32 {
            assert_eq!(table.admit(KEY, &number.to_string(), NOW + number, NOW + 31), Ok(()));
        }
        assert_eq!(table.admit(KEY, "one more", NOW + 32, NOW + 32), Ok(()));
        assert_eq!(table.admit(KEY, "0", NOW, NOW + 32), Err(Refusal::Forgotten), "the forgotten one");
        assert_eq!(table.admit(KEY, "fresh but old", NOW, NOW + 32), Err(Refusal::Forgotten));
        assert_eq!(table.admit(KEY, "1", NOW + 1, NOW + 32), Err(Refusal::Replayed), "all others are known");
        assert_eq!(table.admit(KEY, "fresh", NOW + 33, NOW + 33), Ok(()));
    }

    #[test]
    fn a_newcomer_older_than_a_full_bucket_is_refused_and_forgets_nobody() {
        let table = Table::new(ONE_BUCKET, 0);
        for number in 0..32 {
            assert_eq!(table.admit(KEY, &number.to_string(), NOW, NOW), Ok(()));
        }
        assert_eq!(table.admit(KEY, "late", NOW - 5, NOW), Err(Refusal::Forgotten));
        assert_eq!(table.admit(KEY, "0", NOW, NOW), Err(Refusal::Replayed));
    }

    #[test]
    fn dead_entries_make_room_and_stay_refused_when_the_clock_steps_back() {
        let table = Table::new(ONE_BUCKET, 0);
        for number in 0..32 {
            assert_eq!(table.admit(KEY, &format!("old {number}"), NOW, NOW), Ok(()));
        }
        let later = NOW + MAX_CLOCK_SKEW_SECS + 1;
        for number in 0..32 {
            assert_eq!(table.admit(KEY, &format!("new {number}"), later, later), Ok(()));
        }
        for number in 0..32 {
            assert_eq!(table.admit(KEY, &format!("old {number}"), NOW, NOW), Err(Refusal::Forgotten));
        }
    }

    #[test]
    fn timestamps_that_cannot_be_kept_are_refused() {
        let table = Table::new(ONE_BUCKET, 0);
        for timestamp in [i64::MIN, -1, 0, i64::from(u32::MAX) + 1, i64::MAX] {
            assert_eq!(table.admit(KEY, "n", timestamp, timestamp), Err(Refusal::Forgotten), "{timestamp}");
        }
    }

    #[test]
    fn of_many_threads_with_one_nonce_exactly_one_is_admitted() {
        let table = Arc::new(Table::new(FULL_SIZE, 0));
        let admitted = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (table, admitted) = (Arc::clone(&table), Arc::clone(&admitted));
                std::thread::spawn(move || {
                    for number in 0..2_000 {
                        if table.admit(KEY, &number.to_string(), NOW, NOW).is_ok() {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("thread");
        }
        assert_eq!(admitted.load(Ordering::Relaxed), 2_000);
    }

    #[test]
    fn a_drained_table_admits_nothing_and_a_restored_one_knows_everything() {
        let first = Table::new(FULL_SIZE, 0);
        assert_eq!(first.admit(KEY, "live", NOW, NOW), Ok(()));
        assert_eq!(first.admit(KEY, "ahead", NOW + 200, NOW), Ok(()));
        assert_eq!(first.admit(KEY, "dead", NOW - 300, NOW), Ok(()));
        let (floor, entries) = first.drain(NOW + 10);
        assert_eq!(first.admit(KEY, "late", NOW + 10, NOW + 10), Err(Refusal::Forgotten));
        assert_eq!(entries.len(), 2);

        let second = Table::new(FULL_SIZE, 0);
        second.restore(floor, &entries, NOW + 11);
        assert_eq!(second.admit(KEY, "live", NOW, NOW + 11), Err(Refusal::Replayed));
        assert_eq!(second.admit(KEY, "ahead", NOW + 200, NOW + 11), Err(Refusal::Replayed));
        assert_eq!(second.admit(KEY, "dead", NOW - 300, NOW), Err(Refusal::Forgotten));
        assert_eq!(second.admit(KEY, "fresh", NOW + 1, NOW + 11), Ok(()));
    }
}
