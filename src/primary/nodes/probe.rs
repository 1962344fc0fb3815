//! Whether a follower can be used: the connection test (wire contract §10.4).

use secrecy::SecretString;

use super::diagnosis::{Class, Diagnosis, diagnose, diagnose_document, diagnose_target};
use super::{Node, NodeError, Nodes, invalid, store};
use crate::protocol::{BaseUrl, Capabilities, Needs, Timestamp, shown_url};
use crate::storage::remote::FollowerClient;

/// What a probe saw.
#[derive(Debug, Clone)]
pub struct Examined {
    /// When it ended.
    pub checked_at: Timestamp,
    /// Round trip; `None` when there was no reply.
    pub latency_ms: Option<i64>,
    /// The follower's clock minus ours; `None` when it did not say.
    pub clock_difference_ms: Option<i64>,
    /// The document, also when it is not enough.
    pub capabilities: Option<Capabilities>,
    /// Why the follower cannot be used, or takes no objects; `None` when all is well.
    pub diagnosis: Option<Diagnosis>,
}

impl Nodes {
    /// Tests an enrolled node and keeps the result; works for disabled nodes too. A node that is not all right is a
    /// success of this call; `diagnosis` says what is wrong.
    pub async fn probe(&self, id: i64) -> Result<Examined, NodeError> {
        let _turn = self.0.looks.take(id).await;
        let node = self.get(id).await?;
        if !node.is_enrolled() {
            return Err(NodeError::EnrollmentRequired(node.name));
        }
        let Some(base) = node.base_url.clone() else {
            let diagnosis = Diagnosis::bad_endpoint("", "The node has no base URL");
            return Ok(Examined::failed(diagnosis));
        };
        let needed_by = store::policies_on(&self.0.db, id).await?;
        let examined = examine(&self.client(&node)?, &needed_by).await;
        // Any answer shows that it can be reached.
        match examined.latency_ms {
            Some(_) => self.guard_of(&node).answered(),
            None => self.guard_of(&node).is_dead(),
        }
        store::examined(&self.0.db, id, base.as_str(), &examined).await?;
        Ok(examined)
    }

    /// Probes an enabled node after something that may have ended what its state complains of, or begun something
    /// else. That is done, whatever becomes of this.
    pub(super) async fn look_again(&self, id: i64) {
        let probed = async {
            // The follower of a disabled node answers no probe, which is not worth a complaint.
            if self.get(id).await?.is_enabled { self.probe(id).await.map(|_| ()) } else { Ok(()) }
        };
        if let Err(error) = probed.await {
            tracing::debug!(node.id = id, "the node was not probed after a change: {error}");
        }
    }

    /// The connection test of an administrator: tells the follower what it does not know yet, probes, and gives the
    /// node, or what is wrong with it.
    pub async fn test(&self, id: i64) -> Result<Node, NodeError> {
        if self.get(id).await?.binding_pending
            && let Err(error) = self.tell(id).await
        {
            tracing::debug!(node.id = id, "the follower cannot be told before its test: {error}");
        }
        self.probe(id).await?.passed()?;
        self.get(id).await
    }

    /// Tests a follower before there is a node for it. Nothing is kept.
    pub async fn test_address(
        &self,
        base_url: &str,
        access_key: &str,
        secret_key: &SecretString,
    ) -> Result<Capabilities, NodeError> {
        let base = BaseUrl::parse(base_url).map_err(|error| {
            NodeError::Unusable(Box::new(Diagnosis::bad_endpoint(&shown_url(base_url.trim()), error)))
        })?;
        let client = FollowerClient::new(base, access_key.trim(), secret_key, self.0.transport.clone())
            .map_err(|error| invalid("access_key", error.to_string()))?;
        let examined = examine(&client, &["every remote storage policy".to_owned()]).await;
        Ok(examined.passed()?.capabilities.unwrap_or_default())
    }
}

impl Nodes {
    /// Refuses a node whose last known capabilities are not enough for the storage policy `needed_by`, which has these
    /// needs; a node that
    /// was never probed successfully is probed now.
    pub async fn require(&self, node: &Node, needs: Needs, needed_by: &str) -> Result<(), NodeError> {
        let unusable = |diagnosis| NodeError::Unusable(Box::new(diagnosis));
        let document = match &node.capabilities {
            Some(document) => document.clone(),
            None => {
                let examined = self.probe(node.id).await?;
                match (examined.capabilities, examined.diagnosis) {
                    (None, Some(diagnosis)) => return Err(unusable(diagnosis)),
                    (document, _) => document.unwrap_or_default(),
                }
            }
        };
        let url = node.base_url.as_ref().map(BaseUrl::to_string).unwrap_or_default();
        diagnose_document(&url, &document, needs, &[needed_by.to_owned()])
            .map_or(Ok(()), |found| Err(unusable(found)))
    }
}

impl Examined {
    /// The same, if it is no failure of a connection test. That there is no ingress target yet is none: the test
    /// comes before the first one is made.
    fn passed(self) -> Result<Self, NodeError> {
        match self.diagnosis {
            Some(diagnosis) if diagnosis.class != Class::IngressTargetMissing => {
                Err(NodeError::Unusable(Box::new(diagnosis)))
            }
            _ => Ok(self),
        }
    }

    fn failed(diagnosis: Diagnosis) -> Self {
        Self {
            checked_at: Timestamp::now(),
            latency_ms: None,
            clock_difference_ms: None,
            capabilities: None,
            diagnosis: Some(diagnosis),
        }
    }
}

async fn examine(client: &FollowerClient, needed_by: &[String]) -> Examined {
    let before = Timestamp::now();
    match client.capabilities().await {
        Ok(answer) => {
            let after = Timestamp::now();
            let document = answer.data;
            let clock = document.server_time_ms.map(Timestamp::from_unix_ms).or(answer.date);
            let latency_ms = i64::try_from(answer.latency.as_millis()).ok();
            let url = format!("{}{}/capabilities", client.base(), crate::protocol::STORAGE_PATH);
            let diagnosis = diagnose_document(&url, &document, Needs::default(), needed_by)
                .or_else(|| diagnose_target(&url, &document));
            // A document of another version is not one to go by later.
            let usable = document.check_version().is_ok();
            Examined {
                checked_at: after,
                latency_ms,
                clock_difference_ms: clock.map(|clock| difference_ms(clock, before, after)),
                capabilities: usable.then_some(document),
                diagnosis,
            }
        }
        Err(error) => {
            let after = Timestamp::now();
            let date = error.refusal().and_then(|refusal| refusal.date);
            let clock_difference_ms = date.map(|date| difference_ms(date, before, after));
            let latency_ms = error.refusal().map(|_| after.unix_ms() - before.unix_ms());
            let diagnosis = diagnose(&error, clock_difference_ms);
            Examined { checked_at: after, latency_ms, clock_difference_ms, ..Examined::failed(diagnosis) }
        }
    }
}

/// The other clock minus ours in the middle of the exchange.
fn difference_ms(other: Timestamp, before: Timestamp, after: Timestamp) -> i64 {
    let middle = before.unix_ms().midpoint(after.unix_ms());
    other.unix_ms().saturating_sub(middle)
}
