//! Who signed this request: the header scheme (wire contract §3) and presigned URLs (§4).
//!
//! The extractors here stand first in a handler's arguments, so that nothing of a request is decoded, and no body read,
//! before its caller is known. Each hands out what it verified against, for the rest of the request to use.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};
use percent_encoding::percent_decode_str;

use super::Follower;
use super::objects::is_metadata_path;
use super::replay::AdmitError;
use super::snapshot::{ActiveBinding, Snapshot};
use crate::http::ApiError;
use crate::protocol::{
    HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, INGRESS_TARGET_MEMBER,
    MAX_CLOCK_SKEW_SECS, PRESIGN_ACCESS_KEY, PRESIGN_CONTENT_LENGTH, PRESIGN_EXPIRES, PRESIGN_SIGNATURE,
    PresignedFields, SignedFields, Timestamp, presigned_target,
};

// As names and not as texts: a text is checked anew each time it is looked for.
static ACCESS_KEY: HeaderName = HeaderName::from_static(HEADER_ACCESS_KEY);
static TIMESTAMP: HeaderName = HeaderName::from_static(HEADER_TIMESTAMP);
static NONCE: HeaderName = HeaderName::from_static(HEADER_NONCE);
static SIGNATURE: HeaderName = HeaderName::from_static(HEADER_SIGNATURE);

/// Why a caller was turned away.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallerError {
    #[error("`{0}` is missing, empty or not plain ASCII; this endpoint takes requests signed by the primary")]
    Missing(&'static str),
    #[error("`{0}` is there more than once")]
    Repeated(&'static str),
    #[error("`{0}` must be a number of Unix seconds")]
    Number(&'static str),
    #[error(
        "the request was signed {0} s away from this follower's clock, at most {MAX_CLOCK_SKEW_SECS} are allowed; set the clocks of both machines"
    )]
    ClockSkew(u64),
    #[error("the presigned URL has expired")]
    Expired,
    #[error("the presigned URL is for a body of {expected} bytes, not for this one")]
    AnotherSize { expected: String },
    #[error(
        "the access key is not known to this follower; it is enrolled with another primary, or not at all, or its node was enrolled again since"
    )]
    UnknownAccessKey,
    #[error("this follower is disabled; enable its node on the primary")]
    Disabled,
    #[error("the signature does not match the request; a proxy may have changed method, path or query")]
    Signature,
    #[error(transparent)]
    NotAdmitted(#[from] AdmitError),
}

/// Signed by the primary of an enabled binding.
#[derive(Debug)]
pub(super) struct Signed(pub(super) Arc<Snapshot>);

/// Signed by the primary, whether or not the binding is enabled.
#[derive(Debug)]
pub(super) struct SignedEvenDisabled(pub(super) Arc<ActiveBinding>);

/// Signed by the primary of an enabled binding, in headers or in the URL.
#[derive(Debug)]
pub(super) struct SignedOrPresigned(pub(super) Arc<Snapshot>);

impl FromRequestParts<Follower> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, follower: &Follower) -> Result<Self, ApiError> {
        let snapshot = follower.snapshot();
        verify_signed(parts, follower, &snapshot, Disabled::Refused).await?;
        Ok(Self(snapshot))
    }
}

impl FromRequestParts<Follower> for SignedEvenDisabled {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, follower: &Follower) -> Result<Self, ApiError> {
        let snapshot = follower.snapshot();
        Ok(Self(verify_signed(parts, follower, &snapshot, Disabled::Allowed).await?))
    }
}

impl FromRequestParts<Follower> for SignedOrPresigned {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, follower: &Follower) -> Result<Self, ApiError> {
        let snapshot = follower.snapshot();
        if is_presigned(parts) {
            verify_presigned(parts, &snapshot, Timestamp::now().unix_secs())?;
        } else {
            verify_signed(parts, follower, &snapshot, Disabled::Refused).await?;
        }
        Ok(Self(snapshot))
    }
}

/// What a disabled binding means for an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disabled {
    Refused,
    Allowed,
}

/// Which of the two schemes a request uses (§4, last paragraph).
fn is_presigned(parts: &Parts) -> bool {
    if parts.headers.contains_key(&SIGNATURE) {
        return false;
    }
    match parts.method {
        Method::PUT => true,
        Method::GET => {
            !is_metadata_path(parts.uri.path())
                && members(parts.uri.query(), PRESIGN_ACCESS_KEY).next().is_some()
        }
        _ => false,
    }
}

/// The checks of §3 in their order; the nonce is recorded last, so that a wrong signature never uses one up.
async fn verify_signed(
    parts: &Parts,
    follower: &Follower,
    snapshot: &Snapshot,
    disabled: Disabled,
) -> Result<Arc<ActiveBinding>, CallerError> {
    let now = Timestamp::now().unix_secs();
    let (binding, claim) = check_signed(parts, snapshot, disabled, now)?;
    follower.replay().admit(claim.access_key, claim.nonce, claim.timestamp, now).await?;
    Ok(binding)
}

/// What has to be recorded of a request whose signature holds.
#[derive(Debug)]
struct Claim<'a> {
    access_key: &'a str,
    nonce: &'a str,
    timestamp: i64,
}

