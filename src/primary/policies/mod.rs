//! Storage policies (where objects go and under which limits) and policy groups (which policy takes which size).
//!
//! Rooms: `policy` (what one is), `wanted` and `check` with `bucket` and `allowed` (what one may look like), `opened`
//! (the object store behind it), `groups` with `matching` (the choice by size), `admission` (which file may go there).
//! Policies use nodes; nodes know of policies only that they exist.

mod admission;
mod allowed;
pub(in crate::primary) mod api;
mod bucket;
mod check;
mod groups;
mod matching;
mod opened;
mod policy;
mod problems;
mod store;
mod wanted;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

pub use self::allowed::AllowedTypes;
pub use self::groups::{Group, GroupChange, MovedUsers, NewGroup, NewRule, Rule};
pub use self::matching::{Match, Outcome, Verdict};
pub use self::opened::Tested;
pub use self::policy::{Bucket, Driver, Policy, PolicyOptions, Strategy};
pub use self::problems::{Problem, Problems};
pub use self::store::PolicySort;
pub use self::wanted::{CheckedPolicy, NewOptions, NewPolicy, PolicyChange};
use super::nodes::{NodeError, Nodes, SortOrder};
use crate::config::{Config, Durability, SealError, SealingKey};
use crate::db::{Db, Tx, hold, is_foreign_key_violation};
use crate::protocol::Timestamp;
use crate::storage::{SharedStore, StorageError};

/// Directory of the policy that a new database gets, relative to the working directory.
const DEFAULT_BASE_PATH: &str = "data/uploads";
/// Bytes of an upload part unless a policy says otherwise.
const DEFAULT_CHUNK_SIZE: i64 = 5 * 1024 * 1024;

/// The policy for an object, and its store.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The policy.
    pub policy: Policy,
    /// Takes keys relative to the policy.
    pub store: SharedStore,
}

/// Why something could not be done with a policy or a group.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// No policy has this id.
    #[error("there is no storage policy {0}")]
    NotFound(i64),
    /// No group has this id.
    #[error("there is no policy group {0}")]
    GroupNotFound(i64),
    /// Members of the request are wrong.
    #[error(transparent)]
    Invalid(#[from] Problems),
    /// The name belongs to another one.
    #[error("name: another {what} has `{name}`")]
    Taken {
        /// `storage policy` or `policy group`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something still depends on it.
    #[error("{what} `{name}` cannot be deleted: {reason}")]
    InUse {
        /// `storage policy` or `policy group`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What depends on it, and what to do.
        reason: String,
    },
    /// The user belongs to no group.
    #[error(
        "no policy group is assigned to this user; wait until the declared bootstrap is satisfied, or assign one"
    )]
    NoGroup,
    /// The group takes nothing now.
    #[error("policy group `{0}` is disabled; an administrator must enable it or assign another group")]
    GroupDisabled(String),
    /// No rule takes an object of this size.
    #[error(
        "no rule of policy group `{group}` takes a file of {size} bytes (rules on disabled nodes do not count); an administrator must add or change a rule"
    )]
    NoRule {
        /// Name of the group.
        group: String,
        /// Size of the object in bytes.
        size: u64,
    },
    /// The file is larger than its policy takes.
    #[error("the file has {size} bytes; storage policy `{policy}` takes at most {max} (max_file_size)")]
    TooLarge {
        /// Bytes of the file.
        size: u64,
        /// Bytes the policy takes.
        max: u64,
        /// Name of the policy.
        policy: String,
    },
    /// The policy takes no files of this kind.
    #[error("storage policy `{policy}` takes no files with {found}; it takes only these types: {allowed}")]
    TypeNotAllowed {
        /// Name of the policy.
        policy: String,
        /// The extension of the file.
        found: String,
        /// What is allowed.
        allowed: AllowedTypes,
    },
    /// The node of a remote policy cannot be used.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The keys of a bucket were sealed with another key.
    #[error("the keys of storage policy `{policy}` cannot be opened; enter access_key and secret_key again")]
    Sealed {
        /// Name of the policy.
        policy: String,
        source: SealError,
    },
    /// The store failed.
    #[error("storage policy `{policy}`: {source}")]
    Storage {
        /// Name of the policy.
        policy: String,
        source: StorageError,
    },
    /// The database failed.
    #[error("policies: {0}")]
    Database(#[from] sqlx::Error),
}

