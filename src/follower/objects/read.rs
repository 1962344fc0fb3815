//! GET, HEAD and metadata.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::{METADATA_SUFFIX, encoded_key, is_metadata_path, object_key};
use crate::follower::Follower;
use crate::follower::caller::{Signed, SignedOrPresigned};
use crate::follower::error::{bad_key, bad_range, object_failure};
use crate::follower::snapshot::ReadyTarget;
use crate::http::{ApiError, Query, Reply, ok};
use crate::protocol::{ByteRange, MetadataReply, ObjectKey, RangeError, codes};
use crate::storage::{ObjectMeta, ObjectReader};

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Members of a GET that are not authentication.
#[derive(Debug, Deserialize)]
struct ReadQuery {
    offset: Option<u64>,
    length: Option<u64>,
    #[serde(rename = "response-cache-control")]
    cache_control: Option<String>,
    #[serde(rename = "response-content-disposition")]
    content_disposition: Option<String>,
    #[serde(rename = "response-content-type")]
    content_type: Option<String>,
}

pub(super) async fn get_object(follower: &Follower, parts: &mut Parts) -> Result<Response, ApiError> {
    let SignedOrPresigned(snapshot) = SignedOrPresigned::from_request_parts(parts, follower).await?;
    let Query(query) = Query::<ReadQuery>::from_request_parts(parts, follower).await?;
    let target = follower.target_for(&snapshot, parts.uri.query()).await?;
    if is_metadata_path(parts.uri.path()) {
        return Ok(metadata(&target, parts.uri.path()).await?.into_response());
    }
    let key = object_key(&parts.uri)?;
    let overrides = query.overrides()?;
    let range = query.range(&parts.headers)?;
    let reader = target.store.get(&key, range).await.map_err(object_failure(target.driver()))?;
    Ok(read_reply(reader, overrides))
}

/// Whole objects are 200, everything asked for as a range is 206, also when it is all of the object.
fn read_reply(reader: ObjectReader, overrides: HeaderMap) -> Response {
    let mut headers = described(&reader.meta);
    headers.entry(CONTENT_TYPE).or_insert(OCTET_STREAM);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    headers.extend(overrides);
    let status = match reader.range {
        None => StatusCode::OK,
        Some(range) => {
            headers.insert(CONTENT_LENGTH, range.byte_count().into());
            let text = range.content_range();
            headers.insert(CONTENT_RANGE, text.parse().expect("digits and ASCII punctuation"));
            StatusCode::PARTIAL_CONTENT
        }
    };
    reply(status, headers, Body::from_stream(reader.body))
}

/// A response of exactly these parts; `into_response` would copy each header into a map of its own.
fn reply(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// `Content-Length` and `Accept-Ranges`, and the type if the store keeps one.
fn described(meta: &ObjectMeta) -> HeaderMap {
    // Room for what the common layers add as well: growing moves all of them.
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(CONTENT_LENGTH, meta.size.into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let stored = meta.content_type.as_deref().and_then(|stored| HeaderValue::from_str(stored).ok());
    if let Some(stored) = stored {
        headers.insert(CONTENT_TYPE, stored);
    }
    headers
}

impl ReadQuery {
    /// A `Range` header replaces the query form.
    fn range(&self, headers: &HeaderMap) -> Result<Option<ByteRange>, ApiError> {
        let mut values = headers.get_all(RANGE).iter();
        let parsed = match (values.next(), values.next()) {
            (None, _) => ByteRange::from_query(self.offset, self.length),
            (Some(value), None) => {
                value.to_str().map_err(|_| RangeError::Malformed).and_then(ByteRange::parse_header).map(Some)
            }
            (Some(_), Some(_)) => Err(RangeError::Malformed),
        };
        parsed.map_err(bad_range)
    }

    /// The headers that the signer chose for this reply.
    fn overrides(&self) -> Result<HeaderMap, ApiError> {
        let mut headers = HeaderMap::new();
        let asked = [
            (CACHE_CONTROL, &self.cache_control),
            (CONTENT_DISPOSITION, &self.content_disposition),
            (CONTENT_TYPE, &self.content_type),
        ];
        for (name, value) in asked {
            let Some(value) = value else { continue };
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                let message = format!("response-{name} contains characters that no header value may have");
                ApiError::new(codes::BAD_REQUEST, message)
            })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

async fn metadata(target: &ReadyTarget, path: &str) -> Result<Reply<MetadataReply>, ApiError> {
    let encoded = encoded_key(path).strip_suffix(METADATA_SUFFIX).unwrap_or_default();
    let key = ObjectKey::from_url_path(encoded).map_err(bad_key)?;
    let meta = target.store.head(&key).await.map_err(object_failure(target.driver()))?;
    Ok(ok(MetadataReply { size: meta.size, content_type: meta.content_type }))
}

pub(super) async fn head_object(follower: &Follower, parts: &mut Parts) -> Result<Response, ApiError> {
    let Signed(snapshot) = Signed::from_request_parts(parts, follower).await?;
    let target = follower.target_for(&snapshot, parts.uri.query()).await?;
    let key = object_key(&parts.uri)?;
    let meta = target.store.head(&key).await.map_err(object_failure(target.driver()))?;
    Ok(reply(StatusCode::OK, described(&meta), Body::empty()))
}
