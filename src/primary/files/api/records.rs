//! Files and folders as clients see them (primary spec §2.8).

use schemars::JsonSchema;
use serde::Serialize;

use crate::primary::files::{FileRecord, FolderRecord, name};
use crate::primary::spaces::Space;
use crate::protocol::Timestamp;

/// Everything about a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct FileInfo {
    id: i64,
    name: String,
    folder_id: Option<i64>,
    team_id: Option<i64>,
    blob_id: i64,
    size: u64,
    /// The owner of a personal space; nobody in a team's.
    owner_user_id: Option<i64>,
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

/// A file in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct FileItem {
    id: i64,
    name: String,
    size: u64,
    mime_type: String,
    extension: Option<String>,
    file_category: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_locked: bool,
    is_shared: bool,
}

/// Everything about a folder.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct FolderInfo {
    id: i64,
    name: String,
    parent_id: Option<i64>,
    team_id: Option<i64>,
    owner_user_id: Option<i64>,
    created_by_user_id: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_locked: bool,
}

/// A folder in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct FolderItem {
    id: i64,
    name: String,
    parent_id: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
    is_locked: bool,
    is_shared: bool,
}

/// A file in a list for everybody.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct PublicFile {
    id: i64,
    name: String,
    size: u64,
    mime_type: String,
    extension: Option<String>,
    file_category: &'static str,
    updated_at: Timestamp,
}

/// A folder in a list for everybody.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::primary) struct PublicFolder {
    id: i64,
    name: String,
    updated_at: Timestamp,
}

impl FileInfo {
    pub(in crate::primary) fn of(file: FileRecord, space: Space) -> Self {
        Self {
            id: file.id,
            folder_id: file.folder_id,
            team_id: space.owner.team_id(),
            blob_id: file.blob.id,
            size: file.blob.size,
            owner_user_id: space.owner.user_id(),
            created_by_user_id: file.created_by_user_id,
            created_by_username: file.created_by_username,
            extension: name::extension(&file.name).map(str::to_lowercase),
            compound_extension: name::compound_extension(&file.name).map(str::to_lowercase),
            file_category: name::category(&file.mime_type),
            name: file.name,
            mime_type: file.mime_type,
            created_at: file.created_at,
            updated_at: file.updated_at,
            is_locked: file.is_locked,
        }
    }
}

impl FileItem {
    pub(in crate::primary) fn of(is_shared: bool, file: FileRecord) -> Self {
        Self {
            id: file.id,
            size: file.blob.size,
            extension: name::extension(&file.name).map(str::to_lowercase),
            file_category: name::category(&file.mime_type),
            name: file.name,
            mime_type: file.mime_type,
            created_at: file.created_at,
            updated_at: file.updated_at,
            is_locked: file.is_locked,
            is_shared,
        }
    }
}

impl FolderInfo {
    pub(in crate::primary) fn of(folder: FolderRecord, space: Space) -> Self {
        Self {
            id: folder.id,
            name: folder.name,
            parent_id: folder.parent_id,
            team_id: space.owner.team_id(),
            owner_user_id: space.owner.user_id(),
            created_by_user_id: folder.created_by_user_id,
            created_at: folder.created_at,
            updated_at: folder.updated_at,
            is_locked: folder.is_locked,
        }
    }
}

impl From<FileRecord> for PublicFile {
    fn from(file: FileRecord) -> Self {
        Self {
            id: file.id,
            size: file.blob.size,
            extension: name::extension(&file.name).map(str::to_lowercase),
            file_category: name::category(&file.mime_type),
            name: file.name,
            mime_type: file.mime_type,
            updated_at: file.updated_at,
        }
    }
}

impl From<FolderRecord> for PublicFolder {
    fn from(folder: FolderRecord) -> Self {
        Self { id: folder.id, name: folder.name, updated_at: folder.updated_at }
    }
}

impl FolderItem {
    pub(in crate::primary) fn of(is_shared: bool, folder: FolderRecord) -> Self {
        Self {
            id: folder.id,
            name: folder.name,
            parent_id: folder.parent_id,
            created_at: folder.created_at,
            updated_at: folder.updated_at,
            is_locked: folder.is_locked,
            is_shared,
        }
    }
}