/// All policies and groups; clones share them.
#[derive(Debug, Clone)]
pub struct Policies(Arc<Inner>);

/// What this machine gives to its policies.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Base paths of local policies are relative to it; absolute.
    pub working_dir: PathBuf,
    /// What local stores write with.
    pub durability: Durability,
    /// What the keys of buckets are sealed with.
    pub sealing_key: SealingKey,
    /// PEM file of the authorities to trust for buckets instead of the system's.
    pub s3_ca_file: Option<PathBuf>,
}

impl Machine {
    /// As the configuration says.
    pub fn from_config(config: &Config) -> Self {
        Self {
            working_dir: config.working_dir.clone(),
            durability: config.server.follower.durability,
            sealing_key: config.auth.sealing_key.clone(),
            s3_ca_file: config.server.follower.s3_ca_file.clone(),
        }
    }
}

#[derive(Debug)]
struct Inner {
    db: Db,
    nodes: Nodes,
    machine: Machine,
    opened: Mutex<HashMap<i64, opened::Opened>>,
}

const WHAT: &str = "storage policy";
/// Their table.
const WHERE: &str = "storage_policies";

impl Policies {
    /// The policies in `db`, on this machine and the followers of `nodes`.
    pub fn new(db: Db, nodes: Nodes, machine: Machine) -> Self {
        Self(Arc::new(Inner { db, nodes, machine, opened: Mutex::default() }))
    }

