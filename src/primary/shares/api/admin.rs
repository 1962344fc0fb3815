//! `/admin/shares`: the shares of everybody, for administrators of the site.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ShareInfo, Target};
use crate::http::{ApiError, Path, Query, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::openapi::{Routes, delete, get};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::shares::{Share, Status};
use crate::primary::spaces::SpaceOwner;
use crate::protocol::Timestamp;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/admin/shares", get(list, "Shares of everybody"))
        .route("/admin/shares/{id}", delete(revoke, "End any share"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListQuery {
    /// Only those that this user made.
    user_id: Option<i64>,
}

/// Whose space the item lies in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShareOwner")]
struct OwnerInfo {
    /// `user` or `team`.
    #[serde(rename = "type")]
    kind: &'static str,
    id: i64,
    name: String,
}

/// A share without its token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShareOfAnybody")]
struct SharedInfo {
    id: i64,
    target: Target,
    /// Empty while the item is in the trash.
    resource_name: String,
    owner: OwnerInfo,
    /// Who made it; empty when the account is gone.
    shared_by: String,
    has_password: bool,
    status: Status,
    expires_at: Option<Timestamp>,
    max_downloads: u64,
    download_count: u64,
    view_count: u64,
    created_at: Timestamp,
}

impl From<Share> for SharedInfo {
    fn from(mut share: Share) -> Self {
        let (kind, id) = match share.space.owner {
            SpaceOwner::User(id) => ("user", id),
            SpaceOwner::Team(id) => ("team", id),
        };
        let owner = OwnerInfo { kind, id, name: std::mem::take(&mut share.space_name) };
        let shared_by = std::mem::take(&mut share.shared_by);
        let info = ShareInfo::from(share);
        Self {
            owner,
            shared_by,
            id: info.id,
            target: info.target,
            resource_name: info.resource_name,
            has_password: info.has_password,
            status: info.status,
            expires_at: info.expires_at,
            max_downloads: info.max_downloads,
            download_count: info.download_count,
            view_count: info.view_count,
            created_at: info.created_at,
        }
    }
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Page<SharedInfo>>, ApiError> {
    let (shares, total) = primary.shares.list_all(query.user_id, page.limit(), page.offset()).await?;
    Ok(ok(Page::of(shares.into_iter().map(SharedInfo::from).collect(), total, page)))
}

async fn revoke(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    primary.shares.revoke(&admin, id).await?;
    tracing::info!(user.id = admin.id, share.id = id, "share ended by an administrator");
    Ok(empty())
}
