//! `POST /files/upload`: one request, one file, streamed to its store.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::Instrument;

use super::FileInfo;
use crate::http::{ApiError, Created, Query, created};
use crate::primary::Primary;
use crate::primary::files::multipart::{Multipart, Rest, boundary, paced};
use crate::primary::files::{FileError, FileRecord, NewFile, Target};
use crate::primary::teams::InSpace;
use crate::protocol::codes;
use crate::storage::ErrorKind;

/// Longest silence of a client in the middle of its upload.
pub(in crate::primary) const IDLE: Duration = Duration::from_secs(60);
/// What is read of an upload that has been refused already, so that its client gets to see the answer.
const DRAIN_BYTES: u64 = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct UploadQuery {
    folder_id: Option<i64>,
    relative_path: Option<String>,
    declared_size: Option<u64>,
}

pub(super) async fn upload(
    State(primary): State<Primary>,
    who: InSpace,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Created<FileInfo>, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let boundary = boundary(text(header::CONTENT_TYPE).unwrap_or_default())?;
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let mut form = Multipart::new(paced(body.into_data_stream(), IDLE), &boundary);
    let new = match admit(&primary, &who, &query, length, &mut form).await {
        Ok(new) => new,
        Err(refusal) => {
            form.drain(DRAIN_BYTES, DRAIN_TIME).await;
            return Err(refusal);
        }
    };
    // In a task of its own: when the client goes away this handler is dropped, but what was begun must be undone.
    let receiving = receive(primary, new, form).instrument(tracing::Span::current());
    let file =
        tokio::spawn(receiving).await.map_err(|error| ApiError::internal(codes::INTERNAL, error))??;
    tracing::info!(user.id = who.user.id, file.id = file.id, file.size = file.blob.size, "file uploaded");
    Ok(created(FileInfo::of(file, who.space)))
}

/// Everything that can be said before the content arrives.
async fn admit(
    primary: &Primary,
    who: &InSpace,
    query: &UploadQuery,
    length: Option<u64>,
    form: &mut Multipart,
) -> Result<NewFile, ApiError> {
    let sent_name = form.find_file().await?;
    let path = query.relative_path.as_deref().filter(|path| !path.is_empty()).unwrap_or(&sent_name);
    let target = Target::at_path(query.folder_id, path).map_err(FileError::from)?;
    let size = form.file_size(query.declared_size, length)?;
    Ok(primary.files.admit(&primary.policies, who.space, who.user.id, target, size).await?)
}

async fn receive(primary: Primary, new: NewFile, form: Multipart) -> Result<FileRecord, ApiError> {
    let (body, rest) = form.into_file(new.size()).await;
    let stored = match body {
        Ok(body) => primary.files.store(&primary.policies, new, body).await.map_err(|e| explained(e, &rest)),
        Err(refusal) => Err(refusal.into()),
    };
    if stored.is_err() {
        rest.drain(DRAIN_BYTES, DRAIN_TIME).await;
    }
    stored
}

/// The store only knows that the stream ended early; the form knows why.
fn explained(error: FileError, rest: &Rest) -> ApiError {
    match (error, rest.error()) {
        (FileError::Storage { source, .. }, Some(reason)) if source.kind() == ErrorKind::BodyInterrupted => {
            ApiError::from(reason).because(source)
        }
        (error, _) => error.into(),
    }
}