    /// Gives a new database one local policy and one group that sends everything there.
    pub async fn ensure_defaults(&self) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        if store::is_new(&mut tx).await? {
            let row = store::PolicyRow {
                name: "Local Default",
                driver: Driver::Local,
                base_path: DEFAULT_BASE_PATH,
                bucket: None,
                node_id: None,
                ingress_target: None,
                max_file_size: 0,
                chunk_size: DEFAULT_CHUNK_SIZE.unsigned_abs(),
                allowed_types: &AllowedTypes::default(),
                options: PolicyOptions::default(),
            };
            let now = Timestamp::now();
            let id = store::insert(&mut tx, &row, now).await?;
            store::move_default(&mut tx, id).await?;
            groups::insert_default(&mut tx, id, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// One policy.
    pub async fn get(&self, id: i64) -> Result<Policy, PolicyError> {
        store::by_id(&self.0.db, id).await?.ok_or(PolicyError::NotFound(id))
    }

    /// A part of the list, and how many policies there are.
    pub async fn list(
        &self,
        sort: PolicySort,
        order: SortOrder,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Policy>, u64), PolicyError> {
        let page = store::page(&self.0.db, sort, order, limit, offset).await?;
        Ok((page, store::count(&self.0.db).await?))
    }

    /// Creates a policy. A remote one needs an enabled, enrolled node with an address and all capabilities.
    pub async fn create(&self, new: &NewPolicy) -> Result<Policy, PolicyError> {
        let checked = self.checked_for_node(new).await?;
        let mut tx = self.0.db.begin_alone().await?;
        let id = self.create_in(&mut tx, &checked).await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// First half of creating a policy: checks it and its node, which may ask the follower.
    pub async fn checked_for_node(&self, new: &NewPolicy) -> Result<CheckedPolicy, PolicyError> {
        let checked = CheckedPolicy::of(new)?;
        let wanted = &checked.0;
        if let Some(node_id) = wanted.node_id {
            self.usable_node(node_id, wanted.needs(), &wanted.name).await?;
            self.require_target(node_id, wanted.ingress_target.as_deref()).await?;
        }
        Ok(checked)
    }

    /// Second half, as part of a transaction; gives the id.
    pub async fn create_in(&self, tx: &mut Tx, new: &CheckedPolicy) -> Result<i64, PolicyError> {
        let CheckedPolicy(checked, is_default) = new;
        self.refuse_taken(tx, &checked.name, None).await?;
        let bucket = self.sealed_bucket(checked, None)?;
        let inserted = store::insert(tx, &checked.row(bucket.as_ref()), Timestamp::now()).await;
        let id = inserted.map_err(|error| match checked.node_id {
            // Deleted since it was looked at.
            Some(node_id) if is_foreign_key_violation(&error) => NodeError::NotFound(node_id).into(),
            _ => PolicyError::from(error),
        })?;
        if *is_default {
            store::move_default(tx, id).await?;
        }
        Ok(id)
    }

    /// Changes a policy. Its node has to be able to do what the change asks of it anew.
    pub async fn change(&self, id: i64, change: &PolicyChange) -> Result<Policy, PolicyError> {
        self.check_node_for(id, change).await?;
        let mut tx = self.0.db.begin_alone().await?;
        // An upload that begins now waits, and then finds the base path it is to have.
        hold(&mut tx, WHERE, id).await?;
        let present = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::NotFound(id))?;
        let has_objects = store::usage(&mut tx, id).await?.objects() > 0;
        let checked = check::changed_policy(&present, change, has_objects)?;
        self.refuse_taken(&mut tx, &checked.name, Some(id)).await?;
        let bucket = self.sealed_bucket(&checked, present.bucket.as_ref())?;
        store::update(&mut tx, id, &checked.row(bucket.as_ref()), Timestamp::now()).await?;
        if change.is_default == Some(true) {
            store::move_default(&mut tx, id).await?;
        }
        tx.commit().await?;
        self.get(id).await
    }

    /// Before the transaction: it may ask the follower.
    async fn check_node_for(&self, id: i64, change: &PolicyChange) -> Result<(), PolicyError> {
        let present = self.get(id).await?;
        let Some(node_id) = present.node_id else { return Ok(()) };
        let wanted = check::changed_policy(&present, change, false)?;
        if wanted.needs() != present.needs() {
            let node = self.0.nodes.get(node_id).await?;
            self.0.nodes.require(&node, wanted.needs(), &wanted.name).await?;
        }
        if wanted.ingress_target != present.ingress_target {
            self.require_target(node_id, wanted.ingress_target.as_deref()).await?;
        }
        Ok(())
    }

    /// Refuses an ingress target that the follower does not have.
    async fn require_target(&self, node_id: i64, wanted: Option<&str>) -> Result<(), PolicyError> {
        let Some(wanted) = wanted else { return Ok(()) };
        let targets = self.0.nodes.targets(node_id).await?;
        if targets.iter().any(|target| target.profile_key == wanted) {
            return Ok(());
        }
        let has = targets.iter().map(|target| format!("{} ({})", target.profile_key, target.name));
        let message = format!(
            "the node has no ingress target `{wanted}`; it has: {}",
            has.collect::<Vec<_>>().join(", ")
        );
        let mut problems = Problems::default();
        problems.add("ingress_target", message);
        Err(problems.into())
    }

    fn sealed_bucket(
        &self,
        checked: &check::Checked,
        present: Option<&Bucket>,
    ) -> Result<Option<Bucket>, PolicyError> {
        let sealed =
            checked.bucket.as_ref().map(|bucket| bucket.sealed(&self.0.machine.sealing_key, present));
        let failed = |source| PolicyError::Sealed { policy: checked.name.clone(), source };
        sealed.transpose().map_err(failed)
    }

    /// Removes a policy that nothing uses. What may lie in its place is left alone. With `force` also one that has
    /// objects left to remove, which then stay where they are: their place may be gone for good.
    pub async fn delete(&self, id: i64, force: bool) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        hold(&mut tx, WHERE, id).await?;
        let policy = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::NotFound(id))?;
        if force {
            store::forget_strays(&mut tx, id).await?;
        }
        let usage = store::usage(&mut tx, id).await?;
        if let Some(reason) = check::reason_to_keep(&policy, &usage) {
            return Err(PolicyError::InUse { what: WHAT, name: policy.name, reason });
        }
        store::delete(&mut tx, id).await?;
        tx.commit().await?;
        self.close(id);
        Ok(())
    }

    /// Refuses a policy that cannot be deleted even by force: something but uploads and leftovers uses it. To be asked
    /// before any of these is given up.
    pub async fn check_forced(&self, id: i64) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        let policy = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::NotFound(id))?;
        let usage = store::Usage { uploads: 0, strays: 0, ..store::usage(&mut tx, id).await? };
        match check::reason_to_keep(&policy, &usage) {
            Some(reason) => Err(PolicyError::InUse { what: WHAT, name: policy.name, reason }),
            None => Ok(()),
        }
    }

    async fn refuse_taken(&self, tx: &mut Tx, name: &str, but: Option<i64>) -> Result<(), PolicyError> {
        if store::name_taken(tx, name, but).await? {
            return Err(PolicyError::Taken { what: WHAT, name: name.to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
