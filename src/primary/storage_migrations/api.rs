//! `/admin/storage-migrations` (primary spec §2.5).

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::{DryRun, Wanted};
use crate::http::{ApiError, Created, Json, Path, Query, Reply, created, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::openapi::{Routes, get, post};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::tasks::TaskInfo;
use crate::tasks::{Kind, Task};

pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route(
            "/admin/storage-migrations",
            get(list, "Storage migrations").post(start, "Move all objects of a policy to another, as a task"),
        )
        .route("/admin/storage-migrations/dry-run", post(dry_run, "What a migration would move"))
        .route(
            "/admin/storage-migrations/{task_id}/resume",
            post(resume, "Go on with a migration that failed or was canceled"),
        )
}

/// A migration: its task, and what was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StorageMigrationInfo")]
struct MigrationInfo {
    #[serde(flatten)]
    task: TaskInfo,
    #[serde(flatten)]
    wanted: Option<Wanted>,
}

impl From<Task> for MigrationInfo {
    fn from(task: Task) -> Self {
        let wanted = serde_json::from_value(task.payload.clone()).ok();
        Self { task: TaskInfo::from(task), wanted }
    }
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
) -> Result<Reply<Page<MigrationInfo>>, ApiError> {
    let (tasks, total) = primary.storage_migrations.list(page.limit(), page.offset()).await?;
    let items: Vec<MigrationInfo> = tasks.into_iter().map(MigrationInfo::from).collect();
    Ok(ok(Page::of(items, total, page)))
}

async fn dry_run(
    State(primary): State<Primary>,
    _: Admin,
    Json(wanted): Json<Wanted>,
) -> Result<Reply<DryRun>, ApiError> {
    Ok(ok(primary.storage_migrations.dry_run(wanted).await?))
}

async fn start(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Json(wanted): Json<Wanted>,
) -> Result<Created<MigrationInfo>, ApiError> {
    let task = primary.storage_migrations.start(wanted, admin.id).await?;
    tracing::info!(user.id = admin.id, task.id, ?wanted, "storage migration asked for");
    let kind = super::StorageMigration::NAME;
    primary.audit.record(&admin, Action::Create, Entity::Task, Some(task.id), kind).await;
    Ok(created(MigrationInfo::from(task)))
}

async fn resume(
    State(primary): State<Primary>,
    Admin(admin): Admin,
    Path(id): Path<i64>,
) -> Result<Reply<MigrationInfo>, ApiError> {
    let task = primary.storage_migrations.resume(id).await?;
    tracing::info!(user.id = admin.id, task.id, "storage migration resumed");
    primary.audit.record(&admin, Action::Change, Entity::Task, Some(id), &task.kind).await;
    Ok(ok(MigrationInfo::from(task)))
}
