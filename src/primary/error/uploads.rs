//! What clients read about uploads.

use http::{HeaderValue, header};

use super::FILE_TOO_LARGE;
use crate::http::ApiError;
use crate::primary::uploads::UploadError;
use crate::protocol::{ErrorCode, codes};

/// Not a failure: another call makes the file (primary spec §2.7).
const ASSEMBLING: ErrorCode = ErrorCode {
    status: 202,
    number: 3011,
    text: "upload.assembling",
    retryable: Some(true),
    ..codes::CONFLICT
};

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let text = error.to_string();
        match error {
            UploadError::NotFound => Self::new(codes::NOT_FOUND, text),
            UploadError::Invalid { .. } => Self::new(codes::BAD_REQUEST, text),
            UploadError::TooLarge | UploadError::Endless(_) => Self::new(FILE_TOO_LARGE, text),
            UploadError::ChunkSize { expected, found, .. } if found > expected => {
                Self::new(codes::PAYLOAD_TOO_LARGE, text)
            }
            UploadError::ChunkSize { .. } => Self::new(codes::BAD_REQUEST, text),
            UploadError::TooMany => Self::new(codes::RATE_LIMITED, text),
            UploadError::WrongMode { .. } | UploadError::Over(_) | UploadError::Incomplete { .. } => {
                Self::new(codes::CONFLICT, text)
            }
            UploadError::PartsMissing(cause) | UploadError::Lost(cause) => {
                Self::new(codes::CONFLICT, text).because(cause)
            }
            UploadError::Assembling => {
                Self::new(ASSEMBLING, text).with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
            }
            UploadError::File(error) => error.into(),
            UploadError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}
