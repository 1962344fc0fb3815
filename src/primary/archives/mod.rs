//! Archives that are made while they are sent: a selection of files and folders as one zip.
//!
//! First the whole selection is looked at: names, sizes, limits. From then on the length of the archive is known, and is
//! told to the client. What cannot be read in the middle breaks the connection off, short of that length, so that nobody
//! takes a part for the whole. In memory are the list and one piece of content.
//!
//! A browser fetches an archive with a link, so a logged-in page first gets a ticket: for this user and space, for once,
//! for a minute.

pub(in crate::primary) mod api;
mod store;
mod stream;
mod zip;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

pub(in crate::primary) use self::stream::content;
use self::zip::Head;
use crate::db::Db;
use crate::primary::files::{FileError, FileRecord, Files, Item, PickLimits, Picked};
use crate::primary::settings::Settings;
use crate::primary::spaces::Space;
use crate::protocol::{Timestamp, random_token, sha256_hex};

/// Seconds that a ticket waits for its use.
const TICKET_SECS: i64 = 60;
const TOKEN_BYTES: usize = 16;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Unknown, used, expired, or somebody else's.
    #[error("there is no such ticket; a ticket is good for one download, for {TICKET_SECS} s")]
    NoTicket,
    /// The tree refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error("archives: {0}")]
    Database(#[from] sqlx::Error),
}

/// What somebody wants in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Files.
    pub file_ids: Vec<i64>,
    /// Folders with all that is below them.
    pub folder_ids: Vec<i64>,
    /// What the archive is called, with its extension.
    pub name: String,
}

/// An archive that can be sent.
#[derive(Debug)]
pub struct Plan {
    entries: Vec<(Head, Option<FileRecord>)>,
    /// Bytes of the whole archive.
    pub length: u64,
}

/// Makes archives.
#[derive(Debug, Clone)]
pub struct Archives {
    db: Db,
    settings: Settings,
}

impl Wanted {
    /// The items, folders first.
    pub fn items(&self) -> Vec<Item> {
        let folders = self.folder_ids.iter().map(|&id| Item::Folder(id));
        folders.chain(self.file_ids.iter().map(|&id| Item::File(id))).collect()
    }
}

impl Archives {
    /// Archives of what is in `db`.
    pub fn new(db: Db, settings: Settings) -> Self {
        Self { db, settings }
    }

    /// A ticket for an archive that can be made now, and when it ends.
    pub async fn ticket(
        &self,
        files: &Files,
        space: Space,
        user_id: i64,
        wanted: &Wanted,
    ) -> Result<(String, Timestamp), ArchiveError> {
        self.plan(files, space, &wanted.items()).await?;
        let token = random_token("", TOKEN_BYTES).expose_secret().to_owned();
        let end = Timestamp::now().plus_secs(TICKET_SECS);
        let selection = serde_json::to_string(wanted).expect("numbers and a text are JSON");
        store::insert(&self.db, &sha256_hex(&token), user_id, space.id, &selection, end).await?;
        Ok((token, end))
    }

    /// What a ticket is for. It is used up by this.
    pub async fn redeem(&self, token: &str, user_id: i64, space: Space) -> Result<Wanted, ArchiveError> {
        let hash = sha256_hex(token);
        let selection = store::take(&self.db, &hash, user_id, space.id, Timestamp::now()).await?;
        let wanted = selection.and_then(|selection| serde_json::from_str(&selection).ok());
        wanted.ok_or(ArchiveError::NoTicket)
    }

    /// Looks at everything an archive of `items` would have.
    pub async fn plan(&self, files: &Files, space: Space, items: &[Item]) -> Result<Plan, ArchiveError> {
        let limits = PickLimits {
            entries: self.settings.archive_build_max_entries(),
            bytes: self.settings.archive_build_max_bytes(),
        };
        let picked = files.pick(space, items, limits).await?;
        let entries: Vec<_> = picked.into_iter().map(entry).collect();
        let length = zip::total_bytes(entries.iter().map(|(head, _)| head));
        Ok(Plan { entries, length })
    }

    /// Removes tickets that nobody used.
    pub async fn remove_expired(&self, now: Timestamp) -> Result<(), ArchiveError> {
        Ok(store::delete_expired(&self.db, now).await?)
    }
}

fn entry(picked: Picked) -> (Head, Option<FileRecord>) {
    match picked {
        Picked::Folder { path, changed_at } => (Head { path: format!("{path}/"), size: 0, changed_at }, None),
        Picked::File { path, file } => {
            (Head { path, size: file.blob.size, changed_at: file.updated_at }, Some(file))
        }
    }
}
