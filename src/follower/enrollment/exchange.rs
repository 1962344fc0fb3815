//! One call to a primary's enrollment endpoints, and what its answer means. What answers may be no primary at all, so
//! times and sizes are bounded and nothing of the answer is believed before it has the right shape.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, USER_AGENT};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use tower::ServiceExt;

use crate::protocol::{BaseUrl, Envelope, codes};
use crate::storage::remote::transport::{Body, Transport, TransportError, full_body};

/// From the start of the connection to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Far above any answer of a primary.
const MAX_REPLY_BYTES: usize = 64 * 1024;
const SHOWN_CHARS: usize = 120;
const MESSAGE_CHARS: usize = 300;

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer, or one that says "not now".
    Unreachable(String),
    /// The primary says no.
    Refused(String),
    /// Something else answers there.
    NotThePrimary(String),
}

/// Posts `{member: secret}`; gives the `data` of a success.
pub(super) async fn post<T: DeserializeOwned>(
    transport: &Transport,
    primary: &BaseUrl,
    path: &str,
    member: &str,
    secret: &SecretString,
) -> Result<Option<T>, Failure> {
    let body = serde_json::json!({ member: secret.expose_secret() }).to_string();
    let request = Request::post(format!("{primary}{path}"))
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("AsterDrive/", env!("CARGO_PKG_VERSION")))
        .body(full_body(body))
        .map_err(|error| Failure::NotThePrimary(format!("{primary} cannot be called: {error}")))?;
    let exchange = async {
        let reply = transport.clone().oneshot(request).await.map_err(|error| no_answer(primary, &error))?;
        read(primary, reply).await
    };
    let timed_out = |_| {
        let reason = format!("{primary} did not answer within {} s", TIMEOUT.as_secs());
        Err(Failure::Unreachable(reason))
    };
    let (status, headers, body) = tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(timed_out)?;
    judge(primary, status, &headers, &body)
}

fn no_answer(primary: &BaseUrl, error: &TransportError) -> Failure {
    Failure::Unreachable(format!("{primary}: {error}"))
}

async fn read(primary: &BaseUrl, reply: Response<Body>) -> Result<(StatusCode, HeaderMap, Vec<u8>), Failure> {
    let (parts, body) = reply.into_parts();
    match Limited::new(body, MAX_REPLY_BYTES).collect().await {
        Ok(collected) => Ok((parts.status, parts.headers, collected.to_bytes().to_vec())),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Failure::NotThePrimary(format!(
            "{primary} answered {} with more than {MAX_REPLY_BYTES} bytes",
            parts.status
        ))),
        Err(error) => Err(Failure::Unreachable(format!("{primary}: the answer broke off: {error}"))),
    }
}

fn judge<T: DeserializeOwned>(
    primary: &BaseUrl,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<T>, Failure> {
    let busy = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_server_error() || busy {
        return Err(Failure::Unreachable(format!("{primary} answered {status}")));
    }
    let stranger = |what: String| Err(Failure::NotThePrimary(format!("{primary} answered {status} {what}")));
    let Ok(envelope) = serde_json::from_slice::<Envelope<IgnoredAny>>(body) else {
        let redirect = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        return stranger(match redirect {
            Some(to) => format!("and sends us to {}; use that address", printable(to, SHOWN_CHARS)),
            None => format!("without the JSON of a primary; it begins: {}", beginning(body)),
        });
    };
    if envelope.code == codes::NO_ENDPOINT.number {
        return stranger("and has no enrollment; is it a follower, or an older primary?".to_owned());
    }
    if envelope.code != 0 {
        return Err(Failure::Refused(printable(&envelope.msg, MESSAGE_CHARS)));
    }
    if !status.is_success() {
        return stranger("with the JSON of a success".to_owned());
    }
    match serde_json::from_slice::<Envelope<T>>(body) {
        Ok(envelope) => Ok(envelope.data),
        // The text of a type error quotes the value, which may be a secret.
        Err(error) => stranger(match error.to_string() {
            text if text.starts_with("missing field") => format!("and its `data` is incomplete: {text}"),
            _ => "and a member of its `data` has the wrong type".to_owned(),
        }),
    }
}

fn beginning(body: &[u8]) -> String {
    match printable(&String::from_utf8_lossy(body), SHOWN_CHARS) {
        text if text.is_empty() => "(nothing)".to_owned(),
        text => text,
    }
}

/// A stranger's text in one line of the log.
fn printable(text: &str, chars: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Data {
        key: String,
    }

    fn judged(status: u16, body: &str) -> Result<Option<Data>, Failure> {
        let primary = BaseUrl::parse("http://primary:3000").expect("url");
        let status = StatusCode::from_u16(status).expect("status");
        judge(&primary, status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn an_answer_is_told_from_a_refusal_and_from_a_stranger() {
        assert_eq!(
            judged(200, r#"{"code":0,"msg":"","data":{"key":"k"}}"#),
            Ok(Some(Data { key: "k".into() }))
        );
        assert_eq!(judged(200, r#"{"code":0,"msg":""}"#), Ok(None));
        assert_eq!(judged(400, r#"{"code":1000,"msg":"no"}"#), Err(Failure::Refused("no".into())));
        assert_eq!(judged(404, r#"{"code":1001,"msg":"gone"}"#), Err(Failure::Refused("gone".into())));
        for (status, body) in [
            (200, "<html>hello</html>"),
            (404, "not found"),
            (404, r#"{"code":1005,"msg":"no such endpoint"}"#),
            (200, r#"{"code":0,"data":{}}"#),
            (200, r#"{"status":"ok"}"#),
            (302, ""),
            (404, r#"{"code":0}"#),
        ] {
            assert!(matches!(judged(status, body), Err(Failure::NotThePrimary(_))), "{status} {body}");
        }
        for status in [500, 502, 503, 429] {
            assert!(matches!(judged(status, r#"{"code":1,"msg":""}"#), Err(Failure::Unreachable(_))));
        }
    }

    #[test]
    fn a_mistyped_answer_is_not_quoted() {
        let Err(Failure::NotThePrimary(text)) = judged(200, r#"{"code":0,"data":{"key":["rns_secret"]}}"#)
        else {
            panic!("refused");
        };
        assert!(!text.contains("rns_secret"), "{text}");
        let mistyped = judged(200, r#"{"code":0,"data":"rns_secret"}"#);
        assert!(!format!("{mistyped:?}").contains("rns_secret"));
    }

    #[test]
    fn a_strangers_text_stays_on_one_line() {
        let Err(Failure::NotThePrimary(text)) = judged(200, "<html>\n<b>\u{1b}[31mhi") else {
            panic!("refused")
        };
        assert!(text.ends_with("it begins: <html> <b> [31mhi"), "{text}");
    }
}
