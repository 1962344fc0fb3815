//! Telling followers the name and the flag of their node (wire contract §5.2, §10.4), and the background work that
//! makes sure of it.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{NodeError, Nodes, diagnose, store};
use crate::protocol::BindingUpdate;

/// Followers called at the same time by background work.
const PARALLEL: usize = 4;
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// When a node whose follower could not be told is tried again.
#[derive(Debug, Clone, Copy)]
struct Retry {
    failures: u32,
    due: Instant,
}

impl Retry {
    fn after(failures: u32, now: Instant) -> Self {
        Self { failures, due: now + delay(failures) }
    }
}

/// 1 s, 2 s, 4 s, … up to a minute.
fn delay(failures: u32) -> Duration {
    FIRST_RETRY
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(LAST_RETRY)
}

impl Nodes {
    /// Tells the follower of a node its current name and flag. Nothing to do for a node that is not enrolled or has
    /// no address. A failure is kept on the node.
    pub(super) async fn tell(&self, id: i64) -> Result<(), NodeError> {
        let _turn = self.0.turns.take(id).await;
        let node = self.get(id).await?;
        if !node.is_enrolled() || node.base_url.is_none() {
            return Ok(());
        }
        let update = BindingUpdate { name: node.name.clone(), is_enabled: node.is_enabled };
        match self.client(&node)?.push_binding(&update).await {
            Ok(()) => Ok(store::delivered(&self.0.db, id, &update.name, update.is_enabled).await?),
            Err(error) => {
                let diagnosis = diagnose(&error, None);
                let state = if update.is_enabled { "enabled" } else { "disabled" };
                let told = format!(
                    "the follower does not know yet that the node is `{}`, {state}: {diagnosis}",
                    update.name
                );
                store::not_delivered(&self.0.db, id, &told).await?;
                Err(NodeError::Unusable(Box::new(diagnosis)))
            }
        }
    }

    /// Background work, until `stop` completes: probes all enabled nodes now and every
    /// `remote_node_health_test_interval_secs`, and delivers what followers could not be told.
    pub async fn run_probes(&self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = stop => {}
            () = self.probe_regularly() => {}
            () = self.deliver_pending() => {}
        }
    }

    async fn probe_regularly(&self) {
        let mut changes = self.0.settings.changes();
        loop {
            match store::probe_ids(&self.0.db).await {
                Ok(ids) => {
                    stream::iter(ids).for_each_concurrent(PARALLEL, |id| self.tell_and_probe(id)).await
                }
                Err(error) => tracing::error!("cannot read which nodes to probe: {error}"),
            }
            let ended = Instant::now();
            loop {
                let pause =
                    Duration::from_secs(self.0.settings.remote_node_health_test_interval_secs().max(1));
                tokio::select! {
                    () = tokio::time::sleep_until(ended + pause) => break,
                    _ = changes.changed() => {}
                }
            }
        }
    }

    async fn tell_and_probe(&self, id: i64) {
        if let Err(error) = self.tell(id).await {
            tracing::warn!(node.id = id, "the follower was not told its name and flag: {error}");
        }
        let unusable = match self.probe(id).await {
            Ok(examined) => examined.diagnosis.map(|diagnosis| diagnosis.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = unusable {
            tracing::warn!(node.id = id, "the node needs attention: {reason}");
        }
    }

    async fn deliver_pending(&self) {
        let mut retries = HashMap::new();
        loop {
            let next = match store::undelivered_ids(&self.0.db).await {
                Ok(ids) => self.deliver_due(&ids, &mut retries).await,
                Err(error) => {
                    tracing::error!("cannot read which followers are to be told: {error}");
                    Instant::now() + LAST_RETRY
                }
            };
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.0.undelivered.notified() => {}
            }
        }
    }

    /// Tells the nodes of `ids` whose time has come; gives the time of the next try.
    async fn deliver_due(&self, ids: &[i64], retries: &mut HashMap<i64, Retry>) -> Instant {
        retries.retain(|id, _| ids.contains(id));
        let now = Instant::now();
        let due: Vec<i64> =
            ids.iter().copied().filter(|id| retries.get(id).is_none_or(|retry| retry.due <= now)).collect();
        let told = stream::iter(due).map(|id| async move {
            let told = self.tell(id).await;
            if told.is_ok() {
                self.look_again(id).await;
            }
            (id, told)
        });
        let told: Vec<_> = told.buffer_unordered(PARALLEL).collect().await;
        for (id, outcome) in told {
            match outcome {
                Ok(()) => {
                    retries.remove(&id);
                    tracing::info!(node.id = id, "the follower was told its name and flag");
                }
                Err(error) => {
                    let failures = retries.get(&id).map_or(0, |retry| retry.failures).saturating_add(1);
                    retries.insert(id, Retry::after(failures, Instant::now()));
                    tracing::debug!(node.id = id, failures, "the follower cannot be told yet: {error}");
                }
            }
        }
        let earliest = retries.values().map(|retry| retry.due).min();
        earliest.unwrap_or_else(|| Instant::now() + LAST_RETRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_to_one_a_minute() {
        let seconds: Vec<u64> = (1..=8).map(|failures| delay(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(u32::MAX), LAST_RETRY);
    }
}
