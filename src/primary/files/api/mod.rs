//! `/files` (primary spec §2.7, §2.8).

mod download;
mod upload;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Serialize;

use super::{FileRecord, name};
use crate::http::{ApiError, Path, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::User;
use crate::protocol::Timestamp;

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/files/upload", post(upload::upload))
        .route("/files/{id}", get(info).delete(delete))
        .route("/files/{id}/download", get(download::download))
}

#[derive(Debug, Serialize)]
struct FileInfo {
    id: i64,
    name: String,
    folder_id: Option<i64>,
    team_id: Option<i64>,
    blob_id: i64,
    size: u64,
    owner_user_id: i64,
    created_by_user_id: i64,
    created_by_username: String,
    mime_type: String,
    extension: Option<String>,
    compound_extension: Option<String>,
    file_category: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_locked: bool,
}

impl From<FileRecord> for FileInfo {
    fn from(file: FileRecord) -> Self {
        Self {
            id: file.id,
            folder_id: None,
            team_id: None,
            blob_id: file.blob.id,
            size: file.blob.size,
            owner_user_id: file.owner_user_id,
            created_by_user_id: file.owner_user_id,
            created_by_username: file.owner_username,
            extension: name::extension(&file.name).map(str::to_lowercase),
            compound_extension: name::compound_extension(&file.name).map(str::to_lowercase),
            file_category: name::category(&file.mime_type),
            name: file.name,
            mime_type: file.mime_type,
            created_at: file.created_at,
            updated_at: file.updated_at,
            is_locked: false,
        }
    }
}

async fn info(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(FileInfo::from(primary.files.get(&user, id).await?)))
}

async fn delete(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    primary.files.delete(&primary.policies, &user, id).await?;
    tracing::info!(user.id = user.id, file.id = id, "file deleted");
    Ok(empty())
}
