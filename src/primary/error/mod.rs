//! What each failure of the primary is to a client: status, code, text. Causes go to the log with the answer.

mod nodes;
mod sharing;
mod tasks;
mod uploads;

use http::{HeaderValue, header};

use crate::http::ApiError;
use crate::primary::accounts::{AccountError, CsrfError, PasswordError, TokenError};
use crate::primary::files::multipart::MultipartError;
use crate::primary::files::{FileError, PropertyError};
use crate::primary::nodes::NodeError;
use crate::primary::policies::PolicyError;
use crate::primary::previews::PreviewError;
use crate::primary::settings::SettingsError;
use crate::primary::throttle::TooSoon;
use crate::primary::trash::TrashError;
use crate::protocol::{ErrorCode, codes};
use crate::storage::{ErrorKind, StorageError};

/// The file is larger than its policy takes. Unlike a follower, a primary answers it as 413.
const FILE_TOO_LARGE: ErrorCode = ErrorCode { status: 413, ..codes::FILE_TOO_LARGE };
const FOLDER_NOT_FOUND: ErrorCode = ErrorCode { number: 5000, text: "folder.not_found", ..codes::NOT_FOUND };
/// There can be no preview of this content, however often it is asked for.
const NO_PREVIEW: ErrorCode = ErrorCode { status: 422, text: "preview.impossible", ..codes::BAD_REQUEST };
/// Somebody holds a lock.
const LOCKED: ErrorCode =
    ErrorCode { status: 423, number: 3009, text: "file.locked", ..codes::FILE_NOT_FOUND };
const QUOTA_EXCEEDED: ErrorCode = ErrorCode { text: "storage.quota_exceeded", ..codes::STORAGE_FULL };
/// Not 401: the login is good, and a page that renews it at each 401 would try again.
const WRONG_CURRENT_PASSWORD: ErrorCode = ErrorCode { status: 403, ..codes::CREDENTIALS_FAILED };
pub(in crate::primary) const LENGTH_REQUIRED: ErrorCode =
    ErrorCode { status: 411, text: "length_required", ..codes::BAD_REQUEST };
/// The policy takes no files of this kind.
const TYPE_NOT_ALLOWED: ErrorCode =
    ErrorCode { status: 415, text: "file.type_not_allowed", ..codes::BAD_REQUEST };

/// Follower subcodes that reach the client of the primary as they are.
const PASSED_ON: [ErrorCode; 9] = [
    codes::NODE_DISABLED,
    codes::BINDING_DISABLED,
    codes::NODE_ENROLLMENT_REQUIRED,
    codes::INGRESS_REQUIRED,
    codes::INGRESS_DEFAULT_MISSING,
    codes::INGRESS_DEFAULT_ERROR,
    codes::INGRESS_DEFAULT_NOT_APPLIED,
    codes::INGRESS_TARGET_UNKNOWN,
    codes::INGRESS_TARGET_ERROR,
];

