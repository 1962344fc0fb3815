//! `/admin/users` (primary spec §2.6).

use axum::extract::State;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Admin, NewAccountRequest};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::{Account, AccountChange, Revoked, Role, Status, UserFilter};
use crate::primary::openapi::{Routes, get, post, put};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::{Timestamp, codes};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/admin/users", get(list, "Users").post(create, "Make a user"))
        .route(
            "/admin/users/{id}",
            get(read, "A user")
                .patch(change, "Change role, status, quota or policy group of a user")
                .delete(remove, "Delete a user"),
        )
        .route("/admin/users/{id}/password", put(reset_password, "Set a user's password"))
        .route(
            "/admin/users/{id}/sessions/revoke",
            post(revoke_sessions, "End all logins and API tokens of a user"),
        )
}

#[derive(Debug, Serialize, JsonSchema)]
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

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "UserChange")]
struct ChangeRequest {
    role: Option<Role>,
    status: Option<Status>,
    storage_quota: Option<u64>,
    /// `Some(None)` is an explicit null.
    #[serde(default, deserialize_with = "present")]
    policy_group_id: Option<Option<i64>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "PasswordReset")]
struct PasswordRequest {
    #[schemars(with = "String")]
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
) -> Result<Reply<Page<UserInfo>>, ApiError> {
    let (accounts, total) = primary.accounts.list(&filter, page.limit(), page.offset()).await?;
    let items: Vec<UserInfo> = accounts.into_iter().map(UserInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(request): Json<NewAccountRequest>,
) -> Result<Created<UserInfo>, ApiError> {
    let group = primary.policies.default_group_id().await?;
    let account = primary.accounts.create(&admin, &request.check()?, group).await?;
    tracing::info!(user.id = admin.id, created.id = account.id, "user created");
    Ok(created(UserInfo::from(account)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<UserInfo>, ApiError> {
    Ok(ok(UserInfo::from(primary.accounts.get(id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<ChangeRequest>,
) -> Result<Reply<UserInfo>, ApiError> {
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
) -> Result<Reply<()>, ApiError> {
    primary.accounts.delete(&admin, id).await?;
    tracing::info!(user.id = admin.id, deleted.id = id, "user deleted");
    Ok(empty())
}

async fn reset_password(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<PasswordRequest>,
) -> Result<Reply<()>, ApiError> {
    primary.accounts.reset_password(&admin, id, &request.password).await?;
    tracing::info!(user.id = admin.id, changed.id = id, "password of a user set");
    Ok(empty())
}

async fn revoke_sessions(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<Revoked>, ApiError> {
    let revoked = primary.accounts.revoke_all(&admin, id).await?;
    tracing::info!(user.id = admin.id, changed.id = id, ?revoked, "logins and API tokens of a user ended");
    Ok(ok(revoked))
}
