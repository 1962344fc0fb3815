//! The memory that parts on their way to S3 may take, all uploads of all stores together.
//!
//! A part is kept until S3 has acknowledged it, so that a request can be repeated. What uploads cannot reserve here
//! they wait for, in the order in which they came; an upload holds what it has until its part is away, so every one
//! of them moves on.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::storage::announced_body::AnnouncedBody;
use crate::storage::{ErrorKind, Result, StorageError};

/// All of it, in bytes. The process takes about twice as much: the allocator keeps freed parts for the next ones.
pub(super) const PART_MEMORY: u64 = 96 * 1024 * 1024;
/// What each upload may hold without asking. A sender has to send this much before memory is set aside for it, so
/// that senders who trickle hold no more than they sent, and small objects never wait.
const FREE: usize = 64 * 1024;
/// Longest wait for memory: the others either finish their part in this time or fail.
const WAIT: Duration = Duration::from_secs(120);
/// The semaphore counts KiB: a permit count is a `u32`.
const UNIT: u64 = 1024;

static BUDGET: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let units = usize::try_from(PART_MEMORY / UNIT).expect("a small constant");
    Arc::new(Semaphore::new(units))
});

/// Memory set aside; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation(Option<OwnedSemaphorePermit>);

/// Bytes of a part with the memory they were granted.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) bytes: Bytes,
    pub(super) reservation: Reservation,
}

/// Sets `bytes` aside, which are at most [`PART_MEMORY`]. Waits for others to give theirs back.
pub(super) async fn reserve(bytes: u64) -> Result<Reservation> {
    let units = u32::try_from(bytes.min(PART_MEMORY).div_ceil(UNIT)).expect("bounded by PART_MEMORY");
    match tokio::time::timeout(WAIT, Arc::clone(&BUDGET).acquire_many_owned(units)).await {
        Ok(permit) => Ok(Reservation(Some(permit.expect("the budget is never closed")))),
        Err(_) => {
            let message = "the memory for uploads to S3 is in use by other uploads; try again later";
            Err(StorageError::new(ErrorKind::RateLimited, message))
        }
    }
}

/// The next `size` bytes of `body` in one buffer; `seen` gets each piece as it comes.
pub(super) async fn fill(body: &mut Carry, size: u64, mut seen: impl FnMut(&[u8])) -> Result<Part> {
    let size = usize::try_from(size).expect("a part fits into memory");
    let mut buffer = BytesMut::with_capacity(size.min(FREE));
    let mut reservation = Reservation(None);
    while buffer.len() < size {
        let Some(piece) = body.next(size - buffer.len()).await? else { break };
        if buffer.len() + piece.len() > FREE && reservation.0.is_none() {
            reservation = reserve(size as u64).await?;
            buffer.reserve(size - buffer.len());
        }
        seen(&piece);
        buffer.extend_from_slice(&piece);
    }
    Ok(Part { bytes: buffer.freeze(), reservation })
}

/// A body that can be taken in pieces of bounded size; what is left of a piece waits for the next call.
pub(super) struct Carry {
    body: AnnouncedBody,
    left: Bytes,
}

impl Carry {
    pub(super) fn new(body: AnnouncedBody) -> Self {
        Self { body, left: Bytes::new() }
    }

    /// Up to `most` bytes, never none but at the end of the body.
    async fn next(&mut self, most: usize) -> Result<Option<Bytes>> {
        if self.left.is_empty() {
            match self.body.next().await? {
                Some(piece) => self.left = piece,
                None => return Ok(None),
            }
        }
        Ok(Some(self.left.split_to(most.min(self.left.len()))))
    }
}
