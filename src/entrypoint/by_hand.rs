//! Enrollment by `node enroll`, alone or beside a running follower.

use std::fmt::Write as _;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;

use super::data_lock::{DataLock, Running};
use super::{Stopped, hang_ups, refuse_lock, runtime};
use crate::config::{self, Config, Environment, FirstFile, Loaded, Note, StartMode};
use crate::db::{Db, Schema};
use crate::follower::enrollment::{Acknowledgement, Enrolled, Enroller};
use crate::protocol::BaseUrl;
use crate::storage::remote::transport;

/// What a person asks for.
#[derive(Debug)]
pub struct EnrollByHand<'a> {
    /// Address of the primary.
    pub master_url: &'a str,
    /// Enrollment token.
    pub token: &'a SecretString,
    /// Database of the follower, in place of the configured one.
    pub database_url: Option<&'a str>,
}

/// Enrolls once, without retries: a person is looking. Gives a text that says what was done and what to do next.
///
/// # Errors
/// Why nothing was enrolled.
pub fn enroll_by_hand(
    request: &EnrollByHand<'_>,
    environment: &Environment,
    working_dir: &Path,
) -> Result<String, Stopped> {
    let master_url = BaseUrl::parse(request.master_url)
        .map_err(|error| Stopped::Configuration(format!("--master-url: {error}")))?;
    super::refuse_foreign_volume(working_dir)?;
    let (config, notes) = configuration(request, environment, working_dir)?;
    if config.server.start_mode == StartMode::Primary {
        return Err(Stopped::Configuration(PRIMARY.into()));
    }
    let runtime = runtime(&config)?;
    // Another `node enroll` may take this one, which holds the lock, for the follower.
    let _unmoved = hang_ups(&runtime);
    let running = DataLock::look(&config.data_dir)
        .map_err(|error| Stopped::failed("cannot look at the lock of the data directory", error))?;
    // Nobody serves: hold the directory, so that nobody starts in the middle.
    let held = match running {
        None => Some(DataLock::take(&config.data_dir).map_err(refuse_lock)?),
        Some(_) => None,
    };
    let enrolled = runtime.block_on(enroll(&config, &master_url, request.token))?;
    drop(held);
    let mut report = String::new();
    for note in notes {
        let (Note::Info(text) | Note::Warning(text)) = note;
        let _ = writeln!(report, "{text}");
    }
    let _ = writeln!(
        report,
        "Enrolled as `{}` with {master_url}; objects are kept under the namespace `{}`.",
        enrolled.name, enrolled.namespace
    );
    match &enrolled.acknowledgement {
        Acknowledgement::Accepted => {}
        Acknowledgement::Owed(reason) => {
            let _ = writeln!(
                report,
                "The primary could not be told yet that this is finished ({reason}); the follower goes on trying."
            );
        }
        Acknowledgement::Refused(message) => {
            let _ = writeln!(
                report,
                "The primary does not count this as finished ({message}): make a new token there and enroll again."
            );
        }
    }
    report.push_str(&tell(running.as_ref()));
    Ok(report)
}

const PRIMARY: &str = "this instance is configured as a primary (server.start_mode), and only a follower enrolls with a \
     primary. Run this in the follower's working directory, or set server.start_mode = \"follower\" in \
     data/config.toml (or ASTER__SERVER__START_MODE=follower) if this is to become a follower.";

fn configuration(
    request: &EnrollByHand<'_>,
    environment: &Environment,
    working_dir: &Path,
) -> Result<(Config, Vec<Note>), Stopped> {
    let first = FirstFile::Follower { database_url: request.database_url.map(str::to_owned) };
    let environment = match request.database_url {
        Some(url) => environment.with("ASTER__DATABASE__URL", url),
        None => environment.clone(),
    };
    let Loaded { config, notes, .. } = config::load(&environment, working_dir, &first)
        .map_err(|problems| Stopped::Configuration(problems.to_string()))?;
    Ok((config, notes))
}

async fn enroll(config: &Config, master_url: &BaseUrl, token: &SecretString) -> Result<Enrolled, Stopped> {
    let db = Db::open(&config.database.url, config.database.pool_size, Schema::Follower)
        .await
        .map_err(|error| Stopped::failed("cannot open the database", error))?;
    let enroller = Enroller::new(db.clone(), config.auth.sealing_key.clone(), transport::direct());
    let outcome = enroller.enroll(master_url, token).await;
    db.close().await;
    outcome.map_err(|error| {
        let text = format!("enrollment with {master_url} failed: {error}");
        if error.is_retryable() { Stopped::Temporary(text) } else { Stopped::Configuration(text) }
    })
}

/// Tells a running follower to read its binding, and the person what happens next.
fn tell(running: Option<&Running>) -> String {
    let Some(running) = running else {
        return "Start the follower now: aster_drive".to_owned();
    };
    match running.pid.map(hang_up) {
        Some(Ok(())) => match running.address {
            Some(address) => {
                format!("The running follower on {address} was told and serves its primary now.")
            }
            None => "The follower that is starting on this data directory was told.".to_owned(),
        },
        Some(Err(error)) => format!("The running follower could not be told ({error}); restart it."),
        None => "A follower runs on this data directory in another container; restart it.".to_owned(),
    }
}

fn hang_up(pid: Pid) -> rustix::io::Result<()> {
    kill_process(pid, Signal::HUP)
}
