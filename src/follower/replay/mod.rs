//! Replay protection: a signed request is admitted once (wire contract §3, step 10).
//!
//! Owns the memory of nonces and what of it survives a restart. It never admits a replay: not when its memory is full,
//! not after a restart, not after a crash. It knows no signatures; a nonce is recorded only after its signature held.
//!
//! After a clean stop the memory comes back from a file. After a crash it is lost, so everything signed up to the
//! moment of the restart is refused; since requests may be signed ahead of our clock (by at most five minutes), the
//! largest such lead is kept on disk and added.

mod file;
mod table;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use self::file::Files;
pub(super) use self::table::Refusal;
use self::table::{Entry, Table};

/// Why a request could not be admitted.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdmitError {
    /// It is, or could be, a replay.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What must be on disk before the request is admitted could not be written.
    #[error("cannot write the replay memory")]
    Disk(#[source] io::Error),
}

/// How the memory begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// There is nobody yet who could have signed a request.
    NoBinding,
    /// There is, so without a saved memory the last run has crashed.
    Bound,
}

/// The memory of one follower.
pub(super) struct ReplayMemory {
    table: Table,
    files: Files,
    /// The lead that is on disk.
    ahead: AtomicU32,
    writing: Mutex<()>,
}

impl ReplayMemory {
    /// Reads what the last run left in `directory`. `now` is the clock in Unix seconds. Blocks.
    ///
    /// The second result is there when the run before ended without saving: the second that has to pass before a
    /// request is served. A caller whose clock leads as far as it did before signs later than everything refused by then,
    /// so that no fresh request of it is.
    pub(super) fn open(
        directory: &Path,
        bytes: usize,
        beginning: Beginning,
        now: i64,
    ) -> io::Result<(Self, Option<i64>)> {
        let files = Files::in_directory(directory);
        let now_secs = u32::try_from(now).unwrap_or(0);
        let saved = files.read_table()?;
        // A bound follower that never ran here was enrolled before its first start: nobody could sign anything yet.
        let lead = files.read_ahead()?;
        let lost = lead.filter(|_| saved.is_none() && beginning == Beginning::Bound);
        let floor = lost.map_or(0, |lead| now_secs.saturating_add(lead));
        let table = Table::new(bytes, floor);
        if let Some((floor, entries)) = saved {
            table.restore(floor, &entries, now);
            files.write_ahead(lead_of(&entries, now_secs))?;
        } else if lost.is_none() {
            files.write_ahead(0)?;
        }
        // Only now, and before the first request: a crash from here on must not find it.
        files.remove_table()?;
        // Timestamps are whole seconds: a lead of 0.5 s is seen as 1, and half of the time as 0.
        let wait = lost.map(|lead| now + i64::from(lead.min(1)));
        let ahead = AtomicU32::new(files.read_ahead()?.unwrap_or(0));
        Ok((Self { table, files, ahead, writing: Mutex::new(()) }, wait))
    }

    /// Admits a request whose signature held, or refuses it. All times in Unix seconds.
    pub(super) async fn admit(
        &self,
        access_key: &str,
        nonce: &str,
        timestamp: i64,
        now: i64,
    ) -> Result<(), AdmitError> {
        self.table.admit(access_key, nonce, timestamp, now)?;
        let lead = u32::try_from(timestamp.saturating_sub(now)).unwrap_or(0);
        if lead > self.ahead.load(Ordering::SeqCst) {
            self.keep_lead(lead).await.map_err(AdmitError::Disk)?;
        }
        Ok(())
    }

    async fn keep_lead(&self, lead: u32) -> io::Result<()> {
        let _one_writer = self.writing.lock().await;
        if lead <= self.ahead.load(Ordering::SeqCst) {
            return Ok(());
        }
        // It only grows, and to 300 at most: so many writes at most in one run.
        let files = self.files.clone();
        spawn_blocking(move || files.write_ahead(lead)).await.map_err(io::Error::other)??;
        self.ahead.store(lead, Ordering::SeqCst);
        Ok(())
    }

    /// Refuses every further request and saves the memory for the next start. Blocks.
    pub(super) fn save(&self, now: i64) -> io::Result<()> {
        let (floor, entries) = self.table.drain(now);
        self.files.write_table(floor, &entries)
    }
}

impl std::fmt::Debug for ReplayMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplayMemory")
    }
}

/// How far ahead of `now` the entries were signed.
fn lead_of(entries: &[Entry], now: u32) -> u32 {
    let newest = entries.iter().map(|entry| entry[0]).max().unwrap_or(0);
    newest.saturating_sub(now)
}

