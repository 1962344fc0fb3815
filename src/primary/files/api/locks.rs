//! Locks: `/files/{id}/lock`, `/folders/{id}/lock` and, for administrators, `/admin/locks` (primary spec §2.8, §2.10).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileInfo, FolderInfo, Id};
use crate::http::{ApiError, Json, Path, Query, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::files::{Item, Lock};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::spaces::SpaceOwner;
use crate::primary::teams::InSpace;
use crate::protocol::Timestamp;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct LockRequest {
    locked: bool,
}

/// A lock as administrators see it; without its token, which would open it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LockInfo {
    id: i64,
    entity_type: &'static str,
    entity_id: i64,
    entity_name: String,
    user_id: i64,
    username: String,
    is_exclusive: bool,
    is_deep: bool,
    owner_info: String,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RemovedLocks")]
pub(super) struct Removed {
    removed: u64,
}

impl From<Lock> for LockInfo {
    fn from(lock: Lock) -> Self {
        Self {
            id: lock.id,
            entity_type: lock.item.kind(),
            entity_id: lock.item.id(),
            entity_name: lock.name,
            user_id: lock.user_id,
            username: lock.username,
            is_exclusive: lock.is_exclusive,
            is_deep: lock.is_deep,
            owner_info: lock.owner_text,
            expires_at: lock.expires_at,
            created_at: lock.created_at,
        }
    }
}

pub(super) async fn lock_file(
    State(primary): State<Primary>,
    within: InSpace,
    Path(Id { id }): Path<Id>,
    Json(request): Json<LockRequest>,
) -> Result<Reply<FileInfo>, ApiError> {
    set(&primary, &within, Item::File(id), request.locked).await?;
    Ok(ok(FileInfo::of(primary.files.get(within.space, id).await?, within.space)))
}

pub(super) async fn lock_folder(
    State(primary): State<Primary>,
    within: InSpace,
    Path(Id { id }): Path<Id>,
    Json(request): Json<LockRequest>,
) -> Result<Reply<FolderInfo>, ApiError> {
    set(&primary, &within, Item::Folder(id), request.locked).await?;
    Ok(ok(FolderInfo::of(primary.files.folder(within.space, id).await?, within.space)))
}

async fn set(primary: &Primary, within: &InSpace, item: Item, locked: bool) -> Result<(), ApiError> {
    let (space, user_id) = (within.space, within.user.id);
    if locked {
        primary.files.lock(space, user_id, item).await?;
    } else {
        // A personal space is its owner's, whoever else may have got in.
        let of_others = match space.owner {
            SpaceOwner::User(_) => true,
            SpaceOwner::Team(team_id) => primary.teams.is_led_by(team_id, user_id).await?,
        };
        primary.files.unlock(space, user_id, item, of_others).await?;
    }
    tracing::info!(user.id = user_id, item = item.kind(), item.id = item.id(), locked, "lock changed");
    Ok(())
}

pub(super) async fn list(
    State(primary): State<Primary>,
    Admin(_): Admin,
    Query(query): Query<PageQuery>,
) -> Result<Reply<Page<LockInfo>>, ApiError> {
    let (locks, total) = primary.files.all_locks(query.limit(), query.offset()).await?;
    Ok(ok(Page::of(locks.into_iter().map(LockInfo::from).collect(), total, query)))
}

pub(super) async fn delete(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    let lock = primary.files.break_lock(id).await?;
    tracing::info!(user.id = admin.id, lock.id = id, "lock broken");
    primary.audit.record(&admin, Action::Delete, Entity::Lock, Some(id), &lock.name).await;
    Ok(empty())
}

pub(super) async fn delete_expired(
    State(primary): State<Primary>,
    Admin(admin): Admin,
) -> Result<Reply<Removed>, ApiError> {
    let removed = primary.files.remove_expired_locks(Timestamp::now()).await?;
    primary.audit.record(&admin, Action::Delete, Entity::Lock, None, "expired locks").await;
    Ok(ok(Removed { removed }))
}