fn check_signed<'a>(
    parts: &'a Parts,
    snapshot: &Snapshot,
    disabled: Disabled,
    now: i64,
) -> Result<(Arc<ActiveBinding>, Claim<'a>), CallerError> {
    let headers = &parts.headers;
    let access_key = header(headers, &ACCESS_KEY)?;
    let timestamp_text = header(headers, &TIMESTAMP)?;
    let timestamp: i64 = timestamp_text.parse().map_err(|_| CallerError::Number(HEADER_TIMESTAMP))?;
    let nonce = header(headers, &NONCE)?;
    let signature = header(headers, &SIGNATURE)?;
    let skew = now.abs_diff(timestamp);
    if skew > MAX_CLOCK_SKEW_SECS.unsigned_abs() {
        return Err(CallerError::ClockSkew(skew));
    }
    let binding = known_binding(snapshot, access_key)?;
    if disabled == Disabled::Refused && !binding.is_enabled {
        return Err(CallerError::Disabled);
    }
    let fields = SignedFields {
        method: parts.method.as_str(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()),
        timestamp: timestamp_text,
        nonce,
        content_length: content_length(headers),
    };
    if !binding.key.verifies(&fields, signature) {
        return Err(CallerError::Signature);
    }
    Ok((Arc::clone(binding), Claim { access_key, nonce, timestamp }))
}

/// The checks of §4 in their order.
fn verify_presigned(parts: &Parts, snapshot: &Snapshot, now: i64) -> Result<(), CallerError> {
    let query = parts.uri.query();
    let access_key = member(query, PRESIGN_ACCESS_KEY)?;
    let expires = member(query, PRESIGN_EXPIRES)?;
    let last_second: i64 = expires.parse().map_err(|_| CallerError::Number(PRESIGN_EXPIRES))?;
    let signature = member(query, PRESIGN_SIGNATURE)?;
    if now > last_second {
        return Err(CallerError::Expired);
    }
    let binding = known_binding(snapshot, &access_key)?;
    if !binding.is_enabled {
        return Err(CallerError::Disabled);
    }
    let fields = PresignedFields {
        method: parts.method.as_str(),
        target: &presigned_target(parts.uri.path(), query),
        access_key: &access_key,
        expires: &expires,
    };
    if !binding.key.verifies_presigned(&fields, &signature) {
        return Err(CallerError::Signature);
    }
    check_presigned_size(parts)
}

/// A PUT has exactly the size that the signer put into its URL, if any.
fn check_presigned_size(parts: &Parts) -> Result<(), CallerError> {
    if parts.method != Method::PUT {
        return Ok(());
    }
    let mut sizes = members(parts.uri.query(), PRESIGN_CONTENT_LENGTH);
    let length = content_length(&parts.headers);
    match sizes.find(|size| size.parse().ok() != length || length.is_none()) {
        Some(size) => Err(CallerError::AnotherSize { expected: size.chars().take(20).collect() }),
        None => Ok(()),
    }
}

fn known_binding<'a>(
    snapshot: &'a Snapshot,
    access_key: &str,
) -> Result<&'a Arc<ActiveBinding>, CallerError> {
    let known = snapshot.binding.as_ref().filter(|binding| binding.access_key == access_key);
    known.ok_or(CallerError::UnknownAccessKey)
}

/// The one value of a header. Two values are refused: a proxy and we might read different ones.
fn header<'a>(headers: &'a HeaderMap, name: &'static HeaderName) -> Result<&'a str, CallerError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    if values.next().is_some() {
        return Err(CallerError::Repeated(name.as_str()));
    }
    value.ok_or(CallerError::Missing(name.as_str()))
}

/// The header as a number; hyper has refused anything else that stands there.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Raw values of the query members whose name is spelled exactly so.
fn members<'a>(query: Option<&'a str>, name: &'static str) -> impl Iterator<Item = &'a str> {
    query.unwrap_or_default().split('&').filter_map(move |segment| {
        let (found, value) = segment.split_once('=').unwrap_or((segment, ""));
        (found == name).then_some(value)
    })
}

/// The one value of a query member, decoded. (None of the three values contains a space, so `+` is not one.)
fn member<'a>(query: Option<&'a str>, name: &'static str) -> Result<Cow<'a, str>, CallerError> {
    let mut values = members(query, name);
    let value = values.next().and_then(|raw| percent_decode_str(raw).decode_utf8().ok());
    if values.next().is_some() {
        return Err(CallerError::Repeated(name));
    }
    value.filter(|value| !value.is_empty()).ok_or(CallerError::Missing(name))
}

/// The ingress target that an object operation names (§5.1); `None` is the default one.
pub(super) fn named_target(query: Option<&str>) -> Result<Option<Cow<'_, str>>, CallerError> {
    match members(query, INGRESS_TARGET_MEMBER).next() {
        None => Ok(None),
        Some(_) => member(query, INGRESS_TARGET_MEMBER).map(Some),
    }
}

/// The access key a presigned URL names, without any check; what CORS goes by (§8).
pub(super) fn presigned_access_key(query: Option<&str>) -> Option<Cow<'_, str>> {
    members(query, PRESIGN_ACCESS_KEY)
        .filter_map(|raw| percent_decode_str(raw).decode_utf8().ok())
        .find(|value| !value.is_empty())
}