impl From<SettingsError> for ApiError {
    fn from(error: SettingsError) -> Self {
        match &error {
            SettingsError::Unknown(_) => Self::new(codes::NOT_FOUND, error.to_string()),
            SettingsError::Value { .. } => Self::new(codes::BAD_REQUEST, error.to_string()),
            SettingsError::Database(_) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let code = match &error {
            AccountError::Invalid(_)
            | AccountError::UnknownGroup(_)
            | AccountError::QuotaTooLarge
            | AccountError::Preference(_)
            | AccountError::InvalidApiToken(_) => codes::BAD_REQUEST,
            AccountError::AlreadySetUp
            | AccountError::UsernameTaken(_)
            | AccountError::EmailTaken(_)
            | AccountError::LastAdmin(_)
            | AccountError::StillOwns(_)
            | AccountError::LastOwner(_)
            | AccountError::TooManyApiTokens => codes::CONFLICT,
            AccountError::NotFound(_) | AccountError::UnknownApiToken(_) | AccountError::UnknownSession => {
                codes::NOT_FOUND
            }
            AccountError::WrongCredentials => codes::CREDENTIALS_FAILED,
            AccountError::WrongCurrentPassword => WRONG_CURRENT_PASSWORD,
            AccountError::Disabled | AccountError::RegistrationClosed => codes::FORBIDDEN,
            AccountError::TooSoon(wait) => return (*wait).into(),
            AccountError::LoginEnded | AccountError::Token(TokenError::Invalid) => codes::TOKEN_INVALID,
            AccountError::Token(TokenError::Expired) => codes::TOKEN_EXPIRED,
            AccountError::Password(PasswordError::Busy) => {
                return Self::new(codes::RATE_LIMITED, error.to_string())
                    .with_header(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            AccountError::Password(PasswordError::Failed(_)) | AccountError::Signing(_) => {
                return Self::internal(codes::INTERNAL, error);
            }
            AccountError::Database(_) => return Self::internal(codes::DATABASE, error),
        };
        Self::new(code, error.to_string())
    }
}

impl From<TooSoon> for ApiError {
    fn from(wait: TooSoon) -> Self {
        Self::new(codes::RATE_LIMITED, wait.to_string())
            .with_header(header::RETRY_AFTER, HeaderValue::from(wait.seconds()))
    }
}

impl From<CsrfError> for ApiError {
    fn from(error: CsrfError) -> Self {
        Self::new(codes::FORBIDDEN, error.to_string())
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        let text = error.to_string();
        match error {
            FileError::NotFound(_) | FileError::VersionNotFound(_) => Self::new(codes::FILE_NOT_FOUND, text),
            FileError::FolderNotFound(_) => Self::new(FOLDER_NOT_FOUND, text),
            FileError::ContentChanged(_) | FileError::Gone(_) => Self::new(codes::PRECONDITION, text),
            FileError::SelectionTooLarge { .. } => Self::new(codes::PAYLOAD_TOO_LARGE, text),
            FileError::QuotaExceeded(_) => Self::new(QUOTA_EXCEEDED, text),
            FileError::TooManyOfName(_)
            | FileError::PolicyChanged(_)
            | FileError::Overtaken
            | FileError::TooManyLocks(_)
            | FileError::Exists { .. } => Self::new(codes::CONFLICT, text),
            FileError::Locked { .. } => Self::new(LOCKED, text),
            FileError::LockOfAnother { .. } => Self::new(codes::FORBIDDEN, text),
            FileError::LockNotFound(_) | FileError::PropertyNotFound => Self::new(codes::NOT_FOUND, text),
            FileError::Property(PropertyError::TooMany) => Self::new(codes::CONFLICT, text),
            FileError::Property(_)
            | FileError::Name(_)
            | FileError::IntoItself
            | FileError::TooDeep(_)
            | FileError::TooMany { .. } => Self::new(codes::BAD_REQUEST, text),
            FileError::Storage { source, .. } => Self::new(storage_code(&source), text).because(source),
            FileError::Damaged { .. } => Self::new(codes::STORAGE_UNKNOWN, text),
            FileError::Policy(PolicyError::Node(NodeError::Unusable(diagnosis))) => {
                nodes::unusable_for_users(&diagnosis)
            }
            FileError::Policy(error) => error.into(),
            FileError::Database(error) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<PreviewError> for ApiError {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Unsupported(_) | PreviewError::TooLarge { .. } | PreviewError::Unfit(_) => {
                Self::new(NO_PREVIEW, error.to_string())
            }
            PreviewError::File(error) => error.into(),
            PreviewError::Cache(_) => Self::internal(codes::INTERNAL, error),
        }
    }
}

impl From<TrashError> for ApiError {
    fn from(error: TrashError) -> Self {
        match error {
            TrashError::NotFound(_) => Self::new(codes::NOT_FOUND, error.to_string()),
            TrashError::File(error) => error.into(),
            TrashError::Database(_) => Self::internal(codes::DATABASE, error),
        }
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        let code = match &error {
            MultipartError::LengthRequired => LENGTH_REQUIRED,
            MultipartError::Stalled(_) => codes::TIMEOUT,
            MultipartError::NotMultipart
            | MultipartError::Malformed(_)
            | MultipartError::NoFile
            | MultipartError::SecondFile
            | MultipartError::TooManyFields
            | MultipartError::WrongSize(_)
            | MultipartError::Interrupted => codes::BAD_REQUEST,
        };
        Self::new(code, error.to_string())
    }
}

/// The code of a storage failure that reached a person. A refusal by a follower that names its reason keeps it.
fn storage_code(error: &StorageError) -> ErrorCode {
    if let Some(code) = PASSED_ON.into_iter().find(|code| error.subcode() == Some(code.text)) {
        return code;
    }
    match error.kind() {
        ErrorKind::NotFound => codes::STORAGE_NOT_FOUND,
        ErrorKind::RangeNotSatisfiable => codes::RANGE_NOT_SATISFIABLE,
        ErrorKind::BodyInterrupted => codes::BAD_REQUEST,
        ErrorKind::Full => codes::STORAGE_FULL,
        ErrorKind::Auth => codes::STORAGE_AUTH,
        ErrorKind::Permission => codes::STORAGE_PERMISSION,
        ErrorKind::Misconfigured => codes::STORAGE_MISCONFIGURED,
        ErrorKind::RateLimited => codes::STORAGE_RATE_LIMITED,
        ErrorKind::Transient => codes::STORAGE_TRANSIENT,
        ErrorKind::Precondition => codes::STORAGE_PRECONDITION,
        ErrorKind::Unsupported => codes::STORAGE_UNSUPPORTED,
        ErrorKind::InvalidArgument | ErrorKind::SizeMismatch | ErrorKind::Unknown => codes::STORAGE_UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(error: StorageError) -> ApiError {
        FileError::Storage { policy: "Home".to_owned(), source: error }.into()
    }

    #[test]
    fn a_store_that_is_away_is_named_and_the_call_may_be_repeated() {
        let cause = std::io::Error::other("10.0.0.7:3001");
        let error = storage(
            StorageError::new(ErrorKind::Transient, "node `attic` refuses connections").with_source(cause),
        );
        assert_eq!(error.code(), &codes::STORAGE_TRANSIENT);
        assert_eq!(error.code().retryable, Some(true));
        assert_eq!(error.message(), "storage policy `Home`: node `attic` refuses connections");
    }

    #[test]
    fn a_follower_that_names_its_reason_is_heard() {
        let refused = StorageError::new(ErrorKind::Precondition, "refused");
        assert_eq!(
            storage(refused.with_subcode("managed_ingress.default_missing")).code(),
            &codes::INGRESS_DEFAULT_MISSING
        );
        let refused = StorageError::new(ErrorKind::Precondition, "refused").with_subcode("of.the.future");
        assert_eq!(storage(refused).code(), &codes::STORAGE_PRECONDITION);
    }

    #[test]
    fn a_full_store_and_a_full_quota_are_507() {
        assert_eq!(storage(StorageError::new(ErrorKind::Full, "full")).code().status, 507);
        assert_eq!(ApiError::from(FileError::QuotaExceeded(1)).code().status, 507);
    }

    #[test]
    fn a_failing_database_tells_the_client_nothing() {
        let error = ApiError::from(AccountError::Database(sqlx::Error::PoolTimedOut));
        assert_eq!(error.code(), &codes::DATABASE);
        assert!(!error.message().contains("pool"), "{}", error.message());
    }
}
