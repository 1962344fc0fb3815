//! Thumbnails of images, made in the background and kept in a directory of their own.
//!
//! The directory is a cache: each primary has its own, what lacks is made again, and the oldest go when it grows too
//! large. A file in it is the thumbnail of one blob, or the reason why there can be none, so that a broken image is read
//! once. It appears whole or not at all.

pub(in crate::primary) mod api;
mod cache;
mod picture;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use futures_util::TryStreamExt;
use tokio::sync::Semaphore;

use self::cache::{Cache, Kept};
pub use self::picture::Unfit;
use crate::primary::files::{FileError, FileRecord, Files};
use crate::primary::policies::Policies;
use crate::primary::settings::Settings;
use crate::storage::{ErrorKind, StorageError};

/// Types that are tried, as file names tell them; the bytes decide.
pub const MIME_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/// Directory below that of the data.
const DIRECTORY: &str = "thumbnails";
/// Images in memory at once. One takes its bytes and its pixels, see [`picture`].
const AT_ONCE: usize = 1;
/// Images that wait for their turn; whoever asks for one more asks again later anyway.
const MOST_WAITING: usize = 256;

/// Why there is no thumbnail.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Not a type that can be read.
    #[error("there are no thumbnails of `{0}`, only of JPEG, PNG, GIF and WebP images")]
    Unsupported(String),
    /// More bytes than are read for a thumbnail.
    #[error("the image has {size} bytes; thumbnails are made of images with at most {max}")]
    TooLarge {
        /// Bytes of the image.
        size: u64,
        /// The setting `thumbnail_max_source_bytes`.
        max: u64,
    },
    /// Broken, or too many pixels.
    #[error("there can be no thumbnail of this image: {0}")]
    Unfit(String),
    /// The content cannot be read now.
    #[error(transparent)]
    File(#[from] FileError),
    /// The cache failed.
    #[error("cannot keep thumbnails: {0}")]
    Cache(#[from] std::io::Error),
}

/// What is known of a thumbnail.
#[derive(Debug)]
pub enum Thumbnail {
    /// It is there.
    Ready {
        /// The image.
        bytes: Vec<u8>,
        /// Its type.
        mime_type: &'static str,
        /// Other content has another one.
        tag: String,
    },
    /// It is being made, or waits for that.
    Pending,
    /// It is to be made: by [`Previews::make`].
    Missing,
}

enum State {
    Pending,
    /// The next who asks is told, and the one after that has it tried again.
    Failed(PreviewError),
}

/// The thumbnails of this primary.
#[derive(Debug)]
pub struct Previews {
    cache: Cache,
    settings: Settings,
    states: Mutex<HashMap<String, State>>,
    turns: Semaphore,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::Failed(_) => "Failed",
        })
    }
}

impl Previews {
    /// Thumbnails below `data_dir`.
    pub fn new(data_dir: &std::path::Path, settings: Settings) -> Self {
        let directory: PathBuf = data_dir.join(DIRECTORY);
        Self {
            cache: Cache::new(directory),
            settings,
            states: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// The thumbnail of a file's present content. After [`Thumbnail::Missing`] it counts as pending, and the caller has
    /// to see that [`make`](Self::make) runs.
    ///
    /// # Errors
    /// Why there is none and will be none of this content, or why the last try failed.
    pub async fn find(&self, file: &FileRecord) -> Result<Thumbnail, PreviewError> {
        if !MIME_TYPES.contains(&file.mime_type.as_str()) {
            return Err(PreviewError::Unsupported(file.mime_type.clone()));
        }
        let (size, max) = (file.blob.size, self.settings.thumbnail_max_source_bytes());
        if size > max {
            return Err(PreviewError::TooLarge { size, max });
        }
        let tag = cache::name(&file.blob);
        match self.cache.read(&tag).await? {
            Some(Kept::Image { bytes, mime_type }) => return Ok(Thumbnail::Ready { bytes, mime_type, tag }),
            Some(Kept::Refusal(reason)) => return Err(PreviewError::Unfit(reason)),
            None => {}
        }
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        match states.remove(&tag) {
            Some(State::Failed(error)) => Err(error),
            Some(State::Pending) => {
                states.insert(tag, State::Pending);
                Ok(Thumbnail::Pending)
            }
            None if states.len() >= MOST_WAITING => {
                // Failures that nobody came back for make room.
                states.retain(|_, state| matches!(state, State::Pending));
                Ok(Thumbnail::Pending)
            }
            None => {
                states.insert(tag, State::Pending);
                Ok(Thumbnail::Missing)
            }
        }
    }

    /// Makes the thumbnail of a file's content when its turn comes, and keeps it, or the reason why there is none.
    pub async fn make(&self, files: &Files, policies: &Policies, file: &FileRecord) {
        let name = cache::name(&file.blob);
        let made = self.make_and_keep(files, policies, file, &name).await;
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Ok(()) => {
                states.remove(&name);
            }
            Err(error) => {
                tracing::warn!(file.id = file.id, "no thumbnail was made: {error}");
                states.insert(name, State::Failed(error));
            }
        }
    }

    async fn make_and_keep(
        &self,
        files: &Files,
        policies: &Policies,
        file: &FileRecord,
        name: &str,
    ) -> Result<(), PreviewError> {
        let _turn = self.turns.acquire().await.expect("the semaphore is never closed");
        let content = content(files, policies, file).await?;
        let drawn = tokio::task::spawn_blocking(move || picture::thumbnail(&content)).await;
        let kept = match drawn {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(unfit)) => cache::refusal(&unfit.to_string()),
            // A decoder that panics does so each time.
            Err(_) => cache::refusal(&Unfit::Broken.to_string()),
        };
        Ok(self.cache.write(name, kept).await?)
    }

    /// Removes the oldest thumbnails when there are too many.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn trim(&self) -> std::io::Result<()> {
        self.cache.trim().await
    }
}

/// All bytes of a file; not more than it should have, which [`Previews::find`] has compared with the limit.
async fn content(files: &Files, policies: &Policies, file: &FileRecord) -> Result<Vec<u8>, FileError> {
    let mut body = files.open(policies, file, None).await?.body;
    let size = usize::try_from(file.blob.size).unwrap_or(usize::MAX);
    let mut content = Vec::with_capacity(size);
    let broken = |text: String| FileError::Storage {
        policy: format!("number {}", file.blob.policy_id),
        source: StorageError::new(ErrorKind::Transient, text),
    };
    while let Some(bytes) = body.try_next().await.map_err(|error| broken(error.to_string()))? {
        if content.len() + bytes.len() > size {
            break;
        }
        content.extend_from_slice(&bytes);
    }
    if content.len() == size { Ok(content) } else { Err(broken("the content ended early".to_owned())) }
}

#[cfg(test)]
pub(in crate::primary) use self::picture::tests;
