//! PUT, DELETE and compose.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::header::{ETAG, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};

use super::object_key;
use crate::follower::Follower;
use crate::follower::caller::{Signed, SignedOrPresigned, content_length};
use crate::follower::error::{bad_key, compose_failure, object_failure};
use crate::follower::snapshot::ReadyTarget;
use crate::http::{ApiError, Json, Reply, empty, ok};
use crate::protocol::{ComposeReply, ComposeRequest, ObjectKey, codes};
use crate::storage::{BodyError, ByteStream};

/// How long a sender may pause inside a body.
/// Longer than the 60 s that a primary gives its own sender, so that the primary says who went silent.
const BODY_IDLE: Duration = Duration::from_secs(90);

pub(super) async fn put_object(
    follower: &Follower,
    parts: &mut Parts,
    body: Body,
) -> Result<Response, ApiError> {
    let SignedOrPresigned(snapshot) = SignedOrPresigned::from_request_parts(parts, follower).await?;
    let target = follower.target_for(&snapshot, parts.uri.query()).await?;
    let key = object_key(&parts.uri)?;
    let size = declared_size(&parts.headers)?;
    check_size(&target, size)?;
    let stored =
        target.store.put(&key, size, incoming(body)).await.map_err(object_failure(target.driver()))?;
    let mut response = empty().into_response();
    let etag = stored.sha256.and_then(|hash| HeaderValue::from_str(&format!("\"{hash}\"")).ok());
    if let Some(etag) = etag {
        response.headers_mut().insert(ETAG, etag);
    }
    Ok(response)
}

/// The size is needed before the first byte: it is checked against the limit and against what arrives.
fn declared_size(headers: &HeaderMap) -> Result<u64, ApiError> {
    let length = content_length(headers).filter(|_| !headers.contains_key(TRANSFER_ENCODING));
    length.ok_or_else(|| {
        ApiError::new(codes::BAD_REQUEST, "an object needs a Content-Length; chunked transfer is not taken")
    })
}

fn check_size(target: &ReadyTarget, size: u64) -> Result<(), ApiError> {
    match target.max_file_size {
        Some(limit) if size > limit => Err(ApiError::new(
            codes::FILE_TOO_LARGE,
            format!("the object has {size} bytes; this ingress target takes at most {limit} (max_file_size)"),
        )),
        _ => Ok(()),
    }
}

/// The body in the pieces in which it arrives. A sender that stops for [`BODY_IDLE`] has gone.
fn incoming(body: Body) -> ByteStream {
    let next = async |state: Option<BodyDataStream>| {
        let mut body = state?;
        match tokio::time::timeout(BODY_IDLE, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(BodyError::Interrupted(error.into())), None)),
            Err(_) => Some((Err(BodyError::Stalled(BODY_IDLE)), None)),
        }
    };
    Box::pin(stream::unfold(Some(body.into_data_stream()), next))
}

pub(super) async fn delete_object(follower: &Follower, parts: &mut Parts) -> Result<Response, ApiError> {
    let Signed(snapshot) = Signed::from_request_parts(parts, follower).await?;
    let target = follower.target_for(&snapshot, parts.uri.query()).await?;
    let key = object_key(&parts.uri)?;
    target.store.delete(&key).await.map_err(object_failure(target.driver()))?;
    Ok(empty().into_response())
}

pub(in crate::follower) async fn compose_objects(
    Signed(snapshot): Signed,
    State(follower): State<Follower>,
    uri: Uri,
    Json(asked): Json<ComposeRequest>,
) -> Result<Reply<ComposeReply>, ApiError> {
    let target = follower.target_for(&snapshot, uri.query()).await?;
    let refuse = |message: String| ApiError::new(codes::BAD_REQUEST, message);
    // How many there may be is bounded by the size of the JSON: a primary with small parts needs many (§5.7).
    if asked.part_keys.is_empty() {
        return Err(refuse("part_keys is empty; name at least one part".into()));
    }
    let expected_size = u64::try_from(asked.expected_size)
        .map_err(|_| refuse(format!("expected_size is {}; it must not be negative", asked.expected_size)))?;
    check_size(&target, expected_size)?;
    let target_key = ObjectKey::parse(&asked.target_key).map_err(bad_key)?;
    let parts: Vec<ObjectKey> =
        asked.part_keys.iter().map(|key| ObjectKey::parse(key)).collect::<Result<_, _>>().map_err(bad_key)?;
    let bytes_written = target
        .store
        .compose(&target_key, &parts, expected_size)
        .await
        .map_err(compose_failure(target.driver()))?;
    Ok(ok(ComposeReply { bytes_written }))
}
