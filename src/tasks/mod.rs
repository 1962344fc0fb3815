//! The job engine: background work that outlives the request and the process that asked for it. It knows no concrete
//! task; kinds are handed to a `Worker`.
//!
//! A task is a row. It is written in the caller's transaction, so work and cause are there together or not at all. A
//! worker takes it with one conditional UPDATE and holds it by a lease that it renews; each taking raises the row's
//! lease number, and everything a worker writes names the number it got. So of several processes one works on a task,
//! and one that lost it (stopped, cut off from the database) can neither report nor finish it.
//!
//! Work is done at least once: after a crash it begins again, with the position it saved. What must happen once belongs
//! in a transaction that also calls `Context::hold`. Clocks of primaries that share a database must agree within a
//! few seconds, as the wire to the followers wants it anyway.
//!
//! Times are Unix milliseconds.

mod context;
mod periodic;
mod queue;
mod retry;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::context::Context;
pub use self::queue::Queue;
pub use self::worker::Worker;

/// Most bytes of a payload, of a saved position, and of a result, as JSON.
const MAX_JSON: usize = 256 * 1024;
/// Most characters of a status text or an error.
const MAX_TEXT: usize = 1_000;

/// One sort of work.
pub trait Kind: Send + Sync + 'static {
    /// Name in the database and the API. Never changes: rows of an earlier release carry it.
    const NAME: &'static str;
    /// What a task of this kind needs to know. Later releases must read what earlier ones wrote.
    type Payload: Serialize + DeserializeOwned + Send + 'static;

    /// How many tasks of this kind this process works on at once. Asked before each taking.
    fn concurrency(&self) -> usize {
        1
    }

    /// Does the work; the value becomes the task's result, `null` is none. The future may be dropped at any await, and
    /// the process may end at any moment: each step must leave something that the next attempt can go on from.
    fn run(
        &self,
        context: &Context,
        payload: Self::Payload,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;
}

/// What the engine asks of its surroundings, each time anew.
pub trait Tuning: fmt::Debug + Send + Sync + 'static {
    /// How often a task is tried unless it says otherwise; at least 1.
    fn max_attempts(&self) -> u32;
    /// How long a worker waits before it looks for tasks that another process asked for.
    fn poll_interval(&self) -> Duration;
}

/// How a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TaskState")]
pub enum State {
    /// Waits to be begun.
    Pending,
    /// A process works on it.
    Processing,
    /// Failed, and waits to be tried again.
    Retry,
    /// Done.
    Succeeded,
    /// Will not be tried again unless somebody asks.
    Failed,
    /// Somebody ended it.
    Canceled,
}

/// A part of a task, as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TaskStep")]
pub struct Step {
    /// What is done.
    pub title: String,
    /// How far it is.
    pub status: State,
}

/// A task, as the database keeps it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Id; a later task has a larger one.
    pub id: i64,
    /// [`Kind::NAME`].
    pub kind: String,
    /// What it was asked for with.
    pub payload: Value,
    /// How it is.
    pub state: State,
    /// Attempts begun.
    pub attempt_count: u32,
    /// Attempts at most.
    pub max_attempts: u32,
    /// Not begun before.
    pub run_at: i64,
    /// Whether somebody wants the running work to end.
    pub cancel_requested: bool,
    /// Of `progress_total`.
    pub progress_current: u64,
    /// 0 while it is not known.
    pub progress_total: u64,
    /// What goes on, for people.
    pub status_text: String,
    /// Parts begun so far.
    pub steps: Vec<Step>,
    /// How far it came; `null` is the beginning.
    pub position: Value,
    /// `null` is none.
    pub result: Value,
    /// Why the last attempt failed; empty when none did.
    pub last_error: String,
    /// The user who asked; `None` is the program.
    pub created_by: Option<i64>,
    /// The space it belongs to.
    pub space_id: Option<i64>,
    /// When it was asked for.
    pub created_at: i64,
    /// Last change of the row.
    pub updated_at: i64,
    /// When the last attempt began.
    pub started_at: Option<i64>,
    /// When it came to its end.
    pub finished_at: Option<i64>,
    lease_number: i64,
}

