//! `/admin/teams`: what an administrator of the site does with any team.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{MemberChange, MemberInfo, NewMember, TeamInfo};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{AuditFilter, Entity, Entry};
use crate::primary::openapi::{Routes, get, patch, post};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::teams::{Authority, NewTeam, TeamChange};
use crate::protocol::codes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/admin/teams", get(list, "All teams").post(create, "Make a team for a user"))
        .route(
            "/admin/teams/{id}",
            get(read, "A team")
                .patch(change, "Change a team, its quota and its policy group")
                .delete(archive, "Archive a team"),
        )
        .route("/admin/teams/{id}/audit-logs", get(audit_logs, "What was done to a team and its members"))
        .route("/admin/teams/{id}/restore", post(restore, "Bring an archived team back"))
        .route(
            "/admin/teams/{id}/members",
            get(members, "Members of a team").post(add_member, "Add a member"),
        )
        .route(
            "/admin/teams/{id}/members/{user_id}",
            patch(change_member, "Change the role of a member").delete(remove_member, "Remove a member"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewTeamOfUser")]
struct NewTeamRequest {
    name: String,
    #[serde(default)]
    description: Option<String>,
    admin_user_id: Option<i64>,
    admin_identifier: Option<String>,
    storage_quota: Option<u64>,
    policy_group_id: Option<i64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "TeamChangeByAdmin")]
struct ChangeRequest {
    name: Option<String>,
    description: Option<String>,
    storage_quota: Option<u64>,
    policy_group_id: Option<i64>,
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<TeamInfo>>, ApiError> {
    let (teams, total) = primary.teams.list(page.limit(), page.offset()).await?;
    let items: Vec<_> = teams.into_iter().map(|team| TeamInfo::of(team, None)).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(request): Json<NewTeamRequest>,
) -> Result<Created<TeamInfo>, ApiError> {
    let names =
        (("admin_user_id", request.admin_user_id), ("admin_identifier", request.admin_identifier.as_deref()));
    let owner_id = primary.named_user(names.0, names.1).await?;
    let policy_group_id = match request.policy_group_id {
        Some(id) => Some(id),
        None => primary.policies.default_group_id().await?,
    };
    let new = NewTeam {
        name: &request.name,
        description: request.description.as_deref().unwrap_or_default(),
        owner_id,
        storage_quota: request.storage_quota,
        policy_group_id,
    };
    let team = primary.teams.create((&admin).into(), &new).await?;
    tracing::info!(user.id = admin.id, team.id = team.id, "team created");
    Ok(created(TeamInfo::of(team, None)))
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
) -> Result<Reply<TeamInfo>, ApiError> {
    Ok(ok(TeamInfo::of(primary.teams.get(id).await?, None)))
}

async fn change(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(request): Json<ChangeRequest>,
) -> Result<Reply<TeamInfo>, ApiError> {
    let change = TeamChange {
        name: request.name,
        description: request.description,
        storage_quota: request.storage_quota,
        policy_group_id: request.policy_group_id,
    };
    let team = primary.teams.change((&admin).into(), Authority::Site, id, &change).await?;
    tracing::info!(user.id = admin.id, team.id = id, "team changed");
    Ok(ok(TeamInfo::of(team, None)))
}

async fn archive(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    primary.teams.archive((&admin).into(), Authority::Site, id).await?;
    tracing::info!(user.id = admin.id, team.id = id, "team archived");
    Ok(empty())
}

async fn restore(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<TeamInfo>, ApiError> {
    let team = primary.teams.restore((&admin).into(), id).await?;
    tracing::info!(user.id = admin.id, team.id = id, "team restored");
    Ok(ok(TeamInfo::of(team, None)))
}

async fn audit_logs(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<Entry>>, ApiError> {
    primary.teams.get(id).await?;
    let (entries, total) = primary
        .audit
        .list(&AuditFilter::about(Entity::Team, id), page.limit(), page.offset())
        .await
        .map_err(|error| ApiError::internal(codes::DATABASE, error))?;
    Ok(ok(Page::of(entries, total, page)))
}

async fn members(
    State(primary): State<Primary>,
    _: Admin,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<MemberInfo>>, ApiError> {
    let (members, total) = primary.teams.members(Authority::Site, id, page.limit(), page.offset()).await?;
    Ok(ok(Page::of(members.into_iter().map(MemberInfo::from).collect(), total, page)))
}

async fn add_member(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
    Json(new): Json<NewMember>,
) -> Result<Created<MemberInfo>, ApiError> {
    let names = (("user_id", new.user_id), ("identifier", new.identifier.as_deref()));
    let whom = primary.named_user(names.0, names.1).await?;
    let member = primary.teams.add_member((&admin).into(), Authority::Site, id, whom, new.role).await?;
    tracing::info!(user.id = admin.id, team.id = id, member.id = whom, "member added");
    Ok(created(MemberInfo::from(member)))
}

async fn change_member(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path((id, whom)): Path<(i64, i64)>,
    Json(change): Json<MemberChange>,
) -> Result<Reply<MemberInfo>, ApiError> {
    let member = primary.teams.change_member((&admin).into(), Authority::Site, id, whom, change.role).await?;
    tracing::info!(user.id = admin.id, team.id = id, member.id = whom, "role of a member changed");
    Ok(ok(MemberInfo::from(member)))
}

async fn remove_member(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path((id, whom)): Path<(i64, i64)>,
) -> Result<Reply<()>, ApiError> {
    primary.teams.remove_member((&admin).into(), Authority::Site, id, whom).await?;
    tracing::info!(user.id = admin.id, team.id = id, member.id = whom, "member removed");
    Ok(empty())
}
