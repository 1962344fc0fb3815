//! From what was seen of a failed call to what is wrong and what to do about it. Pure: no network, no database.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{Capabilities, MAX_CLOCK_SKEW_SECS, Needs, TargetState, codes};
use crate::storage::remote::transport::TransportError;
use crate::storage::remote::{CallError, CallFailure, Refusal, ReplyProblem, StatedFailure};

/// Most of what a follower says about its target that is shown.
const MAX_TOLD_CHARS: usize = 500;

/// What kind of trouble it is. Programs may decide by it; people read the hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DiagnosisClass")]
pub enum Class {
    /// The base URL is missing or is none.
    BadEndpoint,
    /// The host name has no address.
    DnsFailed,
    /// Nobody listens there.
    ConnectionRefused,
    /// No connection in time.
    ConnectTimeout,
    /// The TLS handshake failed.
    TlsFailed,
    /// Connected, no reply in time.
    ReplyTimeout,
    /// The connection broke, or what answers speaks no HTTP.
    ConnectionBroken,
    /// Not even called: it has not answered for a while, or too many requests wait for it.
    Unreachable,
    /// A status with which no follower answers.
    NotAFollowerStatus,
    /// A success whose body is not a follower's.
    NotAFollowerHtml,
    /// Something points elsewhere.
    Redirect,
    /// The follower did not get all authentication headers.
    HeaderMissing,
    /// The follower computes another signature.
    InvalidSignature,
    /// The clocks are too far apart.
    ClockSkew,
    /// The follower has no such binding.
    UnknownAccessKey,
    /// The follower has been told not to serve.
    BindingDisabled,
    /// The two ends share no protocol version.
    VersionMismatch,
    /// The follower lacks what its storage policies need.
    RequirementsMissing,
    /// The follower itself failed.
    FollowerError,
    /// The follower answers, but has no ingress target yet.
    IngressTargetMissing,
    /// The follower answers, but its default ingress target takes no objects.
    IngressTargetFailed,
}

/// Which way the failed call went. Followers call the primary only to enroll, so there is one for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DiagnosisHop")]
pub enum Hop {
    /// The primary called the follower.
    PrimaryToFollower,
}

/// Why a follower cannot be used, for people and for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The kind of trouble.
    pub class: Class,
    /// Which way the call went.
    pub hop: Hop,
    /// What was called, without query.
    pub url: String,
    /// HTTP status, when there was a reply.
    pub status: Option<u16>,
    /// What the connection failed with, when there was none.
    pub transport_error: Option<String>,
    /// First bytes of a body that is not a follower's, made printable.
    pub body_start: Option<String>,
    /// The likely cause and what to do.
    pub hint: String,
}

impl Diagnosis {
    fn new(class: Class, url: &str, hint: impl Into<String>) -> Self {
        Self {
            class,
            hop: Hop::PrimaryToFollower,
            url: url.to_owned(),
            status: None,
            transport_error: None,
            body_start: None,
            hint: hint.into(),
        }
    }

    /// A node that cannot be called because of its base URL.
    pub(super) fn bad_endpoint(base_url: &str, problem: impl fmt::Display) -> Self {
        Self::new(
            Class::BadEndpoint,
            base_url,
            format!(
                "{problem}. Enter the address under which this primary reaches the follower, for example https://follower.example.com."
            ),
        )
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hop::PrimaryToFollower = self.hop;
        write!(f, "primary to follower, {}: ", self.url)?;
        if let Some(error) = &self.transport_error {
            write!(f, "{error}. ")?;
        }
        if let Some(status) = self.status {
            write!(f, "answered {status}")?;
            if let Some(start) = self.body_start.as_deref().filter(|start| !start.is_empty()) {
                write!(f, ", the body starts with `{start}`")?;
            }
            f.write_str(". ")?;
        }
        f.write_str(&self.hint)
    }
}

/// Explains a failed call. `clock_difference_ms` is the follower's clock minus ours, where it is known.
pub fn diagnose(error: &CallError, clock_difference_ms: Option<i64>) -> Diagnosis {
    match &error.failure {
        CallFailure::Transport(transport) => {
            let (class, hint) = of_transport(transport);
            let transport_error = Some(transport.to_string());
            Diagnosis { transport_error, ..Diagnosis::new(class, &error.url, hint) }
        }
        CallFailure::Reply(refusal) => {
            let (class, hint) = of_reply(refusal, clock_difference_ms);
            let status = Some(refusal.status.as_u16());
            let foreign = refusal.stated.is_none() || matches!(refusal.problem, ReplyProblem::NotEnvelope(_));
            let body_start = foreign.then(|| refusal.body_start.clone());
            Diagnosis { status, body_start, ..Diagnosis::new(class, &error.url, hint) }
        }
    }
}

