//! `/search` (primary spec §2.8), for the user's own space and, below `/teams/{team_id}`, for a team's.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Category, Hits, Wanted};
use crate::http::{ApiError, Query, Reply, ok};
use crate::primary::Primary;
use crate::primary::files::{FileItem, FileRecord, FolderItem, FolderRecord, Item};
use crate::primary::openapi::{Routes, get};
use crate::primary::spaces::Space;
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;
const MAX_EXTENSIONS: usize = 32;
const MAX_EXTENSION_BYTES: usize = 32;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new().route("/search", get(search, "Search by name, kind, size and date"))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    File,
    Folder,
    #[default]
    All,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SearchQuery {
    #[serde(default)]
    q: String,
    #[serde(default, rename = "type")]
    kind: Kind,
    mime_type: Option<String>,
    category: Option<Category>,
    /// Separated by commas.
    #[serde(default)]
    extensions: String,
    min_size: Option<u64>,
    max_size: Option<u64>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    folder_id: Option<i64>,
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// A found file, and where it lies.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundFile {
    #[serde(flatten)]
    file: FileItem,
    folder_id: Option<i64>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    files: Vec<FoundFile>,
    folders: Vec<FolderItem>,
    total_files: usize,
    total_folders: usize,
    /// `false` when there are more than `total_files` or `total_folders`; those are not shown.
    totals_are_exact: bool,
}

impl SearchQuery {
    fn extensions(&self) -> Result<Vec<String>, ApiError> {
        let given = self.extensions.split(',').map(|one| one.trim().trim_start_matches('.').to_lowercase());
        let given: Vec<String> = given.filter(|one| !one.is_empty()).take(MAX_EXTENSIONS + 1).collect();
        if given.len() > MAX_EXTENSIONS || given.iter().any(|one| one.len() > MAX_EXTENSION_BYTES) {
            let text = format!(
                "extensions: at most {MAX_EXTENSIONS} of at most {MAX_EXTENSION_BYTES} bytes each are allowed"
            );
            return Err(ApiError::new(codes::BAD_REQUEST, text));
        }
        Ok(given)
    }

    fn wanted(self) -> Result<Wanted, ApiError> {
        Ok(Wanted {
            extensions: self.extensions()?,
            text: self.q,
            mime_type: self.mime_type.map(|mime_type| mime_type.to_lowercase()),
            category: self.category,
            min_size: self.min_size,
            max_size: self.max_size,
            created_after: self.created_after,
            created_before: self.created_before,
            folder_id: self.folder_id,
        })
    }
}

async fn search(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Query(query): Query<SearchQuery>,
) -> Result<Reply<Found>, ApiError> {
    if let Some(id) = query.folder_id {
        primary.files.folder(space, id).await?;
    }
    let (kind, offset) = (query.kind, query.offset);
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let (files, folders) = find(&primary, space, &query.wanted()?, kind).await?;
    let file_records = primary.files.several(space, files.page(offset, limit)).await?;
    let folder_records = primary.files.several_folders(space, folders.page(offset, limit)).await?;
    let shared = primary.files.shared(space).await?;
    let found_file = |file: FileRecord| FoundFile {
        folder_id: file.folder_id,
        file: FileItem::of(shared.contains(&Item::File(file.id)), file),
    };
    let found_folder =
        |folder: FolderRecord| FolderItem::of(shared.contains(&Item::Folder(folder.id)), folder);
    Ok(ok(Found {
        total_files: files.total(),
        total_folders: folders.total(),
        totals_are_exact: files.is_complete() && folders.is_complete(),
        files: file_records.into_iter().map(found_file).collect(),
        folders: folder_records.into_iter().map(found_folder).collect(),
    }))
}

async fn find(
    primary: &Primary,
    space: Space,
    wanted: &Wanted,
    kind: Kind,
) -> Result<(Hits, Hits), ApiError> {
    let failed = |error| ApiError::internal(codes::DATABASE, error);
    let files = match kind {
        Kind::Folder => Hits::default(),
        Kind::File | Kind::All => primary.search.files(space, wanted).await.map_err(failed)?,
    };
    let folders = match kind {
        Kind::File => Hits::default(),
        Kind::Folder | Kind::All => primary.search.folders(space, wanted).await.map_err(failed)?,
    };
    Ok((files, folders))
}
