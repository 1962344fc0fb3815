//! The loop that takes tasks, works on them, and writes how they ended.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::periodic::{self, Schedule};
use super::store::End;
use super::{
    Cause, Context, Failure, Kind, Queue, State, Task, TaskError, document, millis, now_ms, retry, shortened,
    store,
};

/// How long a task stays with a process that says nothing.
const LEASE: Duration = Duration::from_secs(30);
/// Between two renewals; the second may fail as well before the lease is over.
const HEARTBEAT: Duration = Duration::from_secs(8);
/// Work stops this long before another process may take its task.
const MARGIN: Duration = Duration::from_secs(5);
/// How long work that shall end may take to do so by itself.
const CANCEL_GRACE: Duration = Duration::from_secs(10);
/// The same when the process drains.
const DRAIN_GRACE: Duration = Duration::from_secs(2);
/// How often the end of an attempt is written when the database fails.
const END_TRIES: u32 = 3;

/// Works on the tasks of the kinds it knows.
pub struct Worker {
    queue: Queue,
    /// Unique among all processes.
    owner: String,
    lanes: BTreeMap<&'static str, Lane>,
    schedules: Vec<Schedule>,
    times: Times,
}

/// Seconds matter in production; tests have less time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) lease: Duration,
    pub(super) heartbeat: Duration,
    pub(super) margin: Duration,
    pub(super) cancel_grace: Duration,
}

struct Lane {
    kind: Arc<dyn AnyKind>,
    /// Each running task holds a clone.
    busy: Arc<()>,
}

/// A [`Kind`] without its payload type.
trait AnyKind: Send + Sync {
    fn concurrency(&self) -> usize;
    fn run(self: Arc<Self>, context: Context, payload: Value) -> BoxFuture<'static, Result<Value, Failure>>;
}

impl<K: Kind> AnyKind for K {
    fn concurrency(&self) -> usize {
        Kind::concurrency(self)
    }

    fn run(self: Arc<Self>, context: Context, payload: Value) -> BoxFuture<'static, Result<Value, Failure>> {
        Box::pin(async move {
            let payload = serde_json::from_value(payload)
                .map_err(|error| Failure::permanent(format_args!("the payload cannot be read: {error}")))?;
            Kind::run(&*self, &context, payload).await
        })
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("owner", &self.owner).field("kinds", &self.lanes.keys()).finish()
    }
}

impl Lane {
    fn free(&self) -> usize {
        self.kind.concurrency().saturating_sub(Arc::strong_count(&self.busy) - 1)
    }
}

impl Worker {
    /// A worker that knows no kind yet. One for each queue of a process.
    pub fn new(queue: &Queue) -> Self {
        let times = Times { lease: LEASE, heartbeat: HEARTBEAT, margin: MARGIN, cancel_grace: CANCEL_GRACE };
        let owner = uuid::Uuid::new_v4().simple().to_string();
        Self { queue: queue.clone(), owner, lanes: BTreeMap::new(), schedules: Vec::new(), times }
    }

    /// Works on tasks of this kind.
    #[must_use]
    pub fn register<K: Kind>(mut self, kind: K) -> Self {
        self.lanes.insert(K::NAME, Lane { kind: Arc::new(kind), busy: Arc::new(()) });
        self
    }

    /// The same, and asks for such a task each time `every` has passed, once for all processes.
    #[must_use]
    pub fn register_periodic<K: Kind<Payload = ()>>(
        mut self,
        kind: K,
        every: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        self.schedules.push(Schedule::of::<K>(Box::new(every)));
        self.register(kind)
    }

