//! `/trash` (primary spec §2.8), for the user's own space and, below `/teams/{team_id}`, for a team's.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entry, Page, Trash};
use crate::http::{ApiError, Path, Query, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::files::{Cursor, Item};
use crate::primary::openapi::{Routes, delete, get, post};
use crate::primary::teams::InSpace;
use crate::protocol::Timestamp;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/trash",
            get(list, "What was deleted")
                .delete(empty_it, "Empty the trash; the work goes on in the background"),
        )
        .route("/trash/{kind}/{id}", delete(purge, "Remove something for good"))
        .route("/trash/{kind}/{id}/restore", post(restore, "Bring something back"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TrashQuery {
    folder_limit: Option<u32>,
    folder_after_value: Option<String>,
    folder_after_id: Option<i64>,
    file_limit: Option<u32>,
    file_after_value: Option<String>,
    file_after_id: Option<i64>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    File,
    Folder,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ItemPath {
    kind: Kind,
    id: i64,
}

impl From<ItemPath> for Item {
    fn from(path: ItemPath) -> Self {
        match path.kind {
            Kind::File => Self::File(path.id),
            Kind::Folder => Self::Folder(path.id),
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct Trashed {
    id: i64,
    name: String,
    size: u64,
    mime_type: String,
    original_path: String,
    deleted_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrashContents")]
struct Contents {
    folders: Vec<Trashed>,
    files: Vec<Trashed>,
    folders_total: u64,
    files_total: u64,
    next_folder_cursor: Option<Cursor>,
    next_file_cursor: Option<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Emptied {
    entries: u64,
}

async fn list(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Query(query): Query<TrashQuery>,
) -> Result<Reply<Contents>, ApiError> {
    let after = |value: Option<String>, id: Option<i64>| value.and_then(|value| value.parse().ok()).zip(id);
    let limit = |limit: Option<u32>| limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let folder_page = Page {
        limit: limit(query.folder_limit),
        after: after(query.folder_after_value, query.folder_after_id),
    };
    let file_page =
        Page { limit: limit(query.file_limit), after: after(query.file_after_value, query.file_after_id) };
    let (folders, folders_total) = primary.trash.folders(space, folder_page).await?;
    let (files, files_total) = primary.trash.files(space, file_page).await?;
    Ok(ok(Contents {
        next_folder_cursor: next(&folders, folder_page),
        next_file_cursor: next(&files, file_page),
        folders: shown(&primary.trash, folders),
        files: shown(&primary.trash, files),
        folders_total,
        files_total,
    }))
}

/// Behind a full page there may be another.
fn next(entries: &[Entry], page: Page) -> Option<Cursor> {
    let last = entries.last().filter(|_| entries.len() >= page.limit as usize)?;
    Some(Cursor { value: last.deleted_at.unix_ms().to_string(), id: last.id })
}

fn shown(trash: &Trash, entries: Vec<Entry>) -> Vec<Trashed> {
    let shown = entries.into_iter().map(|entry| Trashed {
        id: entry.item.id(),
        expires_at: trash.expires_at(&entry),
        name: entry.name,
        size: entry.size,
        mime_type: entry.mime_type,
        original_path: entry.original_path,
        deleted_at: entry.deleted_at,
    });
    shown.collect()
}

async fn restore(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(path): Path<ItemPath>,
) -> Result<Reply<()>, ApiError> {
    let item = Item::from(path);
    primary.trash.restore(&primary.files, space, user.id, item).await?;
    tracing::info!(user.id = user.id, item = item.kind(), item.id = item.id(), "restored from the trash");
    Ok(empty())
}

async fn purge(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(path): Path<ItemPath>,
) -> Result<Reply<()>, ApiError> {
    let item = Item::from(path);
    primary.trash.purge(&primary.files, &primary.policies, space, item).await?;
    tracing::info!(user.id = user.id, item = item.kind(), item.id = item.id(), "removed for good");
    Ok(empty())
}

/// Marks everything; the work goes on in the background.
async fn empty_it(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
) -> Result<Reply<Emptied>, ApiError> {
    let entries = primary.trash.empty(space).await?;
    primary.wake_cleaner();
    tracing::info!(user.id = user.id, entries, "trash emptied");
    Ok(ok(Emptied { entries }))
}
