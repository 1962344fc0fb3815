//! The second phase: works through the noted steps while followers come up.
//!
//! One loop for each node that misses ingress targets, so that a follower that is away holds up nobody else, and one
//! for policies, groups and the default group. A step whose turn has not come costs a look at the database.

use std::collections::BTreeSet;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::future::join_all;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::{Bootstrap, BootstrapError, Closing, Kind, State, Step, check, close, steps, store};
use crate::config::{DeclaredGroup, DeclaredPolicy, DeclaredTarget};
use crate::primary::accounts;
use crate::primary::nodes::NodeError;
use crate::primary::policies::PolicyError;
use crate::protocol::{
    BucketAddressing, CreateIngressTarget, IngressDriver, IngressTarget, UpdateIngressTarget,
};

/// Between two tries of something that fails; doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Most characters of a reason that are kept.
const MESSAGE_CHARS: usize = 500;

/// What a try brought.
enum Turn {
    /// The step is done; written down already.
    Closed,
    /// Something else has to be there first.
    Waits(String),
}

/// Why a try failed.
#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("the follower made it but cannot use it: {0}")]
    NotApplied(String),
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What a round over some steps brought.
#[derive(Debug, Default, PartialEq, Eq)]
struct Round {
    closed: usize,
    waiting: usize,
    failed: usize,
}

/// What became of the step that another one depends on.
enum Made {
    /// It is there, under this id.
    As(i64),
    /// It was left out, or removed since.
    Gone,
    NotYet,
}

