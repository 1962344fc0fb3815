//! The bytes of an archive, made as they are asked for.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::Plan;
use super::zip::{Head, OpenFile, ZipWriter};
use crate::primary::files::{FileError, FileRecord};
use crate::storage::{BodyError, ByteStream};

/// Why an archive ended before its end.
#[derive(Debug, thiserror::Error)]
pub(in crate::primary) enum BrokenOff {
    /// The file could not be opened.
    #[error("file {id}: {source}")]
    Open {
        /// The file.
        id: i64,
        source: FileError,
    },
    /// The content could not be read to its end.
    #[error("file {id}: {source}")]
    Read {
        /// The file.
        id: i64,
        source: BodyError,
    },
    /// The content is not as long as it should be.
    #[error("file {0}: its content does not have the size of the file")]
    Size(i64),
}

struct Sending<O> {
    entries: std::vec::IntoIter<(Head, Option<FileRecord>)>,
    /// `None` after the end.
    zip: Option<ZipWriter>,
    current: Option<Current>,
    open: O,
}

struct Current {
    id: i64,
    file: OpenFile,
    body: ByteStream,
    left: u64,
}

/// The bytes of the archive; `open` gives the content of a file when its turn has come.
pub(in crate::primary) fn content<O, F>(
    plan: Plan,
    open: O,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> + Send
where
    O: Fn(FileRecord) -> F + Send,
    F: Future<Output = Result<ByteStream, FileError>> + Send,
{
    let sending =
        Sending { entries: plan.entries.into_iter(), zip: Some(ZipWriter::default()), current: None, open };
    stream::try_unfold(sending, |mut sending| async move {
        let next = sending.next().await;
        if let Err(error) = &next {
            tracing::warn!("an archive was broken off: {error}");
        }
        Ok(next?.map(|bytes| (bytes, sending)))
    })
}

impl<O, F> Sending<O>
where
    O: Fn(FileRecord) -> F + Send,
    F: Future<Output = Result<ByteStream, FileError>> + Send,
{
    async fn next(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        let Some(zip) = &mut self.zip else { return Ok(None) };
        if let Some(current) = &mut self.current {
            if let Some(piece) = current.piece().await? {
                return Ok(Some(piece));
            }
            let ended = self.current.take().map(|current| zip.finish(current.file));
            return Ok(ended.map(Bytes::from));
        }
        match self.entries.next() {
            Some((head, None)) => Ok(Some(zip.folder(&head).into())),
            Some((head, Some(file))) => {
                let (id, left) = (file.id, head.size);
                let (begin, open_file) = zip.begin(head);
                let body = (self.open)(file).await.map_err(|source| BrokenOff::Open { id, source })?;
                self.current = Some(Current { id, file: open_file, body, left });
                Ok(Some(begin.into()))
            }
            None => Ok(self.zip.take().map(|zip| zip.close().into())),
        }
    }
}

impl Current {
    /// The next piece of the content; `None` after the last.
    async fn piece(&mut self) -> Result<Option<Bytes>, BrokenOff> {
        let id = self.id;
        match self.body.next().await {
            Some(piece) => {
                let piece = piece.map_err(|source| BrokenOff::Read { id, source })?;
                self.left = self.left.checked_sub(piece.len() as u64).ok_or(BrokenOff::Size(id))?;
                self.file.content(&piece);
                Ok(Some(piece))
            }
            None if self.left == 0 => Ok(None),
            None => Err(BrokenOff::Size(id)),
        }
    }
}
