//! Bytes on their way in: chunks through the primary, and URLs for browsers that send parts themselves.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use uuid::Uuid;

use super::session::{Progress, Session, Status};
use super::{HEARTBEAT, URL_LIFETIME, UploadError, Uploads, after, store};
use crate::primary::files::FileError;
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;
use crate::storage::{ByteStream, ErrorKind, PartUpload, StorageError};

/// URLs of one call.
const MAX_URLS: usize = 1_000;

impl Uploads {
    /// Stores a chunk of `length` bytes, numbered from 0. In any order, several at once, and again: the first whole one
    /// counts. When this returns the chunk is durable.
    pub async fn put_chunk(
        &self,
        space: Space,
        user_id: i64,
        id: Uuid,
        number: u32,
        length: u64,
        mut body: ByteStream,
    ) -> Result<Session, UploadError> {
        let session = self.find(space, user_id, id).await?;
        session.expect_chunked()?;
        let expected = session.chunk_length(number)?;
        if length != expected {
            return Err(UploadError::ChunkSize { number, expected, found: length });
        }
        if store::has_chunk(&self.db, &session.id, number).await? {
            // Its client reads the answer when it has sent everything.
            while let Some(Ok(_)) = body.next().await {}
            return Ok(session);
        }
        let place = self.place(&session).await?;
        let failed = |source| FileError::Storage { policy: place.policy.name.clone(), source };
        let upload = upload_of(&session).map_err(failed)?;
        let writing = place.store.put_part(&upload, number + 1, expected, body);
        let stored = self.while_open(&session, writing).await?.map_err(failed)?;
        if stored.size != expected {
            let text = format!("it stored {} of {expected} bytes", stored.size);
            return Err(failed(StorageError::new(ErrorKind::SizeMismatch, text)).into());
        }
        let received = store::insert_chunk(&self.db, &session.id, number, Timestamp::now()).await?;
        match received {
            Some(received) => Ok(Session { received, ..session }),
            None => Err(self.since_ended(&session).await?),
        }
    }

    /// Writes a part, and stops when the upload is not open any more: its parts are removed then.
    async fn while_open<T>(
        &self,
        session: &Session,
        writing: impl Future<Output = T>,
    ) -> Result<T, UploadError> {
        let mut writing = std::pin::pin!(writing);
        loop {
            if let Ok(written) = tokio::time::timeout(HEARTBEAT, writing.as_mut()).await {
                return Ok(written);
            }
            let now = store::by_id(&self.db, &session.id).await?;
            if now.is_none_or(|now| now.status != Status::Uploading) {
                return Err(self.since_ended(session).await?);
            }
        }
    }

    /// What has become of an upload that was open.
    async fn since_ended(&self, session: &Session) -> Result<UploadError, UploadError> {
        let now = store::by_id(&self.db, &session.id).await?.map(|session| session.status);
        match now {
            None => Ok(UploadError::NotFound),
            Some(Status::Cancelled) => {
                self.db.settle().await?;
                self.remove_parts(session).await;
                Ok(UploadError::NotFound)
            }
            Some(status) => Ok(UploadError::Over(status)),
        }
    }

    /// URLs for parts, numbered from 1. Each works for an hour.
    pub async fn presign(
        &self,
        space: Space,
        user_id: i64,
        id: Uuid,
        numbers: &[u32],
    ) -> Result<BTreeMap<u32, String>, UploadError> {
        let session = self.find(space, user_id, id).await?;
        session.expect_presigned()?;
        let invalid = |reason: String| UploadError::Invalid { field: "part_numbers", reason };
        if numbers.is_empty() || numbers.len() > MAX_URLS {
            return Err(invalid(format!("name 1 to {MAX_URLS} parts")));
        }
        if let Some(wrong) = numbers.iter().find(|number| !(1..=session.total_chunks).contains(number)) {
            return Err(invalid(format!(
                "part {wrong} is none; they are numbered from 1 to {}",
                session.total_chunks
            )));
        }
        let place = self.place(&session).await?;
        let failed = |source| FileError::Storage { policy: place.policy.name.clone(), source };
        let upload = upload_of(&session).map_err(failed)?;
        // Before there is a URL the row says how long something may appear.
        let until = after(Timestamp::now(), URL_LIFETIME);
        if !store::extend_urls(&self.db, &session.id, until).await? {
            return Err(self.since_ended(&session).await?);
        }
        let mut urls = BTreeMap::new();
        for &number in numbers {
            let length = session.chunk_length(number - 1)?;
            let url =
                place.store.presign_part(&upload, number, length, URL_LIFETIME).await.map_err(failed)?;
            urls.insert(number, url.into_string());
        }
        Ok(urls)
    }

    /// How far an upload is. What browsers have sent past the primary is asked of the store.
    pub async fn progress(&self, space: Space, user_id: i64, id: Uuid) -> Result<Progress, UploadError> {
        let session = self.find(space, user_id, id).await?;
        let chunks = match session.status {
            Status::Uploading => store::chunks(&self.db, &session.id).await?,
            Status::Presigned => self.parts_in_store(&session).await?,
            Status::Assembling | Status::Completed => (0..session.total_chunks).collect(),
            Status::Failed | Status::Cancelled => Vec::new(),
        };
        Ok(Progress { session, chunks })
    }

    async fn parts_in_store(&self, session: &Session) -> Result<Vec<u32>, UploadError> {
        let place = self.place(session).await?;
        let failed = |source| FileError::Storage { policy: place.policy.name.clone(), source };
        let upload = upload_of(session).map_err(failed)?;
        let parts = place.store.list_parts(&upload).await.map_err(failed)?;
        let whole = parts.iter().filter_map(|part| {
            let number = part.number.checked_sub(1)?;
            (session.chunk_length(number).ok()? == part.size).then_some(number)
        });
        Ok(whole.collect())
    }
}

pub(super) fn upload_of(session: &Session) -> Result<PartUpload, StorageError> {
    // The row is there a moment before the upload is begun in the store.
    let not_begun = || StorageError::new(ErrorKind::Transient, "the upload has not begun yet");
    session.in_store()?.ok_or_else(not_begun)
}
