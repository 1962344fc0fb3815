//! The object operations (wire contract §5.1, §5.3 to §5.7).
//!
//! Each works in the same order: caller, decoding, ingress target, key, operation. Nothing here keeps an object in
//! memory, nor a listing: they pass through in pieces.

mod list;
mod read;
mod write;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Uri};

pub(super) use self::list::list_objects;
use self::read::{get_object, head_object};
pub(super) use self::write::compose_objects;
use self::write::{delete_object, put_object};
use super::Follower;
use super::cors;
use super::error::bad_key;
use crate::http::{ApiError, recorded};
use crate::protocol::{ObjectKey, STORAGE_PATH, codes};

/// Stands in the log for all of them.
const ROUTE: &str = "/api/v1/internal/storage/objects/{*key}";
const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,DELETE,OPTIONS");

const METADATA_SUFFIX: &str = "/metadata";

/// What stands behind `…/objects/` on the request line, still encoded.
fn encoded_key(path: &str) -> &str {
    path.strip_prefix(STORAGE_PATH).and_then(|rest| rest.strip_prefix("/objects/")).unwrap_or_default()
}

/// Whether a path names an object, or would if its key were not empty.
pub(super) fn is_object_path(path: &str) -> bool {
    path.strip_prefix(STORAGE_PATH).is_some_and(|rest| rest.starts_with("/objects/"))
}

/// Answers a request for an object path.
pub(super) async fn serve(follower: Follower, request: Request) -> Response {
    let method = request.method().clone();
    recorded(&method, ROUTE, cors::answer(&follower, request, |request| work(&follower, request))).await
}

async fn work(follower: &Follower, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    by_method(follower, &mut parts, body).await.unwrap_or_else(ApiError::into_response)
}

async fn by_method(follower: &Follower, parts: &mut Parts, body: Body) -> Result<Response, ApiError> {
    match parts.method {
        Method::GET => get_object(follower, parts).await,
        Method::HEAD => head_object(follower, parts).await,
        Method::PUT => put_object(follower, parts, body).await,
        Method::DELETE => delete_object(follower, parts).await,
        Method::OPTIONS => Err(cors::not_a_preflight()),
        _ => Err(wrong_method(&parts.method)),
    }
}

fn wrong_method(method: &Method) -> ApiError {
    ApiError::new(codes::METHOD_NOT_ALLOWED, format!("an object does not take {method}"))
        .with_header(ALLOW, METHODS)
}

/// The key of an object path.
fn object_key(uri: &Uri) -> Result<ObjectKey, ApiError> {
    ObjectKey::from_url_path(encoded_key(uri.path())).map_err(bad_key)
}

/// For GET, a last segment `metadata` asks for the metadata of the shorter key.
pub(super) fn is_metadata_path(path: &str) -> bool {
    encoded_key(path).ends_with(METADATA_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_last_segment_asks_for_metadata() {
        let path = |key: &str| format!("{STORAGE_PATH}/objects/{key}");
        assert!(is_metadata_path(&path("a/metadata")));
        for key in ["metadata", "a/metadata/b", "a%2Fmetadata", "a.metadata"] {
            assert!(!is_metadata_path(&path(key)), "{key}");
        }
    }
}