/// Waits until the second `second` is over by the system's clock.
pub(super) async fn wait_until_after(second: i64) {
    use crate::protocol::Timestamp;
    loop {
        let left = (second + 1).saturating_mul(1000) - Timestamp::now().unix_ms();
        match u64::try_from(left) {
            Ok(ms) if ms > 0 => tokio::time::sleep(Duration::from_millis(ms.min(1000))).await,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: i64 = 1_767_225_600;
    const BYTES: usize = 1024 * 1024;

    fn open(dir: &tempfile::TempDir, now: i64) -> (ReplayMemory, bool) {
        let (memory, wait) = ReplayMemory::open(dir.path(), BYTES, Beginning::Bound, now).expect("open");
        (memory, wait.is_some())
    }

    async fn admit(memory: &ReplayMemory, nonce: &str, timestamp: i64, now: i64) -> bool {
        match memory.admit("rn_key", nonce, timestamp, now).await {
            Ok(()) => true,
            Err(AdmitError::Refused(_)) => false,
            Err(AdmitError::Disk(error)) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn a_clean_restart_refuses_replays_and_admits_requests_signed_before_it() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) =
            ReplayMemory::open(dir.path(), BYTES, Beginning::NoBinding, NOW).expect("first start");
        assert!(admit(&memory, "seen", NOW, NOW).await);
        memory.save(NOW + 1).expect("save");
        let mode = std::fs::metadata(dir.path().join("replay.bin")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let (memory, crashed) = open(&dir, NOW + 2);
        assert!(!crashed);
        assert!(!admit(&memory, "seen", NOW, NOW + 2).await);
        assert!(admit(&memory, "signed before the stop", NOW, NOW + 2).await);
    }

    #[tokio::test]
    async fn a_crash_refuses_everything_signed_until_the_restart_and_nothing_after_it() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) = ReplayMemory::open(dir.path(), BYTES, Beginning::NoBinding, NOW).expect("open");
        assert!(admit(&memory, "seen", NOW, NOW).await);
        drop(memory);
        let (memory, crashed) = open(&dir, NOW + 2);
        assert!(crashed);
        assert!(!admit(&memory, "seen", NOW, NOW + 2).await);
        assert!(!admit(&memory, "same second", NOW + 2, NOW + 2).await);
        assert!(admit(&memory, "fresh", NOW + 3, NOW + 3).await);
    }

    #[tokio::test]
    async fn a_first_start_with_a_binding_is_no_crash_and_the_second_without_a_clean_stop_is_one() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, crashed) = open(&dir, NOW);
        assert!(!crashed && admit(&memory, "first", NOW, NOW).await);
        drop(memory);
        let (memory, crashed) = open(&dir, NOW + 1);
        assert!(crashed && !admit(&memory, "first", NOW, NOW + 1).await);
    }

    #[test]
    fn a_damaged_lead_counts_as_the_largest() {
        let dir = tempfile::tempdir().expect("dir");
        drop(open(&dir, NOW));
        std::fs::File::create(dir.path().join("replay-ahead")).expect("emptied");
        let (memory, crashed) = open(&dir, NOW + 1);
        assert!(crashed && memory.ahead.load(Ordering::SeqCst) == 300);
    }

    #[tokio::test]
    async fn a_saved_memory_is_trusted_once() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) = open(&dir, NOW);
        memory.save(NOW).expect("save");
        let (memory, crashed) = open(&dir, NOW + 1);
        assert!(!crashed && admit(&memory, "after the save", NOW + 1, NOW + 1).await);
        drop(memory);
        let (memory, crashed) = open(&dir, NOW + 2);
        assert!(crashed && !admit(&memory, "after the save", NOW + 1, NOW + 2).await);
    }

    #[tokio::test]
    async fn a_request_signed_ahead_of_our_clock_is_no_gap_after_any_number_of_crashes() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) = ReplayMemory::open(dir.path(), BYTES, Beginning::NoBinding, NOW).expect("open");
        assert!(admit(&memory, "ahead", NOW + 42, NOW).await);
        drop(memory);
        for crash in 1..4 {
            let (memory, _) = open(&dir, NOW + crash);
            assert!(!admit(&memory, "ahead", NOW + 42, NOW + crash).await);
            let later = NOW + crash + 43;
            assert!(admit(&memory, &format!("fresh {crash}"), later, later).await);
        }
    }

    #[tokio::test]
    async fn after_the_wait_a_caller_with_the_lead_of_before_is_admitted_at_once() {
        for lead in [0, 1, 2, 42] {
            let dir = tempfile::tempdir().expect("dir");
            let (memory, _) = open(&dir, NOW);
            assert!(admit(&memory, "before", NOW + lead, NOW).await);
            drop(memory);
            let opened = ReplayMemory::open(dir.path(), BYTES, Beginning::Bound, NOW + 1).expect("open");
            let (memory, Some(wait)) = opened else { panic!("a crash") };
            let now = wait + 1;
            assert!(now <= NOW + 3, "a short wait: {wait}");
            // The lead is seen rounded up; the true one may be nearly a second less.
            let signed_at = now + (lead - 1).max(0);
            assert!(admit(&memory, "after", signed_at, now).await, "{lead}");
        }
    }

    #[tokio::test]
    async fn a_clean_stop_forgets_a_lead_that_is_no_more() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) = ReplayMemory::open(dir.path(), BYTES, Beginning::NoBinding, NOW).expect("open");
        assert!(admit(&memory, "ahead", NOW + 42, NOW).await);
        memory.save(NOW + 60).expect("save");
        drop(open(&dir, NOW + 60));
        let (memory, _) = open(&dir, NOW + 61);
        assert!(!admit(&memory, "ahead", NOW + 42, NOW + 61).await);
        assert!(admit(&memory, "fresh", NOW + 62, NOW + 62).await);
    }

    #[test]
    fn a_damaged_file_counts_as_a_crash() {
        let dir = tempfile::tempdir().expect("dir");
        let (memory, _) = open(&dir, NOW);
        memory.save(NOW).expect("save");
        let path = dir.path().join("replay.bin");
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("file");
        file.set_len(5).expect("cut");
        assert!(open(&dir, NOW + 1).1);
    }
}
