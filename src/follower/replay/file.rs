//! What the replay memory leaves on disk: the live entries after a clean stop, and how far ahead of our clock accepted
//! requests were signed, for the restart after a crash. All calls block.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::table::{ENTRY_BYTES, Entry};
use crate::protocol::MAX_CLOCK_SKEW_SECS;

/// First bytes of a saved table; another layout gets another number.
const MAGIC: &[u8; 8] = b"ASTERRP1";
const HEADER_BYTES: usize = MAGIC.len() + 4 + 8;

/// The two files, both in the data directory, both private.
#[derive(Debug, Clone)]
pub(super) struct Files {
    directory: PathBuf,
}

impl Files {
    pub(super) fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    fn table(&self) -> PathBuf {
        self.directory.join("replay.bin")
    }

    fn ahead(&self) -> PathBuf {
        self.directory.join("replay-ahead")
    }

    /// The saved table, if the last stop was clean. A file of another layout counts as none.
    pub(super) fn read_table(&self) -> io::Result<Option<(u32, Vec<Entry>)>> {
        let mut bytes = Vec::new();
        match File::open(self.table()) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let parsed = decode(&bytes);
        if parsed.is_none() {
            tracing::warn!(path = %self.table().display(), "the saved replay memory cannot be read and is not used");
        }
        Ok(parsed)
    }

    /// Removes the saved table, durably: after this a crash is recognized as one.
    pub(super) fn remove_table(&self) -> io::Result<()> {
        match std::fs::remove_file(self.table()) {
            Ok(()) => File::open(&self.directory)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write_table(&self, floor: u32, entries: &[Entry]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + entries.len() * ENTRY_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&floor.to_le_bytes());
        bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
        for word in entries.iter().flatten() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        self.replace(&self.table(), &bytes)
    }

    /// Seconds ahead of our clock; `None` when no run of a bound follower has begun here yet. A damaged file counts as
    /// the largest lead there can be.
    pub(super) fn read_ahead(&self) -> io::Result<Option<u32>> {
        match std::fs::read_to_string(self.ahead()) {
            Ok(text) => Ok(Some(text.trim().parse().unwrap_or(MAX_CLOCK_SKEW_SECS.unsigned_abs() as u32))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write_ahead(&self, secs: u32) -> io::Result<()> {
        self.replace(&self.ahead(), format!("{secs}\n").as_bytes())
    }

    /// The whole new content or the whole old one, also after a power cut.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        File::open(&self.directory)?.sync_all()
    }
}

fn decode(bytes: &[u8]) -> Option<(u32, Vec<Entry>)> {
    let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
    let rest = header.strip_prefix(MAGIC)?;
    let (floor, count) = rest.split_at_checked(4)?;
    let floor = u32::from_le_bytes(floor.try_into().ok()?);
    let count = usize::try_from(u64::from_le_bytes(count.try_into().ok()?)).ok()?;
    if count.checked_mul(ENTRY_BYTES) != Some(body.len()) {
        return None;
    }
    let (words, _) = body.as_chunks::<4>();
    let (entries, _) = words.as_chunks::<4>();
    Some((floor, entries.iter().map(|entry| entry.map(u32::from_le_bytes)).collect()))
}
