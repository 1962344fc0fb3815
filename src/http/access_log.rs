//! Request id, security headers and one log line for each request.
//!
//! The line carries the matched route and never the query string: presigned URLs have their signature there.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use super::error::Failure;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn record(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = Uuid::new_v4();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("(no route)", MatchedPath::as_str).to_owned();
    let span = info_span!("request", request.id = %request_id, %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| log_outcome(&response, started));
    set_headers(&mut response, request_id);
    response
}

fn log_outcome(response: &Response, started: Instant) {
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match response.extensions().get::<Failure>() {
        Some(failure) if status >= 500 => tracing::error!(status, duration_ms, "request failed: {failure}"),
        Some(failure) => tracing::info!(status, duration_ms, "request refused: {failure}"),
        None => tracing::debug!(status, duration_ms, "request answered"),
    }
}

fn set_headers(response: &mut Response, request_id: Uuid) {
    let headers = response.headers_mut();
    if let Ok(value) =
        HeaderValue::from_str(request_id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    {
        headers.insert(REQUEST_ID, value);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
