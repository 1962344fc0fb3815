//! A visit to the `/health` of a server, ours or another: does it answer, as what, and what does its clock say?

use std::time::Duration;

use http::Request;
use http::header::{ACCEPT, USER_AGENT};
use http_body_util::{BodyExt, Limited};
use tower::ServiceExt;

use super::Report;
use crate::protocol::{Envelope, MAX_CLOCK_SKEW_SECS, Timestamp};
use crate::storage::remote::date_of;
use crate::storage::remote::transport::{Transport, full_body};

/// From the start of the connection to the last byte.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Clocks differ by a second or two; more than this grows.
const WORTH_A_LOOK_MS: i64 = 5_000;

/// What a server that is well said.
#[derive(Debug)]
pub(super) struct Visited {
    /// Its clock minus ours, to the second; `None` when it sends no date.
    pub(super) clock_difference_ms: Option<i64>,
}

/// Asks `base` for its health.
pub(super) async fn health(transport: &Transport, base: &str) -> Result<Visited, String> {
    let url = format!("{}/health", base.trim_end_matches('/'));
    let request = Request::get(&url)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("AsterDrive/", env!("CARGO_PKG_VERSION")))
        .body(full_body(""))
        .map_err(|error| format!("{url} cannot be asked: {error}"))?;
    let before = Timestamp::now();
    let exchange = async {
        let reply = transport.clone().oneshot(request).await.map_err(|error| format!("{url}: {error}"))?;
        let (parts, body) = reply.into_parts();
        let body = Limited::new(body, MAX_REPLY_BYTES).collect().await;
        Ok((parts, body.map(http_body_util::Collected::to_bytes).unwrap_or_default()))
    };
    let late = |_| Err(format!("{url} did not answer within {} s", TIME_LIMIT.as_secs()));
    let (parts, body) = tokio::time::timeout(TIME_LIMIT, exchange).await.unwrap_or_else(late)?;
    if !parts.status.is_success() {
        return Err(format!("{url} answered {}", parts.status));
    }
    if !serde_json::from_slice::<Envelope<serde::de::IgnoredAny>>(&body).is_ok_and(|said| said.code == 0) {
        return Err(format!("{url} answered, but not as this program does; something else is there"));
    }
    let middle = before.unix_ms().midpoint(Timestamp::now().unix_ms());
    // The header has whole seconds; half of one is the best guess for the rest.
    let difference = date_of(&parts.headers).map(|date| date.unix_ms() + 500 - middle);
    Ok(Visited { clock_difference_ms: difference })
}

/// What a difference of clocks means for signed requests.
pub(super) fn clock(report: &mut Report, other: &str, difference_ms: i64) {
    const CHECK: &str = "clock";
    let direction = if difference_ms > 0 { "ahead of" } else { "behind" };
    let text = format!("the clock of {other} is {} s {direction} ours", difference_ms.abs() / 1000);
    let advice = "set both by NTP";
    match difference_ms.abs() {
        ms if ms > MAX_CLOCK_SKEW_SECS * 1000 => {
            report.fail(
                CHECK,
                format!("{text}; beyond {MAX_CLOCK_SKEW_SECS} s every request is refused: {advice}"),
            );
        }
        ms if ms > WORTH_A_LOOK_MS => {
            let text = format!("{text}; beyond {MAX_CLOCK_SKEW_SECS} s every request is refused: {advice}");
            report.warn(CHECK, text);
        }
        _ => report.ok(CHECK, format!("{other} and this machine agree on the time")),
    }
}
