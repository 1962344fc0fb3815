//! `/admin/users` (primary spec §2.6).

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Admin, NewAccountRequest};
use crate::http::{ApiError, Json, Path, Query, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::{Account, AccountChange, Role, Status, UserFilter};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::{Timestamp, codes};

pub(super) fn routes() -> Router<Primary> {
    Router::new()
        .route("/admin/users", get(list).post(create))
        .route("/admin/users/{id}", get(read).patch(change).delete(remove))
        .route("/admin/users/{id}/password", put(reset_password))
        .route("/admin/users/{id}/sessions/revoke", post(revoke_sessions))
}

#[derive(Debug, Serialize)]
pub(super) struct UserInfo {
    id: i64,
    username: String,
    email: String,
    role: Role,
    status: Status,
    storage_used: u64,
    storage_quota: u64,
    policy_group_id: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Account> for UserInfo {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            username: account.username,
            email: account.email,
            role: account.role,
            status: account.status,
            storage_used: account.storage_used,
            storage_quota: account.storage_quota,
            policy_group_id: account.policy_group_id,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ChangeRequest {
    role: Option<Role>,
    status: Option<Status>,
    storage_quota: Option<u64>,
    /// `Some(None)` is an explicit null.
    #[serde(default, deserialize_with = "present")]
    policy_group_id: Option<Option<i64>>,
}

#[derive(Debug, Deserialize)]
struct PasswordRequest {
    password: SecretString,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(filter): Query<UserFilter>,
) -> Result<impl IntoResponse, ApiError> {
    let (accounts, total) = primary.accounts.list(&filter, page.limit(), page.offset()).await?;
    let items: Vec<UserInfo> = accounts.into_iter().map(UserInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(request): Json<NewAccountRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let group = primary.policies.default_group_id().await?;
    let account = primary.accounts.create(&admin, &request.check()?, group).await?;
    tracing::info!(user.id = admin.id, created.id = account.id, "user created");
    Ok(created(UserInfo::from(account)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    Ok(ok(UserInfo::from(primary.accounts.get(id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<ChangeRequest>,
) -> Result<impl IntoResponse, ApiError> {
    if request.policy_group_id == Some(None) {
        return Err(ApiError::new(codes::BAD_REQUEST, "policy_group_id must be the id of a group, not null"));
    }
    let change = AccountChange {
        role: request.role,
        status: request.status,
        storage_quota: request.storage_quota,
        policy_group_id: request.policy_group_id.flatten(),
    };
    let account = primary.accounts.change(&admin, id, &change).await?;
    tracing::info!(user.id = admin.id, changed.id = id, ?change, "user changed");
    Ok(ok(UserInfo::from(account)))
}

async fn remove(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    primary.accounts.delete(&admin, id).await?;
    tracing::info!(user.id = admin.id, deleted.id = id, "user deleted");
    Ok(empty())
}

async fn reset_password(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<PasswordRequest>,
) -> Result<impl IntoResponse, ApiError> {
    primary.accounts.reset_password(&admin, id, &request.password).await?;
    tracing::info!(user.id = admin.id, changed.id = id, "password of a user set");
    Ok(empty())
}

async fn revoke_sessions(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<impl IntoResponse, ApiError> {
    let revoked = primary.accounts.revoke_all(&admin, id).await?;
    tracing::info!(user.id = admin.id, changed.id = id, ?revoked, "logins and API tokens of a user ended");
    Ok(ok(revoked))
}
