//! `/s/{token}`: what whoever has the token may call. An answer says nothing about the owner but the name, and nothing
//! about what is outside of the share.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Kind, Target};
use crate::http::{ApiError, Json, Path, Query, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::cookie;
use crate::primary::caller::Caller;
use crate::primary::files::{
    Cursor, DownloadQuery, FileRecord, FolderQuery, Item, PublicFile, PublicFolder, Way, content_answer,
};
use crate::primary::openapi::{Archive, Content, Routes, Shaped, get, post};
use crate::primary::shares::{Counted, Share, ShareError, Visited};
use crate::protocol::Timestamp;

/// Of the proof for the download that was counted last; its path is that of the share.
const DOWNLOAD_COOKIE: &str = "aster_share_download";

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/s/{token}", get(look, "What a share is of"))
        .route("/s/{token}/verify", post(verify, "Give the password; the answer sets a cookie"))
        .route("/s/{token}/download", get(download, "The shared file; counts as a download"))
        .route(
            "/s/{token}/download-all",
            get(download_all, "The shared folder as an archive; counts as a download"),
        )
        .route("/s/{token}/content", get(content, "What lies in the shared folder"))
        .route("/s/{token}/folders/{id}/content", get(folder_content, "What lies in a folder below it"))
        .route(
            "/s/{token}/files/{id}/download",
            get(download_file, "A file below the shared folder; counts as a download"),
        )
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShareView {
    name: String,
    share_type: Kind,
    has_password: bool,
    /// Whether this visitor need not send the password (again).
    is_unlocked: bool,
    expires_at: Option<Timestamp>,
    /// Never true: a share that has expired is not found.
    is_expired: bool,
    download_count: u64,
    view_count: u64,
    max_downloads: u64,
    /// Of a file; `null` until the password was given.
    mime_type: Option<String>,
    /// Of a file; `null` until the password was given.
    size: Option<u64>,
    shared_by: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "SharePassword")]
