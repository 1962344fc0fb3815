//! Request id, security headers and one log line for each request; and an answer when the code behind it panics.
//!
//! The line carries the matched route and never the query string: presigned URLs have their signature there.

use std::panic::AssertUnwindSafe;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, header};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use super::error::{Failure, panic_reply};

/// Refused requests that get a line of their own within a second; whoever knocks faster must not fill the disk.
const REFUSALS_PER_SEC: u32 = 20;

static REFUSALS: LazyLock<Mutex<LineBudget>> =
    LazyLock::new(|| Mutex::new(LineBudget::starting(Instant::now())));

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For a router, whose routes are known once they match.
pub(super) async fn record_routed(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("(no route)", MatchedPath::as_str);
    recorded(&method, route, next.run(request)).await
}

/// Gives `work` a request id and a log line with `route`. A panic in it becomes an answer; the service goes on.
pub async fn recorded(method: &Method, route: &str, work: impl Future<Output = Response>) -> Response {
    let started = Instant::now();
    let request_id = Uuid::new_v4();
    // Displayed: quoting a text costs more than the rest of the span.
    let span = info_span!("request", request.id = %request_id, %method, %route);
    // Unwind safe: what a request changes outside of itself is behind locks that know of panics.
    let work = AssertUnwindSafe(work).catch_unwind().instrument(span.clone());
    let mut response = work.await.unwrap_or_else(panic_reply);
    span.in_scope(|| log_outcome(&response, started));
    set_headers(&mut response, request_id);
    response
}

fn log_outcome(response: &Response, started: Instant) {
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match response.extensions().get::<Failure>() {
        Some(failure) if status >= 500 => tracing::error!(status, duration_ms, "request failed: {failure}"),
        Some(failure) => log_refusal(failure, status, duration_ms),
        None => tracing::debug!(status, duration_ms, "request answered"),
    }
}

fn log_refusal(failure: &Failure, status: u16, duration_ms: u64) {
    let granted = REFUSALS.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
    let Some(withheld) = granted else {
        tracing::debug!(status, duration_ms, "request refused: {failure}");
        return;
    };
    log_withheld(withheld);
    tracing::info!(status, duration_ms, "request refused: {failure}");
}

fn log_withheld(withheld: u64) {
    if withheld > 0 {
        tracing::info!(withheld, "further requests were refused; their lines are at level debug");
    }
}

/// Lines of one kind in the current second.
#[derive(Debug)]
struct LineBudget {
    since: Instant,
    written: u32,
    withheld: u64,
}

impl LineBudget {
    fn starting(now: Instant) -> Self {
        Self { since: now, written: 0, withheld: 0 }
    }

    /// Whether a line may be written at `now`; if so, how many could not since the last one that was.
    fn take(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            (self.since, self.written) = (now, 0);
        }
        if self.written == REFUSALS_PER_SEC {
            self.withheld += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.withheld))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_as_a_fault_of_ours() {
        let response = recorded(&Method::GET, "/x", async { panic!("a bug") }).await;
        assert_eq!(response.status(), 500);
        assert!(response.headers().contains_key(REQUEST_ID));
    }

    #[test]
    fn refusals_have_few_lines_in_a_second_and_the_rest_is_counted() {
        let start = Instant::now();
        let mut budget = LineBudget::starting(start);
        for _ in 0..REFUSALS_PER_SEC {
            assert_eq!(budget.take(start), Some(0));
        }
        for _ in 0..1000 {
            assert_eq!(budget.take(start + Duration::from_millis(999)), None);
        }
        let later = start + Duration::from_secs(1);
        assert_eq!((budget.take(later), budget.take(later)), (Some(1000), Some(0)));
    }
}
