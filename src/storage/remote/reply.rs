//! Reading a follower's replies: what is a success, what kind of failure anything else is (wire contract §10.3).

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::transport::{Body, TransportError};
use crate::protocol::{Envelope, ErrorCode, Timestamp, codes};
use crate::storage::{ErrorKind, StorageError};

/// Bytes of a body that are kept to show what answered.
const BODY_START: usize = 200;
/// Largest body read of a reply that is no success.
pub(super) const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {failure}")]
pub struct CallError {
    /// What was called, without query.
    pub url: String,
    /// Why it failed.
    #[source]
    pub failure: CallFailure,
}

/// How far a failed call came.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// No reply.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A reply that is no success.
    #[error(transparent)]
    Reply(Box<Refusal>),
}

/// A reply that is no success, reduced to what can be said about it.
#[derive(Debug, thiserror::Error)]
#[error("answered {status}: {problem}")]
pub struct Refusal {
    /// Status of the reply.
    pub status: StatusCode,
    /// Where a redirect points, without query.
    pub location: Option<String>,
    /// The peer's clock, from its `Date` header; whole seconds.
    pub date: Option<Timestamp>,
    /// What the peer says about the failure; `None` when the body is no envelope.
    pub stated: Option<StatedFailure>,
    /// The first bytes of the body, made printable.
    pub body_start: String,
    /// What is wrong with the reply.
    pub problem: ReplyProblem,
}

/// A failure in a follower's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedFailure {
    /// Number of the failure.
    pub code: i64,
    /// Text for people.
    pub message: String,
    /// The finer stable text, if it is one of the contract.
    pub subcode: Option<&'static str>,
}

/// Why a reply is no success.
#[derive(Debug, thiserror::Error)]
pub enum ReplyProblem {
    /// The peer says no.
    #[error("the follower refused")]
    Refused,
    /// A success by its status, but the body is not the envelope of the contract.
    #[error("the body is not what a follower sends: {0}")]
    NotEnvelope(String),
    /// The body is larger than any honest answer.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Status or headers contradict what was asked.
    #[error("{0}")]
    Contradiction(String),
}

impl CallError {
    /// The refusal, when there was a reply.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.failure {
            CallFailure::Reply(refusal) => Some(refusal),
            CallFailure::Transport(_) => None,
        }
    }

    /// Whether the follower itself says that what was named is not there. A bare 404 of something in between is not
    /// enough for that.
    pub(super) fn says_not_found(&self) -> bool {
        let code = self.refusal().and_then(|refusal| refusal.stated.as_ref()).map(|stated| stated.code);
        code.is_some_and(|code| kind_of_code(code) == Some(ErrorKind::NotFound))
    }
}

impl Refusal {
    /// The kind of failure this is for a caller of the storage.
    pub fn kind(&self) -> ErrorKind {
        match &self.problem {
            ReplyProblem::Refused => {}
            ReplyProblem::NotEnvelope(_) | ReplyProblem::TooLarge(_) | ReplyProblem::Contradiction(_) => {
                return ErrorKind::Misconfigured;
            }
        }
        let by_code = self.stated.as_ref().and_then(|stated| kind_of_code(stated.code));
        by_code.unwrap_or_else(|| kind_of_status(self.status))
    }
}

/// The message names no address: it may reach people who need not know it. The log has it with the source.
impl From<CallError> for StorageError {
    fn from(error: CallError) -> Self {
        let Some(refusal) = error.refusal() else {
            return Self::new(ErrorKind::Transient, error.failure.to_string()).with_source(error);
        };
        let said =
            refusal.stated.as_ref().map(|stated| stated.message.as_str()).filter(|text| !text.is_empty());
        let message = match said {
            Some(text) => format!("the follower answered {}: {text}", refusal.status),
            None => refusal.to_string(),
        };
        let subcode = refusal.stated.as_ref().and_then(|stated| stated.subcode);
        let mapped = Self::new(refusal.kind(), message);
        let mapped = match subcode {
            Some(subcode) => mapped.with_subcode(subcode),
            None => mapped,
        };
        mapped.with_source(error)
    }
}

/// Wire contract §10.3 rules 1 and 2.
fn kind_of_code(code: i64) -> Option<ErrorKind> {
    Some(match code {
        1000 | 4000 | 4006 => ErrorKind::Misconfigured,
        1001 | 3000 | 3004 | 4007 => ErrorKind::NotFound,
        1006 | 4008 => ErrorKind::RateLimited,
        2000 | 2001 | 2002 | 2007 | 2008 | 2009 | 4004 => ErrorKind::Auth,
        2003 | 4005 => ErrorKind::Permission,
        3010 | 4010 => ErrorKind::Precondition,
        // The contract leaves 3001 to the status; "too large for the store" says more than "misconfigured".
        3001 | 4002 => ErrorKind::Full,
        4003 | 4011 => ErrorKind::Unsupported,
        4009 => ErrorKind::Transient,
        4001 => ErrorKind::Unknown,
        _ => return None,
    })
}

