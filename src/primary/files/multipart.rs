//! A `multipart/form-data` body with one file in it, read as a stream.
//!
//! Object stores want the exact size before the first byte, and the wire contract wants it in `Content-Length`. A
//! form does not say how long its file is; but when the file is the last part, the length of the body does. Hence a
//! reader of our own: it knows the size before the content, gives exactly that many bytes, and withholds the last of
//! them until it has seen that the form really ends there and that no boundary stood on the way (the file was not the
//! last part then). A store that never gets the last bytes stores nothing.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use memchr::memmem;
use tokio::sync::Mutex;

use super::header_params::Parameters;
use crate::storage::{BodyError, ByteStream};

/// Bytes of the headers of a part.
const MAX_HEAD: usize = 16 * 1024;
/// Bytes of a field that is no file; none is used, so none has to be long.
const MAX_FIELD: usize = 64 * 1024;
/// Fields that are no file.
const MAX_FIELDS: usize = 16;
/// Bytes behind the end of the form.
const MAX_EPILOGUE: usize = 4 * 1024;
/// How often a waiting stream wakes its reader before it gives up: a request that passes the bytes on counts that as
/// a sign of life and so does not take a slow client for a dead node.
const WAKES: u32 = 6;

/// Why a form was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// `Content-Type` is something else.
    #[error("send the file as `multipart/form-data; boundary=…` with a boundary of 1 to 70 characters")]
    NotMultipart,
    /// The text does not follow the form's rules.
    #[error("the multipart body is broken: {0}")]
    Malformed(&'static str),
    /// No part has a file name.
    #[error("the form has no file: one part must have a `filename` in its Content-Disposition")]
    NoFile,
    /// More than one part has a file name.
    #[error("the form has more than one file; send each in its own request")]
    SecondFile,
    /// More or longer fields than anybody needs.
    #[error("the form has more than {MAX_FIELDS} other fields or one of more than {MAX_FIELD} bytes")]
    TooManyFields,
    /// Nothing says how long the file is.
    #[error(
        "the size of the file is unknown: send Content-Length, or the size in the query as declared_size"
    )]
    LengthRequired,
    /// The file is not as long as was announced.
    #[error(
        "the file does not end after {0} bytes; the file must be the last part of a form with Content-Length, \
         or say its exact size with declared_size"
    )]
    WrongSize(u64),
    /// The connection broke, or the body ended early.
    #[error("the upload stopped before its end")]
    Interrupted,
    /// Nothing came for too long.
    #[error("no data arrived for {} s", .0.as_secs())]
    Stalled(Duration),
}

impl From<BodyError> for MultipartError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Interrupted(_) => Self::Interrupted,
            BodyError::Stalled(idle) => Self::Stalled(idle),
        }
    }
}

/// What stays of a form while its file is given away as a stream.
pub(in crate::primary) struct Rest(Arc<Shared>);

struct Shared {
    /// Locked by the stream for each piece, and by [`Rest::drain`] when the stream is no longer read.
    form: Mutex<Multipart>,
    verdict: OnceLock<MultipartError>,
}

impl Rest {
    /// Why the stream of the file ended early; `None` while it has not.
    pub(in crate::primary) fn error(&self) -> Option<MultipartError> {
        self.0.verdict.get().cloned()
    }

    /// As [`Multipart::drain`], for a file that was given up half-way.
    pub(in crate::primary) async fn drain(self, bytes: u64, time: Duration) {
        let reading = async { self.0.form.lock().await.read_on(bytes).await };
        let _ = tokio::time::timeout(time, reading).await;
    }
}

/// The boundary that `Content-Type` names.
pub(in crate::primary) fn boundary(content_type: &str) -> Result<String, MultipartError> {
    let parameters = Parameters::parse(content_type).ok_or(MultipartError::NotMultipart)?;
    let boundary = parameters.get("boundary").unwrap_or_default();
    let legal =
        (1..=70).contains(&boundary.len()) && boundary.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if parameters.word == "multipart/form-data" && legal {
        Ok(boundary.to_owned())
    } else {
        Err(MultipartError::NotMultipart)
    }
}

/// The pieces of a body, with an end when none arrives for `idle`.
pub(in crate::primary) fn paced<S, E>(body: S, idle: Duration) -> BoxStream<'static, Result<Bytes, BodyError>>
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
{
    let body = Box::pin(body);
    stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        for _ in 0..WAKES {
            match tokio::time::timeout(idle / WAKES, body.next()).await {
                Ok(Some(Ok(piece))) => return Some((Ok(piece), Some(body))),
                Ok(Some(Err(error))) => return Some((Err(BodyError::Interrupted(error.into())), None)),
                Ok(None) => return None,
                Err(_) => {}
            }
        }
        Some((Err(BodyError::Stalled(idle)), None))
    })
    // A refused form is drained, also when it was refused because it had ended.
    .fuse()
    .boxed()
}

