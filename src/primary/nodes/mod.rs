//! Nodes: the primary's records of its followers. Here: creating, changing and removing them.
//!
//! Rooms: `enrollment` (how a follower gets its keys), `binding` (telling followers their name and flag),
//! `probe` (whether they can be used) with `diagnosis` (and if not, why), `browser_check` (the same for a browser),
//! `targets` (their ingress targets).
//! Which objects lie on a node is the business of `policies`.

pub(in crate::primary) mod api;
mod binding;
mod browser_check;
mod diagnosis;
mod enrollment;
mod probe;
mod store;
mod targets;
mod turns;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Notify, watch};

pub use self::browser_check::BrowserCheck;
pub use self::diagnosis::{Class, Diagnosis, Hop, diagnose};
use self::enrollment::EnrollmentFacts;
pub use self::enrollment::{EnrollmentError, EnrollmentStatus, IssuedToken, Redeemed};
pub use self::probe::Examined;
pub use self::store::NodeSort;
use self::turns::Turns;
use super::settings::Settings;
use crate::config::{SealError, SealingKey};
use crate::db::{Db, Tx};
pub use crate::primary::paging::SortOrder;
use crate::protocol::{BaseUrl, Capabilities, Namespace, Origin, Timestamp, random_token};
use crate::storage::StorageError;
use crate::storage::remote::guard::Guard;
use crate::storage::remote::transport::Transport;
use crate::storage::remote::{ClientError, FollowerClient, StatedFailure};

/// Longest name of a node, in characters.
const MAX_NAME_CHARS: usize = 128;
/// Most nodes whose origins a page's policy names: a header has a limit.
const MAX_ORIGINS: u32 = 100;
/// Longest namespace made from a name; leaves room for a number behind it.
const MAX_SLUG_BYTES: usize = 48;

/// The primary's record of a follower.
#[derive(Debug, Clone)]
pub struct Node {
    /// Id.
    pub id: i64,
    /// For people; unique.
    pub name: String,
    /// Directory of this node's objects below an ingress target of the follower; never changes.
    pub namespace: String,
    /// Where the primary reaches the follower; `None` until an administrator says, and then it cannot be called.
    pub base_url: Option<BaseUrl>,
    keys: SealedKeys,
    /// Whether object traffic may go there.
    pub is_enabled: bool,
    /// Whether the follower still has to be told its current name and flag.
    pub binding_pending: bool,
    enrollment: EnrollmentFacts,
    /// What went wrong last; empty when the last probe succeeded.
    pub last_error: String,
    /// What the follower said at the last successful probe.
    pub capabilities: Option<Capabilities>,
    /// Time of the last probe.
    pub last_checked_at: Option<Timestamp>,
    /// Round trip of the last probe.
    pub latency_ms: Option<i64>,
    /// The follower's clock minus ours, at the last probe.
    pub clock_difference_ms: Option<i64>,
    /// Why the last probe failed.
    pub diagnosis: Option<Diagnosis>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When an administrator last changed it.
    pub updated_at: Timestamp,
}

/// What a node's calls are signed with. A re-enrollment brings new ones.
#[derive(Debug, Clone)]
struct SealedKeys {
    /// `rn_` + 32 hex digits; never shown.
    access_key: String,
    /// Opens only together with its access key.
    secret_key_sealed: SecretString,
}

impl Node {
    /// Names the keys that [`Nodes::client`] signs with: another one after a re-enrollment.
    pub fn access_key(&self) -> &str {
        &self.keys.access_key
    }

    /// How far a re-enrollment is that has been begun and not completed.
    pub fn re_enrollment_status(&self, now: Timestamp) -> Option<EnrollmentStatus> {
        self.enrollment.re_enrollment_status(now)
    }

    /// How far the enrollment is at `now`.
    pub fn enrollment_status(&self, now: Timestamp) -> EnrollmentStatus {
        self.enrollment.status(now)
    }

    /// Whether a follower has acknowledged the node's keys.
    pub fn is_enrolled(&self) -> bool {
        self.enrollment.is_completed()
    }
}

/// A node to be created.
#[derive(Debug, Clone)]
pub struct NewNode {
    /// Not blank.
    pub name: String,
    /// `None` derives one from the name.
    pub namespace: Option<String>,
    /// Blank is none.
    pub base_url: String,
    /// Whether object traffic may go there.
    pub is_enabled: bool,
}

