//! `/files/{id}/direct-link` and `/files/{id}/preview-link`, and what they lead to: `/d/…` and `/pv/…`, outside of the
//! API's path (primary spec §2.8).

use axum::extract::State;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, Created, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::files::{FileRecord, Way, content_answer};
use crate::primary::openapi::{Content, Routes, Shaped, get, post};
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

/// For those who may see the file.
pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/files/{id}/direct-link",
            get(direct, "The direct link of a file, made when there is none")
                .post(renew, "Put another direct link in the place of the old one")
                .delete(revoke, "Take the direct link back"),
        )
        .route("/files/{id}/preview-link", post(preview, "A link to show a file, for minutes and a few uses"))
}

/// For everybody with a link.
pub(in crate::primary) fn public_routes() -> Routes {
    Routes::new()
        .route("/d/{token}/{filename}", get(follow, "The file behind a direct link"))
        .route("/pv/{token}/{filename}", get(view, "The file behind a preview link; counts as a use"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Id {
    id: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DirectLink {
    token: String,
    path: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PreviewLinkInfo {
    path: String,
    expires_at: Timestamp,
    max_uses: u32,
}

/// The name is for people and programs that look at the address; the token alone decides.
#[derive(Debug, Deserialize, JsonSchema)]
struct LinkPath {
    token: String,
    #[serde(rename = "filename")]
    _filename: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
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
) -> Result<Reply<DirectLink>, ApiError> {
    let (file, token) = primary.links.direct(&primary.files, space, &user, id).await?;
    Ok(ok(DirectLink { path: path("d", &token, &file), token }))
}

async fn renew(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Created<DirectLink>, ApiError> {
    let (file, token) = primary.links.renew(&primary.files, space, &user, id).await?;
    tracing::info!(user.id = user.id, file.id = id, "direct link renewed");
    Ok(created(DirectLink { path: path("d", &token, &file), token }))
}

async fn revoke(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    primary.links.revoke(&primary.files, space, &user, id).await?;
    tracing::info!(user.id = user.id, file.id = id, "direct link revoked");
    Ok(empty())
}

async fn preview(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Created<PreviewLinkInfo>, ApiError> {
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
) -> Result<Shaped<Content>, ApiError> {
    let file = primary.links.follow(&primary.files, &token).await?;
    let way = if query.download.as_deref() == Some("1") { Way::TO_KEEP } else { Way::INLINE };
    content_answer(&primary, &file, way, &method, &headers).await.map(Shaped::from)
}

async fn view(
    State(primary): State<Primary>,
    Path(LinkPath { token, .. }): Path<LinkPath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Shaped<Content>, ApiError> {
    if method == Method::HEAD {
        // It would use the link up for nothing.
        return Err(ApiError::new(codes::METHOD_NOT_ALLOWED, "a preview can only be fetched with GET"));
    }
    let file = primary.links.use_preview(&primary.files, &token).await?;
    content_answer(&primary, &file, Way::INLINE, &method, &headers).await.map(Shaped::from)
}
