//! What is answered when something is refused: a status that programs know, and the reason as XML for people who look.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::xml::{self, NAMESPACE};
use crate::http::ApiError;
use crate::primary::files::FileError;
use crate::primary::trash::TrashError;
use crate::primary::webdav::LoginError;
use crate::primary::webdav::places::PlaceError;
use crate::protocol::{ErrorCode, codes};

/// How long a program should leave a store alone that is away.
const RETRY_SECS: u32 = 30;
const CHALLENGE: &str = "Basic realm=\"aster_drive WebDAV\", charset=\"UTF-8\"";

/// A refusal.
#[derive(Debug)]
pub(super) struct Problem {
    error: Box<ApiError>,
    status: Option<StatusCode>,
    /// The element that names the precondition (RFC 4918 §16), ready to be sent.
    condition: Option<String>,
}

impl Problem {
    /// With a status of its own.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        // The code is for the log's sake: clients get the status.
        let code = ErrorCode { status: status.as_u16(), ..codes::BAD_REQUEST };
        Self { error: Box::new(ApiError::new(code, message)), status: None, condition: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this address")
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// On another server, or none of the drive's.
    pub(super) fn elsewhere(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, message)
    }

    pub(super) fn precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, message)
    }

    pub(super) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, message).with_header(header::ALLOW, super::ALLOWED)
    }

    /// Names the precondition that failed.
    #[must_use]
    pub(super) fn with_condition(mut self, element: impl Into<String>) -> Self {
        self.condition = Some(element.into());
        self
    }

    #[must_use]
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub(super) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.error = Box::new(self.error.with_header(name, HeaderValue::from_static(value)));
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        let own = StatusCode::from_u16(self.error.code().status);
        self.status.unwrap_or(own.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let message = xml::escaped(self.error.message()).into_owned();
        let condition = self.condition.unwrap_or_default();
        // Keeps the failure for the log, and its headers.
        let mut response = self.error.into_response();
        *response.status_mut() = status;
        let body = format!(
            "{}<D:error xmlns:D=\"{NAMESPACE}\">{condition}<A:message xmlns:A=\"urn:aster-drive:dav\">{message}\
             </A:message></D:error>",
            xml::DECLARATION
        );
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(xml::CONTENT_TYPE));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from(RETRY_SECS));
        }
        *response.body_mut() = body.into();
        response
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let code = error.code();
        // The wire contract has 500 and 412 for a store or node that cannot be used; programs repeat a 503.
        let lasts = [codes::STORAGE_UNKNOWN, codes::STORAGE_NOT_FOUND, codes::STORAGE_UNSUPPORTED];
        let is_away = code.is_subcode
            && matches!(code.status, 500 | 412)
            && !lasts.iter().any(|lasting| lasting.text == code.text);
        let status = is_away.then_some(StatusCode::SERVICE_UNAVAILABLE);
        Self { error: Box::new(error), status, condition: None }
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let (status, condition) = match &error {
            FileError::IntoItself
            | FileError::TooDeep(_)
            | FileError::Name(_)
            | FileError::TooMany { .. } => (Some(StatusCode::FORBIDDEN), None),
            FileError::Locked { .. } => (None, Some("<D:lock-token-submitted/>")),
            FileError::QuotaExceeded(_) => (None, Some("<D:quota-not-exceeded/>")),
            FileError::TooManyLocks(_) => (Some(StatusCode::INSUFFICIENT_STORAGE), None),
            _ => (None, None),
        };
        let problem = Self::from(ApiError::from(error));
        Self {
            status: status.or(problem.status),
            condition: condition.map(str::to_owned),
            error: problem.error,
        }
    }
}

impl From<TrashError> for Problem {
    fn from(error: TrashError) -> Self {
        match error {
            TrashError::File(error) => error.into(),
            error => ApiError::from(error).into(),
        }
    }
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::RootGone => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            PlaceError::File(error) => error.into(),
            PlaceError::Team(error) => ApiError::from(error).into(),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        ApiError::internal(codes::DATABASE, error).into()
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        let asks = matches!(error, LoginError::Missing | LoginError::Wrong | LoginError::Disabled);
        let problem = Self::from(ApiError::from(error));
        if asks {
            return problem
                .with_status(StatusCode::UNAUTHORIZED)
                .with_header(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        problem
    }
}
