//! What both servers share: listener and drain, request id and access log, the envelope, extractors, health.
//!
//! It knows no role. Routes, and the mapping of a role's errors to `ApiError`, live with the role.

mod access_log;
mod answer;
mod client_address;
mod error;
mod extract;
mod fragments;
mod health;
mod listener;
mod reply;
mod taking;
mod unread;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware;

pub use self::access_log::recorded;
pub use self::answer::Answer;
pub use self::client_address::{ClientAddress, Scheme};
pub use self::error::ApiError;
pub use self::extract::{Json, NoNul, Path, Query};
pub use self::health::{BuildInfo, health_reply};
pub use self::listener::{Drained, Listener};
pub use self::reply::{Created, Reply, created, empty, ok};
use crate::protocol::{MAX_JSON_BYTES, codes};

/// Wraps a role's routes in what every answer gets: request id, security headers, access log, an envelope for
/// unknown paths, for wrong methods and for panics, and the limit on JSON bodies.
///
/// Handlers that stream bodies take `axum::body::Body`, which the JSON limit does not touch.
pub fn with_common_layers(routes: Router) -> Router {
    routes
        .fallback(no_endpoint)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .layer(middleware::from_fn(access_log::record_routed))
}

/// The answer for a path that nothing serves.
pub async fn no_endpoint(method: Method, uri: Uri) -> ApiError {
    ApiError::new(codes::NO_ENDPOINT, format!("there is no endpoint {method} {}", shown_path(&uri)))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    ApiError::new(codes::METHOD_NOT_ALLOWED, format!("{} does not take {method}", shown_path(&uri)))
}

/// The path, cut to a length that is fit for a message.
fn shown_path(uri: &Uri) -> String {
    uri.path().chars().take(200).collect()
}