impl Bootstrap {
    /// Works until everything noted is done or `stop` completes.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.finish() => {}
        }
    }

    async fn finish(&self) {
        let steps = self.readable_steps().await;
        let open: Vec<&Step> = steps.iter().filter(|step| step.state != State::Done).collect();
        if open.is_empty() {
            return;
        }
        tracing::info!("declared bootstrap: {} of {} steps are open", open.len(), steps.len());
        self.work_through(&open).await;
        tell_end(&self.readable_steps().await);
    }

    async fn work_through(&self, open: &[&Step]) {
        let targets = open.iter().filter(|step| step.kind == Kind::Target);
        let nodes: BTreeSet<&str> = targets.map(|step| step.node.as_str()).collect();
        let progress = Notify::new();
        tokio::join!(
            join_all(nodes.into_iter().map(|node| self.bring_targets(node, &progress))),
            self.make_routes(&progress),
        );
    }

    /// All steps, as soon as they can be read.
    async fn readable_steps(&self) -> Vec<Step> {
        loop {
            match self.steps().await {
                Ok(steps) => return steps,
                Err(error) => unreadable(&error),
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        }
    }

    /// Brings a node's targets to its follower.
    async fn bring_targets(&self, node: &str, progress: &Notify) {
        let mut enrollments = self.nodes.enrollments();
        let mut pauses = pauses();
        loop {
            enrollments.borrow_and_update();
            let round = self.round(|step| step.kind == Kind::Target && step.node == node).await;
            if round.closed > 0 {
                progress.notify_one();
            }
            if round.waiting == 0 && round.failed == 0 {
                return;
            }
            if round.failed == 0 {
                // Waiting is no failure: when it ends, the first tries follow each other quickly.
                pauses = self::pauses();
            }
            let pause = if round.failed == 0 { LONGEST_PAUSE } else { next(&mut pauses) };
            let enrolled = async {
                // The sender lives as long as the nodes do.
                let _ = enrollments.changed().await;
                // The follower acknowledges before it listens; asking at once would only fail.
                tokio::time::sleep(FIRST_PAUSE).await;
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = enrolled => {}
            }
        }
    }

    /// Makes policies, groups and the choice of the default group.
    async fn make_routes(&self, progress: &Notify) {
        let mut pauses = pauses();
        loop {
            let kinds = [Kind::Policy, Kind::Group, Kind::DefaultGroup];
            let round = self.round(|step| kinds.contains(&step.kind)).await;
            if round.waiting == 0 && round.failed == 0 {
                return;
            }
            if round.closed > 0 {
                pauses = self::pauses();
                continue;
            }
            let pause = if round.failed == 0 { LONGEST_PAUSE } else { next(&mut pauses) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = progress.notified() => {}
            }
        }
    }

    /// Tries every unfinished step that is `wanted`, once.
    async fn round(&self, wanted: impl Fn(&Step) -> bool) -> Round {
        let mut round = Round::default();
        let steps = match self.steps().await {
            Ok(steps) => steps,
            Err(error) => {
                unreadable(&error);
                return Round { failed: 1, ..round };
            }
        };
        let open = steps.iter().filter(|step| step.state != State::Done && wanted(step));
        for step in open {
            let (state, message) = match self.attempt(step, &steps).await {
                Ok(Turn::Closed) => {
                    round.closed += 1;
                    continue;
                }
                Ok(Turn::Waits(what)) => (State::Pending, what),
                Err(error) => (State::Failed, error.to_string()),
            };
            if state == State::Failed {
                round.failed += 1;
            } else {
                round.waiting += 1;
            }
            if let Err(error) = self.keep(step, state, &message).await {
                tracing::error!("declared bootstrap: {step} {message}; this was not written down: {error}");
            }
        }
        round
    }

    async fn attempt(&self, step: &Step, all: &[Step]) -> Result<Turn, StepError> {
        match step.kind {
            Kind::Target => self.bring_target(step, all).await,
            Kind::Policy => self.make_policy(step, all).await,
            Kind::Group => self.make_group(step, all).await,
            Kind::DefaultGroup => self.choose_default(step, all).await,
            // Made in the first phase.
            Kind::Administrator | Kind::PublicSiteUrl | Kind::Node => Ok(Turn::Closed),
        }
    }

    async fn bring_target(&self, step: &Step, all: &[Step]) -> Result<Turn, StepError> {
        let node_id = match self.node(&step.node, all).await? {
            Made::As(id) => id,
            Made::Gone => return self.leave_out(step, "its node was removed").await,
            Made::NotYet => return Ok(Turn::Waits(format!("waits for node `{}`", step.node))),
        };
        if !self.nodes.get(node_id).await?.is_enrolled() {
            return Ok(Turn::Waits(format!("waits for the follower of node `{}` to enroll", step.node)));
        }
        let wanted: DeclaredTarget = self.wanted(step)?;
        let present =
            self.nodes.targets(node_id).await?.into_iter().find(|target| target.name == wanted.name);
        let target = match present {
            None => self.nodes.add_target(node_id, &create_target(&wanted)).await?,
            Some(target) if target.last_error.is_empty() => target,
            // A change of nothing makes the follower apply it again; what an administrator mended meanwhile stays.
            Some(IngressTarget { profile_key, .. }) => {
                self.nodes.change_target(node_id, &profile_key, &UpdateIngressTarget::default()).await?
            }
        };
        if !target.last_error.is_empty() {
            return Err(StepError::NotApplied(target.last_error));
        }
        match self.turn(step).await? {
            Some(tx) => self.closed(tx, step, Closing::Made(Some(node_id))).await,
            None => Ok(Turn::Closed),
        }
    }

    async fn make_policy(&self, step: &Step, all: &[Step]) -> Result<Turn, StepError> {
        let wanted: DeclaredPolicy = self.wanted(step)?;
        let node_id = match &wanted.node {
            None => None,
            Some(node) => match self.node(node, all).await? {
                Made::As(id) if !self.nodes.get(id).await?.is_enrolled() => {
                    return Ok(Turn::Waits(format!("waits for the follower of node `{node}` to enroll")));
                }
                Made::As(_) if self.misses_default_target(node, all)? => {
                    return Ok(Turn::Waits(format!("waits for the default ingress target of node `{node}`")));
                }
                Made::As(id) => Some(id),
                Made::Gone => return self.leave_out(step, &format!("node `{node}` was removed")).await,
                Made::NotYet => return Ok(Turn::Waits(format!("waits for node `{node}`"))),
            },
        };
        let checked = self.policies.checked_for_node(&check::new_policy(&wanted, node_id)).await?;
        let Some(mut tx) = self.turn(step).await? else { return Ok(Turn::Closed) };
        let id = self.policies.create_in(&mut tx, &checked).await?;
        self.closed(tx, step, Closing::Made(Some(id))).await
    }

    async fn make_group(&self, step: &Step, all: &[Step]) -> Result<Turn, StepError> {
        let wanted: DeclaredGroup = self.wanted(step)?;
        let mut rules = Vec::new();
        for rule in &wanted.rules {
            match self.policy(&rule.policy, all).await? {
                Made::As(id) => rules.push((rule, id)),
                Made::Gone => {}
                Made::NotYet => {
                    return Ok(Turn::Waits(format!("waits for storage policy `{}`", rule.policy)));
                }
            }
        }
        if rules.is_empty() {
            return self.leave_out(step, "every storage policy of its rules was removed").await;
        }
        let Some(mut tx) = self.turn(step).await? else { return Ok(Turn::Closed) };
        let id = self.policies.create_group_in(&mut tx, &check::new_group(&wanted, rules)).await?;
        self.closed(tx, step, Closing::Made(Some(id))).await
    }

    async fn choose_default(&self, step: &Step, all: &[Step]) -> Result<Turn, StepError> {
        let before: Option<i64> = self.wanted(step)?;
        let group = match find(all, Kind::Group, &step.name) {
            Made::As(id) if self.policies.group_exists(id).await? => id,
            Made::NotYet => return Ok(Turn::Waits(format!("waits for policy group `{}`", step.name))),
            Made::As(_) | Made::Gone => return self.keep_default(step, "the policy group was removed").await,
        };
        let Some(mut tx) = self.turn(step).await? else { return Ok(Turn::Closed) };
        if self.policies.default_group_id().await? != before {
            drop(tx);
            return self.keep_default(step, "an administrator has chosen another default group").await;
        }
        self.policies.make_default_in(&mut tx, group).await?;
        accounts::move_users(&mut tx, before, group).await?;
        self.closed(tx, step, Closing::Made(Some(group))).await
    }

    /// Leaves the default group as it is. The administrator, who waited for the declared one, gets it too.
    async fn keep_default(&self, step: &Step, why: &str) -> Result<Turn, StepError> {
        let Some(mut tx) = self.turn(step).await? else { return Ok(Turn::Closed) };
        let present = self.policies.default_group_id().await?;
        if let Some(group) = present {
            accounts::move_users(&mut tx, None, group).await?;
        }
        self.closed(tx, step, Closing::LeftOut(why)).await
    }

    /// A node that was declared; one that is not there any more is gone.
    async fn node(&self, name: &str, all: &[Step]) -> Result<Made, NodeError> {
        match find(all, Kind::Node, name) {
            Made::As(id) => match self.nodes.get(id).await {
                Ok(_) => Ok(Made::As(id)),
                Err(NodeError::NotFound(_)) => Ok(Made::Gone),
                Err(error) => Err(error),
            },
            other => Ok(other),
        }
    }

    async fn policy(&self, name: &str, all: &[Step]) -> Result<Made, PolicyError> {
        match find(all, Kind::Policy, name) {
            Made::As(id) => match self.policies.get(id).await {
                Ok(_) => Ok(Made::As(id)),
                Err(PolicyError::NotFound(_)) => Ok(Made::Gone),
                Err(error) => Err(error),
            },
            other => Ok(other),
        }
    }

    /// Whether the target that is to receive the node's objects is not there yet.
    fn misses_default_target(&self, node: &str, all: &[Step]) -> Result<bool, StepError> {
        let open = all.iter().filter(|step| step.kind == Kind::Target && step.node == node);
        for step in open.filter(|step| step.state != State::Done) {
            if self.wanted::<DeclaredTarget>(step)?.is_default {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn wanted<T: DeserializeOwned>(&self, step: &Step) -> Result<T, BootstrapError> {
        let context = steps::seal_context(step.kind, &step.node, &step.name);
        let text = self.sealing_key.open(&context, step.wanted_sealed.expose_secret())?;
        Ok(serde_json::from_str(text.expose_secret())?)
    }

    async fn leave_out(&self, step: &Step, why: &str) -> Result<Turn, StepError> {
        match self.turn(step).await? {
            Some(tx) => self.closed(tx, step, Closing::LeftOut(why)).await,
            None => Ok(Turn::Closed),
        }
    }

    /// The transaction in which a step is done; `None` when another primary has done it meanwhile.
    async fn turn(&self, step: &Step) -> Result<Option<crate::db::Tx>, sqlx::Error> {
        let mut tx = self.db.begin_alone().await?;
        Ok(store::is_open(&mut tx, step.key()).await?.then_some(tx))
    }

    /// Ends the transaction of a step, with the step's end in it.
    async fn closed(
        &self,
        mut tx: crate::db::Tx,
        step: &Step,
        closing: Closing<'_>,
    ) -> Result<Turn, StepError> {
        close(&mut tx, step.key(), closing.clone()).await?;
        tx.commit().await?;
        let message = match closing {
            Closing::Made(_) => String::new(),
            Closing::LeftOut(why) => why.to_owned(),
        };
        steps::tell_done(&Step { message, ..step.clone() });
        Ok(Turn::Closed)
    }

    /// Keeps the reason why a step is not done, and logs it when it is another one than before.
    async fn keep(&self, step: &Step, state: State, message: &str) -> Result<(), sqlx::Error> {
        let message: String = message.chars().take(MESSAGE_CHARS).collect();
        if step.state == state && step.message == message {
            return Ok(());
        }
        match state {
            State::Failed => tracing::warn!("declared bootstrap: {step} cannot be made yet: {message}"),
            _ => tracing::debug!("declared bootstrap: {step} {message}"),
        }
        let mut tx = self.db.begin().await?;
        store::note(&mut tx, step.key(), state, &message).await?;
        tx.commit().await
    }
}

fn tell_end(steps: &[Step]) {
    if steps.iter().all(|step| step.state == State::Done) {
        tracing::info!("the declared bootstrap is satisfied");
    } else {
        tracing::warn!("the declared bootstrap goes on at a start with the bootstrap variables");
    }
}

fn unreadable(error: &BootstrapError) {
    tracing::error!("the steps of the declared bootstrap cannot be read: {error}");
}

/// What became of the step `kind` with this name.
fn find(all: &[Step], kind: Kind, name: &str) -> Made {
    match all.iter().find(|step| step.kind == kind && step.name == name) {
        Some(Step { state: State::Done, object_id: Some(id), .. }) => Made::As(*id),
        Some(Step { state: State::Done, object_id: None, .. }) => Made::Gone,
        _ => Made::NotYet,
    }
}

fn create_target(wanted: &DeclaredTarget) -> CreateIngressTarget {
    let bucket = wanted.bucket.as_ref();
    CreateIngressTarget {
        name: wanted.name.clone(),
        driver_type: if bucket.is_some() { IngressDriver::S3 } else { IngressDriver::Local },
        endpoint: bucket.map(|bucket| bucket.endpoint.clone()),
        bucket: bucket.map(|bucket| bucket.bucket.clone()),
        access_key: bucket.map(|bucket| bucket.access_key.clone()),
        secret_key: bucket.map(|bucket| bucket.secret_key.clone()),
        region: bucket.and_then(|bucket| bucket.region.clone()),
        addressing: bucket.and_then(|bucket| bucket.addressing.as_deref()).map(|word| match word {
            "virtual_host" => BucketAddressing::VirtualHost,
            _ => BucketAddressing::Path,
        }),
        base_path: wanted.base_path.clone(),
        max_file_size: wanted.max_file_size,
        is_default: wanted.is_default,
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .build()
}

fn next(pauses: &mut ExponentialBackoff) -> Duration {
    pauses.next().unwrap_or(LONGEST_PAUSE)
}
