//! Uploads that take more than one request: a large file in chunks, through the primary or past it.
//!
//! An upload is a row from its first moment, before anything of it can be in a store, until the last moment at which
//! anything of it could still appear there. So a crash leaves nothing that nobody knows of, and an upload goes on where
//! it stood, in whichever primary the next request arrives. The store gets parts (see
//! [`PartUpload`]), also where a file is one part: a URL that a browser holds is good for a
//! part only, never for the object that becomes a file's content.
//!
//! Rooms: `plan` (which way a file takes), `session` (what is known of one), `chunks` (bytes in), `completion` (parts
//! become a file), `unsized_body` (one request whose size shows at its end), `ending` (cancelled, expired and finished ones leave no parts).
//!
//! ```text
//! uploading ──┐                  ┌─► completed
//!             ├─► assembling ────┼─► failed       the store has lost parts
//! presigned ──┘      │           └─► back, to be completed again
//!     └──────────────┴─► cancelled               by its owner, or expired
//! ```

pub(in crate::primary) mod api;
mod chunks;
mod completion;
mod ending;
mod plan;
mod session;
mod store;
mod unsized_body;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use uuid::Uuid;

pub use self::completion::GivenPart;
pub use self::plan::Mode;
use self::plan::Plan;
pub use self::session::{Progress, Session, Status};
use crate::db::{Db, hold, is_foreign_key_violation};
use crate::primary::files::{self, FileError, Files, MAX_LEVELS, SETTLE, Target};
use crate::primary::policies::{Chosen, Policies, PolicyError};
use crate::primary::settings::Settings;
use crate::primary::spaces::{self, Space};
use crate::protocol::{ObjectKey, Timestamp};
use crate::storage::{PartUpload, StorageError};

/// Between two rounds of [`Uploads::remove_expired`].
pub(in crate::primary) const INTERVAL: Duration = Duration::from_secs(60);
/// Uploads that one user can have open.
const MAX_OPEN: i64 = 100;
/// Largest file in bytes (64 TiB): more than any store takes, and few enough for a sum of many.
const MAX_SIZE: u64 = 1 << 46;
/// How long a browser may use a URL for a part.
const URL_LIFETIME: Duration = Duration::from_secs(3600);
/// While bytes or parts are on their way, the row is looked at this often.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// From the end of an upload until no write of a part can be under way: whoever writes notices the end within two
/// looks at the row, and then the store may still finish.
const QUIET: Duration = SETTLE.saturating_add(Duration::from_secs(2 * HEARTBEAT.as_secs()));

/// Why something about an upload was refused.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// No such upload, or somebody else's.
    #[error("there is no such upload; it may have been cancelled or have expired")]
    NotFound,
    /// A member of the request is wrong.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// No file is this large.
    #[error("total_size: a file has at most {MAX_SIZE} bytes")]
    TooLarge,
    /// A body that does not say its size is longer than parts can hold.
    #[error("a body without a Content-Length can have {0} bytes; send one with it")]
    Endless(u64),
    /// Too many at once.
    #[error("you have {MAX_OPEN} uploads open; complete or cancel some of them")]
    TooMany,
    /// Another mode takes this call.
    #[error("the upload has mode `{mode}`, which {hint}")]
    WrongMode {
        /// What it has.
        mode: &'static str,
        /// What that mode does instead.
        hint: &'static str,
    },
    /// The upload has come too far for this call.
    #[error("the upload is `{}` and takes no more changes", .0.as_str())]
    Over(Status),
    /// The chunk is not as long as it has to be.
    #[error("chunk {number} has {expected} bytes, not {found}")]
    ChunkSize {
        /// From 0.
        number: u32,
        /// What it has.
        expected: u64,
        /// What was announced.
        found: u64,
    },
    /// Chunks are missing.
    #[error("{received} of {total} chunks have arrived; send the rest first")]
    Incomplete {
        /// Durable chunks.
        received: u32,
        /// All.
        total: u32,
    },
    /// A browser has not stored what it says, or not with the right size.
    #[error("not everything has arrived in full: {0}; send it again, then complete")]
    PartsMissing(StorageError),
    /// The store has lost chunks.
    #[error("the storage has lost chunks of this upload; begin it again")]
    Lost(#[source] StorageError),
    /// Another call makes the file.
    #[error("the upload is being assembled; complete it again to see the file")]
    Assembling,
    /// Files or stores refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error("uploads: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<PolicyError> for UploadError {
    fn from(error: PolicyError) -> Self {
        FileError::from(error).into()
    }
}

