//! The object store behind a policy: opened when it is first used, kept until policy or node change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{TryStreamExt, stream};
use uuid::Uuid;

use super::check::{self, Checked};
use super::policy::needs;
use super::{Bucket, Driver, NewPolicy, Policies, Policy, PolicyError, PolicyOptions, Strategy, bucket};
use crate::primary::nodes::{Node, NodeError};
use crate::protocol::{Needs, ObjectKey};
use crate::storage::local::LocalStore;
use crate::storage::remote::RemoteStore;
use crate::storage::s3::S3Store;
use crate::storage::{Capacity, ErrorKind, SharedStore, StorageError};

/// Content of the object that a connection test writes.
const PROBE: &[u8] = b"ok";
/// Longest connection test: somebody sits before it.
const TEST_LIMIT: Duration = Duration::from_secs(30);

/// A store, and what it was made from. What it is made from is read anew at each use, so no change can be missed.
#[derive(Debug)]
pub(super) struct Opened {
    origin: Origin,
    store: SharedStore,
}

/// Everything a store depends on. A policy's node never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Local { base_path: String },
    S3 { bucket: Box<Bucket>, options: PolicyOptions },
    Remote { base_path: String, target: Option<String>, node: NodeOrigin },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeOrigin {
    name: String,
    address: String,
    access_key: String,
}

/// A store that was opened, as its driver has it.
enum Store {
    Shared(SharedStore),
    S3(S3Store),
}

/// A connection test that passed.
#[derive(Debug, Clone)]
pub struct Tested {
    /// What was done, and what the test cannot see.
    pub message: String,
    /// How long it took.
    pub latency: Duration,
}

impl Policies {
    /// A policy and its store, which takes keys relative to the policy. A remote policy is refused at once when its
    /// node is disabled, has no address, or lacks what the policy needs.
    pub async fn store(&self, policy_id: i64) -> Result<(Policy, SharedStore), PolicyError> {
        let policy = self.get(policy_id).await?;
        let node = match policy.node_id {
            Some(node_id) => Some(self.usable_node(node_id, policy.needs(), &policy.name).await?),
            None => None,
        };
        let target = policy.ingress_target.as_deref();
        let origin =
            Origin::of(&policy.base_path, policy.bucket.as_ref(), &policy.options, target, node.as_ref());
        if let Some(store) = self.kept(policy_id, &origin) {
            return Ok((policy, store));
        }
        let opened = self.open(&policy.name, &origin, node.as_ref()).await?.shared();
        Ok((policy, self.keep(policy_id, origin, opened)))
    }

    fn kept(&self, policy_id: i64, origin: &Origin) -> Option<SharedStore> {
        let opened = self.0.opened.lock().expect("no holder panics");
        opened.get(&policy_id).filter(|kept| kept.origin == *origin).map(|kept| kept.store.clone())
    }

    /// Of several that were opened at the same time one is kept: its connections are shared.
    fn keep(&self, policy_id: i64, origin: Origin, store: SharedStore) -> SharedStore {
        let mut opened = self.0.opened.lock().expect("no holder panics");
        match opened.get(&policy_id) {
            Some(kept) if kept.origin == origin => kept.store.clone(),
            _ => {
                opened.insert(policy_id, Opened { origin, store: store.clone() });
                store
            }
        }
    }

    /// Puts something around the store of a policy, for as long as policy and node stay as they are.
    #[cfg(test)]
    pub(in crate::primary) async fn wrap_store(
        &self,
        policy_id: i64,
        wrap: impl FnOnce(SharedStore) -> SharedStore,
    ) {
        self.store(policy_id).await.expect("the store of the policy");
        let mut opened = self.0.opened.lock().expect("no holder panics");
        let opened = opened.get_mut(&policy_id).expect("it was opened just now");
        opened.store = wrap(opened.store.clone());
    }

    pub(super) fn close(&self, policy_id: i64) {
        self.0.opened.lock().expect("no holder panics").remove(&policy_id);
    }

    async fn open(&self, name: &str, origin: &Origin, node: Option<&Node>) -> Result<Store, PolicyError> {
        let failed = |source: StorageError| PolicyError::Storage { policy: name.to_owned(), source };
        let misconfigured = |message: String| failed(StorageError::new(ErrorKind::Misconfigured, message));
        match (origin, node) {
            (Origin::Local { base_path }, _) => {
                Ok(Store::Shared(self.open_directory(base_path).await.map_err(failed)?))
            }
            (Origin::S3 { bucket, options }, _) => {
                let machine = &self.0.machine;
                let sealed = |source| PolicyError::Sealed { policy: name.to_owned(), source };
                let mut settings = bucket::settings(&machine.sealing_key, bucket, options).map_err(sealed)?;
                settings.ca_file.clone_from(&machine.s3_ca_file);
                Ok(Store::S3(S3Store::new(&settings).map_err(failed)?))
            }
            (Origin::Remote { base_path, target, .. }, Some(node)) => {
                let client = self.0.nodes.object_client(node)?;
                let client = match target {
                    Some(target) => client.with_ingress_target(target),
                    None => client,
                };
                let store = RemoteStore::new(&node.name, client, base_path)
                    .map_err(|error| misconfigured(error.to_string()))?;
                Ok(Store::Shared(Arc::new(store)))
            }
            (Origin::Remote { .. }, None) => Err(misconfigured("the policy has no node".to_owned())),
        }
    }

