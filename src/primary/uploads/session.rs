//! What is known of one upload.

use super::UploadError;
use super::plan::Mode;
use crate::protocol::Timestamp;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Chunks come through the primary.
    Uploading,
    /// A browser sends parts to the store.
    Presigned,
    /// Parts become a file.
    Assembling,
    /// The file is there.
    Completed,
    /// Its parts are lost.
    Failed,
    /// By its owner, or expired. Nobody but the cleaner sees it any more.
    Cancelled,
}

impl Status {
    /// The word in answers and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Presigned => "presigned",
            Self::Assembling => "assembling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Uploading, Self::Presigned, Self::Assembling, Self::Completed, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// An upload.
#[derive(Debug, Clone)]
pub struct Session {
    /// A random UUID.
    pub id: String,
    /// Where the file is to live.
    pub space_id: i64,
    /// Whose upload it is.
    pub user_id: i64,
    /// Where its parts are; `None` when nothing but the file can be there any more.
    pub policy_id: Option<i64>,
    /// Folder; `None` is the root.
    pub folder_id: Option<i64>,
    /// Folders below that, and the name.
    pub path: String,
    /// Bytes of the file.
    pub total_size: u64,
    /// Its way.
    pub mode: Mode,
    /// Bytes of a chunk; the last one may have fewer.
    pub chunk_size: u64,
    /// Chunks of the file.
    pub total_chunks: u32,
    /// How far it is.
    pub status: Status,
    pub(super) object_key: String,
    pub(super) store_upload_id: String,
    pub(super) frontend_client_id: String,
    pub(super) urls_expire_at: Timestamp,
    pub(super) file_id: Option<i64>,
    /// Chunks that came through the primary and are durable.
    pub received: u32,
    /// Begin.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// An upload and the chunks that are in the store.
#[derive(Debug)]
pub struct Progress {
    /// The upload.
    pub session: Session,
    /// Numbers from 0, ascending.
    pub chunks: Vec<u32>,
}

impl Session {
    /// The name without folders.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Bytes of the chunk with this number, from 0.
    pub(super) fn chunk_length(&self, number: u32) -> Result<u64, UploadError> {
        if number >= self.total_chunks {
            let reason = format!("the chunks are numbered from 0 to {}", self.total_chunks.saturating_sub(1));
            return Err(UploadError::Invalid { field: "n", reason });
        }
        Ok(self.chunk_size.min(self.total_size - u64::from(number) * self.chunk_size))
    }

    /// Refuses a call that only takes chunks through the primary.
    pub(super) fn expect_chunked(&self) -> Result<(), UploadError> {
        match self.mode {
            Mode::Chunked => self.expect_open(),
            Mode::Presigned | Mode::PresignedMultipart => Err(UploadError::WrongMode {
                mode: self.mode.as_str(),
                hint: "takes the bytes at the presigned URLs",
            }),
        }
    }

    /// Refuses a call for URLs where the bytes come through the primary.
    pub(super) fn expect_presigned(&self) -> Result<(), UploadError> {
        match self.mode {
            Mode::Presigned | Mode::PresignedMultipart => self.expect_open(),
            Mode::Chunked => Err(UploadError::WrongMode {
                mode: self.mode.as_str(),
                hint: "takes its chunks with PUT /files/upload/{upload_id}/{n}",
            }),
        }
    }

    fn expect_open(&self) -> Result<(), UploadError> {
        match self.status {
            Status::Uploading | Status::Presigned => Ok(()),
            over => Err(UploadError::Over(over)),
        }
    }
}