/// A file that somebody wants to upload.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Name, with folders before it that are made where they lack.
    pub path: String,
    /// Where; `None` is the root.
    pub folder_id: Option<i64>,
    /// Bytes.
    pub size: u64,
    /// Groups the uploads of one browser.
    pub frontend_client_id: Option<Uuid>,
    /// Through the primary, whatever the policy says: the browser does not reach the node.
    pub relay: bool,
}

/// How to go on.
#[derive(Debug)]
pub enum Begun {
    /// In one request to the primary; nothing was begun.
    Direct,
    /// In parts.
    Session {
        /// The upload.
        session: Box<Session>,
        /// Where the browser sends the only part.
        url: Option<String>,
    },
}

/// The uploads of all spaces.
#[derive(Debug)]
pub struct Uploads {
    db: Db,
    settings: Settings,
    policies: Policies,
    /// For bodies of unknown size: each permit is a part in memory.
    parts_in_memory: Arc<Semaphore>,
}

impl Uploads {
    /// Uploads in `db`, to the stores of `policies`.
    pub fn new(db: Db, settings: Settings, policies: Policies) -> Self {
        let parts_in_memory = Arc::new(Semaphore::new(unsized_body::PARTS_IN_MEMORY));
        Self { db, settings, policies, parts_in_memory }
    }

    /// Checks everything that can be checked before content arrives, chooses the way, and begins the upload.
    pub async fn begin(
        &self,
        files: &Files,
        space: Space,
        user_id: i64,
        wish: Wish,
    ) -> Result<Begun, UploadError> {
        if wish.size > MAX_SIZE {
            return Err(UploadError::TooLarge);
        }
        let target = target_of(wish.folder_id, &wish.path)?;
        let admitted = files.admit(&self.policies, space, user_id, target, wish.size).await?;
        let place = admitted.place();
        let Some(plan) = plan::of(&place.policy, wish.size, wish.relay) else { return Ok(Begun::Direct) };
        let session = self.new_session(space, user_id, wish, place, plan);
        self.insert(space, &session).await?;
        match self.begin_in_store(&session, place).await {
            Ok((store_upload_id, url)) => {
                Ok(Begun::Session { session: Box::new(Session { store_upload_id, ..session }), url })
            }
            Err(error) => {
                self.give_up(&session).await;
                Err(error)
            }
        }
    }

    fn new_session(&self, space: Space, user_id: i64, wish: Wish, place: &Chosen, plan: Plan) -> Session {
        let id = Uuid::new_v4();
        let now = Timestamp::now();
        let life = Duration::from_secs(self.settings.upload_session_ttl_secs());
        let urls_expire_at = match plan.mode {
            Mode::Presigned => after(now, URL_LIFETIME),
            Mode::Chunked | Mode::PresignedMultipart => Timestamp::from_unix_ms(0),
        };
        Session {
            id: id.to_string(),
            space_id: space.id,
            user_id,
            policy_id: Some(place.policy.id),
            folder_id: wish.folder_id,
            path: wish.path,
            total_size: wish.size,
            mode: plan.mode,
            chunk_size: plan.chunk_size,
            total_chunks: plan.total_chunks,
            status: plan.mode.open_status(),
            // Not the id of the upload, which others may learn.
            object_key: format!("files/{}", Uuid::new_v4()),
            store_upload_id: String::new(),
            frontend_client_id: wish.frontend_client_id.map(|id| id.to_string()).unwrap_or_default(),
            urls_expire_at,
            file_id: None,
            received: 0,
            created_at: now,
            expires_at: after(now, life),
        }
    }

