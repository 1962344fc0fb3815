//! `/admin/policy-groups`.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::openapi::{Routes, get, post};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::policies::{Group, GroupChange, Match, NewGroup, Outcome, Rule, Verdict};
use crate::protocol::Timestamp;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/admin/policy-groups", get(list, "Policy groups").post(create, "Make a policy group"))
        .route(
            "/admin/policy-groups/{id}",
            get(read, "A policy group")
                .patch(change, "Change a policy group; its rules are replaced as a whole")
                .delete(remove, "Delete a policy group that nothing uses"),
        )
        .route(
            "/admin/policy-groups/{id}/migrate-users",
            post(move_users, "Move all users of a group to another"),
        )
        .route(
            "/admin/policy-groups/{id}/match",
            get(match_of_group, "Which rule a file of some size would meet"),
        )
        .route(
            "/admin/users/{id}/policy-match",
            get(match_of_user, "Which rule a user's file of some size would meet"),
        )
}

#[derive(Debug, Serialize, JsonSchema)]
struct RuleInfo {
    id: i64,
    policy_id: i64,
    priority: i64,
    min_file_size: u64,
    max_file_size: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
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

#[derive(Debug, Deserialize, JsonSchema)]
struct MoveRequest {
    target_group_id: i64,
}

/// Both numbers are the same as long as only users are assigned to groups.
#[derive(Debug, Serialize, JsonSchema)]
struct MovedInfo {
    affected_users: u64,
    migrated_assignments: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SizeQuery {
    /// Bytes.
    size: u64,
}

/// Where a file of some size would go.
#[derive(Debug, Serialize, JsonSchema)]
struct MatchInfo {
    group_id: i64,
    group_name: String,
    is_enabled: bool,
    size: u64,
    policy_id: Option<i64>,
    policy_name: Option<String>,
    /// Why there is no policy.
    reason: Option<String>,
    rules: Vec<VerdictInfo>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct VerdictInfo {
    rule_id: i64,
    policy_id: i64,
    policy_name: String,
    priority: i64,
    min_file_size: u64,
    max_file_size: u64,
    /// `chosen`, `skipped` or `not_reached`.
    outcome: &'static str,
    /// Why it is skipped.
    reason: Option<String>,
}

impl From<Match> for MatchInfo {
    fn from(found: Match) -> Self {
        let chosen = found.chosen();
        Self {
            policy_id: chosen.map(|rule| rule.policy_id),
            policy_name: chosen.map(|rule| rule.policy_name.clone()),
            reason: found.reason(),
            group_id: found.group_id,
            group_name: found.group_name,
            is_enabled: found.is_enabled,
            size: found.size,
            rules: found.rules.into_iter().map(VerdictInfo::from).collect(),
        }
    }
}

impl From<Verdict> for VerdictInfo {
    fn from(rule: Verdict) -> Self {
        let (outcome, reason) = match rule.outcome {
            Outcome::Chosen => ("chosen", None),
            Outcome::Skipped(reason) => ("skipped", Some(reason)),
            Outcome::NotReached => ("not_reached", None),
        };
        Self {
            rule_id: rule.rule_id,
            policy_id: rule.policy_id,
            policy_name: rule.policy_name,
            priority: rule.priority,
            min_file_size: rule.min_file_size,
            max_file_size: rule.max_file_size,
            outcome,
            reason,
        }
    }
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

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<GroupInfo>>, ApiError> {
    let (groups, total) = primary.policies.groups(page.limit(), page.offset()).await?;
    let items: Vec<GroupInfo> = groups.into_iter().map(GroupInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(new): Json<NewGroup>,
) -> Result<Created<GroupInfo>, ApiError> {
    let group = primary.policies.create_group(&new).await?;
    tracing::info!(user.id = admin.id, policy_group.id = group.id, "policy group created");
    primary.audit.record(&admin, Action::Create, Entity::PolicyGroup, Some(group.id), &group.name).await;
    Ok(created(GroupInfo::from(group)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<GroupInfo>, ApiError> {
    Ok(ok(GroupInfo::from(primary.policies.group(id).await?)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(change): Json<GroupChange>,
) -> Result<Reply<GroupInfo>, ApiError> {
    let group = primary.policies.change_group(id, &change).await?;
    tracing::info!(user.id = admin.id, policy_group.id = id, "policy group changed");
    primary.audit.record(&admin, Action::Change, Entity::PolicyGroup, Some(id), &group.name).await;
    Ok(ok(GroupInfo::from(group)))
}

async fn remove(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    let group = primary.policies.group(id).await?;
    primary.policies.delete_group(id).await?;
    tracing::info!(user.id = admin.id, policy_group.id = id, "policy group deleted");
    primary.audit.record(&admin, Action::Delete, Entity::PolicyGroup, Some(id), &group.name).await;
    Ok(empty())
}

async fn move_users(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<MoveRequest>,
) -> Result<Reply<MovedInfo>, ApiError> {
    let group = primary.policies.group(id).await?;
    let moved = primary.policies.move_users(id, request.target_group_id).await?;
    tracing::info!(
        user.id = admin.id,
        policy_group.id = id,
        policy_group.target = request.target_group_id,
        users = moved.users,
        "users of a policy group moved"
    );
    primary.audit.record(&admin, Action::Change, Entity::PolicyGroup, Some(id), &group.name).await;
    Ok(ok(MovedInfo { affected_users: moved.users, migrated_assignments: moved.users }))
}

async fn match_of_group(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
    Query(query): Query<SizeQuery>,
) -> Result<Reply<MatchInfo>, ApiError> {
    Ok(ok(MatchInfo::from(primary.policies.match_size(Some(id), query.size).await?)))
}

async fn match_of_user(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
    Query(query): Query<SizeQuery>,
) -> Result<Reply<MatchInfo>, ApiError> {
    let account = primary.accounts.get(id).await?;
    let found = primary.policies.match_size(account.policy_group_id, query.size).await?;
    Ok(ok(MatchInfo::from(found)))
}
