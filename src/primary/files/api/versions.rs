//! `/files/{id}/versions`.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileInfo, Id};
use crate::http::{ApiError, Path, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::files::Version;
use crate::primary::teams::InSpace;
use crate::protocol::Timestamp;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct VersionId {
    id: i64,
    version_id: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct VersionInfo {
    id: i64,
    blob_id: i64,
    size: u64,
    hash: String,
    created_by_user_id: i64,
    created_by_username: String,
    created_at: Timestamp,
}

impl From<Version> for VersionInfo {
    fn from(version: Version) -> Self {
        Self {
            id: version.id,
            blob_id: version.blob_id,
            size: version.size,
            hash: version.hash,
            created_by_user_id: version.created_by_user_id,
            created_by_username: version.created_by_username,
            created_at: version.created_at,
        }
    }
}

pub(super) async fn list(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<Vec<VersionInfo>>, ApiError> {
    let versions = primary.files.versions(space, id).await?;
    Ok(ok(versions.into_iter().map(VersionInfo::from).collect::<Vec<_>>()))
}

pub(super) async fn restore(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(VersionId { id, version_id }): Path<VersionId>,
) -> Result<Reply<FileInfo>, ApiError> {
    let file = primary.files.restore_version(&primary.policies, space, user.id, id, version_id).await?;
    tracing::info!(user.id = user.id, file.id = id, version.id = version_id, "version restored");
    Ok(ok(FileInfo::of(file, space)))
}

pub(super) async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(VersionId { id, version_id }): Path<VersionId>,
) -> Result<Reply<()>, ApiError> {
    primary.files.delete_version(&primary.policies, space, user.id, id, version_id).await?;
    tracing::info!(user.id = user.id, file.id = id, version.id = version_id, "version deleted");
    Ok(empty())
}
