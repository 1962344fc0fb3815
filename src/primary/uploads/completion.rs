//! Parts become a file: by one call at a time, also with several primaries, and by the next one when that died.

use std::time::Duration;

use uuid::Uuid;

use super::chunks::upload_of;
use super::ending::Whose;
use super::session::{Session, Status};
use super::{HEARTBEAT, Mode, UploadError, Uploads, after, store, target_of};
use crate::primary::files::{FileError, FileRecord, Files, NewFile};
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;
use crate::storage::{ChosenPart, ErrorKind, StorageError};

/// How long an assembly that has gone silent keeps others from taking it up.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// A part that a browser says it has stored.
#[derive(Debug, Clone)]
pub struct GivenPart {
    /// From 1.
    pub number: u32,
    /// The `ETag` of the answer, if the browser has it.
    pub etag: Option<String>,
}

impl Uploads {
    /// Makes the file. Repeating it gives the same one; while another call is at it this is
    /// [`UploadError::Assembling`]. After a refusal (no room, folder gone, store away) it can be called again.
    ///
    /// Run it in a task of its own: when it is dropped half-way the upload waits until the lease is over.
    pub async fn complete(
        &self,
        files: &Files,
        space: Space,
        user_id: i64,
        id: Uuid,
        given: Option<Vec<GivenPart>>,
    ) -> Result<FileRecord, UploadError> {
        let session = self.find(space, user_id, id).await?;
        match session.status {
            Status::Completed => return completed(files, space, &session).await,
            Status::Failed | Status::Cancelled => return Err(UploadError::Over(session.status)),
            Status::Uploading | Status::Presigned | Status::Assembling => {}
        }
        let parts = self.parts_of(&session, given).await?;
        let token = Uuid::new_v4().to_string();
        let now = Timestamp::now();
        if !store::lease(&self.db, &session.id, &token, now, after(now, LEASE)).await? {
            let session = self.find(space, user_id, id).await?;
            return match session.status {
                Status::Completed => completed(files, space, &session).await,
                Status::Failed | Status::Cancelled => Err(UploadError::Over(session.status)),
                Status::Uploading | Status::Presigned | Status::Assembling => Err(UploadError::Assembling),
            };
        }
        match self.assemble(files, space, &session, &parts, &token).await {
            Ok(file) => Ok(file),
            Err(UploadError::Lost(error)) => {
                self.end(&session.id, Status::Failed, Whose::Held(&token), Timestamp::now()).await?;
                Err(UploadError::Lost(error))
            }
            Err(error) => {
                // A commit whose answer was lost may have taken effect; then there is nothing to give back.
                let back = session.mode.open_status();
                if let Err(failure) = store::release(&self.db, &session.id, &token, back).await {
                    tracing::warn!(upload.id = session.id, "the upload stays leased for now: {failure}");
                }
                Err(error)
            }
        }
    }

    /// What the file is to consist of.
    async fn parts_of(
        &self,
        session: &Session,
        given: Option<Vec<GivenPart>>,
    ) -> Result<Vec<ChosenPart>, UploadError> {
        let all = || (1..=session.total_chunks).map(|number| ChosenPart { number, etag: None }).collect();
        let invalid = |reason: String| Err(UploadError::Invalid { field: "parts", reason });
        match (session.mode, given) {
            (Mode::Presigned, _) => Ok(all()),
            (Mode::Chunked, _) => {
                let (received, total) = (session.received, session.total_chunks);
                if session.status == Status::Uploading && received < total {
                    return Err(UploadError::Incomplete { received, total });
                }
                // No ETags: of a chunk that was sent twice at once the store may have kept either.
                Ok(all())
            }
            (Mode::PresignedMultipart, None) => invalid("name each part with its ETag".to_owned()),
            (Mode::PresignedMultipart, Some(given)) => {
                let mut numbers: Vec<u32> = given.iter().map(|part| part.number).collect();
                numbers.sort_unstable();
                if !numbers.iter().copied().eq(1..=session.total_chunks) {
                    return invalid(format!("name each of the parts 1 to {} once", session.total_chunks));
                }
                Ok(given
                    .into_iter()
                    .map(|part| ChosenPart { number: part.number, etag: part.etag })
                    .collect())
            }
        }
    }

    async fn assemble(
        &self,
        files: &Files,
        space: Space,
        session: &Session,
        parts: &[ChosenPart],
        token: &str,
    ) -> Result<FileRecord, UploadError> {
        let place = self.place(session).await?;
        let policy = place.policy.name.clone();
        let failed = |source| FileError::Storage { policy: policy.clone(), source };
        let target = target_of(session.folder_id, &session.path)?;
        let (policies, size) = (&self.policies, session.total_size);
        let new = files.admit_again(policies, space, session.user_id, target, size, place.clone()).await?;
        let upload = upload_of(session).map_err(failed)?;
        let composing = place.store.complete_parts(&upload, parts, session.total_size);
        match self.while_leased(session, token, composing).await? {
            Ok(_) => {}
            // Chunks that were durable are lost, or the object is there and the store could not say so just now. Only
            // the first ends the upload.
            Err(error) if error.kind() == ErrorKind::NotFound && session.mode == Mode::Chunked => {
                match place.store.head(&upload.target).await {
                    Ok(meta) if meta.size == session.total_size => {}
                    Err(unknown) if unknown.kind() != ErrorKind::NotFound => {
                        return Err(failed(unknown).into());
                    }
                    _ => return Err(UploadError::Lost(error)),
                }
            }
            Err(error) => return Err(refused(session.mode, error, failed)),
        }
        self.commit(files, session, &new, None, token).await
    }

    /// Keeps the lease while the store works, and stops when another call has it.
    pub(super) async fn while_leased<T>(
        &self,
        session: &Session,
        token: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, UploadError> {
        let mut work = std::pin::pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(HEARTBEAT, work.as_mut()).await {
                return Ok(done);
            }
            if !store::extend_lease(&self.db, &session.id, token, after(Timestamp::now(), LEASE)).await? {
                return Err(UploadError::Assembling);
            }
        }
    }

    /// The file and the end of the upload are one transaction: of two calls that come this far, one makes the file.
    pub(super) async fn commit(
        &self,
        files: &Files,
        session: &Session,
        new: &NewFile,
        sha256: Option<String>,
        token: &str,
    ) -> Result<FileRecord, UploadError> {
        let mut tx = self.db.begin().await?;
        let (file, released) = files.adopt(&mut tx, new, &session.object_key, sha256).await?;
        if !store::finish(&mut tx, &session.id, token, file.id, Timestamp::now()).await? {
            return Err(UploadError::Assembling);
        }
        tx.commit().await?;
        files.remove_released(&self.policies, released).await;
        Ok(file)
    }
}

/// What a store's refusal to join the parts means for the upload.
fn refused(mode: Mode, error: StorageError, failed: impl Fn(StorageError) -> FileError) -> UploadError {
    match (error.kind(), mode) {
        // Each had its size when it was recorded.
        (ErrorKind::SizeMismatch, Mode::Chunked) => UploadError::Lost(error),
        (
            ErrorKind::NotFound | ErrorKind::SizeMismatch | ErrorKind::Precondition,
            Mode::Presigned | Mode::PresignedMultipart,
        ) => UploadError::PartsMissing(error),
        _ => failed(error).into(),
    }
}

async fn completed(files: &Files, space: Space, session: &Session) -> Result<FileRecord, UploadError> {
    Ok(files.get(space, session.file_id.unwrap_or_default()).await?)
}