    async fn open_directory(&self, base_path: &str) -> Result<SharedStore, StorageError> {
        let root = self.0.machine.working_dir.join(base_path);
        let durability = self.0.machine.durability;
        // Opening makes directories and syncs them.
        let opened = tokio::task::spawn_blocking(move || LocalStore::open(&root, durability)).await;
        let opened = opened.unwrap_or_else(|panic| {
            Err(StorageError::new(ErrorKind::Unknown, "the directory could not be opened").with_source(panic))
        });
        Ok(Arc::new(opened?))
    }

    /// The node of a remote policy, if objects may go there and it can do what the policy needs.
    pub(super) async fn usable_node(
        &self,
        node_id: i64,
        needs: Needs,
        policy: &str,
    ) -> Result<Node, PolicyError> {
        let node = self.0.nodes.get(node_id).await?;
        if !node.is_enabled {
            return Err(NodeError::Disabled(node.name).into());
        }
        if node.base_url.is_none() {
            return Err(NodeError::NoBaseUrl(node.name).into());
        }
        self.0.nodes.require(&node, needs, policy).await?;
        Ok(node)
    }

    /// Room at the node of a remote policy, asked for now; `None` when it does not say or there is no node.
    pub async fn node_capacity(&self, policy: &Policy) -> Result<Option<Capacity>, PolicyError> {
        let Some(node_id) = policy.node_id else { return Ok(None) };
        let examined = self.0.nodes.probe(node_id).await?;
        Ok(examined.capabilities.and_then(|capabilities| capabilities.capacity))
    }

    /// Writes, reads back and removes a small object. Within 30 s.
    pub async fn test(&self, policy_id: i64) -> Result<Tested, PolicyError> {
        let policy = self.get(policy_id).await?;
        let (needs, target) = (policy.needs(), policy.ingress_target.as_deref());
        let place = (policy.base_path.as_str(), policy.bucket.as_ref(), target);
        self.try_place(&policy.name, policy.node_id, needs, place, &policy.options).await
    }

    /// The same for a policy that is not stored.
    pub async fn test_new(&self, new: &NewPolicy) -> Result<Tested, PolicyError> {
        let checked: Checked = check::new_policy(new)?;
        let bucket = self.sealed_bucket(&checked, None)?;
        let target = checked.ingress_target.as_deref();
        let needs = needs(checked.driver, &checked.options, target);
        let place = (checked.base_path.as_str(), bucket.as_ref(), target);
        self.try_place(&checked.name, checked.node_id, needs, place, &checked.options).await
    }

    /// `place` is base path, bucket and ingress target.
    async fn try_place(
        &self,
        name: &str,
        node_id: Option<i64>,
        needs: Needs,
        place: (&str, Option<&Bucket>, Option<&str>),
        options: &PolicyOptions,
    ) -> Result<Tested, PolicyError> {
        let (base_path, bucket, target) = place;
        let node = match node_id {
            Some(node_id) => Some(self.usable_node(node_id, needs, name).await?),
            None => None,
        };
        let origin = Origin::of(base_path, bucket, options, target, node.as_ref());
        let store = self.open(name, &origin, node.as_ref()).await?;
        let started = Instant::now();
        let tried = async {
            match &store {
                Store::S3(store) => store.check().await,
                Store::Shared(store) => try_out(store).await,
            }
        };
        let tried = tokio::time::timeout(TEST_LIMIT, tried).await.unwrap_or_else(|_| {
            let message = format!("the test was not done within {} s; try again", TEST_LIMIT.as_secs());
            Err(StorageError::new(ErrorKind::Transient, message))
        });
        tried.map_err(|source| PolicyError::Storage { policy: name.to_owned(), source })?;
        Ok(Tested { message: origin.passed(), latency: started.elapsed() })
    }
}

impl Store {
    fn shared(self) -> SharedStore {
        match self {
            Self::Shared(store) => store,
            Self::S3(store) => Arc::new(store),
        }
    }
}

impl Origin {
    fn of(
        base_path: &str,
        bucket: Option<&Bucket>,
        options: &PolicyOptions,
        target: Option<&str>,
        node: Option<&Node>,
    ) -> Self {
        let base_path = base_path.to_owned();
        match (bucket, node) {
            (Some(bucket), _) => Self::S3 { bucket: Box::new(bucket.clone()), options: *options },
            (None, Some(node)) => {
                let node = NodeOrigin {
                    name: node.name.clone(),
                    address: node.base_url.as_ref().map(ToString::to_string).unwrap_or_default(),
                    access_key: node.access_key().to_owned(),
                };
                Self::Remote { base_path, target: target.map(str::to_owned), node }
            }
            (None, None) => Self::Local { base_path },
        }
    }

    /// What a passed test says.
    fn passed(&self) -> String {
        match self {
            Self::Local { base_path } => {
                format!("An object was written, read back and deleted in directory `{base_path}`.")
            }
            Self::S3 { bucket, options } => {
                let location = &bucket.location;
                let done = format!(
                    "An object was written, read back, listed and deleted in bucket `{}`.",
                    location.bucket()
                );
                let (upload, download) = super::policy::strategies(Driver::S3, options);
                if Strategy::Presigned == upload || Strategy::Presigned == download {
                    format!(
                        "{done} Browsers go there by themselves, which this test cannot see: the bucket's CORS rules \
                         must allow GET and PUT from the address of this site and expose the header ETag."
                    )
                } else {
                    done
                }
            }
            Self::Remote { target, node, .. } => {
                let target = target.as_deref().map_or_else(
                    || "its default ingress target".to_owned(),
                    |target| format!("ingress target `{target}`"),
                );
                format!("An object was written, read back and deleted on node `{}`, in {target}.", node.name)
            }
        }
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
