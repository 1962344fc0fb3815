//! Files: their names and owners, the content (blob) each refers to, and the way of bytes between people and stores.
//!
//! The database is the truth about what exists. Before an object is written a row in `stray_objects` says that it
//! may exist; the transaction that makes the file removes the row. So a crash at any moment leaves a whole file, or
//! nothing but a row that [`strays`] follows up.

pub(in crate::primary) mod api;
mod header_params;
pub(in crate::primary) mod multipart;
mod name;
mod store;
mod strays;
#[cfg(test)]
mod tests;

use std::time::Duration;

use uuid::Uuid;

pub use self::name::{FileName, NameError};
use self::strays::{Alive, InFlight};
pub(in crate::primary) use self::strays::{INTERVAL as CLEANING_INTERVAL, SETTLE};
use crate::db::Db;
use crate::primary::accounts::{AccountError, Accounts, CurrentUser, charge_storage, refund_storage};
use crate::primary::policies::{Chosen, Policies, PolicyError};
use crate::protocol::{ByteRange, ObjectKey, Timestamp};
use crate::storage::{ByteStream, ErrorKind, ObjectReader, SharedStore, StorageError, Stored};

/// Numbered names that are tried when a name is taken.
const MAX_NUMBER: u32 = 1_000;
/// How long a deletion waits for the store before it leaves the object to the cleaner.
const DELETE_PATIENCE: Duration = Duration::from_secs(5);

/// A file, as its owner knows it.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Id.
    pub id: i64,
    /// Whose it is.
    pub owner_user_id: i64,
    /// The owner's login name.
    pub owner_username: String,
    /// Name.
    pub name: String,
    /// Its content.
    pub blob: Blob,
    /// MIME type, from the name.
    pub mime_type: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
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

/// Why something about files was refused.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No such file, or somebody else's.
    #[error("there is no file {0}")]
    NotFound(i64),
    /// The policy does not take files this large.
    #[error("the file has {size} bytes; storage policy `{policy}` takes at most {max}")]
    TooLarge {
        /// Size of the file.
        size: u64,
        /// Limit of the policy.
        max: u64,
        /// Name of the policy.
        policy: String,
    },
    /// No room in the user's quota.
    #[error("the storage quota has no room for {0} bytes; delete something or ask an administrator for more")]
    QuotaExceeded(u64),
    /// Too many files of this name.
    #[error("there are more than {MAX_NUMBER} files named `{0}`; choose another name")]
    TooManyOfName(String),
    /// The policy was changed between the choice of it and the first byte.
    #[error("storage policy `{0}` was changed as the upload began; send the file again")]
    PolicyChanged(String),
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
    /// The owner's account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The database failed.
    #[error("files: {0}")]
    Database(#[from] sqlx::Error),
}

/// The files of all users.
#[derive(Debug)]
pub struct Files {
    db: Db,
    in_flight: InFlight,
    started_at: Timestamp,
}

/// A file that has a place to go but no content yet.
pub struct NewFile {
    owner_id: i64,
    name: FileName,
    size: u64,
    place: Chosen,
}

impl NewFile {
    /// Bytes it will have.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Files {
    /// Files in `db`.
    pub fn new(db: Db) -> Self {
        Self { db, in_flight: InFlight::default(), started_at: Timestamp::now() }
    }

    /// Checks everything that can be checked before the content of a file arrives, and chooses where it goes.
    pub async fn admit(
        &self,
        accounts: &Accounts,
        policies: &Policies,
        owner: &CurrentUser,
        name: FileName,
        size: u64,
    ) -> Result<NewFile, FileError> {
        let account = accounts.get(owner.id).await?;
        let room = account.storage_quota.saturating_sub(account.storage_used);
        if account.storage_quota != 0 && size > room {
            return Err(FileError::QuotaExceeded(size));
        }
        let place = policies.choose(owner.policy_group_id, size).await?;
        let max = place.policy.max_file_size;
        if max != 0 && size > max {
            return Err(FileError::TooLarge { size, max, policy: place.policy.name });
        }
        Ok(NewFile { owner_id: owner.id, name, size, place })
    }

