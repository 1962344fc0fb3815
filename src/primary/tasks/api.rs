//! `/tasks` and `/admin/tasks` (primary spec §2.10).

use std::time::Duration;

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TaskInfo;
use crate::http::{ApiError, Json, Path, Query, Reply, ok};
use crate::primary::Primary;
use crate::primary::accounts::{Admin, CurrentUser, User};
use crate::primary::audit::{Action, Entity};
use crate::primary::openapi::{Routes, get, post};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::spaces::{Space, SpaceOwner};
use crate::primary::teams::InSpace;
use crate::protocol::codes;
use crate::tasks::{self, Filter, Task, TaskError};

/// A task, or why there is none.
type Answer = Result<Reply<TaskInfo>, ApiError>;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/tasks", get(list, "The own tasks"))
        .route("/tasks/{id}", get(read, "An own task"))
        .route("/tasks/{id}/retry", post(retry, "Try an own task again"))
        .route("/tasks/{id}/cancel", post(cancel, "Cancel an own task"))
        .route("/teams/{team_id}/tasks", get(list_of_team, "Tasks about the space of a team"))
        .route("/teams/{team_id}/tasks/{id}", get(read_of_team, "A task about the space of a team"))
        .route("/teams/{team_id}/tasks/{id}/retry", post(retry_of_team, "Try a task of a team again"))
        .route("/teams/{team_id}/tasks/{id}/cancel", post(cancel_of_team, "Cancel a task of a team"))
        .route("/admin/tasks", get(list_all, "Everybody's tasks"))
        .route("/admin/tasks/cleanup", post(clean_up, "Remove tasks that ended"))
        .route("/admin/tasks/{id}", get(read_any, "A task"))
        .route("/admin/tasks/{id}/retry", post(retry_any, "Try a task again"))
        .route("/admin/tasks/{id}/cancel", post(cancel_any, "Cancel a task"))
}

