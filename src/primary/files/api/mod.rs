//! `/files`, `/folders` and `/batch` (primary spec §2.7, §2.8), for the user's own space and, below `/teams/{team_id}`,
//! for a team's.

mod batch;
mod content;
mod download;
mod folders;
mod locks;
mod patch;
mod properties;
mod records;
mod upload;
mod versions;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, patch as patching, post, put};
use serde::Deserialize;

pub(in crate::primary) use self::download::{DownloadQuery, Way, answer as content_answer};
pub(in crate::primary) use self::folders::FolderQuery;
use self::patch::Patch;
pub(in crate::primary) use self::records::{
    FileInfo, FileItem, FolderInfo, FolderItem, PublicFile, PublicFolder,
};
use super::{FileError, FileName, Item};
use crate::http::{ApiError, Json, Path, created, empty, ok};
use crate::primary::Primary;
use crate::primary::teams::InSpace;

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/files/upload", post(upload::upload))
        .route("/files/new", post(content::new_empty))
        .route("/files/{id}", get(info).patch(change).delete(delete))
        .route("/files/{id}/download", get(download::download))
        .route("/files/{id}/content", put(content::replace))
        .route("/files/{id}/copy", post(copy))
        .route("/files/{id}/versions", get(versions::list))
        .route("/files/{id}/versions/{version_id}", axum::routing::delete(versions::delete))
        .route("/files/{id}/versions/{version_id}/restore", post(versions::restore))
        .route("/folders", get(folders::list_root).post(folders::create))
        .route("/folders/{id}", get(folders::list).merge(patching(folders::change)).delete(folders::delete))
        .route("/folders/{id}/info", get(folders::info))
        .route("/folders/{id}/ancestors", get(folders::ancestors))
        .route("/folders/{id}/copy", post(folders::copy))
        .route("/files/{id}/lock", post(locks::lock_file))
        .route("/folders/{id}/lock", post(locks::lock_folder))
        .route("/properties/{kind}/{id}", get(properties::list).put(properties::put))
        .route("/properties/{kind}/{id}/{namespace}/{name}", axum::routing::delete(properties::delete))
        .route("/batch/delete", post(batch::delete))
        .route("/batch/move", post(batch::move_to))
        .route("/batch/copy", post(batch::copy))
}

/// What administrators see of all spaces.
pub(in crate::primary) fn admin_routes() -> Router<Primary> {
    Router::new()
        .route("/admin/locks", get(locks::list))
        .route("/admin/locks/expired", axum::routing::delete(locks::delete_expired))
        .route("/admin/locks/{id}", axum::routing::delete(locks::delete))
}

/// Ids of the path; a team's is [`InSpace`]'s business.
#[derive(Debug, Deserialize)]
pub(in crate::primary) struct Id {
    pub(in crate::primary) id: i64,
}

#[derive(Debug, Deserialize)]
struct FileChange {
    name: Option<String>,
    #[serde(default)]
    folder_id: Patch<i64>,
}

#[derive(Debug, Deserialize)]
struct CopyRequest {
    folder_id: Option<i64>,
}

async fn info(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(FileInfo::of(primary.files.get(space, id).await?, space)))
}

async fn change(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(change): Json<FileChange>,
) -> Result<impl IntoResponse, ApiError> {
    let name = parsed(change.name.as_deref())?;
    let file = primary.files.change(space, user.id, id, name.as_ref(), change.folder_id.given()).await?;
    tracing::info!(user.id = user.id, file.id = id, "file renamed or moved");
    Ok(ok(FileInfo::of(file, space)))
}

async fn copy(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(request): Json<CopyRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let copy = primary.files.copy(space, user.id, id, request.folder_id).await?;
    tracing::info!(user.id = user.id, file.id = id, copy.id = copy.id, "file copied");
    Ok(created(FileInfo::of(copy, space)))
}

async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<impl IntoResponse, ApiError> {
    primary.trash.put(&primary.files, space, user.id, Item::File(id)).await?;
    tracing::info!(user.id = user.id, file.id = id, "file deleted");
    Ok(empty())
}

/// A name that was sent, if one was.
fn parsed(name: Option<&str>) -> Result<Option<FileName>, FileError> {
    Ok(name.map(FileName::parse).transpose()?)
}
