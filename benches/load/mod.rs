//! The load client: it starts both servers, drives them in turn with the same code, and prints what it saw.
//!
//! Client and servers share the processors of one machine, so the client must cost little: plain HTTP/1.1 over
//! kept-alive TCP connections, one request at a time on each, replies checked by length and at the ends of each read.

mod arguments;
mod body;
mod bucket;
mod compose;
mod connection;
mod crew;
mod drive;
mod drive_names;
mod drive_relay;
mod duel;
mod follower;
#[allow(dead_code, reason = "some of it is for process tests only")]
#[path = "../../tests/support/garage.rs"]
mod garage;
mod machine;
mod memory;
mod nginx;
mod peer;
mod process;
mod report;
#[allow(dead_code, reason = "some of it is for process tests only")]
#[path = "../../tests/support/reserved.rs"]
mod reserved;
mod round;
mod rows;
mod scripted_primary;
mod slow_clients;
mod start;
mod sustained;

use std::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use futures_util::StreamExt;
use tempfile::TempDir;

use self::arguments::{Arguments, Mode};

/// What the measurements end with. Nothing reacts to the kind of a failure, so it is only a text for the reader.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Parses the command line, measures, and turns the outcome into an exit code.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let outcome = runtime.block_on(unless_interrupted(measure(arguments)));
    // A round that was interrupted may still sit in a thread; waiting for it would only delay the end.
    runtime.shutdown_background();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn Error) -> ExitCode {
    report::complain(&error.to_string());
    ExitCode::FAILURE
}

/// Whether every request was answered as it must be.
async fn measure(arguments: Arguments) -> Outcome<bool> {
    allow_many_connections();
    let bench = Bench::new(&arguments)?;
    report::say(&machine::describe(bench.directory()));
    match arguments.mode.unwrap_or(Mode::Table) {
        Mode::Table => rows::measure(&bench).await,
        Mode::Sustained => sustained::measure(&bench).await,
        Mode::SlowClients => slow_clients::measure(&bench).await,
        Mode::Drive => drive::measure(&bench).await,
    }
}

/// Interrupting must leave no server and no file behind, so it ends the measurement by dropping it.
async fn unless_interrupted(work: impl Future<Output = Outcome<bool>>) -> Outcome<bool> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook_tokio::Signals::new([SIGINT, SIGTERM])?;
    tokio::select! {
        outcome = work => outcome,
        _ = signals.next() => Err("interrupted".into()),
    }
}

fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_err() {
        report::complain("cannot raise the limit of open files; many connections may fail");
    }
}

/// What all measurements share.
struct Bench {
    directory: TempDir,
    follower_binary: PathBuf,
    quick: bool,
    only: Option<String>,
    nginx_only: bool,
}

impl Bench {
    fn new(arguments: &Arguments) -> Outcome<Self> {
        let parent = arguments.dir.clone().unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let directory = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(&parent)
            .map_err(|error| format!("cannot make a directory in {}: {error}", parent.display()))?;
        let binary = arguments.follower.clone();
        Ok(Self {
            directory,
            follower_binary: binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_aster_drive").into()),
            quick: arguments.quick,
            only: arguments.only.clone(),
            nginx_only: arguments.nginx_only,
        })
    }

    /// Whether the row of this name is asked for.
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|text| name.contains(text))
    }

    fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }
}
