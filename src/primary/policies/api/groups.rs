//! `/admin/policy-groups`.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Serialize;

use super::Answer;
use crate::http::{Json, Path, Query, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::policies::{Group, GroupChange, NewGroup, Rule};
use crate::protocol::Timestamp;

pub(super) fn routes() -> Router<Primary> {
    Router::new()
        .route("/admin/policy-groups", get(list).post(create))
        .route("/admin/policy-groups/{id}", get(read).patch(change).delete(remove))
}

#[derive(Debug, Serialize)]
struct RuleInfo {
    id: i64,
    policy_id: i64,
    priority: i64,
    min_file_size: u64,
    max_file_size: u64,
}

#[derive(Debug, Serialize)]
struct GroupInfo {
    id: i64,
    name: String,
    description: String,
    is_enabled: bool,
    is_default: bool,
    items: Vec<RuleInfo>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Rule> for RuleInfo {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id,
            policy_id: rule.policy_id,
            priority: rule.priority,
            min_file_size: rule.min_file_size,
            max_file_size: rule.max_file_size,
        }
    }
}

impl From<Group> for GroupInfo {
    fn from(group: Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            is_enabled: group.is_enabled,
            is_default: group.is_default,
            items: group.rules.into_iter().map(RuleInfo::from).collect(),
            created_at: group.created_at,
            updated_at: group.updated_at,
        }
    }
}

async fn list(State(primary): State<Primary>, _: Admin, Query(page): Query<PageQuery>) -> Answer {
    let (groups, total) = primary.policies.groups(page.limit(), page.offset()).await?;
    let items: Vec<GroupInfo> = groups.into_iter().map(GroupInfo::from).collect();
    Ok(ok(Page::of(items, total, page)).into_response())
}

async fn create(State(primary): State<Primary>, Admin(admin): Admin, Json(new): Json<NewGroup>) -> Answer {
    let group = primary.policies.create_group(&new).await?;
    tracing::info!(user.id = admin.id, policy_group.id = group.id, "policy group created");
    primary.audit.record(&admin, Action::Create, Entity::PolicyGroup, Some(group.id), &group.name).await;
    Ok(created(GroupInfo::from(group)).into_response())
}

async fn read(State(primary): State<Primary>, _: Admin, Path(id): Path<i64>) -> Answer {
    Ok(ok(GroupInfo::from(primary.policies.group(id).await?)).into_response())
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(change): Json<GroupChange>,
) -> Answer {
    let group = primary.policies.change_group(id, &change).await?;
    tracing::info!(user.id = admin.id, policy_group.id = id, "policy group changed");
    primary.audit.record(&admin, Action::Change, Entity::PolicyGroup, Some(id), &group.name).await;
    Ok(ok(GroupInfo::from(group)).into_response())
}

async fn remove(State(primary): State<Primary>, Admin(admin): Admin, Path(id): Path<i64>) -> Answer {
    let group = primary.policies.group(id).await?;
    primary.policies.delete_group(id).await?;
    tracing::info!(user.id = admin.id, policy_group.id = id, "policy group deleted");
    primary.audit.record(&admin, Action::Delete, Entity::PolicyGroup, Some(id), &group.name).await;
    Ok(empty().into_response())
}
