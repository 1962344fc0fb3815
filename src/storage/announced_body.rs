//! A body of announced size, as a `put` takes it: exactly so many bytes, or a reason why not (wire contract §5.3).

use bytes::Bytes;
use futures_util::StreamExt;

use super::{ByteStream, ErrorKind, Result, StorageError};

/// A stream of which exactly `size` bytes are wanted.
pub(super) struct AnnouncedBody {
    stream: ByteStream,
    remaining: u64,
    size: u64,
}

impl AnnouncedBody {
    pub(super) fn new(stream: ByteStream, size: u64) -> Self {
        Self { stream, remaining: size, size }
    }

    /// How many bytes are still to come.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The next bytes that belong to the object, never empty; `None` after the last. The stream is not polled for
    /// anything behind it.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.remaining > 0 {
            let mut piece = match self.stream.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(cause)) => {
                    let message = format!("the body stopped at {} of {} bytes", self.received(), self.size);
                    return Err(StorageError::new(ErrorKind::BodyInterrupted, message).with_source(cause));
                }
                None => {
                    let message =
                        format!("the body has {} bytes; {} were announced", self.received(), self.size);
                    return Err(StorageError::new(ErrorKind::SizeMismatch, message));
                }
            };
            if piece.is_empty() {
                continue;
            }
            piece.truncate(usize::try_from(self.remaining).unwrap_or(usize::MAX));
            self.remaining -= piece.len() as u64;
            return Ok(Some(piece));
        }
        Ok(None)
    }

    fn received(&self) -> u64 {
        self.size - self.remaining
    }
}
