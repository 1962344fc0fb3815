//! The start of a process: configuration → lock → enrollment or declared bootstrap from the environment → re-exec →
//! serve, and its end: signals, drain.
//!
//! Nothing here is specific to containers; a container only makes it visible, because there this process is PID 1
//! and its environment and volume are all it has.

mod by_hand;
mod data_lock;
mod database;
mod declared;
mod enrollment;
mod logging;
mod open_files;
mod reexec;
mod serve;
mod signals;
mod volume;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

pub use self::by_hand::{EnrollByHand, enroll_by_hand};
pub use self::data_lock::Running;
use self::data_lock::{DataLock, LockError};
use self::signals::HangUps;
pub use self::volume::permission_problem;
use crate::config::{self, Config, Environment, FirstFile, Loaded, Note};
use crate::primary::PrimaryError;
use crate::primary::keys::KeysError;

/// How a start or a run ended, for `main` to turn into an exit code.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The configuration, the environment or the enrollment has to be changed by a person (exit 78).
    #[error("{0}")]
    Configuration(String),
    /// Something outside is missing for now; starting again later may work (exit 75).
    #[error("{0}")]
    Temporary(String),
    /// Anything else (exit 1).
    #[error("{0}")]
    Failed(String),
}

impl Stopped {
    fn failed(what: &str, error: impl fmt::Display) -> Self {
        Self::Failed(format!("{what}: {error}"))
    }
}

/// Runs the role that the configuration names until a signal ends it.
///
/// # Errors
/// Why the process did not start, or did not end well.
pub fn run(environment: &Environment, working_dir: &Path) -> Result<(), Stopped> {
    refuse_foreign_volume(working_dir)?;
    let Loaded { config, bootstrap, notes } = config::load(environment, working_dir, &FirstFile::Primary)
        .map_err(|problems| Stopped::Configuration(problems.to_string()))?;
    logging::start(&config.logging);
    write_down(&notes);
    open_files::raise_limit();
    let runtime = runtime(&config)?;
    let hang_ups = hang_ups(&runtime);
    let lock = DataLock::take(&config.data_dir).map_err(refuse_lock)?;
    if bootstrap.any_present {
        if let Some(remote) = &bootstrap.remote {
            let outcome = runtime.block_on(enrollment::enroll_from_environment(&config, remote))?;
            if outcome == enrollment::Outcome::Interrupted {
                return Ok(());
            }
        }
        if let Some(declared) = &bootstrap.declared
            && runtime.block_on(declared::declare(&config, declared))? == declared::Outcome::Interrupted
        {
            return Ok(());
        }
        drop(runtime);
        drop(lock);
        return Err(reexec::without_bootstrap_variables(environment));
    }
    let ended = runtime.block_on(serve::serve(&config, &lock, hang_ups));
    // A disk call that hangs cannot be cancelled; it must not hold up the end of the process.
    runtime.shutdown_timeout(LAST_CALLS);
    // Only now: whoever takes the directory next must not meet a last write of ours.
    drop(lock);
    ended
}

/// Who serves on `data_dir`, if anybody does. Makes and takes nothing.
///
/// # Errors
/// When the lock file cannot be looked at.
pub fn running(data_dir: &Path) -> std::io::Result<Option<Running>> {
    DataLock::look(data_dir)
}

/// Before anything else: a directory of somebody else would otherwise show up as a missing secret.
fn refuse_foreign_volume(working_dir: &Path) -> Result<(), Stopped> {
    let problem = permission_problem(&config::data_dir(working_dir));
    problem.map_or(Ok(()), |problem| Err(Stopped::Configuration(problem)))
}

/// How long calls to the disk may still take after the drain.
const LAST_CALLS: Duration = Duration::from_secs(1);

/// HUP from here on. To be called before the data directory is locked: `node enroll` sends HUP to whoever has it, and
/// without a handler that ends a process.
fn hang_ups(runtime: &Runtime) -> HangUps {
    let _in_runtime = runtime.enter();
    HangUps::listen()
}

fn write_down(notes: &[Note]) {
    for note in notes {
        match note {
            Note::Info(text) => tracing::info!("{text}"),
            Note::Warning(text) => tracing::warn!("{text}"),
        }
    }
}

fn refuse_lock(error: LockError) -> Stopped {
    match error {
        LockError::Held(_) => Stopped::Temporary(error.to_string()),
        LockError::Io { .. } => Stopped::Configuration(error.to_string()),
    }
}

fn refuse_primary(error: PrimaryError) -> Stopped {
    match error {
        PrimaryError::Keys(KeysError::SealingKey) => Stopped::Configuration(error.to_string()),
        error => Stopped::failed("cannot start the primary", error),
    }
}

fn runtime(config: &Config) -> Result<Runtime, Stopped> {
    let mut builder = Builder::new_multi_thread();
    if config.server.workers > 0 {
        builder.worker_threads(config.server.workers);
    }
    builder.enable_all().build().map_err(|error| Stopped::failed("cannot start the runtime", error))
}
