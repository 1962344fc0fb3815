//! `/folders`.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::patch::Patch;
use super::{FileItem, FolderInfo, FolderItem, Id, parsed};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::files::{Cursor, FileError, FileName, Item, ListQuery, Listing, Order, SortBy};
use crate::primary::teams::InSpace;

const DEFAULT_FOLDERS: u32 = 200;
const DEFAULT_FILES: u32 = 100;
const MAX_ITEMS: u32 = 1_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::primary) struct FolderQuery {
    folder_limit: Option<u32>,
    #[serde(default)]
    folder_offset: u32,
    file_limit: Option<u32>,
    #[serde(default)]
    sort_by: SortBy,
    #[serde(default)]
    sort_order: Order,
    file_after_value: Option<String>,
    file_after_id: Option<i64>,
}

impl From<FolderQuery> for ListQuery {
    fn from(query: FolderQuery) -> Self {
        let after = query.file_after_value.zip(query.file_after_id);
        Self {
            sort_by: query.sort_by,
            order: query.sort_order,
            folder_limit: query.folder_limit.unwrap_or(DEFAULT_FOLDERS).min(MAX_ITEMS),
            folder_offset: query.folder_offset,
            file_limit: query.file_limit.unwrap_or(DEFAULT_FILES).min(MAX_ITEMS),
            files_after: after.map(|(value, id)| Cursor { value, id }),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FolderContents")]
pub(super) struct Contents {
    folders: Vec<FolderItem>,
    files: Vec<FileItem>,
    folders_total: u64,
    files_total: u64,
    next_file_cursor: Option<Cursor>,
}

impl From<Listing> for Contents {
    fn from(listing: Listing) -> Self {
        Self {
            folders: listing
                .folders
                .into_iter()
                .map(|folder| FolderItem::of(listing.shared.contains(&Item::Folder(folder.id)), folder))
                .collect(),
            files: listing
                .files
                .into_iter()
                .map(|file| FileItem::of(listing.shared.contains(&Item::File(file.id)), file))
                .collect(),
            folders_total: listing.folders_total,
            files_total: listing.files_total,
            next_file_cursor: listing.next_file,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NewFolder {
    name: String,
    parent_id: Option<i64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct FolderChange {
    name: Option<String>,
    #[serde(default)]
    parent_id: Patch<i64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "FolderCopy")]
pub(super) struct CopyRequest {
    parent_id: Option<i64>,
}

/// A folder with what lies below it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MeasuredFolder")]
pub(super) struct Measured {
    #[serde(flatten)]
    folder: FolderInfo,
    total_folders: u64,
    total_files: u64,
    total_size: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ancestor {
    id: i64,
    name: String,
}

pub(super) async fn list_root(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Query(query): Query<FolderQuery>,
) -> Result<Reply<Contents>, ApiError> {
    Ok(ok(Contents::from(primary.files.list(space, None, &query.into()).await?)))
}

pub(super) async fn list(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
    Query(query): Query<FolderQuery>,
) -> Result<Reply<Contents>, ApiError> {
    Ok(ok(Contents::from(primary.files.list(space, Some(id), &query.into()).await?)))
}

pub(super) async fn create(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(new): Json<NewFolder>,
) -> Result<Created<FolderInfo>, ApiError> {
    let name = FileName::parse(&new.name).map_err(FileError::from)?;
    let folder = primary.files.create_folder(space, user.id, new.parent_id, &name).await?;
    tracing::info!(user.id = user.id, folder.id = folder.id, "folder created");
    Ok(created(FolderInfo::of(folder, space)))
}

pub(super) async fn info(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<Measured>, ApiError> {
    let folder = FolderInfo::of(primary.files.folder(space, id).await?, space);
    let below = primary.files.extent(space, id).await?;
    Ok(ok(Measured {
        folder,
        total_folders: below.folders,
        total_files: below.files,
        total_size: below.bytes,
    }))
}

pub(super) async fn ancestors(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<Vec<Ancestor>>, ApiError> {
    let chain = primary.files.ancestors(space, id).await?;
    let chain: Vec<_> =
        chain.into_iter().map(|folder| Ancestor { id: folder.id, name: folder.name }).collect();
    Ok(ok(chain))
}

pub(super) async fn change(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(change): Json<FolderChange>,
) -> Result<Reply<FolderInfo>, ApiError> {
    let name = parsed(change.name.as_deref())?;
    let folder =
        primary.files.change_folder(space, user.id, id, name.as_ref(), change.parent_id.given()).await?;
    tracing::info!(user.id = user.id, folder.id = id, "folder renamed or moved");
    Ok(ok(FolderInfo::of(folder, space)))
}

pub(super) async fn copy(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(request): Json<CopyRequest>,
) -> Result<Created<FolderInfo>, ApiError> {
    let copy = primary.files.copy_folder(space, user.id, id, request.parent_id).await?;
    tracing::info!(user.id = user.id, folder.id = id, copy.id = copy.id, "folder copied");
    Ok(created(FolderInfo::of(copy, space)))
}

pub(super) async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    primary.trash.put(&primary.files, space, user.id, Item::Folder(id)).await?;
    tracing::info!(user.id = user.id, folder.id = id, "folder deleted");
    Ok(empty())
}