/// Explains a capabilities document that is not enough for the policies named in `needed_by`; `None` when it is.
pub(super) fn diagnose_document(
    url: &str,
    document: &Capabilities,
    needs: Needs,
    needed_by: &[String],
) -> Option<Diagnosis> {
    if let Err(mismatch) = document.check_version() {
        let release = document.server_version.as_deref().unwrap_or("of unknown version");
        let hint = format!(
            "{mismatch} (follower {release}). Run releases with a common protocol version on both ends."
        );
        return Some(Diagnosis::new(Class::VersionMismatch, url, hint));
    }
    let missing = document.missing_for(needs);
    if missing.is_empty() || needed_by.is_empty() {
        return None;
    }
    let hint = format!(
        "The follower does not offer {}, which the storage policies on this node need ({}). Update the follower.",
        missing.join(", "),
        needed_by.join(", ")
    );
    Some(Diagnosis::new(Class::RequirementsMissing, url, hint))
}

/// Explains why a follower that is all right itself takes no objects now; `None` when it takes them, or does not say.
pub(super) fn diagnose_target(url: &str, document: &Capabilities) -> Option<Diagnosis> {
    let condition = document.ingress_target.as_ref()?;
    let (class, hint) = match condition.state {
        TargetState::Ready | TargetState::Unknown => return None,
        TargetState::Missing => (
            Class::IngressTargetMissing,
            "The follower answers, but has no default ingress target, so it takes no objects. Create one for this node.".to_owned(),
        ),
        TargetState::Failed => (
            Class::IngressTargetFailed,
            format!(
                "The follower answers, but its default ingress target takes no objects: {}. What can be read there is still served; the target is used again by itself when the cause is gone.",
                told(&condition.detail)
            ),
        ),
    };
    Some(Diagnosis::new(class, url, hint))
}

/// A follower's text on one line of bounded length.
fn told(detail: &str) -> String {
    let text: String =
        detail.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TOLD_CHARS).collect();
    text.trim().trim_end_matches('.').to_owned()
}

fn of_transport(error: &TransportError) -> (Class, String) {
    let (class, hint) = match error {
        TransportError::Dns(_) => {
            (Class::DnsFailed, "Check the host name in the base URL, and the DNS this primary uses.")
        }
        TransportError::Refused(_) => (
            Class::ConnectionRefused,
            "Nothing listens at this address and port. Check that the follower runs, on which address it listens (0.0.0.0 in a container), and the port.",
        ),
        TransportError::ConnectTimeout => (
            Class::ConnectTimeout,
            "The address does not answer. Check the address, and that no firewall drops the packets.",
        ),
        TransportError::Tls(_) => (
            Class::TlsFailed,
            "Check that the certificate is valid for this host name and signed by an authority this machine trusts, and that the port speaks HTTPS.",
        ),
        TransportError::ReplyTimeout(_) => (
            Class::ReplyTimeout,
            "Something accepts connections there but does not answer. Check the port, and whether the follower or a proxy before it hangs.",
        ),
        TransportError::Unreachable(_) | TransportError::Busy(_) => (
            Class::Unreachable,
            "The follower does not answer. Check that it runs and can be reached; the test of its node says more.",
        ),
        TransportError::Broken(_) => (
            Class::ConnectionBroken,
            "The connection was closed without an HTTP answer. Check the scheme (http or https) and the port, and the log of the follower or of the proxy before it.",
        ),
    };
    (class, hint.to_owned())
}

fn of_reply(refusal: &Refusal, clock_difference_ms: Option<i64>) -> (Class, String) {
    if refusal.status.is_redirection() {
        let target = refusal.location.as_deref().unwrap_or("an address it does not name");
        return (
            Class::Redirect,
            format!(
                "It redirects to {target}. Enter the final address as base URL, or exempt {} from the redirect or login page.",
                crate::protocol::STORAGE_PATH
            ),
        );
    }
    if refusal.status.is_success() && !matches!(refusal.problem, ReplyProblem::Refused) {
        let hint = format!(
            "{}. Another web service, a proxy's login or challenge page, or a firewall answers in place of the follower.",
            sentence(&refusal.problem.to_string())
        );
        return (Class::NotAFollowerHtml, hint);
    }
    match &refusal.stated {
        None => (Class::NotAFollowerStatus, of_foreign_status(refusal.status.as_u16()).to_owned()),
        Some(stated) => of_statement(stated, clock_difference_ms),
    }
}

fn of_foreign_status(status: u16) -> &'static str {
    match status {
        502..=504 => {
            "A proxy answers, but cannot reach the follower behind it. Check that the follower runs and the proxy's upstream address."
        }
        401 | 403 => {
            "A proxy, login page or firewall before the follower refuses the request. Exempt /api/v1/internal/storage from it."
        }
        413 => "A proxy before the follower limits the size of requests. Raise its limit.",
        404 | 405 => {
            "The address is answered, but not by a follower. Check host, port and path of the base URL, and that the server there runs in follower mode."
        }
        _ => {
            "Another web service, a proxy or a firewall answers in place of the follower. Check host and port."
        }
    }
}

