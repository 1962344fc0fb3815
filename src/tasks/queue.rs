//! Asking for tasks, and looking at them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Filter, NewTask, State, Task, TaskError, Tuning, millis, now_ms, store};
use crate::db::{Db, Tx, is_unique_violation};

/// The tasks of a database; clones share the connection to the worker of this process.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    tuning: Arc<dyn Tuning>,
    wake: Notify,
    /// What this process works on, so that a request to end it need not wait for the next heartbeat.
    running: Mutex<HashMap<i64, CancellationToken>>,
}

impl Queue {
    /// The tasks in `db`.
    pub fn new(db: Db, tuning: Arc<dyn Tuning>) -> Self {
        Self(Arc::new(Inner { db, tuning, wake: Notify::new(), running: Mutex::default() }))
    }

    /// Asks for a task as part of the transaction that is its cause, and gives its id; `None` when an unfinished task
    /// has its key. After the commit call [`Self::wake`], or it begins only when the worker next looks by itself.
    pub async fn enqueue(&self, tx: &mut Tx, new: &NewTask) -> Result<Option<i64>, TaskError> {
        let most = new.max_attempts.unwrap_or_else(|| self.0.tuning.max_attempts().max(1));
        Ok(store::insert(tx, new, most, now_ms()).await?)
    }

    /// The same in a transaction of its own.
    pub async fn submit(&self, new: &NewTask) -> Result<Option<i64>, TaskError> {
        let mut tx = self.0.db.begin().await?;
        let id = self.enqueue(&mut tx, new).await?;
        tx.commit().await?;
        self.wake();
        Ok(id)
    }

    /// Lets the worker of this process look for tasks now. Those of other processes look when they poll.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// One task.
    pub async fn get(&self, id: i64) -> Result<Task, TaskError> {
        store::by_id(&self.0.db, id).await?.ok_or(TaskError::NotFound(id))
    }

    /// A part of the tasks that fit, the newest first, and how many there are.
    pub async fn list(
        &self,
        filter: &Filter,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Task>, u64), TaskError> {
        Ok(store::page(&self.0.db, filter, limit, offset).await?)
    }

    /// Begins a failed or canceled task again, with all its attempts and from the position it saved.
    pub async fn retry(&self, id: i64) -> Result<Task, TaskError> {
        let mut tx = self.0.db.begin().await?;
        let begun = store::begin_again(&mut tx, id, now_ms()).await;
        match begun {
            Ok(true) => tx.commit().await?,
            Ok(false) => {
                drop(tx);
                return Err(TaskError::NotRetryable { id, state: self.get(id).await?.state });
            }
            Err(error) if is_unique_violation(&error) => return Err(TaskError::Doubled(id)),
            Err(error) => return Err(error.into()),
        }
        self.wake();
        self.get(id).await
    }

    /// Ends a task: at once when nobody works on it, else as soon as the work takes notice.
    pub async fn cancel(&self, id: i64) -> Result<Task, TaskError> {
        let mut tx = self.0.db.begin().await?;
        let heard = store::cancel(&mut tx, id, now_ms()).await?;
        tx.commit().await?;
        let task = self.get(id).await?;
        if !heard {
            return Err(TaskError::Finished { id, state: task.state });
        }
        if let Some(token) = self.running().get(&id) {
            token.cancel();
        }
        Ok(task)
    }

    /// Removes tasks that came to their end longer than `age` ago, and gives their number.
    pub async fn remove_finished(&self, age: Duration) -> Result<u64, TaskError> {
        Ok(store::delete_finished(&self.0.db, now_ms().saturating_sub(millis(age))).await?)
    }

    /// Takes all leases back. For a database that only one process can use (SQLite, behind the lock of the data
    /// directory), before its worker runs: whoever held them is dead, and waiting for the leases to end is not needed.
    pub async fn take_back_all(&self) -> Result<u64, TaskError> {
        Ok(store::give_back_lost(&self.0.db, i64::MAX, now_ms()).await?)
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(super) fn poll_interval(&self) -> Duration {
        self.0.tuning.poll_interval()
    }

    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    pub(super) fn running(&self) -> MutexGuard<'_, HashMap<i64, CancellationToken>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Filter {
    /// The states that count, six of them: what is missing is filled up with names that no task has.
    pub(super) fn state_names(&self) -> [&'static str; 6] {
        let mut names = [""; 6];
        let wanted = if self.states.is_empty() { &State::ALL[..] } else { &self.states[..] };
        for (name, state) in names.iter_mut().zip(State::ALL.iter().filter(|state| wanted.contains(state))) {
            *name = state.as_str();
        }
        names
    }
}
