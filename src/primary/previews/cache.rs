//! The directory with the thumbnails.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::primary::files::Blob;

/// Bytes that all thumbnails may take; [`Cache::trim`] comes back to it.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Older ones are made anew when somebody wants them; what was removed for good leaves no picture for longer.
const MAX_AGE: Duration = Duration::from_secs(30 * 86_400);
/// Files that a crash left half-written are older than this.
const UNFINISHED: Duration = Duration::from_secs(3_600);
const REFUSAL: &[u8] = b"no thumbnail: ";
const TEMPORARY: &str = ".tmp";

/// What a file of the cache holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Image {
        bytes: Vec<u8>,
        mime_type: &'static str,
    },
    /// Why there is none.
    Refusal(String),
}

#[derive(Debug, Clone)]
pub(super) struct Cache {
    directory: PathBuf,
}

/// The name under which the thumbnail of a blob is kept. The id is in it because a hash is what a store says; the hash,
/// because a database that was restored gives the ids of later blobs again.
pub(super) fn name(blob: &Blob) -> String {
    let digest = Sha256::digest(blob.hash.as_bytes());
    format!("{}-{}", blob.id, hex::encode(&digest[..16]))
}

/// What is kept in the place of a thumbnail.
pub(super) fn refusal(reason: &str) -> Vec<u8> {
    [REFUSAL, reason.as_bytes()].concat()
}

impl Cache {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) async fn read(&self, name: &str) -> io::Result<Option<Kept>> {
        match tokio::fs::read(self.directory.join(name)).await {
            Ok(bytes) => Ok(understood(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whole or not at all, also when two write the same.
    pub(super) async fn write(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        let temporary = self.directory.join(format!("{}{TEMPORARY}", Uuid::new_v4().simple()));
        let (directory, place) = (self.directory.clone(), self.directory.join(name));
        blocking(move || {
            fs::create_dir_all(&directory)?;
            let written = fs::File::create(&temporary)
                .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_data()));
            let placed = written.and_then(|()| fs::rename(&temporary, &place));
            if placed.is_err() {
                // The first failure counts; upkeep removes what stays.
                let _ = fs::remove_file(&temporary);
            }
            placed
        })
        .await
    }

    /// Removes what is old, half-written, or too much; the oldest first.
    pub(super) async fn trim(&self) -> io::Result<()> {
        let directory = self.directory.clone();
        blocking(move || trim(&directory, MAX_BYTES, SystemTime::now())).await
    }
}

fn trim(directory: &std::path::Path, max_bytes: u64, now: SystemTime) -> io::Result<()> {
    let mut all = Vec::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // One that another clean-up was quicker with.
        let Ok(data) = entry.metadata() else { continue };
        let age = data.modified().ok().and_then(|at| now.duration_since(at).ok()).unwrap_or_default();
        let is_temporary = entry.file_name().to_string_lossy().ends_with(TEMPORARY);
        all.push((age, data.len(), entry.path(), is_temporary));
    }
    all.sort_by_key(|(age, ..)| *age);
    let mut kept = 0;
    for (age, bytes, path, is_temporary) in all {
        kept += bytes;
        if kept > max_bytes || age > MAX_AGE || (is_temporary && age > UNFINISHED) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What is neither image nor reason was not written by us, and is made again.
fn understood(bytes: Vec<u8>) -> Option<Kept> {
    if let Some(reason) = bytes.strip_prefix(REFUSAL) {
        return Some(Kept::Refusal(String::from_utf8_lossy(reason).into_owned()));
    }
    let mime_type = match bytes.get(..4)? {
        [0xff, 0xd8, 0xff, _] => "image/jpeg",
        b"RIFF" => "image/webp",
        _ => return None,
    };
    Some(Kept::Image { bytes, mime_type })
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_kept_is_read_and_what_is_too_much_goes_the_oldest_first() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = Cache::new(dir.path().join("thumbnails"));
        assert_eq!(cache.read("1-a").await.expect("read"), None);
        cache.trim().await.expect("nothing to trim");
        cache.write("1-a", refusal("too odd")).await.expect("write");
        cache.write("2-b", b"\xff\xd8\xff\xe0....".to_vec()).await.expect("write");
        assert_eq!(cache.read("1-a").await.expect("read"), Some(Kept::Refusal("too odd".to_owned())));
        assert!(matches!(cache.read("2-b").await, Ok(Some(Kept::Image { mime_type: "image/jpeg", .. }))));
        let old = SystemTime::now() - Duration::from_secs(60);
        fs::File::open(cache.directory.join("2-b")).and_then(|file| file.set_modified(old)).expect("older");
        trim(&cache.directory, 25, SystemTime::now()).expect("trim");
        assert!(cache.read("1-a").await.expect("read").is_some());
        assert_eq!(cache.read("2-b").await.expect("read"), None);
        trim(&cache.directory, 25, SystemTime::now() + MAX_AGE + UNFINISHED).expect("trim");
        assert_eq!(cache.read("1-a").await.expect("read"), None);
    }
}
