//! `/admin/policies` and `/admin/policy-groups` (primary spec §2.5).

mod groups;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::{Driver, NewPolicy, Policy, PolicyChange, PolicyOptions};
use crate::http::{ApiError, Json, Path, Query, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::Timestamp;

type Answer = Result<Response, ApiError>;

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/admin/policies", get(list).post(create))
        .route("/admin/policies/test", post(test_new))
        .route("/admin/policies/{id}", get(read).patch(change).delete(remove))
        .route("/admin/policies/{id}/test", post(test))
        .merge(groups::routes())
}

/// A policy as administrators see it.
#[derive(Debug, Serialize)]
struct PolicyInfo {
    id: i64,
    name: String,
    driver_type: Driver,
    base_path: String,
    remote_node_id: Option<i64>,
    max_file_size: u64,
    chunk_size: u64,
    is_default: bool,
    options: PolicyOptions,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Policy> for PolicyInfo {
    fn from(policy: Policy) -> Self {
        Self {
            id: policy.id,
            name: policy.name,
            driver_type: policy.driver,
            base_path: policy.base_path,
            remote_node_id: policy.node_id,
            max_file_size: policy.max_file_size,
            chunk_size: policy.chunk_size,
            is_default: policy.is_default,
            options: policy.options,
            created_at: policy.created_at,
            updated_at: policy.updated_at,
        }
    }
}

async fn list(State(primary): State<Primary>, _: Admin, Query(page): Query<PageQuery>) -> Answer {
    let (policies, total) = primary.policies.list(page.limit(), page.offset()).await?;
    let items: Vec<PolicyInfo> = policies.into_iter().map(PolicyInfo::from).collect();
    Ok(ok(Page::of(items, total, page)).into_response())
}

async fn create(State(primary): State<Primary>, Admin(admin): Admin, Json(new): Json<NewPolicy>) -> Answer {
    let policy = primary.policies.create(&new).await?;
    tracing::info!(user.id = admin.id, policy.id, "storage policy created");
    primary.audit.record(&admin, Action::Create, Entity::Policy, Some(policy.id), &policy.name).await;
    Ok(created(PolicyInfo::from(policy)).into_response())
}

async fn read(State(primary): State<Primary>, _: Admin, Path(id): Path<i64>) -> Answer {
    Ok(ok(PolicyInfo::from(primary.policies.get(id).await?)).into_response())
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(change): Json<PolicyChange>,
) -> Answer {
    let policy = primary.policies.change(id, &change).await?;
    tracing::info!(user.id = admin.id, policy.id = id, "storage policy changed");
    primary.audit.record(&admin, Action::Change, Entity::Policy, Some(id), &policy.name).await;
    Ok(ok(PolicyInfo::from(policy)).into_response())
}

async fn remove(State(primary): State<Primary>, Admin(admin): Admin, Path(id): Path<i64>) -> Answer {
    let policy = primary.policies.get(id).await?;
    primary.policies.delete(id).await?;
    tracing::info!(user.id = admin.id, policy.id = id, "storage policy deleted");
    primary.audit.record(&admin, Action::Delete, Entity::Policy, Some(id), &policy.name).await;
    Ok(empty().into_response())
}

async fn test(State(primary): State<Primary>, _: Admin, Path(id): Path<i64>) -> Answer {
    primary.policies.test(id).await?;
    Ok(empty().into_response())
}

async fn test_new(State(primary): State<Primary>, _: Admin, Json(new): Json<NewPolicy>) -> Answer {
    primary.policies.test_new(&new).await?;
    Ok(empty().into_response())
}
