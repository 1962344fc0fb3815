//! Content without a form: `PUT /files/{id}/content` and `POST /files/new`.

use axum::body::Body;
use axum::extract::State;
use futures_util::TryStreamExt;
use http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::Instrument;

use super::{FileInfo, Id};
use crate::http::{ApiError, Created, Json, Path, Reply, created, ok};
use crate::primary::Primary;
use crate::primary::files::multipart::paced;
use crate::primary::files::{FileError, FileName, FileRecord, NewFile, Target};
use crate::primary::teams::InSpace;
use crate::protocol::codes;
use crate::storage::{BodyError, ByteStream};

use super::upload::IDLE;
use crate::primary::error::LENGTH_REQUIRED;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct EmptyFile {
    name: String,
    folder_id: Option<i64>,
}

pub(super) async fn new_empty(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(new): Json<EmptyFile>,
) -> Result<Created<FileInfo>, ApiError> {
    let name = FileName::parse(&new.name).map_err(FileError::from)?;
    let target = Target::New { folder_id: new.folder_id, folders: Vec::new(), name };
    let admitted = primary.files.admit(&primary.policies, space, user.id, target, 0).await?;
    let file = stored(primary, admitted, Box::pin(futures_util::stream::empty())).await?;
    tracing::info!(user.id = user.id, file.id = file.id, "file created");
    Ok(created(FileInfo::of(file, space)))
}

/// Replaces the content; the one before becomes a version. With `If-Match`, only when it is still the one named.
pub(super) async fn replace(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply<FileInfo>, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let size: Option<u64> = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let size =
        size.ok_or_else(|| ApiError::new(LENGTH_REQUIRED, "send the content with a Content-Length"))?;
    let target = Target::Content { file_id: id, expected_hash: expected_hash(text(header::IF_MATCH))? };
    let admitted = primary.files.admit(&primary.policies, space, user.id, target, size).await?;
    let body = paced(body.into_data_stream(), IDLE);
    let body = body.map_err(|error| BodyError::Interrupted(error.to_string().into()));
    let file = stored(primary, admitted, Box::pin(body)).await?;
    tracing::info!(user.id = user.id, file.id = id, file.size = size, "content replaced");
    Ok(ok(FileInfo::of(file, space)))
}

/// In a task of its own: when the client goes away the handler is dropped, but what was begun must be undone.
async fn stored(primary: Primary, new: NewFile, body: ByteStream) -> Result<FileRecord, ApiError> {
    let storing = async move { primary.files.store(&primary.policies, new, body).await };
    let stored = tokio::spawn(storing.instrument(tracing::Span::current())).await;
    Ok(stored.map_err(|error| ApiError::internal(codes::INTERNAL, error))??)
}

/// The hash that `If-Match` names; `*` holds for every file that is there. A list of tags is refused rather than
/// misread.
fn expected_hash(if_match: Option<&str>) -> Result<Option<String>, ApiError> {
    match if_match.map(str::trim) {
        None | Some("*") => Ok(None),
        Some(tag) => match tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')) {
            Some(hash) if !hash.contains('"') => Ok(Some(hash.to_owned())),
            _ => Err(ApiError::new(codes::BAD_REQUEST, "If-Match: one strong entity tag or * is expected")),
        },
    }
}
