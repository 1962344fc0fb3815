//! `/admin/storage-migrations` (primary spec §2.5).

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::Wanted;
use crate::http::{ApiError, Json, Path, Query, created, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{Action, Entity};
use crate::primary::paging::{Page, PageQuery};
use crate::primary::tasks::TaskInfo;
use crate::tasks::{Kind, Task};

type Answer = Result<Response, ApiError>;

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new()
        .route("/admin/storage-migrations", get(list).post(start))
        .route("/admin/storage-migrations/dry-run", post(dry_run))
        .route("/admin/storage-migrations/{task_id}/resume", post(resume))
}

/// A migration: its task, and what was asked for.
#[derive(Debug, Serialize)]
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

async fn list(State(primary): State<Primary>, _: Admin, Query(page): Query<PageQuery>) -> Answer {
    let (tasks, total) = primary.storage_migrations.list(page.limit(), page.offset()).await?;
    let items: Vec<MigrationInfo> = tasks.into_iter().map(MigrationInfo::from).collect();
    Ok(ok(Page::of(items, total, page)).into_response())
}

async fn dry_run(State(primary): State<Primary>, _: Admin, Json(wanted): Json<Wanted>) -> Answer {
    Ok(ok(primary.storage_migrations.dry_run(wanted).await?).into_response())
}

async fn start(State(primary): State<Primary>, Admin(admin): Admin, Json(wanted): Json<Wanted>) -> Answer {
    let task = primary.storage_migrations.start(wanted, admin.id).await?;
    tracing::info!(user.id = admin.id, task.id, ?wanted, "storage migration asked for");
    let kind = super::StorageMigration::NAME;
    primary.audit.record(&admin, Action::Create, Entity::Task, Some(task.id), kind).await;
    Ok(created(MigrationInfo::from(task)).into_response())
}

async fn resume(State(primary): State<Primary>, Admin(admin): Admin, Path(id): Path<i64>) -> Answer {
    let task = primary.storage_migrations.resume(id).await?;
    tracing::info!(user.id = admin.id, task.id, "storage migration resumed");
    primary.audit.record(&admin, Action::Change, Entity::Task, Some(id), &task.kind).await;
    Ok(ok(MigrationInfo::from(task)).into_response())
}
