//! The start of a process: configuration → lock → enrollment from the environment → re-exec → serve, and its end:
//! signals, drain.
//!
//! Nothing here is specific to containers; a container only makes it visible, because there this process is PID 1
//! and its environment and volume are all it has.

mod by_hand;
mod data_lock;
mod enrollment;
mod logging;
mod reexec;
mod serve;
mod signals;

use std::fmt;
use std::path::Path;

use tokio::runtime::{Builder, Runtime};

pub use self::by_hand::{EnrollByHand, enroll_by_hand};
use self::data_lock::{DataLock, LockError};
use crate::config::{self, Config, Environment, FirstFile, Loaded, Note, StartMode};

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
    let Loaded { config, bootstrap, notes } = config::load(environment, working_dir, &FirstFile::Primary)
        .map_err(|problems| Stopped::Configuration(problems.to_string()))?;
    if bootstrap.any_present && config.server.start_mode == StartMode::Primary {
        return Err(Stopped::Configuration(PRIMARY_WITH_BOOTSTRAP.into()));
    }
    logging::start(&config.logging);
    write_down(&notes);
    let lock = DataLock::take(&config.data_dir).map_err(refuse_lock)?;
    let runtime = runtime(&config)?;
    if bootstrap.any_present {
        if let Some(remote) = &bootstrap.remote {
            let outcome = runtime.block_on(enrollment::enroll_from_environment(&config, remote))?;
            if outcome == enrollment::Outcome::Interrupted {
                return Ok(());
            }
        }
        drop(runtime);
        drop(lock);
        return Err(reexec::without_bootstrap_variables(environment));
    }
    runtime.block_on(serve::serve(&config, lock))
}

const PRIMARY_WITH_BOOTSTRAP: &str = "ASTER_BOOTSTRAP_REMOTE_… is set, but this instance starts as a primary \
     (server.start_mode). Only a follower enrolls with a primary: set ASTER__SERVER__START_MODE=follower (or \
     server.start_mode in data/config.toml), or remove the ASTER_BOOTSTRAP_REMOTE_… variables.";

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

fn runtime(config: &Config) -> Result<Runtime, Stopped> {
    let mut builder = Builder::new_multi_thread();
    if config.server.workers > 0 {
        builder.worker_threads(config.server.workers);
    }
    builder.enable_all().build().map_err(|error| Stopped::failed("cannot start the runtime", error))
}