    #[cfg(test)]
    pub(super) fn with_times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Works until `stop`; then running work is told to end and gives its tasks back.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let drain = CancellationToken::new();
        let mut running = JoinSet::new();
        tokio::pin!(stop);
        loop {
            if let Err(error) = self.round(&mut running, &drain).await {
                tracing::warn!("tasks cannot be begun now: {error}");
            }
            tokio::select! {
                () = &mut stop => break,
                Some(_) = running.join_next() => {}
                () = self.queue.woken() => {}
                () = tokio::time::sleep(self.queue.poll_interval()) => {}
            }
        }
        drain.cancel();
        while running.join_next().await.is_some() {}
    }

    /// Looks once for everything there is to do.
    async fn round(&self, running: &mut JoinSet<()>, drain: &CancellationToken) -> Result<(), TaskError> {
        let now = now_ms();
        let lost = store::give_back_lost(self.queue.db(), now, now).await?;
        if lost > 0 {
            tracing::warn!(tasks = lost, "tasks of a process that ended or lost the database are taken over");
        }
        periodic::ask(&self.queue, &self.schedules).await?;
        for (name, lane) in &self.lanes {
            while lane.free() > 0 {
                let due = store::due(self.queue.db(), name, now_ms(), lane.free()).await?;
                if due.is_empty() {
                    break;
                }
                // One that another process took meanwhile is not due any more, so this comes to an end.
                for id in due {
                    let now = now_ms();
                    let until = now.saturating_add(millis(self.times.lease));
                    if let Some(task) = store::claim(self.queue.db(), id, &self.owner, now, until).await? {
                        running.spawn(self.attempt(lane, task, drain.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// The whole of one attempt.
    fn attempt(
        &self,
        lane: &Lane,
        task: Task,
        drain: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (queue, times) = (self.queue.clone(), self.times);
        let (kind, busy) = (Arc::clone(&lane.kind), Arc::clone(&lane.busy));
        async move {
            let _busy = busy;
            let token = CancellationToken::new();
            queue.running().insert(task.id, token.clone());
            let context = Context::new(queue.clone(), task.clone(), token.clone());
            let work = kind.run(context.clone(), task.payload.clone());
            let outcome = supervise(work, &queue, &task, &token, &drain, times).await;
            queue.running().remove(&task.id);
            let Some(end) = judge(&task, outcome, &token, &drain) else {
                tracing::warn!(
                    task.id,
                    task.kind,
                    "the task was lost to another process; its work was stopped"
                );
                return;
            };
            write_end(&queue, &task, &end, &context.steps_at_end(end.state)).await;
        }
    }
}

/// What became of the work itself.
enum Outcome {
    Ended(Result<Value, Failure>),
    Panicked(String),
    /// It was told to stop, and dropped because it did not.
    Dropped,
    Lost,
}

/// Polls the work while it lives, renews the lease beside it, and drops it when it has to end and does not.
async fn supervise(
    work: BoxFuture<'static, Result<Value, Failure>>,
    queue: &Queue,
    task: &Task,
    token: &CancellationToken,
    drain: &CancellationToken,
    times: Times,
) -> Outcome {
    let work = AssertUnwindSafe(work).catch_unwind();
    // Beside the work, not between its steps: the work may hold the connection that the renewal waits for.
    let lease = keep_lease(queue, task, token, times);
    let patience = async {
        tokio::select! {
            () = drain.cancelled() => {
                token.cancel();
                tokio::time::sleep(DRAIN_GRACE).await;
            }
            () = token.cancelled() => {
                tokio::select! {
                    () = tokio::time::sleep(times.cancel_grace) => {}
                    () = async { drain.cancelled().await; tokio::time::sleep(DRAIN_GRACE).await } => {}
                }
            }
        }
    };
    tokio::select! {
        ended = work => match ended {
            Ok(ended) => Outcome::Ended(ended),
            Err(panic) => Outcome::Panicked(panic_text(&*panic)),
        },
        () = lease => Outcome::Lost,
        () = patience => Outcome::Dropped,
    }
}

/// Renews the lease; ends when it is lost, or too old to be sure of.
async fn keep_lease(queue: &Queue, task: &Task, token: &CancellationToken, times: Times) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(times.heartbeat).await;
        let asked = Instant::now();
        let until = now_ms().saturating_add(millis(times.lease));
        let left = times.lease.saturating_sub(times.margin).saturating_sub(renewed.elapsed());
        let renewal = store::renew(queue.db(), task.id, task.lease_number, until);
        match tokio::time::timeout(left, renewal).await {
            Ok(Ok(Some(cancel_requested))) => {
                renewed = asked;
                if cancel_requested {
                    token.cancel();
                }
            }
            Ok(Ok(None)) | Err(_) => return,
            Ok(Err(error)) => tracing::warn!(task.id, "the lease of a task was not renewed: {error}"),
        }
    }
}

/// What is written about the attempt; `None` when the task is another process's.
fn judge(task: &Task, outcome: Outcome, token: &CancellationToken, drain: &CancellationToken) -> Option<End> {
    let now = now_ms();
    let end =
        |state| End { state, result: String::new(), error: String::new(), run_at: now, attempts_back: 0 };
    let stopped = || {
        if !drain.is_cancelled() {
            return end(State::Canceled);
        }
        End { attempts_back: 1, ..end(State::Pending) }
    };
    let failure = match outcome {
        Outcome::Lost => return None,
        Outcome::Ended(Ok(Value::Null)) => return Some(end(State::Succeeded)),
        Outcome::Ended(Ok(result)) => match document("result", &result) {
            Ok(result) => return Some(End { result, ..end(State::Succeeded) }),
            Err(error) => Failure::permanent(error),
        },
        Outcome::Dropped => return Some(stopped()),
        // It wanted to end; why, is of no interest.
        Outcome::Ended(Err(_)) if token.is_cancelled() => return Some(stopped()),
        Outcome::Ended(Err(failure)) => failure,
        Outcome::Panicked(text) => {
            tracing::error!(task.id, task.kind, "the work on a task panicked: {text}");
            Failure::transient(format_args!("the work broke down: {text}"))
        }
    };
    let result = match &failure.result {
        Value::Null => String::new(),
        result => document("result", result).unwrap_or_default(),
    };
    let again = failure.cause != Cause::Permanent && task.attempt_count < task.max_attempts;
    let state = if again { State::Retry } else { State::Failed };
    tracing::warn!(task.id, task.kind, attempt = task.attempt_count, %state, "a task failed: {}", failure.message);
    let run_at = if again { now.saturating_add(millis(retry::pause(task.attempt_count))) } else { now };
    Some(End { result, error: failure.message, run_at, ..end(state) })
}

/// When this fails for good the lease ends, and the work is done again.
async fn write_end(queue: &Queue, task: &Task, end: &End, steps: &str) {
    for attempt in 1..=END_TRIES {
        match store::end(queue.db(), task.id, task.lease_number, steps, end, now_ms()).await {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!(task.id, task.kind, "a task ended here, but another process has it by now");
                return;
            }
            Err(error) => tracing::warn!(task.id, attempt, "the end of a task was not written: {error}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    shortened(text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a value that is no text"))
}