/// Which tasks are listed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct ListQuery {
    kind: Option<String>,
    /// States, with commas between them.
    status: Option<String>,
    /// For administrators.
    user_id: Option<i64>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct CleanupRequest {
    /// Ended at least so long ago; 0 is all that ended.
    older_than_hours: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct CleanupReply {
    removed: u64,
}

impl ListQuery {
    fn filter(self, created_by: Option<i64>) -> Result<Filter, ApiError> {
        let words = self.status.as_deref().unwrap_or_default().split(',').map(str::trim);
        let states = words.filter(|word| !word.is_empty()).map(|word| {
            tasks::State::parse(word).ok_or_else(|| {
                let names = tasks::State::ALL.map(tasks::State::as_str).join(", ");
                let word: String = word.chars().take(40).collect();
                ApiError::new(codes::BAD_REQUEST, format!("status: `{word}` is none of {names}"))
            })
        });
        let states = states.collect::<Result<_, _>>()?;
        Ok(Filter { created_by, space_id: None, kind: self.kind, states })
    }
}

async fn page(primary: &Primary, filter: Filter, page: PageQuery) -> Result<Reply<Page<TaskInfo>>, ApiError> {
    let (found, total) = primary.tasks.list(&filter, page.limit(), page.offset()).await?;
    let items: Vec<TaskInfo> = found.into_iter().map(TaskInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn list(
    State(primary): State<Primary>,
    User(user): User,
    Query(part): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Page<TaskInfo>>, ApiError> {
    page(&primary, query.filter(Some(user.id))?, part).await
}

async fn list_all(
    State(primary): State<Primary>,
    _: Admin,
    Query(part): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Page<TaskInfo>>, ApiError> {
    let user_id = query.user_id;
    page(&primary, query.filter(user_id)?, part).await
}

/// The user's own task; somebody else's is none.
async fn own(primary: &Primary, user_id: i64, id: i64) -> Result<Task, TaskError> {
    let task = primary.tasks.get(id).await?;
    if task.created_by == Some(user_id) { Ok(task) } else { Err(TaskError::NotFound(id)) }
}

fn shown(task: Task) -> Reply<TaskInfo> {
    ok(TaskInfo::from(task))
}

async fn read(State(primary): State<Primary>, User(user): User, Path(id): Path<i64>) -> Answer {
    Ok(shown(own(&primary, user.id, id).await?))
}

async fn retry(State(primary): State<Primary>, User(user): User, Path(id): Path<i64>) -> Answer {
    own(&primary, user.id, id).await?;
    let task = primary.tasks.retry(id).await?;
    tracing::info!(user.id = user.id, task.id, task.kind, "task is tried again");
    Ok(shown(task))
}

async fn cancel(State(primary): State<Primary>, User(user): User, Path(id): Path<i64>) -> Answer {
    own(&primary, user.id, id).await?;
    let task = primary.tasks.cancel(id).await?;
    tracing::info!(user.id = user.id, task.id, task.kind, "task canceled");
    Ok(shown(task))
}

/// A team's id is [`InSpace`]'s business.
#[derive(Debug, Deserialize, JsonSchema)]
struct TaskPath {
    id: i64,
}

/// A task about the space, whoever asked for it; any other is none.
async fn within(primary: &Primary, space: Space, id: i64) -> Result<Task, TaskError> {
    let task = primary.tasks.get(id).await?;
    if task.space_id == Some(space.id) { Ok(task) } else { Err(TaskError::NotFound(id)) }
}

/// That the user asked for the task, or leads the team.
async fn may_change(primary: &Primary, within: &InSpace, task: &Task) -> Result<(), ApiError> {
    let leads = match within.space.owner {
        SpaceOwner::User(_) => true,
        SpaceOwner::Team(team_id) => primary.teams.is_led_by(team_id, within.user.id).await?,
    };
    if leads || task.created_by == Some(within.user.id) {
        return Ok(());
    }
    let text = "only whoever asked for the task, or an administrator of the team, may do this";
    Err(ApiError::new(codes::FORBIDDEN, text))
}

async fn list_of_team(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Query(part): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Page<TaskInfo>>, ApiError> {
    let filter = Filter { space_id: Some(space.id), ..query.filter(None)? };
    page(&primary, filter, part).await
}

async fn read_of_team(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer {
    Ok(shown(within(&primary, space, id).await?))
}

async fn retry_of_team(
    State(primary): State<Primary>,
    caller: InSpace,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer {
    may_change(&primary, &caller, &within(&primary, caller.space, id).await?).await?;
    let task = primary.tasks.retry(id).await?;
    tracing::info!(user.id = caller.user.id, task.id, task.kind, "task of a team is tried again");
    Ok(shown(task))
}

async fn cancel_of_team(
    State(primary): State<Primary>,
    caller: InSpace,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer {
    may_change(&primary, &caller, &within(&primary, caller.space, id).await?).await?;
    let task = primary.tasks.cancel(id).await?;
    tracing::info!(user.id = caller.user.id, task.id, task.kind, "task of a team canceled");
    Ok(shown(task))
}

async fn read_any(State(primary): State<Primary>, _: Admin, Path(id): Path<i64>) -> Answer {
    Ok(shown(primary.tasks.get(id).await?))
}

async fn retry_any(State(primary): State<Primary>, Admin(admin): Admin, Path(id): Path<i64>) -> Answer {
    let task = primary.tasks.retry(id).await?;
    changed(&primary, &admin, &task, "task is tried again").await;
    Ok(shown(task))
}

async fn cancel_any(State(primary): State<Primary>, Admin(admin): Admin, Path(id): Path<i64>) -> Answer {
    let task = primary.tasks.cancel(id).await?;
    changed(&primary, &admin, &task, "task canceled").await;
    Ok(shown(task))
}

async fn changed(primary: &Primary, admin: &CurrentUser, task: &Task, what: &str) {
    tracing::info!(user.id = admin.id, task.id, task.kind, "{what}");
    primary.audit.record(admin, Action::Change, Entity::Task, Some(task.id), &task.kind).await;
}

async fn clean_up(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    request: Option<Json<CleanupRequest>>,
) -> Result<Reply<CleanupReply>, ApiError> {
    let hours = request.map(|Json(request)| request).unwrap_or_default().older_than_hours;
    let removed = primary.tasks.remove_finished(Duration::from_secs(u64::from(hours) * 3600)).await?;
    tracing::info!(user.id = admin.id, removed, "ended tasks removed");
    primary.audit.record(&admin, Action::Delete, Entity::Task, None, "ended tasks").await;
    Ok(ok(CleanupReply { removed }))
}