    /// Makes the row, if the user and the space have room for one more upload.
    async fn insert(&self, space: Space, session: &Session) -> Result<(), UploadError> {
        let mut tx = self.db.begin().await?;
        hold(&mut tx, "users", session.user_id).await?;
        spaces::lock(&mut tx, space.id).await?;
        if store::open_of_user(&mut tx, session.user_id).await? >= MAX_OPEN {
            return Err(UploadError::TooMany);
        }
        let others = store::open_bytes(&mut tx, space.id).await?;
        let usage = spaces::usage(&self.db, space.id).await?;
        if usage.is_none_or(|usage| !usage.has_room(session.total_size.saturating_add(others))) {
            return Err(FileError::QuotaExceeded(session.total_size).into());
        }
        match store::insert(&mut tx, session).await {
            Ok(()) => Ok(tx.commit().await?),
            // Deleted since it was chosen.
            Err(error) if is_foreign_key_violation(&error) => {
                Err(PolicyError::NotFound(session.policy_id.unwrap_or_default()).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the name of the upload in the store, and the URL of a browser's only part.
    async fn begin_in_store(
        &self,
        session: &Session,
        place: &Chosen,
    ) -> Result<(String, Option<String>), UploadError> {
        let policy = &place.policy;
        // From here on the row holds the place; before, it may have changed under a store that was open already.
        if !self.policies.get(policy.id).await?.is_same_place(policy) {
            return Err(FileError::PolicyChanged(policy.name.clone()).into());
        }
        let failed = |source| FileError::Storage { policy: policy.name.clone(), source };
        let key = session.target_key().map_err(failed)?;
        let upload = place.store.begin_parts(&key).await.map_err(failed)?;
        if !store::set_store_upload(&self.db, &session.id, &upload.id).await? {
            // Without its name in the row nobody else ends it.
            let _ = place.store.abort_parts(&upload).await;
            return Err(UploadError::NotFound);
        }
        let url = match session.mode {
            Mode::Presigned => {
                let url = place.store.presign_part(&upload, 1, session.total_size, URL_LIFETIME).await;
                Some(url.map_err(failed)?.into_string())
            }
            Mode::Chunked | Mode::PresignedMultipart => None,
        };
        Ok((upload.id, url))
    }

    /// One upload of a user in a space.
    async fn find(&self, space: Space, user_id: i64, id: Uuid) -> Result<Session, UploadError> {
        let session = store::by_id(&self.db, &id.to_string()).await?;
        let is_theirs = |session: &Session| {
            session.space_id == space.id && session.user_id == user_id && session.status != Status::Cancelled
        };
        session.filter(is_theirs).ok_or(UploadError::NotFound)
    }

    /// The policy of an upload that has not ended, and its store.
    async fn place(&self, session: &Session) -> Result<Chosen, UploadError> {
        let policy_id = session.policy_id.ok_or(UploadError::Over(session.status))?;
        let (policy, store) = self.policies.store(policy_id).await?;
        Ok(Chosen { policy, store })
    }

    /// The uploads of a user in a space that can go on, the oldest first; those of one browser, or all.
    pub async fn resumable(
        &self,
        space: Space,
        user_id: i64,
        frontend_client_id: Option<Uuid>,
    ) -> Result<Vec<Session>, UploadError> {
        let client = frontend_client_id.map(|id| id.to_string());
        Ok(store::open_of(&self.db, space.id, user_id, client.as_deref(), MAX_OPEN).await?)
    }
}

/// Where a file is to go.
fn target_of(folder_id: Option<i64>, path: &str) -> Result<Target, FileError> {
    let target = Target::at_path(folder_id, path)?;
    if let Target::New { folders, .. } = &target {
        let levels = u32::try_from(folders.len()).unwrap_or(u32::MAX);
        if levels > MAX_LEVELS {
            return Err(FileError::TooDeep(levels));
        }
    }
    Ok(target)
}

/// A time later by `time`.
fn after(now: Timestamp, time: Duration) -> Timestamp {
    let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(now.unix_ms().saturating_add(time))
}

impl Session {
    fn target_key(&self) -> Result<ObjectKey, StorageError> {
        files::object_key(&self.object_key)
    }

    /// The upload as the store knows it; `None` when it was never begun there.
    fn in_store(&self) -> Result<Option<PartUpload>, StorageError> {
        if self.store_upload_id.is_empty() {
            return Ok(None);
        }
        Ok(Some(PartUpload { target: self.target_key()?, id: self.store_upload_id.clone() }))
    }
}