fn of_statement(stated: &StatedFailure, clock_difference_ms: Option<i64>) -> (Class, String) {
    if stated.subcode == Some(codes::BINDING_DISABLED.text) {
        let hint = "The follower has this node as disabled. Enable the node; if it is enabled here, the follower has not been told yet, which is tried again by itself.";
        return (Class::BindingDisabled, hint.to_owned());
    }
    if stated.code == codes::TOKEN_INVALID.number {
        return match clock_difference_ms {
            Some(difference) if difference.abs() > MAX_CLOCK_SKEW_SECS * 1000 => {
                (Class::ClockSkew, skew_hint(difference))
            }
            _ => (
                Class::HeaderMissing,
                format!(
                    "The follower says: {}. If both clocks are right, a proxy before the follower removes or changes the x-aster-* request headers, or sends a request twice.",
                    quoted(stated)
                ),
            ),
        };
    }
    if stated.code == codes::CREDENTIALS_FAILED.number {
        return of_credentials(stated);
    }
    if stated.code == codes::NO_ENDPOINT.number {
        let hint = "A server of this kind answers, but it is not a follower. Check that the base URL is the follower's address and not the primary's.";
        return (Class::NotAFollowerStatus, hint.to_owned());
    }
    if stated.subcode.is_some_and(|subcode| subcode.starts_with("managed_ingress.")) {
        let hint = "The follower has no ingress target that takes objects. Create one for this node, make it the default, and look at its last_error.";
        return (Class::FollowerError, hint.to_owned());
    }
    (Class::FollowerError, format!("The follower says: {}. Its log has the details.", quoted(stated)))
}

/// An unknown key and a wrong signature have the same code; only the text tells them apart, so each hint names both.
fn of_credentials(stated: &StatedFailure) -> (Class, String) {
    if stated.message.to_ascii_lowercase().contains("signature") {
        let hint = "The follower computes another signature: a proxy changes the path or the Content-Length of requests, or the follower holds another secret for this node.";
        return (Class::InvalidSignature, hint.to_owned());
    }
    let hint = "The follower does not accept this node's keys: it is enrolled with another primary or node, or lost its data volume. Check that the base URL is this node's follower; if it is, enroll it again with a re-enrollment token of this node.";
    (Class::UnknownAccessKey, hint.to_owned())
}

fn skew_hint(difference_ms: i64) -> String {
    let direction = if difference_ms > 0 { "ahead of" } else { "behind" };
    format!(
        "The follower's clock is {} s {direction} this primary's; at most {MAX_CLOCK_SKEW_SECS} s are accepted. Set both clocks, for example with NTP.",
        difference_ms.abs() / 1000
    )
}