    /// Stores the content of an admitted file and makes the file. A name that is taken gets a number.
    ///
    /// Run it in a task of its own: when it is dropped half-way nothing is lost, but what it wrote waits for the
    /// cleaner.
    pub async fn store(
        &self,
        policies: &Policies,
        new: NewFile,
        body: ByteStream,
    ) -> Result<FileRecord, FileError> {
        let key = format!("files/{}", Uuid::new_v4());
        let object = ObjectKey::parse(&key).expect("a fixed prefix and a UUID are an object key");
        let alive = self.in_flight.enter(&key);
        let policy = &new.place.policy;
        let stray = store::insert_stray(&self.db, policy.id, &key, Timestamp::now()).await?;
        let stray = stray.ok_or(PolicyError::NotFound(policy.id))?;
        // From here on the row holds the base path; before, it may have changed under a store that was open already.
        if policies.get(policy.id).await?.base_path != policy.base_path {
            let changed = FileError::PolicyChanged(policy.name.clone());
            self.discard(&new.place.store, &object, stray, alive).await;
            return Err(changed);
        }
        let stored = new.place.store.put(&object, new.size, body).await.and_then(|stored| {
            if stored.size == new.size { Ok(stored) } else { Err(wrong_size(&stored, new.size)) }
        });
        let failure = match stored {
            Ok(stored) => match self.make(&new, &key, stray, stored).await {
                Ok(file) => return Ok(file),
                // A commit whose answer was lost may still take effect, and then the object is a file's.
                Err(error @ FileError::Database(_)) => return Err(error),
                Err(error) => error,
            },
            Err(source) if is_settled(source.kind()) => {
                FileError::Storage { policy: policy.name.clone(), source }
            }
            Err(source) => {
                // Removed by the cleaner, which waits until nothing can appear any more.
                store::touch_stray(&self.db, stray, Timestamp::now()).await?;
                return Err(FileError::Storage { policy: policy.name.clone(), source });
            }
        };
        self.discard(&new.place.store, &object, stray, alive).await;
        Err(failure)
    }

    /// One file of `owner`.
    pub async fn get(&self, owner: &CurrentUser, id: i64) -> Result<FileRecord, FileError> {
        store::file(&self.db, owner.id, id).await?.ok_or(FileError::NotFound(id))
    }

    /// Opens the content, or the part that `range` names. Content that does not have the size it should is an error.
    pub async fn open(
        &self,
        policies: &Policies,
        file: &FileRecord,
        range: Option<ByteRange>,
    ) -> Result<ObjectReader, FileError> {
        let (policy, store) = policies.store(file.blob.policy_id).await?;
        let reader = match blob_key(file) {
            Ok(key) => store.get(&key, range).await,
            Err(error) => Err(error),
        };
        let reader = reader.map_err(|source| FileError::Storage { policy: policy.name, source })?;
        check_size(file, reader.meta.size)?;
        Ok(reader)
    }

    /// Checks that the content is there and has its size, without reading it.
    pub async fn verify(&self, policies: &Policies, file: &FileRecord) -> Result<(), FileError> {
        let (policy, store) = policies.store(file.blob.policy_id).await?;
        let meta = match blob_key(file) {
            Ok(key) => store.head(&key).await,
            Err(error) => Err(error),
        };
        let meta = meta.map_err(|source| FileError::Storage { policy: policy.name, source })?;
        check_size(file, meta.size)
    }