/// A form that is being read.
pub(in crate::primary) struct Multipart {
    source: BoxStream<'static, Result<Bytes, BodyError>>,
    /// Received and not yet looked at.
    buffer: BytesMut,
    received: u64,
    /// CRLF, two dashes, boundary: what stands between parts.
    delimiter: Vec<u8>,
    fields: usize,
}

impl Multipart {
    /// Begins to read `source`.
    pub(in crate::primary) fn new(
        source: BoxStream<'static, Result<Bytes, BodyError>>,
        boundary: &str,
    ) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Self { source, buffer: BytesMut::new(), received: 0, delimiter, fields: 0 }
    }

    /// Reads up to the content of the file and gives the file's name.
    pub(in crate::primary) async fn find_file(&mut self) -> Result<String, MultipartError> {
        let opening = self.delimiter.split_off(2);
        let opened = self.expect(&opening).await?;
        self.delimiter.extend(opening);
        if !opened {
            return Err(MultipartError::Malformed("it does not begin with the boundary"));
        }
        match self.skip_fields().await? {
            Some(name) if name.is_empty() => Err(MultipartError::NoFile),
            Some(name) => Ok(name),
            None => Err(MultipartError::NoFile),
        }
    }

    /// How long the file is, called where its content begins: `declared`, or what the whole body's length leaves for
    /// a file that is the last part.
    pub(in crate::primary) fn file_size(
        &self,
        declared: Option<u64>,
        body: Option<u64>,
    ) -> Result<u64, MultipartError> {
        let before = self.received - self.buffer.len() as u64;
        let end = self.delimiter.len() as u64 + b"--".len() as u64;
        let room = body.map(|body| body.checked_sub(before.saturating_add(end)));
        match (declared, room) {
            (Some(declared), Some(room)) if room.is_none_or(|room| declared > room) => {
                Err(MultipartError::WrongSize(declared))
            }
            (Some(declared), _) => Ok(declared),
            (None, Some(room)) => room
                .and_then(|room| room.checked_sub(b"\r\n".len() as u64))
                .ok_or(MultipartError::Malformed("it ends within the headers of the file")),
            (None, None) => Err(MultipartError::LengthRequired),
        }
    }

    /// The `size` bytes of the file, and what stays behind. When the form does not end as it should the stream fails
    /// before its last piece and the rest has the reason.
    pub(in crate::primary) async fn into_file(
        mut self,
        size: u64,
    ) -> (Result<ByteStream, MultipartError>, Rest) {
        let ended = if size == 0 { self.finish(size).await } else { Ok(()) };
        let watch = BoundaryWatch::new(&self.delimiter);
        let shared = Arc::new(Shared { form: Mutex::new(self), verdict: OnceLock::new() });
        let state = (size > 0).then(|| (Arc::clone(&shared), watch, size));
        let file = stream::unfold(state, move |state| async move {
            let (shared, mut watch, left) = state?;
            let piece = shared.form.lock().await.file_piece(&mut watch, left, size).await;
            match piece {
                Ok(piece) => {
                    let left = left - piece.len() as u64;
                    Some((Ok(piece), (left > 0).then_some((shared, watch, left))))
                }
                Err(error) => {
                    let reason = BodyError::Interrupted(error.to_string().into());
                    // The only writer: this branch ends the stream.
                    let _ = shared.verdict.set(error);
                    Some((Err(reason), None))
                }
            }
        });
        (ended.map(|()| file.boxed()), Rest(shared))
    }

    /// Reads on for a moment and throws away: a client that is told "no" while it still sends would else lose the
    /// answer together with the connection.
    pub(in crate::primary) async fn drain(mut self, bytes: u64, time: Duration) {
        // Best effort: whoever sends longer than this gets a broken connection.
        let _ = tokio::time::timeout(time, self.read_on(bytes)).await;
    }

    async fn read_on(&mut self, bytes: u64) {
        let limit = self.received.saturating_add(bytes);
        while self.received < limit && self.fill().await.is_ok() {
            self.buffer.clear();
        }
    }

    /// The next bytes of the file, of which `left` are missing.
    async fn file_piece(
        &mut self,
        watch: &mut BoundaryWatch,
        left: u64,
        size: u64,
    ) -> Result<Bytes, MultipartError> {
        let mut piece =
            if self.buffer.is_empty() { self.receive().await? } else { self.buffer.split().freeze() };
        let last = usize::try_from(left).ok().filter(|&left| piece.len() >= left);
        if let Some(left) = last {
            self.buffer = BytesMut::from(piece.split_off(left));
        }
        if watch.sees_boundary(&piece) {
            return Err(MultipartError::WrongSize(size));
        }
        if last.is_some() {
            self.finish(size).await?;
        }
        Ok(piece)
    }

    /// Checks that the form ends behind the file; only small fields may follow.
    async fn finish(&mut self, size: u64) -> Result<(), MultipartError> {
        let delimiter = std::mem::take(&mut self.delimiter);
        let ended = self.expect(&delimiter).await?;
        self.delimiter = delimiter;
        if !ended {
            return Err(MultipartError::WrongSize(size));
        }
        if self.skip_fields().await?.is_some() {
            return Err(MultipartError::SecondFile);
        }
        // To the end of the body, so that the connection can be used again.
        while self.buffer.len() <= MAX_EPILOGUE {
            match self.source.next().await {
                None => return Ok(()),
                Some(piece) => self.buffer.extend_from_slice(&piece?),
            }
        }
        Err(MultipartError::Malformed("it goes on behind its last boundary"))
    }

    /// Behind a boundary: passes over fields up to the content of a file and gives its name, or `None` at the end of
    /// the form.
    async fn skip_fields(&mut self) -> Result<Option<String>, MultipartError> {
        loop {
            if self.expect(b"--").await? {
                return Ok(None);
            }
            if !self.expect(b"\r\n").await? {
                return Err(MultipartError::Malformed("a boundary is not followed by a line break"));
            }
            let head = self.take_until(b"\r\n\r\n", MAX_HEAD).await?;
            let head = head.ok_or(MultipartError::Malformed("the headers of a part are too long"))?;
            if let Some(name) = file_name(&head)? {
                return Ok(Some(name));
            }
            self.fields += 1;
            let delimiter = std::mem::take(&mut self.delimiter);
            let field = self.take_until(&delimiter, MAX_FIELD).await?;
            self.delimiter = delimiter;
            if field.is_none() || self.fields > MAX_FIELDS {
                return Err(MultipartError::TooManyFields);
            }
        }
    }

    /// Consumes `text` if it comes next.
    async fn expect(&mut self, text: &[u8]) -> Result<bool, MultipartError> {
        loop {
            let seen = self.buffer.len().min(text.len());
            if self.buffer[..seen] != text[..seen] {
                return Ok(false);
            }
            if seen == text.len() {
                self.buffer.advance(seen);
                return Ok(true);
            }
            self.fill().await?;
        }
    }

    /// Consumes everything up to and with `end`; gives what stands before it, `None` when that is more than `limit`.
    async fn take_until(&mut self, end: &[u8], limit: usize) -> Result<Option<Bytes>, MultipartError> {
        let mut searched = 0_usize;
        loop {
            // The end may have begun in what was searched before.
            let from = searched.saturating_sub(end.len() - 1);
            if let Some(at) = memmem::find(&self.buffer[from..], end) {
                let taken = self.buffer.split_to(from + at).freeze();
                self.buffer.advance(end.len());
                return Ok((taken.len() <= limit).then_some(taken));
            }
            if self.buffer.len() > limit + end.len() {
                return Ok(None);
            }
            searched = self.buffer.len();
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), MultipartError> {
        let piece = self.receive().await?;
        self.buffer.extend_from_slice(&piece);
        Ok(())
    }

    async fn receive(&mut self) -> Result<Bytes, MultipartError> {
        let piece = self.source.next().await.ok_or(MultipartError::Interrupted)??;
        self.received += piece.len() as u64;
        Ok(piece)
    }
}

