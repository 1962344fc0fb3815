//! `/shares` for owners, in their own space and, below `/teams/{team_id}`, in a team's, and `/s/{token}` for everybody
//! (primary spec §2.9).

mod admin;
mod public;

use axum::extract::State;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

pub(in crate::primary) use self::admin::routes as admin_routes;
pub(in crate::primary) use self::public::routes as public_routes;
use super::{NewShare, Share, ShareChange, Status};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::files::Item;
use crate::primary::openapi::{Routes, get, patch, post};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::teams::InSpace;
use crate::protocol::{Timestamp, codes};

const MAX_BATCH: usize = 1_000;

/// For owners.
pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/shares", get(list, "Shares").post(create, "Share a file or folder"))
        .route("/shares/batch-delete", post(delete_many, "Delete many shares"))
        .route(
            "/shares/{id}",
            patch(change, "Change password, expiry or limit of a share")
                .get(read, "A share")
                .delete(delete, "Delete a share"),
        )
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    File,
    Folder,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShareTarget")]
struct Target {
    #[serde(rename = "type")]
    kind: Kind,
    id: i64,
}

impl From<Target> for Item {
    fn from(target: Target) -> Self {
        match target.kind {
            Kind::File => Self::File(target.id),
            Kind::Folder => Self::Folder(target.id),
        }
    }
}

impl From<Item> for Target {
    fn from(item: Item) -> Self {
        match item {
            Item::File(id) => Self { kind: Kind::File, id },
            Item::Folder(id) => Self { kind: Kind::Folder, id },
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewShare")]
struct CreateRequest {
    target: Target,
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    max_downloads: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ShareChange")]
struct ChangeRequest {
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// `Some(None)` is an explicit null.
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<Option<Timestamp>>,
    max_downloads: u64,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ShareBatch")]
struct BatchRequest {
    share_ids: Vec<i64>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ShareOutcome")]
struct Outcome {
    succeeded: usize,
    failed: usize,
    errors: Vec<Failure>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ShareFailure")]
struct Failure {
    entity_type: &'static str,
    entity_id: i64,
    code: &'static str,
    error: String,
}

/// A share as its owner sees it.
#[derive(Debug, Serialize, JsonSchema)]
struct ShareInfo {
    id: i64,
    token: String,
    target: Target,
    resource_name: String,
    resource_type: Kind,
    has_password: bool,
    status: Status,
    expires_at: Option<Timestamp>,
    max_downloads: u64,
    /// `null` is unlimited.
    remaining_downloads: Option<u64>,
    download_count: u64,
    view_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Share> for ShareInfo {
    fn from(share: Share) -> Self {
        let target = Target::from(share.item);
        Self {
            id: share.id,
            target,
            resource_type: target.kind,
            has_password: share.has_password(),
            status: share.status(Timestamp::now()),
            remaining_downloads: share.remaining_downloads(),
            token: share.token,
            resource_name: share.name,
            expires_at: share.expires_at,
            max_downloads: share.max_downloads,
            download_count: share.download_count,
            view_count: share.view_count,
            created_at: share.created_at,
            updated_at: share.updated_at,
        }
    }
}

/// Members of the path; a team's id is [`InSpace`]'s business.
#[derive(Debug, Deserialize, JsonSchema)]
struct Id {
    id: i64,
}

async fn list(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<ShareInfo>>, ApiError> {
    let (shares, total) = primary.shares.list(space, page.limit(), page.offset()).await?;
    Ok(ok(Page::of(shares.into_iter().map(ShareInfo::from).collect(), total, page)))
}

async fn create(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(request): Json<CreateRequest>,
) -> Result<Created<ShareInfo>, ApiError> {
    let new = NewShare {
        item: request.target.into(),
        password: request.password,
        expires_at: request.expires_at,
        max_downloads: request.max_downloads,
    };
    let share = primary.shares.create(&primary.accounts, &primary.files, space, &user, &new).await?;
    tracing::info!(user.id = user.id, share.id = share.id, "share created");
    Ok(created(ShareInfo::from(share)))
}

async fn read(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<ShareInfo>, ApiError> {
    Ok(ok(ShareInfo::from(primary.shares.get(space, id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
    Json(request): Json<ChangeRequest>,
) -> Result<Reply<ShareInfo>, ApiError> {
    let ChangeRequest { password, expires_at, max_downloads } = request;
    let change = ShareChange { password, expires_at, max_downloads };
    let share = primary.shares.change(&primary.accounts, space, &user, id, &change).await?;
    tracing::info!(user.id = user.id, share.id = id, "share changed");
    Ok(ok(ShareInfo::from(share)))
}

async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Id { id }): Path<Id>,
) -> Result<Reply<()>, ApiError> {
    primary.shares.delete(space, &user, id).await?;
    tracing::info!(user.id = user.id, share.id = id, "share deleted");
    Ok(empty())
}

/// Each share is a change of its own: what cannot be deleted is named, and the rest is.
async fn delete_many(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Json(BatchRequest { share_ids }): Json<BatchRequest>,
) -> Result<Reply<Outcome>, ApiError> {
    let count = share_ids.len();
    if count == 0 || count > MAX_BATCH {
        let text = format!("share_ids names {count} shares; 1 to {MAX_BATCH} are allowed");
        return Err(ApiError::new(codes::BAD_REQUEST, text));
    }
    let mut outcome = Outcome::default();
    for id in share_ids {
        match primary.shares.delete(space, &user, id).await.map_err(ApiError::from) {
            Ok(()) => outcome.succeeded += 1,
            Err(error) => {
                outcome.failed += 1;
                let (code, error) = (error.code().text, error.message().to_owned());
                outcome.errors.push(Failure { entity_type: "share", entity_id: id, code, error });
            }
        }
    }
    tracing::info!(
        user.id = user.id,
        succeeded = outcome.succeeded,
        failed = outcome.failed,
        "shares deleted"
    );
    Ok(ok(outcome))
}
