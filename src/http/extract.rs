//! Extractors whose refusals are envelopes that name the field.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use http::StatusCode;

use super::ApiError;
use crate::protocol::{MAX_JSON_BYTES, codes};

/// A JSON body of at most [`MAX_JSON_BYTES`]. Unknown members are ignored; a wrong shape is 400 with the field's
/// name, too large is 413.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Json<T>(pub T);

/// The query, decoded; a wrong shape is 400.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);

/// Members of the path; one that cannot be read (a number that is none) names nothing that exists: 404.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                codes::PAYLOAD_TOO_LARGE,
                format!("the JSON body is larger than {MAX_JSON_BYTES} bytes"),
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(codes::BAD_REQUEST, "the body must be JSON with `Content-Type: application/json`")
            }
            _ => Self::new(codes::BAD_REQUEST, rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(codes::BAD_REQUEST, rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(codes::NOT_FOUND, rejection.body_text())
    }
}
