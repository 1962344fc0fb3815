//! What a listener serves.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tower::Service;

use super::ApiError;
use super::unread::Unread;
use crate::protocol::codes;

const FRAGMENT: &str = "the address has a `#` in it; in a name it is written %23";

/// Something that answers requests; clones share it.
pub trait Answer: Clone + Send + 'static {
    /// Answers one request.
    fn answer(&self, request: Request) -> impl Future<Output = Response> + Send + use<Self>;
}

impl Answer for Router {
    fn answer(&self, request: Request) -> impl Future<Output = Response> + Send + use<> {
        // A router is always ready; each call needs one of its own.
        let answer = self.clone().call(request);
        async { answer.await.unwrap_or_else(|never| match never {}) }
    }
}

/// A request that came with a fragment is refused: what it means is not what it says.
pub(super) fn answer_incoming<A: Answer>(
    server: &A,
    request: http::Request<Incoming>,
    has_fragment: bool,
) -> impl Future<Output = Result<Response, Infallible>> + Send + use<A> {
    let (parts, body) = request.into_parts();
    // Most requests have no body, and an empty one costs no allocation.
    let (body, unread) = if body.is_end_stream() {
        (Body::empty(), None)
    } else {
        let (body, unread) = Unread::watch(&parts.headers, body);
        (body, Some(unread))
    };
    let request = Request::from_parts(parts, body);
    let answer = if has_fragment { None } else { Some(server.answer(request)) };
    async {
        let response = match answer {
            Some(answer) => answer.await,
            None => ApiError::new(codes::BAD_REQUEST, FRAGMENT).into_response(),
        };
        Ok(match unread {
            None => response,
            Some(unread) => unread.settle(response).await,
        })
    }
}
