//! Work that may wait for a disk, off the async workers.
//!
//! A worker thread of the blocking pool is held only while there is work for it, never while a client is waited for:
//! a thousand slow uploads must not take the threads that reads need.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;
use tokio::task::{JoinError, spawn_blocking};

use crate::storage::{ErrorKind, Result, StorageError};

/// Tells a blocking task whether anybody still waits for its result.
#[derive(Debug, Clone, Default)]
pub(super) struct Caller(Arc<AtomicBool>);

impl Caller {
    /// Fails once the caller's future was dropped, so that the task stops before it makes anything visible.
    pub(super) fn still_waits(&self) -> Result<()> {
        if self.0.load(Ordering::Acquire) {
            return Err(StorageError::new(ErrorKind::BodyInterrupted, "the caller gave up before the end"));
        }
        Ok(())
    }
}

/// Marks the caller as gone when its future ends, in whichever way.
struct MarkGone(Caller);

impl Drop for MarkGone {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Release);
    }
}

/// Runs `work` on the blocking pool and waits for it.
pub(super) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Caller) -> Result<T> + Send + 'static,
{
    let caller = Caller::default();
    let _gone = MarkGone(caller.clone());
    spawn_blocking(move || work(&caller)).await.map_err(lost)?
}

/// The error for a task that panicked or was cancelled by a stopping runtime.
pub(super) fn lost(cause: JoinError) -> StorageError {
    StorageError::new(ErrorKind::Unknown, "a storage task ended without a result; the log has the reason")
        .with_source(cause)
}

/// A value whose destructor waits for a disk (it may unlink a large file), on its way through async code. Dropped
/// there, it is destroyed on the blocking pool.
#[derive(Debug)]
pub(super) struct Parked<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Parked<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The value; only for code that runs on the blocking pool.
    pub(super) fn take(mut self) -> T {
        self.0.take().expect("only `take`, which consumes, empties it")
    }
}

impl<T: Send + 'static> Drop for Parked<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            match Handle::try_current() {
                // A runtime that is shutting down drops the closure, and the value with it, at once.
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(value))),
                Err(_) => drop(value),
            }
        }
    }
}
