//! Content: admission, the way into a store, the transaction that makes it a file's, and reading it.

use std::time::Duration;

use sqlx::AnyConnection;
use uuid::Uuid;

use super::locks::{By, Touched, refuse_locked};
use super::released::Released;
use super::reservation::{self, Reservation};
use super::store::{blobs, files, folders};
use super::{Blob, FileError, FileName, FileRecord, Files, Item, MAX_NUMBER, NameError, name, object_key};
use crate::db::Tx;
use crate::primary::policies::{Chosen, Policies, Strategy};
use crate::primary::spaces::{self, Space};
use crate::protocol::{ByteRange, Timestamp};
use crate::storage::{
    ByteStream, ErrorKind, ObjectReader, PresignedUrl, ResponseOverrides, StorageError, Stored,
};

/// What new content becomes.
#[derive(Debug, Clone)]
pub enum Target {
    /// A new file; a name that is taken gets a number.
    New {
        /// Where; `None` is the root.
        folder_id: Option<i64>,
        /// Folders below that, made where they lack.
        folders: Vec<FileName>,
        /// Name of the file.
        name: FileName,
    },
    /// The present content of a file; the one before becomes a version.
    Content {
        /// The file.
        file_id: i64,
        /// Refused when the present content has another hash.
        expected_hash: Option<String>,
    },
    /// Whatever file has a name: its present content, or a new file where there is none.
    Named(Named),
}

/// A file by its name, for programs that know no ids.
#[derive(Debug, Clone)]
pub struct Named {
    /// Where; `None` is the root.
    pub folder_id: Option<i64>,
    /// Its name, which gets no number.
    pub name: FileName,
    /// Tokens of locks that the program shows.
    pub tokens: Vec<String>,
    /// What has to be there.
    pub expected: Expected,
}

/// What a program has seen under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever.
    Anything,
    /// Nothing.
    Nothing,
    /// A file with this hash.
    Hash(String),
}

impl Target {
    /// A new file at `path` below a folder: `2026/beach.jpg` names a folder and a file.
    ///
    /// # Errors
    /// The first name that is not allowed; nothing may be left out, as in `a//b` or `/a`.
    pub fn at_path(folder_id: Option<i64>, path: &str) -> Result<Self, NameError> {
        let mut names = path.split('/').map(FileName::parse).collect::<Result<Vec<_>, _>>()?;
        let name = names.pop().ok_or(NameError::Empty)?;
        Ok(Self::New { folder_id, folders: names, name })
    }
}

/// Content that has a place to go but did not arrive yet.
#[derive(Debug)]
pub struct NewFile {
    pub(super) space: Space,
    pub(super) author: i64,
    pub(super) target: Target,
    pub(super) size: u64,
    pub(super) place: Chosen,
}

impl NewFile {
    /// Bytes it will have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The policy that was chosen, and its store.
    pub fn place(&self) -> &Chosen {
        &self.place
    }
}

impl Files {
    /// Checks everything that can be checked before content arrives, and chooses where it goes.
    pub async fn admit(
        &self,
        policies: &Policies,
        space: Space,
        author: i64,
        target: Target,
        size: u64,
    ) -> Result<NewFile, FileError> {
        let name = self.check_target(space, author, &target).await?;
        self.check_room(space, size).await?;
        let place = policies.choose(space.policy_group_id, size).await?;
        policies.admit(&place, &name, size)?;
        Ok(NewFile { space, author, target, size, place })
    }

    /// The same for content that has its place already: what was admitted some time ago.
    pub(in crate::primary) async fn admit_again(
        &self,
        policies: &Policies,
        space: Space,
        author: i64,
        target: Target,
        size: u64,
        place: Chosen,
    ) -> Result<NewFile, FileError> {
        let name = self.check_target(space, author, &target).await?;
        self.check_room(space, size).await?;
        policies.admit(&place, &name, size)?;
        Ok(NewFile { space, author, target, size, place })
    }

    async fn check_room(&self, space: Space, size: u64) -> Result<(), FileError> {
        match spaces::usage(&self.db, space.id).await? {
            Some(usage) if usage.has_room(size) => Ok(()),
            _ => Err(FileError::QuotaExceeded(size)),
        }
    }

    /// The name that the content will have, if it can go where it should.
    async fn check_target(&self, space: Space, author: i64, target: &Target) -> Result<String, FileError> {
        let (name, touched) = match target {
            Target::New { folder_id, name, .. } => {
                if let Some(id) = folder_id {
                    self.folder(space, *id).await?;
                }
                (name.as_str().to_owned(), folder_id.map(|id| Touched::Names(Some(id))))
            }
            Target::Content { file_id, expected_hash } => {
                let file = self.get(space, *file_id).await?;
                expect_content(&file, expected_hash.as_deref())?;
                (file.name, Some(Touched::Itself(Item::File(*file_id))))
            }
            Target::Named(named) => {
                if let Some(id) = named.folder_id {
                    self.folder(space, id).await?;
                }
                let mut connection = self.db.read().acquire().await?;
                look_at_name(&mut connection, space, author, named).await?;
                (named.name.as_str().to_owned(), None)
            }
        };
        if let Some(touched) = touched {
            // A look ahead: the transaction that makes the file decides.
            let mut connection = self.db.read().acquire().await?;
            refuse_locked(&mut connection, space, author.into(), touched).await?;
        }
        Ok(name)
    }

