//! The object store behind a policy: opened when it is first used, kept until policy or node change.

use futures_util::{TryStreamExt, stream};
use uuid::Uuid;

use super::check::{self, Checked};
use super::{Driver, NewPolicy, Policies, Policy, PolicyError};
use crate::primary::nodes::{Node, NodeError};
use crate::protocol::{Needs, ObjectKey};
use crate::storage::local::LocalStore;
use crate::storage::remote::RemoteStore;
use crate::storage::{ErrorKind, SharedStore, StorageError};

/// Content of the object that a connection test writes.
const PROBE: &[u8] = b"ok";

/// A store, and what it was made from. What it is made from is read anew at each use, so no change can be missed.
#[derive(Debug)]
pub(super) struct Opened {
    origin: Origin,
    store: SharedStore,
}

/// Everything a store depends on. A policy's node never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    driver: Driver,
    base_path: String,
    /// Name, address and access key.
    node: Option<[String; 3]>,
}

impl Policies {
    /// A policy and its store, which takes keys relative to the policy. A remote policy is refused at once when its
    /// node is disabled, has no address, or lacks what the policy needs.
    pub async fn store(&self, policy_id: i64) -> Result<(Policy, SharedStore), PolicyError> {
        let policy = self.get(policy_id).await?;
        let node = match policy.node_id {
            Some(node_id) => Some(self.usable_node(node_id, &policy.name).await?),
            None => None,
        };
        let origin = Origin::of(policy.driver, &policy.base_path, node.as_ref());
        if let Some(store) = self.kept(policy_id, &origin) {
            return Ok((policy, store));
        }
        let store = self.open(&policy.name, &origin, node.as_ref()).await?;
        let opened = Opened { origin, store: store.clone() };
        self.0.opened.lock().expect("no holder panics").insert(policy_id, opened);
        Ok((policy, store))
    }

    fn kept(&self, policy_id: i64, origin: &Origin) -> Option<SharedStore> {
        let opened = self.0.opened.lock().expect("no holder panics");
        opened.get(&policy_id).filter(|kept| kept.origin == *origin).map(|kept| kept.store.clone())
    }

    pub(super) fn close(&self, policy_id: i64) {
        self.0.opened.lock().expect("no holder panics").remove(&policy_id);
    }

    async fn open(
        &self,
        name: &str,
        origin: &Origin,
        node: Option<&Node>,
    ) -> Result<SharedStore, PolicyError> {
        let failed = |source: StorageError| PolicyError::Storage { policy: name.to_owned(), source };
        if let Some(node) = node {
            let client = self.0.nodes.client(node)?;
            let store = RemoteStore::new(&node.name, client, &origin.base_path)
                .map_err(|error| failed(StorageError::new(ErrorKind::Misconfigured, error.to_string())))?;
            return Ok(std::sync::Arc::new(store));
        }
        let root = self.0.working_dir.join(&origin.base_path);
        let durability = self.0.durability;
        // Opening makes directories and syncs them.
        let opened = tokio::task::spawn_blocking(move || LocalStore::open(&root, durability)).await;
        let opened = opened.unwrap_or_else(|panic| {
            Err(StorageError::new(ErrorKind::Unknown, "the directory could not be opened").with_source(panic))
        });
        Ok(std::sync::Arc::new(opened.map_err(failed)?))
    }

    /// The node of a remote policy, if objects may go there and it can do what the policy needs.
    pub(super) async fn usable_node(&self, node_id: i64, policy: &str) -> Result<Node, PolicyError> {
        let node = self.0.nodes.get(node_id).await?;
        if !node.is_enabled {
            return Err(NodeError::Disabled(node.name).into());
        }
        if node.base_url.is_none() {
            return Err(NodeError::NoBaseUrl(node.name).into());
        }
        self.0.nodes.require(&node, Needs::default(), policy).await?;
        Ok(node)
    }

    /// Writes, reads back and removes a small object.
    pub async fn test(&self, policy_id: i64) -> Result<(), PolicyError> {
        let (policy, store) = self.store(policy_id).await?;
        try_out(&store).await.map_err(|source| PolicyError::Storage { policy: policy.name, source })
    }

    /// The same for a policy that is not stored.
    pub async fn test_new(&self, new: &NewPolicy) -> Result<(), PolicyError> {
        let checked: Checked = check::new_policy(new)?;
        let node = match checked.node_id {
            Some(node_id) => Some(self.usable_node(node_id, &checked.name).await?),
            None => None,
        };
        let origin = Origin::of(checked.driver, &checked.base_path, node.as_ref());
        let store = self.open(&checked.name, &origin, node.as_ref()).await?;
        try_out(&store).await.map_err(|source| PolicyError::Storage { policy: checked.name, source })
    }
}

impl Origin {
    fn of(driver: Driver, base_path: &str, node: Option<&Node>) -> Self {
        let node = node.map(|node| {
            let address = node.base_url.as_ref().map(ToString::to_string).unwrap_or_default();
            [node.name.clone(), address, node.access_key().to_owned()]
        });
        Self { driver, base_path: base_path.to_owned(), node }
    }
}

async fn try_out(store: &SharedStore) -> Result<(), StorageError> {
    let key = ObjectKey::parse(&format!("_aster_connection_test-{}", Uuid::new_v4()))
        .map_err(|error| StorageError::new(ErrorKind::InvalidArgument, error.to_string()))?;
    let body = Box::pin(stream::iter([Ok(bytes::Bytes::from_static(PROBE))]));
    store.put(&key, PROBE.len() as u64, body).await?;
    let same = read_back(store, &key).await;
    // Removed in any case; what the test says first counts.
    let removed = store.delete(&key).await;
    if !same? {
        return Err(StorageError::new(
            ErrorKind::Misconfigured,
            "what was read back is not what was written",
        ));
    }
    removed
}

async fn read_back(store: &SharedStore, key: &ObjectKey) -> Result<bool, StorageError> {
    let mut body = store.get(key, None).await?.body;
    let mut read = Vec::new();
    while let Some(piece) = body.try_next().await.map_err(|error| {
        StorageError::new(ErrorKind::Transient, "the test object could not be read whole").with_source(error)
    })? {
        if read.len() + piece.len() > PROBE.len() {
            return Ok(false);
        }
        read.extend_from_slice(&piece);
    }
    Ok(read == PROBE)
}