/// A task to be asked for.
#[derive(Debug, Clone)]
pub struct NewTask {
    kind: &'static str,
    payload: String,
    max_attempts: Option<u32>,
    delay: Duration,
    created_by: Option<i64>,
    space_id: Option<i64>,
    dedupe_key: Option<String>,
}

/// Which tasks are asked for; what is `None` or empty does not count.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Asked for by this user.
    pub created_by: Option<i64>,
    /// Of this space.
    pub space_id: Option<i64>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In one of these states.
    pub states: Vec<State>,
}

/// Why work ended without success.
#[derive(Debug)]
pub struct Failure {
    cause: Cause,
    message: String,
    result: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Transient,
    Permanent,
    Stopped,
}

/// Why something about tasks was refused.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Nothing has this id, or it is somebody else's.
    #[error("there is no task {0}")]
    NotFound(i64),
    /// Only what failed or was canceled can be tried again.
    #[error("task {id} is {state}; only a failed or canceled task can be tried again")]
    NotRetryable {
        /// The task.
        id: i64,
        /// How it is.
        state: State,
    },
    /// The same work is asked for already.
    #[error("task {0} cannot be tried again: another task does the same already")]
    Doubled(i64),
    /// It is over.
    #[error("task {id} cannot be canceled: it is {state}")]
    Finished {
        /// The task.
        id: i64,
        /// How it is.
        state: State,
    },
    /// A document is too large, or is none.
    #[error("a task's {what} must be JSON of at most {MAX_JSON} bytes")]
    Document {
        /// Which one.
        what: &'static str,
    },
    /// The database failed.
    #[error("tasks: {0}")]
    Database(#[from] sqlx::Error),
}

impl NewTask {
    /// A task of kind `K`.
    pub fn of<K: Kind>(payload: &K::Payload) -> Result<Self, TaskError> {
        Ok(Self {
            kind: K::NAME,
            payload: document("payload", payload)?,
            max_attempts: None,
            delay: Duration::ZERO,
            created_by: None,
            space_id: None,
            dedupe_key: None,
        })
    }

    /// Asked for by this user, who sees it.
    #[must_use]
    pub fn by(mut self, user_id: i64) -> Self {
        self.created_by = Some(user_id);
        self
    }

    /// For this space.
    #[must_use]
    pub fn in_space(mut self, space_id: i64) -> Self {
        self.space_id = Some(space_id);
        self
    }

    /// Only while no unfinished task has the same key.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.dedupe_key = Some(key.into());
        self
    }

    /// Not begun before `delay` has passed.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Tried at most so often.
    #[must_use]
    pub fn attempts(mut self, most: u32) -> Self {
        self.max_attempts = Some(most.max(1));
        self
    }
}

impl Failure {
    /// Worth another attempt later.
    pub fn transient(message: impl fmt::Display) -> Self {
        Self { cause: Cause::Transient, message: shortened(&message.to_string()), result: Value::Null }
    }

    /// Another attempt would fail as well.
    pub fn permanent(message: impl fmt::Display) -> Self {
        Self { cause: Cause::Permanent, ..Self::transient(message) }
    }

    /// The work saw that it shall end, or that it lost its task.
    pub fn stopped() -> Self {
        Self { cause: Cause::Stopped, ..Self::transient("the work was told to stop") }
    }

    /// The same failure with what can be told of the work all the same.
    #[must_use]
    pub fn with_result(mut self, result: Value) -> Self {
        self.result = result;
        self
    }
}

/// A failing database is worth another attempt.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::transient(format_args!("the database failed: {error}"))
    }
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Processing, Self::Retry, Self::Succeeded, Self::Failed, Self::Canceled];

    /// Name in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Retry => "retry",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Task {
    /// Whether asking for another attempt would be heard.
    pub fn can_retry(&self) -> bool {
        matches!(self.state, State::Failed | State::Canceled)
    }

    /// Whether it can still be ended.
    pub fn can_cancel(&self) -> bool {
        matches!(self.state, State::Pending | State::Retry | State::Processing)
    }
}

fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn document(what: &'static str, value: &impl Serialize) -> Result<String, TaskError> {
    let text = serde_json::to_string(value).map_err(|_| TaskError::Document { what })?;
    if text.len() > MAX_JSON { Err(TaskError::Document { what }) } else { Ok(text) }
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