    /// Stores admitted content and makes it a file's.
    ///
    /// Run it in a task of its own: when it is dropped half-way nothing is lost, but what it wrote waits for the
    /// cleaner.
    pub async fn store(
        &self,
        policies: &Policies,
        new: NewFile,
        body: ByteStream,
    ) -> Result<FileRecord, FileError> {
        let reserved = self.reserve_at(policies, &new.place).await?;
        let writing = reserved.store.put(&reserved.key, new.size, body);
        let stored = self.while_written(&reserved, writing).await.and_then(|stored| {
            if stored.size == new.size { Ok(stored) } else { Err(wrong_size(&stored, new.size)) }
        });
        match stored {
            Ok(stored) => match self.commit(policies, &new, &reserved, stored).await {
                // A commit whose answer was lost may still take effect, and then the object is a file's.
                result @ (Ok(_) | Err(FileError::Database(_))) => result,
                Err(error) => {
                    self.give_up(reserved).await;
                    Err(error)
                }
            },
            Err(source) => {
                let is_settled = is_settled(source.kind());
                let failure = FileError::Storage { policy: reserved.policy.name.clone(), source };
                if is_settled {
                    self.give_up(reserved).await
                } else {
                    self.leave(reserved).await
                }
                Err(failure)
            }
        }
    }

    /// Makes an object that lies in its store already, and is noted as stray, the content of a file.
    async fn commit(
        &self,
        policies: &Policies,
        new: &NewFile,
        reserved: &Reservation,
        stored: Stored,
    ) -> Result<FileRecord, FileError> {
        let mut tx = self.db.begin().await?;
        let (file, released) = self.adopt(&mut tx, new, reserved.key.as_str(), stored.sha256).await?;
        if !reservation::adopt(&mut tx, reserved).await? {
            return Err(FileError::Overtaken);
        }
        tx.commit().await?;
        self.remove_released(policies, released).await;
        Ok(file)
    }

    /// Makes an object of `new`'s size, `key` in `new`'s store, the content of a file, as part of a transaction that
    /// also removes the note of the object. What is released is to be removed after the commit.
    pub(in crate::primary) async fn adopt(
        &self,
        tx: &mut Tx,
        new: &NewFile,
        key: &str,
        sha256: Option<String>,
    ) -> Result<(FileRecord, Vec<Released>), FileError> {
        if !spaces::charge(tx, new.space.id, new.size).await? {
            return Err(FileError::QuotaExceeded(new.size));
        }
        let hash = sha256.unwrap_or_else(|| format!("opaque-{}", Uuid::new_v4().simple()));
        let now = Timestamp::now();
        let policy_id = new.place.policy.id;
        let mut blob = Blob { id: 0, policy_id, object_key: key.to_owned(), hash, size: new.size };
        blob.id = blobs::insert_blob(tx, &blob, now).await?;
        let (id, released) = match &new.target {
            Target::New { folder_id, folders, name } => {
                let folder_id = self.folder_path(tx, new.space, *folder_id, folders, new.author).await?;
                refuse_locked(tx, new.space, new.author.into(), Touched::Names(folder_id)).await?;
                (insert_numbered(tx, new, folder_id, name, &blob, now).await?, Vec::new())
            }
            Target::Content { file_id, expected_hash } => {
                let file = files::live(tx, new.space.id, *file_id).await?;
                let file = file.ok_or(FileError::NotFound(*file_id))?;
                expect_content(&file, expected_hash.as_deref())?;
                let touched = Touched::Itself(Item::File(*file_id));
                refuse_locked(tx, new.space, new.author.into(), touched).await?;
                (*file_id, self.replace_content(tx, &file, &blob, new.author, now).await?)
            }
            Target::Named(named) => {
                if let Some(id) = named.folder_id {
                    folders::live(tx, new.space.id, id).await?.ok_or(FileError::FolderNotFound(id))?;
                }
                match look_at_name(tx, new.space, new.author, named).await? {
                    Some(file) => (file.id, self.replace_content(tx, &file, &blob, new.author, now).await?),
                    None => (insert_named(tx, new, named, &blob, now).await?, Vec::new()),
                }
            }
        };
        let file = files::live(tx, new.space.id, id).await?.ok_or(FileError::NotFound(id))?;
        Ok((file, released))
    }

