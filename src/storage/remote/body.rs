//! Bodies that are exactly as long as announced, in both directions.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use super::transport::Body;
use crate::storage::{BodyError, ByteStream};

/// What the sender of an upload is doing; tells whose fault a failed request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Source {
    /// Gave a piece that the connection has not finished with.
    Giving,
    /// Was asked for more and has nothing yet.
    Awaited,
    /// Went away or stalled.
    Gone,
    /// Ended before the announced size.
    Short,
    /// Gave everything.
    Done,
}

/// The view on an upload that stays behind when the body is given to the connection.
#[derive(Debug, Clone)]
pub(super) struct SourceState(Arc<AtomicU8>);

impl SourceState {
    fn set(&self, source: Source) {
        self.0.store(source as u8, Ordering::Release);
    }

    pub(super) fn get(&self) -> Source {
        let all = [Source::Giving, Source::Awaited, Source::Gone, Source::Short, Source::Done];
        let now = self.0.load(Ordering::Acquire);
        all.into_iter().find(|&source| source as u8 == now).unwrap_or(Source::Giving)
    }
}

/// Sends `size` bytes of a stream: ends there, and fails when the stream ends before.
pub(super) struct Upload {
    inner: ByteStream,
    left: u64,
    state: SourceState,
}

impl Upload {
    pub(super) fn new(inner: ByteStream, size: u64) -> (Self, SourceState) {
        let start = if size == 0 { Source::Done } else { Source::Awaited };
        let state = SourceState(Arc::new(AtomicU8::new(start as u8)));
        (Self { inner, left: size, state: state.clone() }, state)
    }

    fn accept(&mut self, mut piece: Bytes) -> Bytes {
        if let Ok(left) = usize::try_from(self.left) {
            piece.truncate(left);
        }
        self.left = self.left.saturating_sub(piece.len() as u64);
        self.state.set(if self.left == 0 { Source::Done } else { Source::Giving });
        piece
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.inner).poll_next(cx) {
                Poll::Pending => {
                    self.state.set(Source::Awaited);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
                Poll::Ready(Some(Ok(piece))) => {
                    return Poll::Ready(Some(Ok(Frame::data(self.accept(piece)))));
                }
                Poll::Ready(Some(Err(error))) => {
                    self.state.set(Source::Gone);
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => {
                    self.state.set(Source::Short);
                    return Poll::Ready(Some(Err(ended_early(self.left))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// The bytes of a reply, which must be exactly `size`: one that is cut or goes on is an error at that point, so that
/// nobody takes a part for the whole.
pub(super) fn exactly(body: Body, size: u64) -> ByteStream {
    Box::pin(try_unfold((body, size), |(mut body, left)| async move {
        loop {
            let data = match body.frame().await {
                None if left == 0 => return Ok(None),
                None => return Err(ended_early(left)),
                Some(frame) => frame?.into_data(),
            };
            let Ok(data) = data else { continue };
            let Some(left) = left.checked_sub(data.len() as u64) else {
                return Err(BodyError::Interrupted("the body is longer than announced".into()));
            };
            return Ok(Some((data, (body, left))));
        }
    }))
}

fn ended_early(missing: u64) -> BodyError {
    BodyError::Interrupted(format!("the body ended {missing} bytes early").into())
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, TryStreamExt, stream};

    use super::super::transport::full_body;
    use super::*;

    fn pieces(pieces: &[&'static [u8]]) -> ByteStream {
        let items: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        Box::pin(stream::iter(items))
    }

    #[tokio::test]
    async fn an_upload_stops_at_its_size_and_notes_the_end() {
        let (upload, state) = Upload::new(pieces(&[b"abc", b"", b"defgh"]), 5);
        assert_eq!(state.get(), Source::Awaited);
        let sent = upload.collect().await.expect("whole").to_bytes();
        assert_eq!((&sent[..], state.get()), (&b"abcde"[..], Source::Done));
    }

    #[tokio::test]
    async fn an_upload_that_ends_early_fails_and_says_so() {
        let (upload, state) = Upload::new(pieces(&[b"abc"]), 5);
        assert!(upload.collect().await.is_err());
        assert_eq!(state.get(), Source::Short);
    }

    #[tokio::test]
    async fn an_upload_whose_source_breaks_is_told_from_a_short_one() {
        let broken = stream::iter([Err(BodyError::Stalled(std::time::Duration::from_secs(1)))]);
        let (upload, state) = Upload::new(Box::pin(broken), 5);
        assert!(upload.collect().await.is_err());
        assert_eq!(state.get(), Source::Gone);
    }

    #[tokio::test]
    async fn a_reply_must_have_exactly_the_announced_bytes() {
        let read = |size| exactly(full_body("12345"), size).try_collect::<Vec<_>>();
        assert_eq!(read(5).await.expect("whole").concat(), b"12345");
        assert!(read(4).await.is_err());
        let mut short = exactly(full_body("12345"), 6);
        assert!(short.next().await.expect("piece").is_ok());
        assert!(short.next().await.expect("end").is_err());
    }
}
