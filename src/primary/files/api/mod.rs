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

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

pub(in crate::primary) use self::download::{DownloadQuery, Way, answer as content_answer};
pub(in crate::primary) use self::folders::FolderQuery;
use self::patch::Patch;
pub(in crate::primary) use self::records::{
    FileInfo, FileItem, FolderInfo, FolderItem, PublicFile, PublicFolder,
};
pub(in crate::primary) use self::upload::IDLE as UPLOAD_IDLE;
use super::{FileError, FileName, Item};
use crate::http::{ApiError, Created, Json, Path, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::openapi::{self, Routes, get, post, put};
use crate::primary::teams::InSpace;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/files/upload", post(upload::upload, "Upload a file in one request").takes_form())
        .route("/files/new", post(content::new_empty, "Make an empty file"))
        .route(
            "/files/{id}",
            get(info, "A file")
                .patch(change, "Rename or move a file")
                .delete(delete, "Put a file into the trash"),
        )
        .route("/files/{id}/download", get(download::download, "The content of a file"))
        .route(
            "/files/{id}/content",
            put(content::replace, "Replace the content of a file; the one before becomes a version")
                .header("If-Match", "The entity tag that the content must still have"),
        )
        .route("/files/{id}/copy", post(copy, "Copy a file"))
        .route("/files/{id}/versions", get(versions::list, "Versions of a file"))
        .route("/files/{id}/versions/{version_id}", openapi::delete(versions::delete, "Remove a version"))
        .route(
            "/files/{id}/versions/{version_id}/restore",
            post(versions::restore, "Make a version the content again; newer ones go"),
        )
        .route(
            "/folders",
            get(folders::list_root, "What lies at the root of the space")
                .post(folders::create, "Make a folder"),
        )
        .route(
            "/folders/{id}",
            get(folders::list, "What lies in a folder")
                .patch(folders::change, "Rename or move a folder")
                .delete(folders::delete, "Put a folder into the trash"),
        )
        .route("/folders/{id}/info", get(folders::info, "A folder, and how much lies below it"))
        .route(
            "/folders/{id}/ancestors",
            get(folders::ancestors, "The folders above a folder, from the root"),
        )
        .route("/folders/{id}/copy", post(folders::copy, "Copy a folder with all below it"))
        .route("/files/{id}/lock", post(locks::lock_file, "Lock or unlock a file"))
        .route("/folders/{id}/lock", post(locks::lock_folder, "Lock or unlock a folder"))
        .route(
            "/properties/{kind}/{id}",
            get(properties::list, "Custom properties of a file or folder")
                .put(properties::put, "Set a custom property"),
        )
        .route(
            "/properties/{kind}/{id}/{namespace}/{name}",
            openapi::delete(properties::delete, "Remove a custom property"),
        )
        .route("/batch/delete", post(batch::delete, "Put many files and folders into the trash"))
        .route("/batch/move", post(batch::move_to, "Move many files and folders"))
        .route("/batch/copy", post(batch::copy, "Copy many files and folders"))
}

/// What administrators see of all spaces.
pub(in crate::primary) fn admin_routes() -> Routes {
    Routes::new()
        .route("/admin/locks", get(locks::list, "Locks of all spaces"))
        .route(
            "/admin/locks/expired",
            openapi::delete(locks::delete_expired, "Remove locks whose time is over"),
        )
        .route("/admin/locks/{id}", openapi::delete(locks::delete, "Break a lock"))
}

/// Ids of the path; a team's is [`InSpace`]'s business.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::primary) struct Id {
    pub(in crate::primary) id: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct FileChange {
    name: Option<String>,
    #[serde(default)]
    folder_id: Patch<i64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FileCopy")]
struct CopyRequest {
    folder_id: Option<i64>,
}

async fn info(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<FileInfo>, ApiError> {
    Ok(ok(FileInfo::of(primary.files.get(space, id).await?, space)))
}

async fn change(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(change): Json<FileChange>,
) -> Result<Reply<FileInfo>, ApiError> {
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
) -> Result<Created<FileInfo>, ApiError> {
    let copy = primary.files.copy(space, user.id, id, request.folder_id).await?;
    tracing::info!(user.id = user.id, file.id = id, copy.id = copy.id, "file copied");
    Ok(created(FileInfo::of(copy, space)))
}

async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    primary.trash.put(&primary.files, space, user.id, Item::File(id)).await?;
    tracing::info!(user.id = user.id, file.id = id, "file deleted");
    Ok(empty())
}

/// A name that was sent, if one was.
fn parsed(name: Option<&str>) -> Result<Option<FileName>, FileError> {
    Ok(name.map(FileName::parse).transpose()?)
}