    /// Removes a file for good. The file is gone when this returns; content that no other file has is removed, too,
    /// now or, when its store is away, later.
    pub async fn delete(&self, policies: &Policies, owner: &CurrentUser, id: i64) -> Result<(), FileError> {
        let mut tx = self.db.begin().await?;
        let file = store::delete_file(&mut tx, owner.id, id).await?.ok_or(FileError::NotFound(id))?;
        refund_storage(&mut tx, owner.id, file.blob.size).await?;
        let stray = store::release_blob(&mut tx, &file.blob, Timestamp::now()).await?;
        tx.commit().await?;
        if let Some(stray) = stray {
            let removal = self.remove_unreferenced(policies, &file, stray);
            if tokio::time::timeout(DELETE_PATIENCE, removal).await.is_err() {
                tracing::info!(
                    object.key = file.blob.object_key,
                    "the store is slow; the object is removed later"
                );
            }
        }
        Ok(())
    }

    async fn remove_unreferenced(&self, policies: &Policies, file: &FileRecord, stray: i64) {
        let store = match policies.store(file.blob.policy_id).await {
            Ok((_, store)) => store,
            Err(error) => {
                tracing::info!(object.key = file.blob.object_key, "the object is removed later: {error}");
                return;
            }
        };
        if let Ok(key) = blob_key(file) {
            let alive = self.in_flight.enter(&file.blob.object_key);
            self.discard(&store, &key, stray, alive).await;
        }
    }

    /// The transaction that turns a stored object into a file.
    async fn make(
        &self,
        new: &NewFile,
        key: &str,
        stray: i64,
        stored: Stored,
    ) -> Result<FileRecord, FileError> {
        let mut tx = self.db.begin().await?;
        if !charge_storage(&mut tx, new.owner_id, new.size).await? {
            return Err(FileError::QuotaExceeded(new.size));
        }
        let hash = stored.sha256.unwrap_or_else(|| format!("opaque-{}", Uuid::new_v4().simple()));
        let now = Timestamp::now();
        let mut blob =
            Blob { id: 0, policy_id: new.place.policy.id, object_key: key.to_owned(), hash, size: new.size };
        blob.id = store::insert_blob(&mut tx, &blob, now).await?;
        for number in 0..=MAX_NUMBER {
            let name = if number == 0 { new.name.clone() } else { new.name.numbered(number) };
            let mime_type = name::mime_type(name.as_str());
            let made =
                store::insert_file(&mut tx, new.owner_id, name.as_str(), &blob, &mime_type, now).await?;
            let Some(id) = made else { continue };
            store::delete_stray(&mut tx, stray).await?;
            let file = store::file_in(&mut tx, new.owner_id, id).await?.ok_or(FileError::NotFound(id))?;
            tx.commit().await?;
            return Ok(file);
        }
        Err(FileError::TooManyOfName(new.name.as_str().to_owned()))
    }

    /// Removes an object that no file refers to, then its row. Best effort: what fails here is the cleaner's.
    async fn discard(&self, store: &SharedStore, key: &ObjectKey, stray: i64, _alive: Alive) {
        if let Err(error) = self.remove_stray(store, key, stray, true).await {
            tracing::info!(object.key = key.as_str(), "the object is removed later: {error}");
        }
    }
}

/// Whether the store is certainly done with a write that failed so. After the other kinds the answer may have been
/// lost, or something in between may have answered, while the store still finishes.
fn is_settled(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::Transient | ErrorKind::Unknown | ErrorKind::Misconfigured)
}

fn wrong_size(stored: &Stored, expected: u64) -> StorageError {
    let text = format!("it stored {} of {expected} bytes", stored.size);
    StorageError::new(ErrorKind::SizeMismatch, text)
}

fn blob_key(file: &FileRecord) -> Result<ObjectKey, StorageError> {
    ObjectKey::parse(&file.blob.object_key).map_err(|error| {
        StorageError::new(ErrorKind::Unknown, "the object key is damaged").with_source(error)
    })
}

fn check_size(file: &FileRecord, found: u64) -> Result<(), FileError> {
    if found == file.blob.size {
        Ok(())
    } else {
        Err(FileError::Damaged { id: file.id, found, expected: file.blob.size })
    }
}