struct VerifyRequest {
    #[schemars(with = "String")]
    password: SecretString,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TokenPath {
    token: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ItemPath {
    token: String,
    id: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SharedContents")]
struct Contents {
    folders: Vec<PublicFolder>,
    files: Vec<PublicFile>,
    folders_total: u64,
    files_total: u64,
    next_file_cursor: Option<Cursor>,
}

fn proof<'a>(headers: &'a HeaderMap, token: &str) -> Option<&'a str> {
    cookie(headers, &access_cookie(token))
}

fn access_cookie(token: &str) -> String {
    format!("aster_share_{token}")
}

async fn look(
    State(primary): State<Primary>,
    Path(TokenPath { token }): Path<TokenPath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Reply<ShareView>, ApiError> {
    let mut share = primary.shares.open(&token).await?;
    if method == Method::GET {
        primary.shares.count_view(&share).await?;
        share.view_count += 1;
    }
    let is_unlocked = primary.shares.admits(&share, proof(&headers, &token));
    let file = match share.item {
        Item::File(id) if is_unlocked => Some(primary.files.get(share.space, id).await?),
        Item::File(_) | Item::Folder(_) => None,
    };
    Ok(ok(ShareView {
        share_type: Target::from(share.item).kind,
        has_password: share.has_password(),
        is_unlocked,
        expires_at: share.expires_at,
        is_expired: false,
        download_count: share.download_count,
        view_count: share.view_count,
        max_downloads: share.max_downloads,
        mime_type: file.as_ref().map(|file| file.mime_type.clone()),
        size: file.as_ref().map(|file| file.blob.size),
        name: share.name,
        shared_by: share.shared_by,
    }))
}

async fn verify(
    State(primary): State<Primary>,
    caller: Caller,
    Path(TokenPath { token }): Path<TokenPath>,
    Json(VerifyRequest { password }): Json<VerifyRequest>,
) -> Result<Shaped<Reply<()>>, ApiError> {
    let (proof, secs) = primary.shares.verify(&primary.accounts, &token, &password, &caller).await?;
    let mut response = empty().into_response();
    set_cookie(&primary, &mut response, &token, (&access_cookie(&token), &proof, secs));
    Ok(response.into())
}

async fn visit(primary: &Primary, token: &str, headers: &HeaderMap) -> Result<Visited, ShareError> {
    primary.shares.visit(token, proof(headers, token)).await
}

async fn content(
    State(primary): State<Primary>,
    Path(TokenPath { token }): Path<TokenPath>,
    headers: HeaderMap,
    Query(query): Query<FolderQuery>,
) -> Result<Reply<Contents>, ApiError> {
    let visited = visit(&primary, &token, &headers).await?;
    contents(&primary, &visited, None, query).await.map(ok)
}

async fn folder_content(
    State(primary): State<Primary>,
    Path(ItemPath { token, id }): Path<ItemPath>,
    headers: HeaderMap,
    Query(query): Query<FolderQuery>,
) -> Result<Reply<Contents>, ApiError> {
    let visited = visit(&primary, &token, &headers).await?;
    contents(&primary, &visited, Some(id), query).await.map(ok)
}

async fn contents(
    primary: &Primary,
    visited: &Visited,
    folder_id: Option<i64>,
    query: FolderQuery,
) -> Result<Contents, ApiError> {
    let folder_id = primary.shares.folder(&primary.files, visited, folder_id).await?;
    let found = primary.files.list(visited.share().space, Some(folder_id), &query.into()).await?;
    Ok(Contents {
        folders: found.folders.into_iter().map(PublicFolder::from).collect(),
        files: found.files.into_iter().map(PublicFile::from).collect(),
        folders_total: found.folders_total,
        files_total: found.files_total,
        next_file_cursor: found.next_file,
    })
}

async fn download(
    State(primary): State<Primary>,
    Path(TokenPath { token }): Path<TokenPath>,
    Query(query): Query<DownloadQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Shaped<Content>, ApiError> {
    let visited = visit(&primary, &token, &headers).await?;
    let file = primary.shares.file(&primary.files, &visited, None).await?;
    send(&primary, &visited, file, query.way(), &method, &headers).await.map(Shaped::from)
}

async fn download_file(
    State(primary): State<Primary>,
    Path(ItemPath { token, id }): Path<ItemPath>,
    Query(query): Query<DownloadQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Shaped<Content>, ApiError> {
    let visited = visit(&primary, &token, &headers).await?;
    let file = primary.shares.file(&primary.files, &visited, Some(id)).await?;
    send(&primary, &visited, file, query.way(), &method, &headers).await.map(Shaped::from)
}

/// Sends a file and counts it. A HEAD sends nothing and is not counted; nor is a request that goes on with the download
/// that this client was counted for last. Looking at a file in a page counts like keeping it: the bytes are the same.
async fn send(
    primary: &Primary,
    visited: &Visited,
    file: FileRecord,
    way: Way,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    if method == Method::HEAD {
        return content_answer(primary, &file, way, method, headers).await;
    }
    let continues = cookie(headers, DOWNLOAD_COOKIE).filter(|_| headers.contains_key(header::RANGE));
    let counted = primary.shares.count_file(visited, &file, continues).await?;
    let response = content_answer(primary, &file, way, method, headers).await?;
    let Some(counted) = counted else { return Ok(response) };
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            let mut response = if file.blob.size == 0 {
                counted.keep();
                response
            } else {
                keep_at_first_byte(response, counted)
            };
            let (proof, secs) = primary.shares.continuation(visited, &file);
            let token = &visited.share().token;
            set_cookie(primary, &mut response, token, (DOWNLOAD_COOKIE, &proof, secs));
            Ok(response)
        }
        // The visitor is sent to where the bytes are, and they will come from there.
        StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT => {
            counted.keep();
            Ok(response)
        }
        _ => Ok(response),
    }
}

/// Everything in a shared folder as one archive; one download.
async fn download_all(
    State(primary): State<Primary>,
    Path(TokenPath { token }): Path<TokenPath>,
    method: Method,
    headers: HeaderMap,
) -> Result<Shaped<Archive>, ApiError> {
    let visited = visit(&primary, &token, &headers).await?;
    let Share { space, item, name, .. } = visited.share();
    let plan = primary.archives.plan(&primary.files, *space, &[*item]).await?;
    let name = format!("{name}.zip");
    if method == Method::HEAD {
        return Ok(primary.archive_answer(plan, &name, &method).into());
    }
    let counted = primary.shares.count_archive(&visited).await?;
    Ok(keep_at_first_byte(primary.archive_answer(plan, &name, &method), counted).into())
}

/// The answer, of which the first byte makes the count final.
fn keep_at_first_byte(response: Response, counted: Counted) -> Response {
    let mut counted = Some(counted);
    response.map(|body| {
        Body::from_stream(body.into_data_stream().inspect(move |piece| {
            if piece.is_ok()
                && let Some(counted) = counted.take()
            {
                counted.keep();
            }
        }))
    })
}

fn set_cookie(
    primary: &Primary,
    response: &mut Response,
    token: &str,
    (name, value, max_age_secs): (&str, &str, u64),
) {
    let secure = if primary.settings.auth_cookie_secure() { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={value}; Path=/api/v1/s/{token}; Max-Age={max_age_secs}; SameSite=Lax; HttpOnly{secure}"
    );
    let mut cookie = HeaderValue::try_from(cookie).expect("made of hex digits and fixed text");
    cookie.set_sensitive(true);
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