/// A node that may be stored unless its name or namespace is taken.
#[derive(Debug)]
pub struct CheckedNode {
    name: String,
    namespace: Option<Namespace>,
    base_url: Option<BaseUrl>,
    is_enabled: bool,
}

impl NewNode {
    /// Checks the members.
    pub fn check(&self) -> Result<CheckedNode, NodeError> {
        let namespace = self.namespace.as_deref().map(Namespace::parse).transpose();
        Ok(CheckedNode {
            name: checked_name(&self.name)?,
            base_url: checked_base_url(&self.base_url)?,
            namespace: namespace.map_err(|error| invalid("namespace", error.to_string()))?,
            is_enabled: self.is_enabled,
        })
    }
}

/// Changes of a node; `None` keeps.
#[derive(Debug, Clone, Default)]
pub struct NodeChange {
    /// Not blank.
    pub name: Option<String>,
    /// Accepted only when it is the present one.
    pub namespace: Option<String>,
    /// Blank is none.
    pub base_url: Option<String>,
    /// Whether object traffic may go there.
    pub is_enabled: Option<bool>,
}

/// Why something could not be done with a node.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// No node has this id.
    #[error("there is no remote node {0}")]
    NotFound(i64),
    /// A member of the request is wrong.
    #[error("{field}: {problem}")]
    Invalid {
        /// Member of the request.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The name, or the namespace, belongs to another node.
    #[error("{field}: another remote node has `{value}`")]
    Taken {
        /// `name` or `namespace`.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// Storage policies refer to the node.
    #[error("the node holds the objects of storage policies: {}; delete those first", .0.join(", "))]
    InUse(Vec<String>),
    /// The node has no address.
    #[error(
        "remote node `{0}` has no base_url; enter the address under which the primary reaches the follower"
    )]
    NoBaseUrl(String),
    /// The node is disabled.
    #[error("remote node `{0}` is disabled; enable it first")]
    Disabled(String),
    /// The follower has no binding yet.
    #[error(
        "remote node `{0}` is not enrolled; create an enrollment token and run its command on the follower"
    )]
    EnrollmentRequired(String),
    /// The ingress target does not exist.
    #[error("there is no ingress target `{0}`")]
    TargetNotFound(String),
    /// The follower refused what was asked, in its own words.
    #[error("the follower refuses: {}", .stated.message)]
    Refused {
        /// HTTP status of the reply, 400 to 499.
        status: u16,
        /// What the follower said.
        stated: StatedFailure,
    },
    /// The follower cannot be used.
    #[error("{0}")]
    Unusable(Box<Diagnosis>),
    /// No client can be made from the record.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The follower did not do something with an object.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The stored secret was sealed with another key.
    #[error("the secret of a node cannot be opened")]
    Seal(#[from] SealError),
    /// The database failed.
    #[error("nodes: {0}")]
    Database(#[from] sqlx::Error),
}

fn invalid(field: &'static str, problem: impl Into<String>) -> NodeError {
    NodeError::Invalid { field, problem: problem.into() }
}

/// All nodes; clones share them.
#[derive(Debug, Clone)]
pub struct Nodes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    sealing_key: SealingKey,
    transport: Transport,
    settings: Settings,
    /// One turn at a time for each node that is being told its name and flag, so that an older state never arrives
    /// after a newer one.
    turns: Turns,
    /// The same for each node that is being probed, so that what an earlier probe saw is not kept over what a later one
    /// did.
    looks: Turns,
    /// What is known of each follower, with the address that it is known of.
    guards: Mutex<HashMap<i64, (String, Guard)>>,
    /// Wakes the delivery of pending bindings.
    undelivered: Notify,
    /// Changes at each acknowledgement.
    enrollments: watch::Sender<()>,
}

impl Nodes {
    /// The nodes in `db`. Secrets are sealed with `sealing_key`, followers are called over `transport`.
    pub fn new(db: Db, sealing_key: SealingKey, transport: Transport, settings: Settings) -> Self {
        let (turns, looks) = (Turns::default(), Turns::default());
        let (guards, undelivered) = (Mutex::default(), Notify::new());
        let (enrollments, _) = watch::channel(());
        Self(Arc::new(Inner {
            db,
            sealing_key,
            transport,
            settings,
            turns,
            looks,
            guards,
            undelivered,
            enrollments,
        }))
    }