fn quoted(stated: &StatedFailure) -> String {
    let text = stated.message.trim().trim_end_matches('.');
    if text.is_empty() { format!("code {}", stated.code) } else { format!("{text} (code {})", stated.code) }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::protocol::TargetCondition;

    fn reply(status: u16, stated: Option<(i64, &str, Option<&'static str>)>) -> CallError {
        problem(status, stated, ReplyProblem::Refused)
    }

    fn problem(
        status: u16,
        stated: Option<(i64, &str, Option<&'static str>)>,
        problem: ReplyProblem,
    ) -> CallError {
        let stated =
            stated.map(|(code, message, subcode)| StatedFailure { code, message: message.into(), subcode });
        let refusal = Refusal {
            status: StatusCode::from_u16(status).expect("status"),
            location: (300..400).contains(&status).then(|| "https://login.example.com/x".to_owned()),
            date: None,
            stated,
            body_start: "<html>".into(),
            problem,
        };
        CallError { url: "http://f/c".into(), failure: CallFailure::Reply(Box::new(refusal)) }
    }

    fn transport(error: TransportError) -> CallError {
        CallError { url: "http://f/c".into(), failure: CallFailure::Transport(error) }
    }

    #[test]
    fn every_observation_has_its_class() {
        let not_json = || ReplyProblem::NotEnvelope("expected value at line 1".into());
        let table = [
            (transport(TransportError::Dns("x".into())), Class::DnsFailed),
            (transport(TransportError::Refused("x".into())), Class::ConnectionRefused),
            (transport(TransportError::ConnectTimeout), Class::ConnectTimeout),
            (transport(TransportError::Tls("x".into())), Class::TlsFailed),
            (transport(TransportError::ReplyTimeout(Duration::from_secs(9))), Class::ReplyTimeout),
            (transport(TransportError::Broken("x".into())), Class::ConnectionBroken),
            (reply(302, None), Class::Redirect),
            (reply(404, None), Class::NotAFollowerStatus),
            (reply(502, None), Class::NotAFollowerStatus),
            (reply(403, None), Class::NotAFollowerStatus),
            (reply(404, Some((1005, "no endpoint", None))), Class::NotAFollowerStatus),
            (problem(200, None, not_json()), Class::NotAFollowerHtml),
            (problem(200, None, ReplyProblem::TooLarge(1)), Class::NotAFollowerHtml),
            (reply(401, Some((2002, "missing header", None))), Class::HeaderMissing),
            (reply(401, Some((2008, "Signature mismatch", None))), Class::InvalidSignature),
            (reply(401, Some((2008, "unknown access key", None))), Class::UnknownAccessKey),
            (reply(412, Some((3010, "disabled", Some("master_binding.disabled")))), Class::BindingDisabled),
            (reply(500, Some((1003, "Database Error", None))), Class::FollowerError),
            (reply(200, Some((1002, "odd", None))), Class::FollowerError),
        ];
        for (error, expected) in table {
            let diagnosis = diagnose(&error, Some(0));
            assert_eq!(diagnosis.class, expected, "{error}");
            assert!(diagnosis.to_string().contains("http://f/c"), "{diagnosis}");
            assert!(diagnosis.hint.len() > 20, "{diagnosis}");
        }
    }

    #[test]
    fn a_refused_token_is_a_matter_of_clocks_only_beyond_the_accepted_skew() {
        let error = reply(401, Some((2002, "invalid", None)));
        for (difference, class) in [
            (Some(301_000), Class::ClockSkew),
            (Some(-301_000), Class::ClockSkew),
            (Some(300_000), Class::HeaderMissing),
            (None, Class::HeaderMissing),
        ] {
            assert_eq!(diagnose(&error, difference).class, class, "{difference:?}");
        }
        let ahead = diagnose(&error, Some(400_000)).hint;
        assert!(ahead.contains("400 s ahead of"), "{ahead}");
        let behind = diagnose(&error, Some(-400_000)).hint;
        assert!(behind.contains("400 s behind"), "{behind}");
    }

    #[test]
    fn only_foreign_bodies_are_shown() {
        assert_eq!(diagnose(&reply(502, None), None).body_start.as_deref(), Some("<html>"));
        assert_eq!(diagnose(&reply(500, Some((1003, "m", None))), None).body_start, None);
        assert!(diagnose(&reply(302, None), None).hint.contains("https://login.example.com/x"));
    }

    #[test]
    fn each_missing_requirement_is_named_and_only_if_a_policy_needs_it() {
        let mut document = Capabilities::of_this_build(0);
        document.features.compose = false;
        document.features.list = false;
        assert_eq!(diagnose_document("u", &document, Needs::default(), &[]), None);
        let diagnosis =
            diagnose_document("u", &document, Needs::default(), &["P".into()]).expect("not enough");
        assert_eq!(diagnosis.class, Class::RequirementsMissing);
        assert!(diagnosis.hint.contains("list, compose") && diagnosis.hint.contains("(P)"), "{diagnosis}");
        document.protocol_version = "v9".into();
        document.min_supported_protocol_version = "v9".into();
        let diagnosis = diagnose_document("u", &document, Needs::default(), &[]).expect("other version");
        assert_eq!(diagnosis.class, Class::VersionMismatch);
    }

    #[test]
    fn a_target_that_takes_no_objects_is_told_from_a_follower_that_cannot_be_used() {
        let mut document = Capabilities::of_this_build(0);
        assert_eq!(diagnose_target("u", &document), None, "an older follower does not say");
        for (state, class) in [
            (TargetState::Ready, None),
            (TargetState::Unknown, None),
            (TargetState::Missing, Some(Class::IngressTargetMissing)),
            (TargetState::Failed, Some(Class::IngressTargetFailed)),
        ] {
            let detail = format!("the disk\nis gone{}", "!".repeat(1000));
            document.ingress_target = Some(TargetCondition { state, detail });
            let diagnosis = diagnose_target("u", &document);
            assert_eq!(diagnosis.as_ref().map(|found| found.class), class);
        }
        document.ingress_target.as_mut().expect("a condition").state = TargetState::Failed;
        let text = diagnose_target("u", &document).expect("failed").to_string();
        assert!(text.contains("the disk is gone!") && text.len() < 900, "{text}");
    }

    #[test]
    fn a_stored_diagnosis_reads_back_as_it_was() {
        let diagnosis = diagnose(&reply(302, None), None);
        let text = serde_json::to_string(&diagnosis).expect("json");
        assert!(text.contains(r#""class":"redirect","hop":"primary_to_follower""#), "{text}");
        assert_eq!(serde_json::from_str::<Diagnosis>(&text).expect("json"), diagnosis);
    }
}
