//! Work that is asked for again and again, once for all processes that share the database.

use std::fmt;
use std::time::Duration;

use super::{Kind, NewTask, Queue, TaskError, millis, now_ms, store};

type Interval = Box<dyn Fn() -> Duration + Send + Sync>;

/// When work of one kind is asked for.
pub(super) struct Schedule {
    task: NewTask,
    key: String,
    every: Interval,
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule").field("kind", &self.task.kind).finish_non_exhaustive()
    }
}

impl Schedule {
    pub(super) fn of<K: Kind<Payload = ()>>(every: Interval) -> Self {
        let key = format!("periodic:{}", K::NAME);
        let task = NewTask::of::<K>(&()).expect("nothing is a short document").once(key.clone());
        Self { task, key, every }
    }
}

/// Asks for what is due. A run that is still going on is not joined by a second one, and of ended runs the last is kept.
pub(super) async fn ask(queue: &Queue, schedules: &[Schedule]) -> Result<(), TaskError> {
    if schedules.is_empty() {
        return Ok(());
    }
    let last_times = store::schedules(queue.db()).await?;
    for schedule in schedules {
        let seen = last_times.get(schedule.task.kind).copied().unwrap_or(0);
        let now = now_ms();
        // A time far ahead was written by a clock that went wrong.
        if now.abs_diff(seen) < millis((schedule.every)()).unsigned_abs() {
            continue;
        }
        let mut tx = queue.db().begin().await?;
        if store::advance(&mut tx, schedule.task.kind, seen, now).await? {
            store::delete_ended_of(&mut tx, &schedule.key).await?;
            queue.enqueue(&mut tx, &schedule.task).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}
