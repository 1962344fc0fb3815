//! `/files/upload/…` (primary spec §2.7), for the user's own space and, below `/teams/{team_id}`, for a team's.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Instrument;
use uuid::Uuid;

use super::{Begun, GivenPart, Mode, Progress, Session, UploadError, Wish};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::error::LENGTH_REQUIRED;
use crate::primary::files::FileInfo;
use crate::primary::files::multipart::paced;
use crate::primary::openapi::{Routes, get, post, put};
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

/// Longest silence of a client in the middle of a chunk.
const IDLE: Duration = Duration::from_secs(60);

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/files/upload/init",
            post(init, "Begin an upload; the policy and the size decide how it goes on"),
        )
        .route("/files/upload/sessions", get(sessions, "Uploads that can go on"))
        .route(
            "/files/upload/{upload_id}",
            get(progress, "How far an upload is").delete(cancel, "Cancel an upload"),
        )
        .route("/files/upload/{upload_id}/{n}", put(put_chunk, "Send a chunk, from 0"))
        .route(
            "/files/upload/{upload_id}/presign-parts",
            post(presign_parts, "Addresses to send parts to, from 1"),
        )
        .route(
            "/files/upload/{upload_id}/complete",
            post(complete, "Make the file of what was sent; may be repeated"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct InitRequest {
    filename: String,
    total_size: u64,
    folder_id: Option<i64>,
    relative_path: Option<String>,
    frontend_client_id: Option<String>,
    /// Through the primary, whatever the policy says.
    #[serde(default)]
    relay: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct InitAnswer {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_chunks: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presigned_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// How far an upload is.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionInfo {
    upload_id: String,
    status: &'static str,
    mode: &'static str,
    filename: String,
    folder_id: Option<i64>,
    total_size: u64,
    chunk_size: u64,
    total_chunks: u32,
    /// Of an upload past the primary only known where the store was asked: not in lists.
    received_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunks_on_disk: Option<Vec<u32>>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ChunkAnswer {
    received_count: u32,
    total_chunks: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SessionsQuery {
    frontend_client_id: Option<String>,
}

/// Ids of the path; a team's is [`InSpace`]'s business.
#[derive(Debug, Deserialize, JsonSchema)]
struct UploadId {
    upload_id: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ChunkId {
    upload_id: String,
    n: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PresignRequest {
    part_numbers: Vec<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CompleteRequest {
    parts: Option<Vec<PartRequest>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PartRequest {
    part_number: u32,
    etag: Option<String>,
}

impl SessionInfo {
    fn of(session: Session) -> Self {
        let relayed = session.mode == Mode::Chunked;
        Self {
            status: session.status.as_str(),
            mode: session.mode.as_str(),
            filename: session.file_name().to_owned(),
            folder_id: session.folder_id,
            total_size: session.total_size,
            chunk_size: session.chunk_size,
            total_chunks: session.total_chunks,
            received_count: relayed.then_some(session.received as usize),
            chunks_on_disk: None,
            created_at: session.created_at,
            expires_at: session.expires_at,
            upload_id: session.id,
        }
    }
}

impl From<Progress> for SessionInfo {
    fn from(progress: Progress) -> Self {
        let received_count = Some(progress.chunks.len());
        Self { received_count, chunks_on_disk: Some(progress.chunks), ..Self::of(progress.session) }
    }
}

/// The word by which a browser names itself.
fn client_id(text: Option<&str>) -> Result<Option<Uuid>, UploadError> {
    let parsed = text.filter(|text| !text.is_empty()).map(Uuid::parse_str).transpose();
    parsed.map_err(|_| UploadError::Invalid {
        field: "frontend_client_id",
        reason: "must be a UUID".to_owned(),
    })
}

/// What is no UUID is the name of no upload.
fn parsed(upload_id: &str) -> Result<Uuid, UploadError> {
    Uuid::parse_str(upload_id).map_err(|_| UploadError::NotFound)
}

async fn init(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(request): Json<InitRequest>,
) -> Result<Created<InitAnswer>, ApiError> {
    let wish = Wish {
        path: request.relative_path.filter(|path| !path.is_empty()).unwrap_or(request.filename),
        folder_id: request.folder_id,
        size: request.total_size,
        frontend_client_id: client_id(request.frontend_client_id.as_deref())?,
        relay: request.relay,
    };
    Ok(created(match primary.uploads.begin(&primary.files, space, user.id, wish).await? {
        Begun::Direct => InitAnswer {
            mode: "direct",
            upload_id: None,
            chunk_size: None,
            total_chunks: None,
            presigned_url: None,
            expires_at: None,
        },
        Begun::Session { session, url } => {
            let mode = session.mode.as_str();
            tracing::info!(user.id = user.id, upload.id = session.id, upload.mode = mode, "upload begun");
            InitAnswer {
                mode,
                upload_id: Some(session.id),
                chunk_size: Some(session.chunk_size),
                total_chunks: Some(session.total_chunks),
                presigned_url: url,
                expires_at: Some(session.expires_at),
            }
        }
    }))
}

async fn put_chunk(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(ChunkId { upload_id, n }): Path<ChunkId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply<ChunkAnswer>, ApiError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let length =
        length.ok_or_else(|| ApiError::new(LENGTH_REQUIRED, "send the chunk with a Content-Length"))?;
    let body = paced(body.into_data_stream(), IDLE);
    let session = primary.uploads.put_chunk(space, user.id, parsed(&upload_id)?, n, length, body).await?;
    Ok(ok(ChunkAnswer { received_count: session.received, total_chunks: session.total_chunks }))
}

async fn progress(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(UploadId { upload_id }): Path<UploadId>,
) -> Result<Reply<SessionInfo>, ApiError> {
    Ok(ok(SessionInfo::from(primary.uploads.progress(space, user.id, parsed(&upload_id)?).await?)))
}

async fn sessions(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Query(query): Query<SessionsQuery>,
) -> Result<Reply<Vec<SessionInfo>>, ApiError> {
    let client = client_id(query.frontend_client_id.as_deref())?;
    let sessions = primary.uploads.resumable(space, user.id, client).await?;
    Ok(ok(sessions.into_iter().map(SessionInfo::of).collect::<Vec<_>>()))
}

async fn presign_parts(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(UploadId { upload_id }): Path<UploadId>,
    Json(request): Json<PresignRequest>,
) -> Result<Reply<BTreeMap<u32, String>>, ApiError> {
    let urls = primary.uploads.presign(space, user.id, parsed(&upload_id)?, &request.part_numbers).await?;
    Ok(ok::<BTreeMap<u32, String>>(urls))
}

async fn complete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(UploadId { upload_id }): Path<UploadId>,
    request: Option<Json<CompleteRequest>>,
) -> Result<Created<FileInfo>, ApiError> {
    let upload_id = parsed(&upload_id)?;
    let parts = request.and_then(|Json(request)| request.parts).map(|parts| {
        let given = parts.into_iter().map(|part| GivenPart { number: part.part_number, etag: part.etag });
        given.collect()
    });
    // In a task of its own: a client that goes away must not leave the assembly half-way.
    let completing =
        async move { primary.uploads.complete(&primary.files, space, user.id, upload_id, parts).await };
    let file = tokio::spawn(completing.instrument(tracing::Span::current())).await;
    let file = file.map_err(|error| ApiError::internal(codes::INTERNAL, error))??;
    tracing::info!(user.id = user.id, file.id = file.id, file.size = file.blob.size, "upload completed");
    Ok(created(FileInfo::of(file, space)))
}

async fn cancel(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(UploadId { upload_id }): Path<UploadId>,
) -> Result<Reply<()>, ApiError> {
    primary.uploads.cancel(space, user.id, parsed(&upload_id)?).await?;
    tracing::info!(user.id = user.id, upload.id = upload_id, "upload cancelled");
    Ok(empty())
}
