//! Files and folders: the tree of each space, the content (blob) each file refers to, and the way of bytes between
//! people and stores.
//!
//! The database is the truth about what exists. Before an object is written a row in `stray_objects` says that it
//! may exist; the transaction that makes the file removes the row. So a crash at any moment leaves a whole file, or
//! nothing but a row that [`strays`] follows up.
//!
//! Whoever changes a tree takes its space first (see [`spaces`]), so what was looked at in the
//! transaction after that stays true until it ends.

pub(in crate::primary) mod api;
mod changes;
mod content;
mod copies;
mod counts;
mod entries;
mod folders;
mod header_params;
mod listing;
mod locks;
pub(in crate::primary) mod multipart;
mod name;
mod paths;
mod picking;
mod placing;
mod properties;
mod released;
mod reservation;
mod store;
mod strays;
#[cfg(test)]
mod tests;
mod token_locks;
mod trashing;
mod versions;

/// A file as every domain shows it to clients.
pub(in crate::primary) use self::api::FileInfo;
pub(in crate::primary) use self::api::{
    DownloadQuery, FolderQuery, PublicFile, PublicFolder, Way, content_answer,
};
pub(in crate::primary) use self::api::{FileItem, FolderItem, UPLOAD_IDLE};
pub use self::content::{Expected, Named, NewFile, Target};
pub(in crate::primary) use self::counts::report as report_counts;
pub use self::counts::{Condition, Counts, Difference, condition, key_of};
pub use self::entries::{Entry, Next, Spot};
pub use self::folders::{Extent, FolderRecord};
pub(in crate::primary) use self::header_params::disposition;
pub use self::listing::{Cursor, ListQuery, Listing, Order, SortBy};
pub use self::locks::{By, Lock};
pub(in crate::primary) use self::name::key_of as name_key;
pub use self::name::{FileName, NameError};
pub use self::paths::Kind;
pub use self::picking::{PickLimits, Picked};
pub use self::properties::{Property, PropertyChange, PropertyError};
pub use self::reservation::{Reservation, adopt};
use self::strays::InFlight;
pub(in crate::primary) use self::strays::{INTERVAL as CLEANING_INTERVAL, SETTLE, note_abandoned};
pub use self::token_locks::NewLock;
pub use self::trashing::Item;
pub use self::versions::Version;
use crate::db::{Db, Tx};
use crate::primary::policies::PolicyError;
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space};
use crate::protocol::{ObjectKey, Timestamp};
use crate::storage::StorageError;

/// Numbered names that are tried when a name is taken.
const MAX_NUMBER: u32 = 1_000;
/// Most levels of folders below the root of a space.
pub(in crate::primary) const MAX_LEVELS: u32 = 64;

/// Most files and folders that one copy makes; it is one transaction, and others wait for it.
const MAX_COPIED: u64 = 10_000;

/// A file.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Id.
    pub id: i64,
    /// Where it lives.
    pub space_id: i64,
    /// Its folder; `None` is the root of the space.
    pub folder_id: Option<i64>,
    /// Name.
    pub name: String,
    /// Its content.
    pub blob: Blob,
    /// MIME type, from the name.
    pub mime_type: String,
    /// Who made it.
    pub created_by_user_id: i64,
    /// The login name of that user; empty when the account is gone.
    pub created_by_username: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Whether a lock is on it; one on a folder above does not count.
    pub is_locked: bool,
}

/// Stored content.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Id.
    pub id: i64,
    /// Which policy it was stored under.
    pub policy_id: i64,
    /// Where, below that policy.
    pub object_key: String,
    /// Lower-case hex SHA-256; an opaque text when the store gave none.
    pub hash: String,
    /// Bytes.
    pub size: u64,
}