/// Looks for the boundary in a content that arrives in pieces.
struct BoundaryWatch {
    finder: memmem::Finder<'static>,
    /// The end of what was seen, one byte short of a boundary.
    seen: Vec<u8>,
}

impl BoundaryWatch {
    fn new(delimiter: &[u8]) -> Self {
        Self { finder: memmem::Finder::new(delimiter).into_owned(), seen: Vec::new() }
    }

    fn sees_boundary(&mut self, piece: &[u8]) -> bool {
        let overlap = self.finder.needle().len() - 1;
        self.seen.extend_from_slice(&piece[..piece.len().min(overlap)]);
        let across = self.finder.find(&self.seen).is_some();
        if piece.len() >= overlap {
            self.seen.clear();
            self.seen.extend_from_slice(&piece[piece.len() - overlap..]);
        } else {
            let old = self.seen.len().saturating_sub(overlap);
            self.seen.drain(..old);
        }
        across || self.finder.find(piece).is_some()
    }
}

/// The name in the headers of a part; `None` for a part that is no file.
fn file_name(head: &[u8]) -> Result<Option<String>, MultipartError> {
    let head =
        std::str::from_utf8(head).map_err(|_| MultipartError::Malformed("part headers are not UTF-8"))?;
    let disposition = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .and_then(|(_, value)| Parameters::parse(value))
        .filter(|disposition| disposition.word == "form-data")
        .ok_or(MultipartError::Malformed("a part has no `Content-Disposition: form-data`"))?;
    Ok(disposition.filename())
}

#[cfg(test)]
mod tests;
