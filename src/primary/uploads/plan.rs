//! Which way a file takes (primary spec §2.7). Pure.

use super::session::Status;
use crate::primary::policies::{Driver, Policy, Strategy};
use crate::storage::MAX_PARTS;
use crate::storage::s3::MAX_RELAYED_PART;

/// Largest file in bytes that goes to a bucket through us; of a larger one the store refuses the parts.
const MAX_RELAYED: u64 = MAX_RELAYED_PART * MAX_PARTS as u64;

/// How the bytes of an upload get into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In chunks through the primary.
    Chunked,
    /// In one request past the primary.
    Presigned,
    /// In parts past the primary.
    PresignedMultipart,
}

impl Mode {
    /// The word in answers and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chunked => "chunked",
            Self::Presigned => "presigned",
            Self::PresignedMultipart => "presigned_multipart",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Chunked, Self::Presigned, Self::PresignedMultipart]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }

    /// What an upload is while bytes arrive.
    pub(super) fn open_status(self) -> Status {
        match self {
            Self::Chunked => Status::Uploading,
            Self::Presigned | Self::PresignedMultipart => Status::Presigned,
        }
    }
}

/// The way of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) mode: Mode,
    /// Bytes; the last chunk may have fewer.
    pub(super) chunk_size: u64,
    pub(super) total_chunks: u32,
}

/// The way of a file of `size` bytes; `None` is in one request to the primary. `relay` keeps it away from the node.
pub(super) fn of(policy: &Policy, size: u64, relay: bool) -> Option<Plan> {
    if size == 0 {
        return None;
    }
    let past_us = policy.upload_strategy() == Strategy::Presigned && !relay;
    match (policy.part_size(size), past_us) {
        (None, false) => None,
        (None, true) => Some(Plan { mode: Mode::Presigned, chunk_size: size, total_chunks: 1 }),
        (Some(chunk_size), past_us) => {
            // A browser that asks for the relay gets it also where the policy's parts are too large for it.
            let relayed = policy.driver == Driver::S3 && !past_us && size <= MAX_RELAYED;
            let chunk_size = if relayed { chunk_size.min(MAX_RELAYED_PART) } else { chunk_size };
            let mode = if past_us { Mode::PresignedMultipart } else { Mode::Chunked };
            let total_chunks =
                u32::try_from(size.div_ceil(chunk_size)).expect("there are at most 10,000 parts");
            Some(Plan { mode, chunk_size, total_chunks })
        }
    }
}