fn kind_of_status(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        400 | 422 => ErrorKind::Misconfigured,
        401 => ErrorKind::Auth,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        409 | 412 => ErrorKind::Precondition,
        405 | 501 => ErrorKind::Unsupported,
        429 => ErrorKind::RateLimited,
        507 => ErrorKind::Full,
        500..=599 => ErrorKind::Transient,
        _ => ErrorKind::Unknown,
    }
}

/// The row of the failure table that `subcode` names; `None` for texts the contract does not know.
pub fn known_subcode(subcode: &str) -> Option<ErrorCode> {
    const KNOWN: &[ErrorCode] = &[
        codes::BINDING_DISABLED,
        codes::INGRESS_REQUIRED,
        codes::INGRESS_DEFAULT_MISSING,
        codes::INGRESS_DEFAULT_ERROR,
        codes::INGRESS_DEFAULT_NOT_APPLIED,
        codes::INGRESS_DEFAULT_UPDATE_REQUIRES_REPLACEMENT,
        codes::INGRESS_DEFAULT_DELETE_REQUIRES_REPLACEMENT,
        codes::INGRESS_TARGET_UNKNOWN,
        codes::INGRESS_TARGET_ERROR,
        codes::INGRESS_LOCAL_PATH_INVALID,
        codes::INGRESS_DRIVER_UNSUPPORTED,
        codes::STORAGE_UNKNOWN,
        codes::STORAGE_AUTH,
        codes::STORAGE_PERMISSION,
        codes::STORAGE_MISCONFIGURED,
        codes::STORAGE_NOT_FOUND,
        codes::STORAGE_RATE_LIMITED,
        codes::STORAGE_TRANSIENT,
        codes::STORAGE_PRECONDITION,
        codes::STORAGE_UNSUPPORTED,
    ];
    KNOWN.iter().find(|code| code.text == subcode).copied()
}

/// A whole reply in memory.
pub(super) struct Read {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body goes on behind the limit.
    pub(super) cut: bool,
}

impl Read {
    /// Reads at most `limit` bytes of the body.
    pub(super) async fn at_most(limit: usize, reply: Response<Body>) -> Result<Self, TransportError> {
        let (head, mut body) = reply.into_parts();
        let mut bytes = Vec::new();
        let mut cut = false;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|error| TransportError::Broken(error.into()))?.into_data() else {
                continue;
            };
            if data.len() > limit - bytes.len() {
                bytes.extend_from_slice(&data[..limit - bytes.len()]);
                cut = true;
                break;
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Self { status: head.status, headers: head.headers, body: bytes.into(), cut })
    }

    /// The data of a successful reply; `None` when there is none.
    pub(super) fn data<T: DeserializeOwned>(&self) -> Result<Option<T>, ReplyProblem> {
        if !self.status.is_success() {
            return Err(ReplyProblem::Refused);
        }
        if self.cut {
            return Err(ReplyProblem::TooLarge(self.body.len()));
        }
        match serde_json::from_slice::<Envelope<T>>(&self.body) {
            Ok(envelope) if envelope.code == 0 => Ok(envelope.data),
            Ok(_) => Err(ReplyProblem::Refused),
            // A failure need not have data of the shape that a success has.
            Err(_) if self.stated().is_some_and(|stated| stated.code != 0) => Err(ReplyProblem::Refused),
            Err(error) => Err(ReplyProblem::NotEnvelope(printable(error.to_string().as_bytes()))),
        }
    }

    /// The data of a successful reply that must have some.
    pub(super) fn required<T: DeserializeOwned>(&self) -> Result<T, ReplyProblem> {
        self.data()?.ok_or_else(|| ReplyProblem::NotEnvelope("`data` is missing".into()))
    }

    fn stated(&self) -> Option<StatedFailure> {
        #[derive(Deserialize)]
        struct Told {
            subcode: Option<String>,
        }
        #[derive(Deserialize)]
        struct Failure {
            code: i64,
            #[serde(default)]
            msg: String,
            error: Option<Told>,
            #[serde(default, rename = "data")]
            _data: IgnoredAny,
        }
        let failure: Failure = serde_json::from_slice(&self.body).ok()?;
        let subcode = failure.error.and_then(|told| told.subcode);
        Some(StatedFailure {
            code: failure.code,
            message: printable(failure.msg.as_bytes()),
            subcode: subcode.and_then(|text| known_subcode(&text)).map(|code| code.text),
        })
    }

    pub(super) fn into_call_error(self, url: String, problem: ReplyProblem) -> CallError {
        CallError { url, failure: CallFailure::Reply(Box::new(self.into_refusal(problem))) }
    }

    fn into_refusal(self, problem: ReplyProblem) -> Refusal {
        Refusal {
            status: self.status,
            location: header_text(&self.headers, header::LOCATION).map(|text| without_query(&text)),
            date: date_of(&self.headers),
            stated: self.stated(),
            body_start: printable(&self.body),
            problem,
        }
    }
}

