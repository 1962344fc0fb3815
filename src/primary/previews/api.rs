//! `/files/{id}/thumbnail` and `/public/thumbnail-support` (primary spec §2.8, §2.10).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::{MIME_TYPES, Thumbnail};
use crate::http::{ApiError, Path, Query, Reply, ok};
use crate::primary::Primary;
use crate::primary::openapi::{Picture, Routes, Shaped, get};
use crate::primary::teams::InSpace;
use crate::protocol::{Envelope, codes};

/// For an address that names its version, see [`Version`].
const LONG: &str = "private, max-age=31536000, immutable";
/// Seconds until asking again is worth it.
const RETRY: &str = "2";

pub(in crate::primary) fn routes() -> Routes {
    Routes::new().route("/files/{id}/thumbnail", get(thumbnail, "A small picture of a file"))
}

pub(in crate::primary) fn public_routes() -> Routes {
    Routes::new()
        .route("/public/thumbnail-support", get(support, "Of which kinds of files there are thumbnails"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Id {
    id: i64,
}

/// With any `v`, such as the time of the last change, the answer may be kept for a year: whoever adds it changes it
/// with the content. Without, each use asks whether it is still the same.
#[derive(Debug, Deserialize, JsonSchema)]
struct Version {
    v: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ThumbnailSupport")]
struct Support {
    mime_types: [&'static str; 4],
    max_source_bytes: u64,
}

async fn support(State(primary): State<Primary>) -> Reply<Support> {
    ok(Support { mime_types: MIME_TYPES, max_source_bytes: primary.settings.thumbnail_max_source_bytes() })
}

async fn thumbnail(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
    Query(version): Query<Version>,
    headers: HeaderMap,
) -> Result<Shaped<Picture>, ApiError> {
    let file = primary.files.get(space, id).await?;
    match primary.previews.find(&file).await? {
        Thumbnail::Ready { bytes, mime_type, tag } => {
            let caching = if version.v.is_some() { LONG } else { "private, no-cache" };
            Ok(image(bytes, mime_type, &tag, caching, &headers)?.into())
        }
        Thumbnail::Pending => Ok(pending().into()),
        Thumbnail::Missing => {
            // Of its own: it goes on when the client does not wait for this answer.
            let making = async move { primary.previews.make(&primary.files, &primary.policies, &file).await };
            tokio::spawn(making.instrument(tracing::Span::current()));
            Ok(pending().into())
        }
    }
}

fn pending() -> Response {
    let body = axum::Json(Envelope::<()>::empty());
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, RETRY), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}

fn image(
    bytes: Vec<u8>,
    mime_type: &'static str,
    tag: &str,
    caching: &'static str,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let etag = format!("\"{tag}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|known| known.trim() == etag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, mime_type)], bytes).into_response()
    };
    let etag = HeaderValue::try_from(etag).map_err(|error| ApiError::internal(codes::INTERNAL, error))?;
    response.headers_mut().insert(header::ETAG, etag);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    Ok(response)
}
