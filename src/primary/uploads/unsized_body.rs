//! One request whose size nobody knows before its end, as programs send that make content while they send it.
//!
//! Stores want a size before the first byte. What is short is collected in memory, and has a size then. What is longer
//! goes on in parts, each collected and then stored under a row like that of any upload in parts, which is being assembled
//! from its beginning: a crash leaves what a crash of an assembly leaves. Nothing lies on the primary's disk.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::completion::LEASE;
use super::ending::Whose;
use super::plan::{Mode, Plan};
use super::session::{Session, Status};
use super::{MAX_SIZE, UploadError, Uploads, Wish, after, store};
use crate::primary::files::{FileError, FileRecord, Files, Named, Target};
use crate::primary::policies::{Chosen, PolicyError};
use crate::primary::spaces::{self, Space};
use crate::protocol::Timestamp;
use crate::storage::{BodyError, ByteStream, ChosenPart, ErrorKind, MAX_PARTS, PartUpload, StorageError};

/// Bytes of a part; S3 takes none below 5 MiB.
const PART: usize = 8 * 1024 * 1024;
/// Parts that are in memory at the same time, of all requests; others wait for their turn.
pub(super) const PARTS_IN_MEMORY: usize = 12;
/// Bytes that a request collects without a turn.
const FREE: usize = 64 * 1024;
const MAX_BYTES: u64 = PART as u64 * MAX_PARTS as u64;

