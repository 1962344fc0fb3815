//! `/files/{id}/direct-link` and `/files/{id}/preview-link`, and what they lead to: `/d/…` and `/pv/…`, outside of the
//! API's path (primary spec §2.8).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, Path, Query, created, empty, ok};
use crate::primary::Primary;
use crate::primary::files::{FileRecord, Way, content_answer};
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

/// For those who may see the file.
pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/files/{id}/direct-link", get(direct).post(renew).delete(revoke))
        .route("/files/{id}/preview-link", post(preview))
}

/// For everybody with a link.
pub(in crate::primary) fn public_routes() -> Router<Primary> {
    Router::new().route("/d/{token}/{filename}", get(follow)).route("/pv/{token}/{filename}", get(view))
}

#[derive(Debug, Deserialize)]
struct Id {
    id: i64,
}

#[derive(Debug, Serialize)]
struct DirectLink {
    token: String,
    path: String,
}

#[derive(Debug, Serialize)]
struct PreviewLinkInfo {
    path: String,
    expires_at: Timestamp,
    max_uses: u32,
}

/// The name is for people and programs that look at the address; the token alone decides.
#[derive(Debug, Deserialize)]
struct LinkPath {
    token: String,
    #[serde(rename = "filename")]
    _filename: String,
}

#[derive(Debug, Deserialize)]
struct FollowQuery {
    download: Option<String>,
}

fn path(kind: &str, token: &str, file: &FileRecord) -> String {
    format!("/{kind}/{token}/{}", utf8_percent_encode(&file.name, NON_ALPHANUMERIC))
}

async fn direct(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    let (file, token) = primary.links.direct(&primary.files, space, &user, id).await?;
    Ok(ok(DirectLink { path: path("d", &token, &file), token }))
}

async fn renew(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    let (file, token) = primary.links.renew(&primary.files, space, &user, id).await?;
    tracing::info!(user.id = user.id, file.id = id, "direct link renewed");
    Ok(created(DirectLink { path: path("d", &token, &file), token }))
}

async fn revoke(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    primary.links.revoke(&primary.files, space, &user, id).await?;
    tracing::info!(user.id = user.id, file.id = id, "direct link revoked");
    Ok(empty())
}

async fn preview(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    let (file, link) = primary.links.preview(&primary.files, space, id).await?;
    let path = path("pv", &link.token, &file);
    Ok(created(PreviewLinkInfo { path, expires_at: link.expires_at, max_uses: link.max_uses }))
}

async fn follow(
    State(primary): State<Primary>,
    Path(LinkPath { token, .. }): Path<LinkPath>,
    Query(query): Query<FollowQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = primary.links.follow(&primary.files, &token).await?;
    let way = if query.download.as_deref() == Some("1") { Way::TO_KEEP } else { Way::INLINE };
    content_answer(&primary, &file, way, &method, &headers).await
}

async fn view(
    State(primary): State<Primary>,
    Path(LinkPath { token, .. }): Path<LinkPath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if method == Method::HEAD {
        // It would use the link up for nothing.
        return Err(ApiError::new(codes::METHOD_NOT_ALLOWED, "a preview can only be fetched with GET"));
    }
    let file = primary.links.use_preview(&primary.files, &token).await?;
    content_answer(&primary, &file, Way::INLINE, &method, &headers).await
}
