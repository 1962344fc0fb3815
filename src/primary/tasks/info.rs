//! A task as people see it (primary spec §2.10).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::protocol::Timestamp;
use crate::tasks::{State, Step, Task};

/// A task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskInfo {
    id: i64,
    kind: String,
    status: State,
    progress_current: u64,
    /// 0 while it is not known.
    progress_total: u64,
    /// Whole percent; 100 when it succeeded.
    progress_percent: u64,
    status_text: String,
    steps: Vec<Step>,
    attempt_count: u32,
    max_attempts: u32,
    /// `null` when there is none.
    result: Value,
    can_retry: bool,
    can_cancel: bool,
    cancel_requested: bool,
    /// `null` when no attempt failed.
    last_error: Option<String>,
    /// `null` when the program itself asked.
    created_by_user_id: Option<i64>,
    space_id: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    /// When it is begun, while it waits.
    next_run_at: Option<Timestamp>,
}

impl From<Task> for TaskInfo {
    fn from(task: Task) -> Self {
        let time = Timestamp::from_unix_ms;
        let waits = matches!(task.state, State::Pending | State::Retry);
        Self {
            id: task.id,
            status: task.state,
            progress_current: task.progress_current,
            progress_total: task.progress_total,
            progress_percent: percent(&task),
            attempt_count: task.attempt_count,
            max_attempts: task.max_attempts,
            can_retry: task.can_retry(),
            can_cancel: task.can_cancel() && !task.cancel_requested,
            cancel_requested: task.cancel_requested,
            last_error: (!task.last_error.is_empty()).then_some(task.last_error),
            created_by_user_id: task.created_by,
            space_id: task.space_id,
            created_at: time(task.created_at),
            updated_at: time(task.updated_at),
            started_at: task.started_at.map(time),
            finished_at: task.finished_at.map(time),
            next_run_at: waits.then(|| time(task.run_at)),
            kind: task.kind,
            status_text: task.status_text,
            steps: task.steps,
            result: task.result,
        }
    }
}

fn percent(task: &Task) -> u64 {
    match (task.state, task.progress_total) {
        (State::Succeeded, _) => 100,
        (_, 0) => 0,
        (_, total) => {
            let done = u128::from(task.progress_current.min(total)) * 100 / u128::from(total);
            u64::try_from(done).unwrap_or(100)
        }
    }
}