    /// One node.
    pub async fn get(&self, id: i64) -> Result<Node, NodeError> {
        store::by_id(&self.0.db, id).await?.ok_or(NodeError::NotFound(id))
    }

    /// Where browsers may be sent to: the origins of all base URLs, at most 100.
    pub async fn origins(&self) -> Result<Vec<Origin>, NodeError> {
        let base_urls = store::base_urls(&self.0.db, MAX_ORIGINS).await?;
        let mut origins: Vec<Origin> = base_urls.iter().filter_map(|url| Origin::of_url(url).ok()).collect();
        origins.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        origins.dedup();
        Ok(origins)
    }

    /// A part of the list, and how many nodes there are.
    pub async fn list(
        &self,
        sort: NodeSort,
        order: SortOrder,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Node>, u64), NodeError> {
        let nodes = store::page(&self.0.db, sort, order, limit, offset).await?;
        Ok((nodes, store::count(&self.0.db).await?))
    }

    /// Creates a node with fresh keys; it is not enrolled.
    pub async fn create(&self, new: NewNode) -> Result<Node, NodeError> {
        let checked = new.check()?;
        let mut tx = self.0.db.begin_alone().await?;
        let id = self.create_in(&mut tx, checked).await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// The same as part of a transaction; gives the id.
    pub async fn create_in(&self, tx: &mut Tx, new: CheckedNode) -> Result<i64, NodeError> {
        let CheckedNode { name, namespace, base_url, is_enabled } = new;
        let keys = self.fresh_keys();
        if store::name_taken(tx, &name, None).await? {
            return Err(NodeError::Taken { field: "name", value: name });
        }
        let namespace = match namespace {
            Some(namespace) if store::namespace_taken(tx, namespace.as_str()).await? => {
                return Err(NodeError::Taken { field: "namespace", value: namespace.to_string() });
            }
            Some(namespace) => namespace.to_string(),
            None => free_namespace(tx, &name).await?,
        };
        let row = store::NewRow {
            name: &name,
            namespace: &namespace,
            base_url: base_url.as_ref().map_or("", BaseUrl::as_str),
            keys: &keys,
            is_enabled,
        };
        Ok(store::insert(tx, &row, Timestamp::now()).await?)
    }

    /// Changes a node and, when it is enrolled and has an address, tells the follower before it returns (within 5 s).
    /// A follower that cannot be told is no error: the node says so and delivery goes on in the background.
    pub async fn change(&self, id: i64, change: NodeChange) -> Result<Node, NodeError> {
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let base_url = change.base_url.as_deref().map(checked_base_url).transpose()?;
        let mut tx = self.0.db.begin_alone().await?;
        let node = store::by_id_in(&mut tx, id).await?.ok_or(NodeError::NotFound(id))?;
        if change.namespace.is_some_and(|namespace| namespace.trim() != node.namespace) {
            let problem = format!("stays `{}`: the follower's objects lie under it", node.namespace);
            return Err(invalid("namespace", problem));
        }
        let name = name.unwrap_or_else(|| node.name.clone());
        if store::name_taken(&mut tx, &name, Some(id)).await? {
            return Err(NodeError::Taken { field: "name", value: name });
        }
        let base_url = base_url.unwrap_or_else(|| node.base_url.clone());
        let row = store::ChangedRow {
            name: &name,
            base_url: base_url.as_ref().map_or("", BaseUrl::as_str),
            is_enabled: change.is_enabled.unwrap_or(node.is_enabled),
            // A follower that redeemed but has not acknowledged may already hold the older state.
            binding_pending: node.binding_pending || node.enrollment.was_redeemed(),
        };
        store::update(&mut tx, id, &row, Timestamp::now()).await?;
        tx.commit().await?;
        if let Err(error) = self.tell(id).await {
            tracing::warn!(node.id = id, "the follower was not told the change; it is tried again: {error}");
            self.0.undelivered.notify_one();
        }
        self.get(id).await
    }

    /// Removes a node and its enrollment records. The follower is not told, and keeps its binding and data.
    pub async fn delete(&self, id: i64) -> Result<(), NodeError> {
        let mut tx = self.0.db.begin_alone().await?;
        store::by_id_in(&mut tx, id).await?.ok_or(NodeError::NotFound(id))?;
        let policies = store::policies_on_in(&mut tx, id).await?;
        if !policies.is_empty() {
            return Err(NodeError::InUse(policies));
        }
        store::delete(&mut tx, id).await?;
        tx.commit().await?;
        self.0.turns.forget(id);
        self.0.looks.forget(id);
        self.0.guards.lock().expect("no holder panics").remove(&id);
        Ok(())
    }

    /// A client that speaks for `node`. Not for objects: it calls also a follower that has not answered for long.
    pub fn client(&self, node: &Node) -> Result<FollowerClient, NodeError> {
        self.client_over(node, self.0.transport.clone())
    }

    /// A client for the objects of `node`: a follower that does not answer is left alone for a while.
    pub fn object_client(&self, node: &Node) -> Result<FollowerClient, NodeError> {
        let transport = self.guard_of(node).over(self.0.transport.clone());
        self.client_over(node, transport)
    }

    /// Since when the follower of `node` has not answered, if objects are not sent there for that.
    pub fn unreachable_since(&self, node: &Node) -> Option<Timestamp> {
        self.guard_of(node).unreachable_since()
    }

    /// What is known of the follower at the node's present address; of another one it says nothing.
    fn guard_of(&self, node: &Node) -> Guard {
        let address = node.base_url.as_ref().map(BaseUrl::to_string).unwrap_or_default();
        let mut guards = self.0.guards.lock().expect("no holder panics");
        match guards.get(&node.id) {
            Some((known, guard)) if *known == address => guard.clone(),
            _ => {
                let guard = Guard::default();
                guards.insert(node.id, (address, guard.clone()));
                guard
            }
        }
    }

    fn client_over(&self, node: &Node, transport: Transport) -> Result<FollowerClient, NodeError> {
        let base = node.base_url.clone().ok_or_else(|| NodeError::NoBaseUrl(node.name.clone()))?;
        let secret = self.secret_of(&node.keys)?;
        Ok(FollowerClient::new(base, &node.keys.access_key, &secret, transport)?)
    }

    fn fresh_keys(&self) -> SealedKeys {
        let (access_key, secret_key) = (random_token("rn_", 16), random_token("rns_", 32));
        let access_key = access_key.expose_secret().to_owned();
        let sealed = self.0.sealing_key.seal(&seal_context(&access_key), &secret_key);
        SealedKeys { access_key, secret_key_sealed: sealed.into() }
    }

    fn secret_of(&self, keys: &SealedKeys) -> Result<SecretString, SealError> {
        self.0.sealing_key.open(&seal_context(&keys.access_key), keys.secret_key_sealed.expose_secret())
    }
}

/// A sealed secret opens only in its own row.
fn seal_context(access_key: &str) -> String {
    format!("nodes.secret_key/{access_key}")
}

fn checked_name(raw: &str) -> Result<String, NodeError> {
    let name = raw.trim();
    match name.chars().count() {
        0 => Err(invalid("name", "must not be blank")),
        n if n > MAX_NAME_CHARS => {
            Err(invalid("name", format!("has {n} characters; at most {MAX_NAME_CHARS} are allowed")))
        }
        _ if name.chars().any(char::is_control) => {
            Err(invalid("name", "must not contain control characters"))
        }
        _ => Ok(name.to_owned()),
    }
}

fn checked_base_url(raw: &str) -> Result<Option<BaseUrl>, NodeError> {
    if raw.trim().is_empty() {
        return Ok(None);
    }
    BaseUrl::parse(raw).map(Some).map_err(|error| invalid("base_url", error.to_string()))
}

/// The name as one harmless path segment.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG_BYTES);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "node".to_owned() } else { slug.to_owned() }
}

async fn free_namespace(tx: &mut Tx, name: &str) -> Result<String, NodeError> {
    let slug = slug(name);
    let mut candidate = slug.clone();
    for number in 2_u32.. {
        if !store::namespace_taken(tx, &candidate).await? {
            break;
        }
        candidate = format!("{slug}-{number}");
    }
    Ok(candidate)
}

#[cfg(test)]
pub(super) mod tests;
