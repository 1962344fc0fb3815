//! What running work knows of its task, and what it may write about it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::store::Report;
use super::{Failure, Queue, State, Step, Task, document, now_ms, shortened, store};
use crate::db::Tx;

/// Progress that follows faster than this is not written.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);
/// Most steps that are kept.
const MAX_STEPS: usize = 50;

/// A task in the hands of the work on it; clones share it.
#[derive(Debug, Clone)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: Queue,
    task: Task,
    token: CancellationToken,
    shown: Mutex<Shown>,
}

#[derive(Debug)]
struct Shown {
    steps: Vec<Step>,
    report: Report,
    written: Option<Instant>,
}

impl Context {
    pub(super) fn new(queue: Queue, task: Task, token: CancellationToken) -> Self {
        let position = if task.position.is_null() { String::new() } else { task.position.to_string() };
        let report = Report {
            current: task.progress_current,
            total: task.progress_total,
            text: task.status_text.clone(),
            steps: "[]".to_owned(),
            position,
        };
        let shown = Mutex::new(Shown { steps: Vec::new(), report, written: None });
        Self(Arc::new(Inner { queue, task, token, shown }))
    }

    /// The task's id.
    pub fn id(&self) -> i64 {
        self.0.task.id
    }

    /// The user who asked for it; `None` is the program.
    pub fn created_by(&self) -> Option<i64> {
        self.0.task.created_by
    }

    /// Cancelled when the work shall end: somebody asked for it, the process drains, or the lease is lost. Work that
    /// does not look here is dropped at its next await some seconds later.
    pub fn stop(&self) -> &CancellationToken {
        &self.0.token
    }

    /// An error when the work shall end.
    pub fn check(&self) -> Result<(), Failure> {
        if self.0.token.is_cancelled() { Err(Failure::stopped()) } else { Ok(()) }
    }

    /// The position that an earlier attempt saved; `None` when there is none that can be read.
    pub fn position<T: DeserializeOwned>(&self) -> Option<T> {
        match &self.0.task.position {
            Value::Null => None,
            position => serde_json::from_value(position.clone()).ok(),
        }
    }

    /// Begins a part of the work; the one before is done.
    pub async fn step(&self, title: &str) -> Result<(), Failure> {
        {
            let mut shown = self.shown();
            if let Some(last) = shown.steps.last_mut() {
                last.status = State::Succeeded;
            }
            if shown.steps.len() < MAX_STEPS {
                shown.steps.push(Step { title: shortened(title), status: State::Processing });
            }
            shown.report.steps = serde_json::to_string(&shown.steps).unwrap_or_else(|_| "[]".to_owned());
            shown.written = None;
        }
        self.write().await
    }

    /// Tells people how far the work is; 0 of 0 is unknown. May be called as often as there is something to tell:
    /// it is written about once a second. An error when the work shall end.
    pub async fn progress(&self, current: u64, total: u64, text: &str) -> Result<(), Failure> {
        self.check()?;
        if self.note(current, total, text) { self.write().await } else { Ok(()) }
    }

    /// Writes how far the work is, for people and for the next attempt, as part of the transaction that brought it
    /// there. An error when the lease is lost; the transaction must not be committed then.
    pub async fn save_in(
        &self,
        tx: &mut Tx,
        position: &impl Serialize,
        progress: (u64, u64),
        text: &str,
    ) -> Result<(), Failure> {
        let position = document("position", position).map_err(Failure::permanent)?;
        self.note(progress.0, progress.1, text);
        let report = {
            let mut shown = self.shown();
            shown.report.position = position;
            shown.written = Some(Instant::now());
            shown.report.clone()
        };
        let (id, lease) = (self.0.task.id, self.0.task.lease_number);
        if store::report(tx, id, lease, &report, now_ms()).await? { Ok(()) } else { Err(self.lost()) }
    }

    /// The same in a transaction of its own.
    pub async fn save(
        &self,
        position: &impl Serialize,
        progress: (u64, u64),
        text: &str,
    ) -> Result<(), Failure> {
        let mut tx = self.0.queue.db().begin().await?;
        self.save_in(&mut tx, position, progress, text).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a transaction depend on the lease: no other process has the task before it is committed. An error when
    /// the lease is lost; the transaction must not be committed then.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), Failure> {
        let (id, lease) = (self.0.task.id, self.0.task.lease_number);
        if store::hold(tx, id, lease, now_ms()).await? { Ok(()) } else { Err(self.lost()) }
    }

    /// Steps at the end of an attempt, as JSON.
    pub(super) fn steps_at_end(&self, state: State) -> String {
        let mut shown = self.shown();
        if let Some(last) = shown.steps.last_mut() {
            last.status = state;
        }
        serde_json::to_string(&shown.steps).unwrap_or_else(|_| "[]".to_owned())
    }

    /// Whether it is time to write.
    fn note(&self, current: u64, total: u64, text: &str) -> bool {
        let mut shown = self.shown();
        shown.report.current = current;
        shown.report.total = total;
        shown.report.text = shortened(text);
        shown.written.is_none_or(|written| written.elapsed() >= PROGRESS_PAUSE)
    }

    async fn write(&self) -> Result<(), Failure> {
        let report = {
            let mut shown = self.shown();
            shown.written = Some(Instant::now());
            shown.report.clone()
        };
        let (id, lease) = (self.0.task.id, self.0.task.lease_number);
        let mut tx = self.0.queue.db().begin().await?;
        if !store::report(&mut tx, id, lease, &report, now_ms()).await? {
            return Err(self.lost());
        }
        Ok(tx.commit().await?)
    }

    fn lost(&self) -> Failure {
        self.0.token.cancel();
        Failure::stopped()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