/// The peer's clock, if it says.
pub fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let text = header_text(headers, header::DATE)?;
    let date = OffsetDateTime::parse(&text, &Rfc2822).ok()?;
    Some(Timestamp::from_unix_ms(date.unix_timestamp().saturating_mul(1000)))
}

pub(super) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A redirect may repeat a query with credentials in it.
fn without_query(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    printable(&url.as_bytes()[..end])
}

/// The first bytes of whatever came, fit for a log line and a page.
fn printable(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(BODY_START)];
    let text = String::from_utf8_lossy(start);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &'static str) -> Read {
        let status = StatusCode::from_u16(status).expect("status");
        Read { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()), cut: false }
    }

    fn refused(status: u16, body: &'static str) -> StorageError {
        let read = read(status, body);
        let problem = read.data::<u64>().expect_err("no success");
        read.into_call_error("http://f/x".into(), problem).into()
    }

    #[test]
    fn a_success_needs_a_2xx_status_and_code_0() {
        assert_eq!(read(201, r#"{"code":0,"msg":"","data":7}"#).data::<u64>().expect("data"), Some(7));
        assert_eq!(read(200, r#"{"code":0,"msg":""}"#).data::<u64>().expect("empty"), None);
        assert!(read(400, r#"{"code":0,"msg":"","data":7}"#).data::<u64>().is_err());
        assert!(read(200, r#"{"code":0,"msg":""}"#).required::<u64>().is_err());
    }

    #[test]
    fn the_kind_comes_from_the_code_before_the_status() {
        let table = [
            (500, r#"{"code":4007,"msg":"m"}"#, ErrorKind::NotFound),
            (404, r#"{"code":1001,"msg":"m"}"#, ErrorKind::NotFound),
            (400, r#"{"code":3001,"msg":"m"}"#, ErrorKind::Full),
            (507, r#"{"code":4002,"msg":"m"}"#, ErrorKind::Full),
            (401, r#"{"code":2008,"msg":"m"}"#, ErrorKind::Auth),
            (200, r#"{"code":4009,"msg":"m","data":"other shape"}"#, ErrorKind::Transient),
            (200, r#"{"code":77,"msg":"m"}"#, ErrorKind::Unknown),
            (503, "<html>", ErrorKind::Transient),
            (403, "", ErrorKind::Permission),
            (429, "", ErrorKind::RateLimited),
            (302, "", ErrorKind::Unknown),
            (200, "<html>", ErrorKind::Misconfigured),
            (200, r#"{"code":0,"msg":"","data":"text"}"#, ErrorKind::Misconfigured),
        ];
        for (status, body, expected) in table {
            assert_eq!(refused(status, body).kind(), expected, "{status} {body}");
        }
    }

    #[test]
    fn only_subcodes_of_the_contract_are_passed_on() {
        let known = r#"{"code":3010,"msg":"m","error":{"code":"x","internal_code":"E060","subcode":"managed_ingress.required"}}"#;
        assert_eq!(refused(412, known).subcode(), Some("managed_ingress.required"));
        let unknown =
            r#"{"code":3010,"msg":"m","error":{"code":"x","internal_code":"E060","subcode":"<script>"}}"#;
        assert_eq!(refused(412, unknown).subcode(), None);
    }

    #[test]
    fn what_is_shown_of_a_foreign_body_is_short_and_printable() {
        assert_eq!(printable(b"<html>\r\n\x1b[31m\xff"), "<html>   [31m\u{fffd}");
        assert_eq!(printable("x".repeat(1000).as_bytes()).len(), BODY_START);
        assert_eq!(without_query("https://login/x?token=secret#f"), "https://login/x");
    }

    #[test]
    fn the_date_header_is_read_as_http_writes_it() {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, "Thu, 01 Jan 2026 00:00:00 GMT".parse().expect("value"));
        assert_eq!(date_of(&headers), Some(Timestamp::from_unix_ms(1_767_225_600_000)));
    }
}
