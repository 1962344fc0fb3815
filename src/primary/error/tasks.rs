//! What clients read about tasks and storage migrations.

use crate::http::ApiError;
use crate::primary::storage_migrations::MigrationError;
use crate::protocol::codes;
use crate::tasks::TaskError;

impl From<TaskError> for ApiError {
    fn from(error: TaskError) -> Self {
        let text = error.to_string();
        match error {
            TaskError::NotFound(_) => Self::new(codes::NOT_FOUND, text),
            TaskError::NotRetryable { .. } | TaskError::Doubled(_) | TaskError::Finished { .. } => {
                Self::new(codes::CONFLICT, text)
            }
            TaskError::Document { .. } => Self::internal(codes::INTERNAL, error),
            TaskError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<MigrationError> for ApiError {
    fn from(error: MigrationError) -> Self {
        let text = error.to_string();
        match error {
            MigrationError::SamePolicy => Self::new(codes::BAD_REQUEST, text),
            MigrationError::NotFound(_) => Self::new(codes::NOT_FOUND, text),
            MigrationError::Running(_) => Self::new(codes::CONFLICT, text),
            MigrationError::Policy(error) => error.into(),
            MigrationError::Task(error) => error.into(),
            MigrationError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}