    /// Opens the content, or the part that `range` names. Content that does not have the size it should is an error.
    pub async fn open(
        &self,
        policies: &Policies,
        file: &FileRecord,
        range: Option<ByteRange>,
    ) -> Result<ObjectReader, FileError> {
        let (policy, store) = policies.store(file.blob.policy_id).await?;
        let reader = match object_key(&file.blob.object_key) {
            Ok(key) => store.get(&key, range).await,
            Err(error) => Err(error),
        };
        let reader = reader.map_err(|source| FileError::Storage { policy: policy.name, source })?;
        check_size(file, reader.meta.size)?;
        Ok(reader)
    }

    /// A URL at which a browser gets the content past the primary, where its policy wants that.
    pub async fn presigned(
        &self,
        policies: &Policies,
        file: &FileRecord,
        overrides: &ResponseOverrides,
        lifetime: Duration,
    ) -> Result<Option<PresignedUrl>, FileError> {
        if policies.get(file.blob.policy_id).await?.download_strategy() != Strategy::Presigned {
            return Ok(None);
        }
        let (policy, store) = policies.store(file.blob.policy_id).await?;
        let url = match object_key(&file.blob.object_key) {
            Ok(key) => store.presign_get(&key, overrides, lifetime).await,
            Err(error) => Err(error),
        };
        Ok(Some(url.map_err(|source| FileError::Storage { policy: policy.name, source })?))
    }

    /// Checks that the content is there and has its size, without reading it.
    pub async fn verify(&self, policies: &Policies, file: &FileRecord) -> Result<(), FileError> {
        let (policy, store) = policies.store(file.blob.policy_id).await?;
        let meta = match object_key(&file.blob.object_key) {
            Ok(key) => store.head(&key).await,
            Err(error) => Err(error),
        };
        let meta = meta.map_err(|source| FileError::Storage { policy: policy.name, source })?;
        check_size(file, meta.size)
    }
}

/// The file that has the name already, if what is there is what the program expects and no lock forbids the change.
async fn look_at_name(
    connection: &mut AnyConnection,
    space: Space,
    author: i64,
    named: &Named,
) -> Result<Option<FileRecord>, FileError> {
    let Named { folder_id, name, tokens, expected } = named;
    let exists = |what| FileError::Exists { what, name: name.as_str().to_owned() };
    if folders::by_name(connection, space.id, *folder_id, name.as_str()).await?.is_some() {
        return Err(exists("folder"));
    }
    let file = files::by_name(connection, space.id, *folder_id, name.as_str()).await?;
    match (&file, expected) {
        (Some(_), Expected::Nothing) => return Err(exists("file")),
        (Some(file), Expected::Hash(hash)) => expect_content(file, Some(hash))?,
        (None, Expected::Hash(_)) => return Err(FileError::Gone(name.as_str().to_owned())),
        (None, Expected::Nothing) | (_, Expected::Anything) => {}
    }
    let by = By { user_id: author, tokens: Some(tokens) };
    let touched = match &file {
        Some(file) => Touched::Itself(Item::File(file.id)),
        None => Touched::Names(*folder_id),
    };
    refuse_locked(connection, space, by, touched).await?;
    Ok(file)
}

/// The id of a new file whose name was free a moment ago, in the same transaction.
async fn insert_named(
    tx: &mut Tx,
    new: &NewFile,
    named: &Named,
    blob: &Blob,
    now: Timestamp,
) -> Result<i64, FileError> {
    let mime_type = name::mime_type(named.name.as_str());
    let row = files::NewRow {
        space_id: new.space.id,
        folder_id: named.folder_id,
        blob_id: blob.id,
        size: blob.size,
        mime_type: &mime_type,
        created_by_user_id: new.author,
    };
    let exists = || FileError::Exists { what: "file", name: named.name.as_str().to_owned() };
    files::insert(tx, &row, &named.name, now).await?.ok_or_else(exists)
}

/// The id of a new file in a folder that is there.
async fn insert_numbered(
    tx: &mut Tx,
    new: &NewFile,
    folder_id: Option<i64>,
    name: &FileName,
    blob: &Blob,
    now: Timestamp,
) -> Result<i64, FileError> {
    let mime_type = name::mime_type(name.as_str());
    let row = files::NewRow {
        space_id: new.space.id,
        folder_id,
        blob_id: blob.id,
        size: blob.size,
        mime_type: &mime_type,
        created_by_user_id: new.author,
    };
    for number in 0..=MAX_NUMBER {
        let name = if number == 0 { name.clone() } else { name.numbered(number) };
        if let Some(id) = files::insert(tx, &row, &name, now).await? {
            return Ok(id);
        }
    }
    Err(FileError::TooManyOfName(name.as_str().to_owned()))
}

/// Refuses to overwrite content that the client has not seen.
fn expect_content(file: &FileRecord, expected_hash: Option<&str>) -> Result<(), FileError> {
    match expected_hash {
        Some(hash) if hash != file.blob.hash => Err(FileError::ContentChanged(file.id)),
        _ => Ok(()),
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

fn check_size(file: &FileRecord, found: u64) -> Result<(), FileError> {
    if found == file.blob.size {
        Ok(())
    } else {
        Err(FileError::Damaged { id: file.id, found, expected: file.blob.size })
    }
}
