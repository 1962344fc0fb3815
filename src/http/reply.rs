//! Successful answers.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::protocol::Envelope;

/// A success with its status, which is part of the type, and the envelope around its data.
#[derive(Debug)]
pub struct Reply<T, const STATUS: u16 = 200>(Envelope<T>);

/// A success that made something.
pub type Created<T> = Reply<T, 201>;

/// 200 with data.
pub fn ok<T>(data: T) -> Reply<T> {
    Reply(Envelope::of(data))
}

/// 201 with data.
pub fn created<T>(data: T) -> Created<T> {
    Reply(Envelope::of(data))
}

/// 200 with nothing but success.
pub fn empty() -> Reply<()> {
    Reply(Envelope::empty())
}

impl<T: Serialize, const STATUS: u16> IntoResponse for Reply<T, STATUS> {
    fn into_response(self) -> Response {
        let status = const { status(STATUS) };
        (status, axum::Json(self.0)).into_response()
    }
}

/// Checked when the program is built.
const fn status(number: u16) -> StatusCode {
    match number {
        200 => StatusCode::OK,
        201 => StatusCode::CREATED,
        _ => panic!("a success is 200 or 201"),
    }
}
