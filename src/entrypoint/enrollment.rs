//! Enrollment from the one-time variables, before the process serves.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use secrecy::SecretString;

use super::{Stopped, signals};
use crate::config::{Config, RemoteBootstrap};
use crate::db::{Db, Schema};
use crate::follower::enrollment::{self, BindingSummary, EnrollError, Enrolled, Enroller};
use crate::protocol::BaseUrl;
use crate::storage::remote::transport;

/// First pause between two tries; doubles with jitter up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How the enrollment ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A binding for the primary is in place.
    Bound,
    /// A signal asked to stop before the primary answered.
    Interrupted,
}

/// Makes sure that a binding for the primary in the variables exists. A restart with the token that made it finds it
/// and asks nobody; another token may be one for a re-enrollment, and is tried once.
pub(super) async fn enroll_from_environment(
    config: &Config,
    remote: &RemoteBootstrap,
) -> Result<Outcome, Stopped> {
    let master_url = BaseUrl::parse(&remote.master_url)
        .map_err(|error| Stopped::Configuration(format!("ASTER_BOOTSTRAP_REMOTE_MASTER_URL: {error}")))?;
    let db = Db::open(&config.database.url, config.database.pool_size, Schema::Follower)
        .await
        .map_err(|error| Stopped::failed("cannot open the database", error))?;
    let outcome = enroll_unless_bound(config, &db, &master_url, remote).await;
    db.close().await;
    outcome
}

async fn enroll_unless_bound(
    config: &Config,
    db: &Db,
    master_url: &BaseUrl,
    remote: &RemoteBootstrap,
) -> Result<Outcome, Stopped> {
    let existing =
        enrollment::existing(db).await.map_err(|error| Stopped::failed("cannot read the binding", error))?;
    if let Some(binding) = existing {
        if binding.is_for(master_url) {
            return tokio::select! {
                () = renew(config, db, master_url, remote, &binding) => Ok(Outcome::Bound),
                () = signals::terminated() => Ok(Outcome::Interrupted),
            };
        }
        let refused = EnrollError::OtherPrimary { bound_to: binding.master_url };
        return Err(Stopped::Configuration(format!(
            "{refused}. If {master_url} is the same primary at a new address, remove the ASTER_BOOTSTRAP_REMOTE_… \
             variables: they are not needed again"
        )));
    }
    let token = remote.token().map_err(Stopped::Configuration)?;
    let enroller = Enroller::new(db.clone(), config.auth.sealing_key.clone(), transport::direct());
    tokio::select! {
        outcome = enroll_with_patience(&enroller, master_url, &token, config.server.follower.enrollment_deadline) => outcome,
        () = signals::terminated() => {
            tracing::info!("asked to stop before the enrollment was finished; the next start goes on with it");
            Ok(Outcome::Interrupted)
        }
    }
}

/// The binding stays as it is unless the token is one that renews it: a follower that works must start, whatever is in
/// its variables.
async fn renew(
    config: &Config,
    db: &Db,
    master_url: &BaseUrl,
    remote: &RemoteBootstrap,
    binding: &BindingSummary,
) {
    let reason = match remote.token() {
        Ok(token) if binding.is_from(&token) => String::new(),
        Ok(token) => {
            let enroller = Enroller::new(db.clone(), config.auth.sealing_key.clone(), transport::direct());
            match enroller.enroll(master_url, &token).await {
                Ok(enrolled) => {
                    report(&enrolled, master_url);
                    return;
                }
                Err(error) => format!(" (their token brings nothing new: {error})"),
            }
        }
        Err(problem) => format!(" ({problem})"),
    };
    tracing::info!(
        "already enrolled with {master_url} as `{}`; the ASTER_BOOTSTRAP_REMOTE_… variables are not used again and may \
         be removed{reason}",
        binding.name
    );
}

async fn enroll_with_patience(
    enroller: &Enroller,
    master_url: &BaseUrl,
    token: &SecretString,
    deadline: Duration,
) -> Result<Outcome, Stopped> {
    let started = Instant::now();
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build();
    loop {
        let error = match enroller.enroll(master_url, token).await {
            Ok(enrolled) => return Ok(report(&enrolled, master_url)),
            Err(error) => error,
        };
        if !error.is_retryable() {
            return Err(Stopped::Configuration(format!("enrollment with {master_url} failed: {error}")));
        }
        // The jitter adds to the delay; what a person is told and what happens must be the same value.
        let pause = pauses.next().unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        if started.elapsed() + pause > deadline {
            return Err(Stopped::Temporary(format!(
                "gave up enrolling with {master_url} after {} s (server.follower.enrollment_deadline_secs): {error}",
                deadline.as_secs()
            )));
        }
        tracing::warn!(
            "cannot enroll with {master_url} yet: {error}; next try in {:.1} s, giving up {} s after the start",
            pause.as_secs_f64(),
            deadline.as_secs()
        );
        tokio::time::sleep(pause).await;
    }
}

fn report(enrolled: &Enrolled, master_url: &BaseUrl) -> Outcome {
    tracing::info!(
        node.name = enrolled.name,
        namespace = %enrolled.namespace,
        "bootstrapped follower enrollment from environment: this follower now stores objects for {master_url}"
    );
    Outcome::Bound
}
