//! `/teams`: what a user does with the own teams.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{MemberChange, MemberInfo, NewMember, TeamInfo};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, empty, ok};
use crate::primary::Primary;
use crate::primary::accounts::User;
use crate::primary::openapi::{Routes, get, patch};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::teams::{Authority, NewTeam, TeamChange, TeamRole};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/teams", get(list, "Teams one is in").post(create, "Make a team and own it"))
        .route(
            "/teams/{team_id}",
            get(read, "A team")
                .patch(change, "Change name or description of a team")
                .delete(archive, "Archive a team"),
        )
        .route("/teams/{team_id}/members", get(members, "Members of a team").post(add_member, "Add a member"))
        .route(
            "/teams/{team_id}/members/{user_id}",
            patch(change_member, "Change the role of a member")
                .delete(remove_member, "Remove a member, or leave"),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "NewTeam")]
struct NewTeamRequest {
    name: String,
    #[serde(default)]
    description: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "TeamChange")]
struct ChangeRequest {
    name: Option<String>,
    description: Option<String>,
}

async fn list(
    State(primary): State<Primary>,
    User(user): User,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<TeamInfo>>, ApiError> {
    let (teams, total) = primary.teams.of_user(user.id, page.limit(), page.offset()).await?;
    let items: Vec<_> = teams.into_iter().map(|(team, role)| TeamInfo::of(team, Some(role))).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn create(
    State(primary): State<Primary>,
    User(user): User,
    Json(request): Json<NewTeamRequest>,
) -> Result<Created<TeamInfo>, ApiError> {
    let new = NewTeam {
        name: &request.name,
        description: request.description.as_deref().unwrap_or_default(),
        owner_id: user.id,
        storage_quota: None,
        policy_group_id: primary.policies.default_group_id().await?,
    };
    let team = primary.teams.create((&user).into(), &new).await?;
    tracing::info!(user.id = user.id, team.id = team.id, "team created");
    Ok(created(TeamInfo::of(team, Some(TeamRole::Owner))))
}

async fn read(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
) -> Result<Reply<TeamInfo>, ApiError> {
    let (team, role) = primary.teams.get_for(id, user.id).await?;
    Ok(ok(TeamInfo::of(team, Some(role))))
}

async fn change(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
    Json(request): Json<ChangeRequest>,
) -> Result<Reply<TeamInfo>, ApiError> {
    let change = TeamChange { name: request.name, description: request.description, ..TeamChange::default() };
    primary.teams.change((&user).into(), Authority::Member(user.id), id, &change).await?;
    tracing::info!(user.id = user.id, team.id = id, "team changed");
    let (team, role) = primary.teams.get_for(id, user.id).await?;
    Ok(ok(TeamInfo::of(team, Some(role))))
}

async fn archive(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
) -> Result<Reply<()>, ApiError> {
    primary.teams.archive((&user).into(), Authority::Member(user.id), id).await?;
    tracing::info!(user.id = user.id, team.id = id, "team archived");
    Ok(empty())
}

async fn members(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<MemberInfo>>, ApiError> {
    let as_member = Authority::Member(user.id);
    let (members, total) = primary.teams.members(as_member, id, page.limit(), page.offset()).await?;
    Ok(ok(Page::of(members.into_iter().map(MemberInfo::from).collect(), total, page)))
}

async fn add_member(
    State(primary): State<Primary>,
    User(user): User,
    Path(id): Path<i64>,
    Json(new): Json<NewMember>,
) -> Result<Created<MemberInfo>, ApiError> {
    // Before anything is told about users.
    primary.teams.get_for(id, user.id).await?;
    let names = (("user_id", new.user_id), ("identifier", new.identifier.as_deref()));
    let whom = primary.named_user(names.0, names.1).await?;
    let as_member = Authority::Member(user.id);
    let member = primary.teams.add_member((&user).into(), as_member, id, whom, new.role).await?;
    tracing::info!(user.id = user.id, team.id = id, member.id = whom, "member added");
    Ok(created(MemberInfo::from(member)))
}

async fn change_member(
    State(primary): State<Primary>,
    User(user): User,
    Path((id, whom)): Path<(i64, i64)>,
    Json(change): Json<MemberChange>,
) -> Result<Reply<MemberInfo>, ApiError> {
    let as_member = Authority::Member(user.id);
    let member = primary.teams.change_member((&user).into(), as_member, id, whom, change.role).await?;
    tracing::info!(user.id = user.id, team.id = id, member.id = whom, "role of a member changed");
    Ok(ok(MemberInfo::from(member)))
}

async fn remove_member(
    State(primary): State<Primary>,
    User(user): User,
    Path((id, whom)): Path<(i64, i64)>,
) -> Result<Reply<()>, ApiError> {
    primary.teams.remove_member((&user).into(), Authority::Member(user.id), id, whom).await?;
    tracing::info!(user.id = user.id, team.id = id, member.id = whom, "member removed");
    Ok(empty())
}
