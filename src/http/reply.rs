//! Successful answers.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::protocol::Envelope;

/// A success with its status and the envelope around its data.
#[derive(Debug)]
pub struct Reply<T>(StatusCode, Envelope<T>);

/// 200 with data.
pub fn ok<T>(data: T) -> Reply<T> {
    Reply(StatusCode::OK, Envelope::of(data))
}

/// 201 with data.
pub fn created<T>(data: T) -> Reply<T> {
    Reply(StatusCode::CREATED, Envelope::of(data))
}

/// 200 with nothing but success.
pub fn empty() -> Reply<()> {
    Reply(StatusCode::OK, Envelope::empty())
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        (self.0, axum::Json(self.1)).into_response()
    }
}