/// Why something about files or folders was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No such file, or one in somebody else's space.
    #[error("there is no file {0}")]
    NotFound(i64),
    /// No such folder, or one in somebody else's space.
    #[error("there is no folder {0}")]
    FolderNotFound(i64),
    /// The file has no such version.
    #[error("the file has no version {0}")]
    VersionNotFound(i64),
    /// The name is taken where it should go.
    #[error("there is a {what} named `{name}` already; choose another name")]
    Exists {
        /// `file` or `folder`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A folder cannot lie in itself.
    #[error("a folder cannot be moved or copied into itself or a folder below it")]
    IntoItself,
    /// Too many levels of folders.
    #[error("folders can be nested {MAX_LEVELS} levels deep; this would make {0}")]
    TooDeep(u32),
    /// Too much for one call.
    #[error(
        "the folder holds {found} files and folders; at most {max} can be copied at once; copy parts of it"
    )]
    TooMany {
        /// Files and folders.
        found: u64,
        /// Limit.
        max: u64,
    },
    /// Too much for one archive.
    #[error(
        "the selection has more than {max} {what}; take a smaller one, or ask an administrator for a higher limit"
    )]
    SelectionTooLarge {
        /// What there is too much of.
        what: &'static str,
        /// Limit.
        max: u64,
    },
    /// The content is not the one that the client saw.
    #[error("file {0} has changed since it was read; read it again")]
    ContentChanged(i64),
    /// There is no file of the name any more.
    #[error("`{0}` is gone since it was read")]
    Gone(String),
    /// No room in the quota of the space.
    #[error("the storage quota has no room for {0} bytes; delete something or ask an administrator for more")]
    QuotaExceeded(u64),
    /// Somebody keeps others from changing it.
    #[error("`{name}` is locked by {holder}; try again when it is unlocked")]
    Locked {
        /// What is locked: the item, one below it, or a folder above it.
        name: String,
        /// Login name of who holds the lock.
        holder: String,
    },
    /// Only some may unlock it.
    #[error("`{name}` was locked by {holder}; only they and who leads the team may unlock it")]
    LockOfAnother {
        /// What is locked.
        name: String,
        /// Login name of who holds the lock.
        holder: String,
    },
    /// Nobody needs as many.
    #[error("there are {0} locks in this space already; unlock something first")]
    TooManyLocks(u64),
    /// No such lock.
    #[error("there is no lock {0}")]
    LockNotFound(i64),
    /// The item has no such property.
    #[error("there is no property of this namespace and name")]
    PropertyNotFound,
    /// The property is not allowed.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// Too many files of this name.
    #[error("there are more than {MAX_NUMBER} files named `{0}`; choose another name")]
    TooManyOfName(String),
    /// The policy was changed between the choice of it and the first byte.
    #[error("storage policy `{0}` was changed as the upload began; send the file again")]
    PolicyChanged(String),
    /// A cleaner took the object for one that nobody writes any more.
    #[error(
        "the upload was out of touch with the database for too long, and its content was removed; send the file again"
    )]
    Overtaken,
    /// The name is not allowed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The store failed.
    #[error("storage policy `{policy}`: {source}")]
    Storage {
        /// Name of the policy.
        policy: String,
        source: StorageError,
    },
    /// The object is not what was stored.
    #[error("the stored object of file {id} has {found} bytes instead of {expected}; its content is damaged")]
    Damaged {
        /// The file.
        id: i64,
        /// Size of the object.
        found: u64,
        /// Size of the file.
        expected: u64,
    },
    /// No policy, or its store cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The database failed.
    #[error("files: {0}")]
    Database(#[from] sqlx::Error),
}

/// The files of all spaces.
#[derive(Debug)]
pub struct Files {
    db: Db,
    settings: Settings,
    in_flight: InFlight,
    started_at: Timestamp,
}

impl Files {
    /// Files in `db`.
    pub fn new(db: Db, settings: Settings) -> Self {
        Self { db, settings, in_flight: InFlight::default(), started_at: Timestamp::now() }
    }

    /// One file of `space` that is not in the trash.
    pub async fn get(&self, space: Space, id: i64) -> Result<FileRecord, FileError> {
        let mut connection = self.db.read().acquire().await?;
        store::files::live(&mut connection, space.id, id).await?.ok_or(FileError::NotFound(id))
    }

    /// Begins a change of what is in `space`, and keeps others from changing it until the transaction ends.
    async fn change_in(&self, space: Space) -> Result<Tx, sqlx::Error> {
        let mut tx = self.db.begin().await?;
        spaces::lock(&mut tx, space.id).await?;
        Ok(tx)
    }
}

/// A key as the database keeps it.
pub(in crate::primary) fn object_key(text: &str) -> Result<ObjectKey, StorageError> {
    ObjectKey::parse(text).map_err(|error| {
        StorageError::new(crate::storage::ErrorKind::Unknown, "the object key is damaged").with_source(error)
    })
}
