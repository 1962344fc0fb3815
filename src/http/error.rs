//! A failure on its way to the client.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use crate::protocol::{Envelope, ErrorCode, codes};

type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// What the client reads (code, message, detail) and, apart from it, what the log keeps (cause).
///
/// A message says what is wrong, which value, and what to do; it never carries internal detail.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    // Boxed because they are rare and every `Result` of a handler has room for them.
    detail: Option<Box<Value>>,
    headers: Option<Box<HeaderMap>>,
    cause: Option<Cause>,
}

impl ApiError {
    /// A failure of the family `code` that says `message`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, headers: None, cause: None }
    }

    /// A fault on our side: the client reads only that it happened, the log gets the cause.
    pub fn internal(code: ErrorCode, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(code, "something went wrong here; the server's log has the reason under this request id")
            .because(cause)
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// Adds structured detail to the `error` member.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.get_or_insert_default().insert(name, value);
        self
    }

    /// The family of the failure.
    pub fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// The text for the client.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Left in the response for the access log, so that each failure is logged once, with its cause.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) cause: Option<Cause>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut last = self.message.clone();
        let mut next = self.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(cause) = next {
            // A message is often the text of its own cause; once is enough.
            let text = cause.to_string();
            if text != last {
                write!(f, ": {text}")?;
            }
            (last, next) = (text, cause.source());
        }
        Ok(())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body: Envelope<()> =
            Envelope::failure(&self.code, self.message.as_str(), self.detail.map(|detail| *detail));
        let headers = self.headers.map(|headers| *headers).unwrap_or_default();
        let mut response = (status, headers, axum::Json(body)).into_response();
        response.extensions_mut().insert(Failure { message: self.message, cause: self.cause });
        response
    }
}

/// The answer for a handler that panicked; the service goes on.
pub(super) fn panic_reply(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a value that is no text");
    ApiError::internal(codes::INTERNAL, format!("a handler panicked: {text}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn the_log_has_message_and_causes_each_once() {
        let cause = || Arc::new(Outer(std::io::Error::other("disk gone")));
        let same = Failure { message: "cannot write".into(), cause: Some(cause()) };
        assert_eq!(same.to_string(), "cannot write: disk gone");
        let other = Failure { message: "try later".into(), cause: Some(cause()) };
        assert_eq!(other.to_string(), "try later: cannot write: disk gone");
    }
}