impl Uploads {
    /// Stores a body as what `named` says.
    ///
    /// Where it goes is decided when the first part is full: by the rule for files of any size, or, where there is none, the
    /// one for as many bytes as have come. Room, and what the policy takes, is looked at with each part.
    ///
    /// Run it in a task of its own: when it is dropped half-way, its parts wait for the cleaner.
    pub async fn store_unsized(
        &self,
        files: &Files,
        space: Space,
        author: i64,
        named: Named,
        body: ByteStream,
    ) -> Result<FileRecord, UploadError> {
        let mut source = Source { body, left: None, is_over: false };
        let mut first = Vec::new();
        source.fill(&mut first, FREE).await?;
        let _turn = if source.is_over { None } else { Some(self.turn().await?) };
        source.fill(&mut first, PART).await?;
        if source.is_over {
            let size = length(&first);
            let new = files.admit(&self.policies, space, author, Target::Named(named), size).await?;
            let body = stream::iter(first.into_iter().map(Ok));
            return Ok(files.store(&self.policies, new, Box::pin(body)).await?);
        }
        let place = self.place_of_unsized(space, length(&first)).await?;
        let target = Target::Named(named.clone());
        let policies = &self.policies;
        files.admit_again(policies, space, author, target, length(&first), place.clone()).await?;
        let (session, upload, token) = self.begin_unsized(space, author, &named, &place).await?;
        let stored =
            Parts { uploads: self, space, place: &place, session: &session, upload: &upload, token: &token }
                .store(files, author, named, first, source)
                .await;
        if stored.is_err() {
            self.end(&session.id, Status::Cancelled, Whose::Held(&token), Timestamp::now()).await?;
        }
        stored
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, UploadError> {
        let turn = self.parts_in_memory.clone().acquire_owned().await;
        Ok(turn.expect("the semaphore is never closed"))
    }

    async fn place_of_unsized(&self, space: Space, at_least: u64) -> Result<Chosen, UploadError> {
        match self.policies.choose(space.policy_group_id, MAX_SIZE).await {
            Ok(place) => Ok(place),
            Err(PolicyError::NoRule { .. }) => {
                Ok(self.policies.choose(space.policy_group_id, at_least).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the row, and the upload in the store; the row is leased from then on.
    async fn begin_unsized(
        &self,
        space: Space,
        author: i64,
        named: &Named,
        place: &Chosen,
    ) -> Result<(Session, PartUpload, String), UploadError> {
        let wish = Wish {
            path: named.name.as_str().to_owned(),
            folder_id: named.folder_id,
            size: PART as u64,
            frontend_client_id: None,
            relay: true,
        };
        let plan = Plan { mode: Mode::Chunked, chunk_size: PART as u64, total_chunks: 1 };
        let mut session = self.new_session(space, author, wish, place, plan);
        let now = Timestamp::now();
        // As soon as the lease is over there is nobody who goes on.
        session.expires_at = after(now, LEASE);
        self.insert(space, &session).await?;
        let begun = async {
            let (store_upload_id, _) = self.begin_in_store(&session, place).await?;
            let token = Uuid::new_v4().to_string();
            if !store::lease(&self.db, &session.id, &token, now, after(Timestamp::now(), LEASE)).await? {
                return Err(UploadError::NotFound);
            }
            Ok((store_upload_id, token))
        };
        match begun.await {
            Ok((store_upload_id, token)) => {
                let failed = |source| FileError::Storage { policy: place.policy.name.clone(), source };
                let upload =
                    PartUpload { target: session.target_key().map_err(failed)?, id: store_upload_id.clone() };
                Ok((Session { store_upload_id, ..session }, upload, token))
            }
            Err(error) => {
                self.give_up(&session).await;
                Err(error)
            }
        }
    }
}

/// An upload whose parts are under way.
struct Parts<'a> {
    uploads: &'a Uploads,
    space: Space,
    place: &'a Chosen,
    session: &'a Session,
    upload: &'a PartUpload,
    token: &'a str,
}

impl Parts<'_> {
    async fn store(
        &self,
        files: &Files,
        author: i64,
        named: Named,
        first: Vec<Bytes>,
        mut source: Source,
    ) -> Result<FileRecord, UploadError> {
        let (mut total, mut parts, mut hash) = (0, Vec::new(), Sha256::new());
        let mut part = first;
        while !part.is_empty() {
            total += length(&part);
            if total > MAX_BYTES {
                return Err(UploadError::Endless(MAX_BYTES));
            }
            self.look_at_room(named.name.as_str(), total).await?;
            part.iter().for_each(|piece| hash.update(piece));
            parts.push(self.put(parts.len(), std::mem::take(&mut part)).await?);
            source.fill(&mut part, PART).await?;
        }
        let Self { uploads, space, place, session, upload, token } = self;
        let policies = &uploads.policies;
        let target = Target::Named(named);
        let new = files.admit_again(policies, *space, author, target, total, (*place).clone()).await?;
        let completing = place.store.complete_parts(upload, &parts, total);
        uploads.while_leased(session, token, completing).await?.map_err(|source| self.failed(source))?;
        uploads.commit(files, session, &new, Some(hex::encode(hash.finalize())), token).await
    }

    async fn look_at_room(&self, name: &str, total: u64) -> Result<(), UploadError> {
        let Self { uploads, space, place, .. } = self;
        uploads.policies.admit(place, name, total)?;
        match spaces::usage(&uploads.db, space.id).await? {
            Some(usage) if usage.has_room(total) => Ok(()),
            _ => Err(FileError::QuotaExceeded(total).into()),
        }
    }

    async fn put(&self, number: usize, part: Vec<Bytes>) -> Result<ChosenPart, UploadError> {
        let (size, number) = (length(&part), u32::try_from(number + 1).unwrap_or(u32::MAX));
        let body = Box::pin(stream::iter(part.into_iter().map(Ok)));
        let writing = self.place.store.put_part(self.upload, number, size, body);
        let stored = self.uploads.while_leased(self.session, self.token, writing).await?;
        let stored = stored.map_err(|source| self.failed(source))?;
        Ok(ChosenPart { number, etag: stored.etag })
    }

    fn failed(&self, source: StorageError) -> FileError {
        FileError::Storage { policy: self.place.policy.name.clone(), source }
    }
}

/// A body that is read a part at a time.
struct Source {
    body: ByteStream,
    /// What did not fit into the part before.
    left: Option<Bytes>,
    is_over: bool,
}

impl Source {
    /// Fills `part` up to `full` bytes, or to the end of the body.
    async fn fill(&mut self, part: &mut Vec<Bytes>, full: usize) -> Result<(), UploadError> {
        let mut room = full.saturating_sub(part.iter().map(Bytes::len).sum());
        while room > 0 && !self.is_over {
            let next = match self.left.take() {
                Some(left) => Some(left),
                None => self.body.next().await.transpose().map_err(interrupted)?,
            };
            let Some(mut piece) = next else {
                self.is_over = true;
                return Ok(());
            };
            if piece.len() > room {
                self.left = Some(piece.split_off(room));
            }
            room -= piece.len();
            if !piece.is_empty() {
                part.push(piece);
            }
        }
        Ok(())
    }
}

fn interrupted(error: BodyError) -> UploadError {
    let source = StorageError::new(ErrorKind::BodyInterrupted, error.to_string());
    FileError::Storage { policy: "upload".to_owned(), source }.into()
}

fn length(part: &[Bytes]) -> u64 {
    part.iter().map(|piece| piece.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_cut_into_full_parts_and_a_rest() {
        let pieces = [3, 0, 9, 1, 4].map(|size| Ok(Bytes::from(vec![b'x'; size])));
        let mut source = Source { body: Box::pin(stream::iter(pieces)), left: None, is_over: false };
        let mut sizes = Vec::new();
        loop {
            let mut part = Vec::new();
            source.fill(&mut part, 5).await.expect("a part");
            if part.is_empty() {
                break;
            }
            sizes.push(length(&part));
        }
        assert_eq!(sizes, [5, 5, 5, 2]);
    }
}
