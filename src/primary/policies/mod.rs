//! Storage policies (where objects go and under which limits) and policy groups (which policy takes which size).
//!
//! Rooms: `check` (what a policy may look like), `opened` (the object store behind a policy), `groups` with
//! `matching` (the choice by size). Policies use nodes; nodes know of policies only that they exist.

pub(in crate::primary) mod api;
mod check;
mod groups;
mod matching;
mod opened;
mod problems;
mod store;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

pub use self::groups::{Group, GroupChange, NewGroup, NewRule, Rule};
pub use self::problems::{Problem, Problems};
use super::nodes::{NodeError, Nodes};
use crate::config::Durability;
use crate::db::{Db, Tx, hold, is_foreign_key_violation};
use crate::protocol::Timestamp;
use crate::storage::{SharedStore, StorageError};

/// Directory of the policy that a new database gets, relative to the working directory.
const DEFAULT_BASE_PATH: &str = "data/uploads";
/// Bytes of an upload part unless a policy says otherwise.
const DEFAULT_CHUNK_SIZE: i64 = 5 * 1024 * 1024;

/// Where a policy's objects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// A directory of the primary.
    Local,
    /// A follower.
    Remote,
}

/// Which way bytes take between browsers and a follower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Through the primary.
    #[default]
    RelayStream,
}

/// Options of a policy; unknown ones are ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyOptions {
    /// The way in.
    pub remote_upload_strategy: Strategy,
    /// The way out.
    pub remote_download_strategy: Strategy,
}

/// A place for objects.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Id.
    pub id: i64,
    /// For people; unique.
    pub name: String,
    /// Never changes.
    pub driver: Driver,
    /// Directory (local) or key prefix (remote).
    pub base_path: String,
    /// The node of a remote policy; never changes.
    pub node_id: Option<i64>,
    /// Largest file in bytes; 0 is unlimited. Callers compare it when they know a size.
    pub max_file_size: u64,
    /// Bytes of an upload part; 0 is never chunked.
    pub chunk_size: u64,
    /// Exactly one policy is the default.
    pub is_default: bool,
    /// Options.
    pub options: PolicyOptions,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A policy to be created, as it was sent.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NewPolicy {
    /// Not blank.
    pub name: String,
    /// `local` or `remote`.
    pub driver_type: String,
    /// Directory or key prefix.
    #[serde(default)]
    pub base_path: Option<String>,
    /// Required for `remote`.
    #[serde(default)]
    pub remote_node_id: Option<i64>,
    /// Bytes; 0 or absent is unlimited.
    #[serde(default)]
    pub max_file_size: Option<i64>,
    /// Bytes; absent is 5 MiB.
    #[serde(default)]
    pub chunk_size: Option<i64>,
    /// `true` takes the flag from the present default.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Strategies.
    #[serde(default)]
    pub options: Option<NewOptions>,
}

/// A policy that may be stored as far as its members tell, and whether it becomes the default.
#[derive(Debug)]
pub struct CheckedPolicy(check::Checked, bool);

impl CheckedPolicy {
    /// Checks the members; the node is not looked at.
    pub fn of(new: &NewPolicy) -> Result<Self, Problems> {
        Ok(Self(check::new_policy(new)?, new.is_default == Some(true)))
    }
}

/// Options as they were sent: words, so that an unknown one gets an answer of its own.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct NewOptions {
    /// `relay_stream`.
    #[serde(default)]
    pub remote_upload_strategy: Option<String>,
    /// `relay_stream`.
    #[serde(default)]
    pub remote_download_strategy: Option<String>,
}

/// Changes of a policy; `None` keeps. Driver and node may be sent back, but not changed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PolicyChange {
    /// Not blank.
    pub name: Option<String>,
    /// Only the present one.
    pub driver_type: Option<String>,
    /// Directory or key prefix; only while the policy has no objects.
    pub base_path: Option<String>,
    /// Only the present one.
    pub remote_node_id: Option<i64>,
    /// Bytes; 0 is unlimited.
    pub max_file_size: Option<i64>,
    /// Bytes; 0 is never chunked.
    pub chunk_size: Option<i64>,
    /// `true` moves the flag here; `false` on the default is refused.
    pub is_default: Option<bool>,
    /// Strategies.
    pub options: Option<NewOptions>,
}

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
    /// The node of a remote policy cannot be used.
    #[error(transparent)]
    Node(#[from] NodeError),
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

#[derive(Debug)]
struct Inner {
    db: Db,
    nodes: Nodes,
    /// Base paths of local policies are relative to this.
    working_dir: PathBuf,
    durability: Durability,
    opened: Mutex<HashMap<i64, opened::Opened>>,
}

const WHAT: &str = "storage policy";
/// Their table.
const WHERE: &str = "storage_policies";

impl Policies {
    /// The policies in `db`. `working_dir` is absolute; local stores write with `durability`.
    pub fn new(db: Db, nodes: Nodes, working_dir: PathBuf, durability: Durability) -> Self {
        Self(Arc::new(Inner { db, nodes, working_dir, durability, opened: Mutex::default() }))
    }

    /// Gives a new database one local policy and one group that sends everything there.
    pub async fn ensure_defaults(&self) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        if store::is_new(&mut tx).await? {
            let row = store::PolicyRow {
                name: "Local Default",
                driver: Driver::Local,
                base_path: DEFAULT_BASE_PATH,
                node_id: None,
                max_file_size: 0,
                chunk_size: DEFAULT_CHUNK_SIZE.unsigned_abs(),
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

    /// A part of the list by id, and how many policies there are.
    pub async fn list(&self, limit: u32, offset: u32) -> Result<(Vec<Policy>, u64), PolicyError> {
        Ok((store::page(&self.0.db, limit, offset).await?, store::count(&self.0.db).await?))
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
        if let Some(node_id) = checked.0.node_id {
            self.usable_node(node_id, &checked.0.name).await?;
        }
        Ok(checked)
    }

    /// Second half, as part of a transaction; gives the id.
    pub async fn create_in(&self, tx: &mut Tx, new: &CheckedPolicy) -> Result<i64, PolicyError> {
        let CheckedPolicy(checked, is_default) = new;
        self.refuse_taken(tx, &checked.name, None).await?;
        let inserted = store::insert(tx, &checked.row(), Timestamp::now()).await;
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

    /// Changes a policy.
    pub async fn change(&self, id: i64, change: &PolicyChange) -> Result<Policy, PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        // An upload that begins now waits, and then finds the base path it is to have.
        hold(&mut tx, WHERE, id).await?;
        let present = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::NotFound(id))?;
        let has_objects = store::usage(&mut tx, id).await?.objects() > 0;
        let checked = check::changed_policy(&present, change, has_objects)?;
        self.refuse_taken(&mut tx, &checked.name, Some(id)).await?;
        store::update(&mut tx, id, &checked.row(), Timestamp::now()).await?;
        if change.is_default == Some(true) {
            store::move_default(&mut tx, id).await?;
        }
        tx.commit().await?;
        self.get(id).await
    }

    /// Removes a policy that nothing uses. What may lie in its directory or on its node is left alone.
    pub async fn delete(&self, id: i64) -> Result<(), PolicyError> {
        let mut tx = self.0.db.begin_alone().await?;
        hold(&mut tx, WHERE, id).await?;
        let policy = store::by_id_in(&mut tx, id).await?.ok_or(PolicyError::NotFound(id))?;
        let usage = store::usage(&mut tx, id).await?;
        if let Some(reason) = check::reason_to_keep(&policy, &usage) {
            return Err(PolicyError::InUse { what: WHAT, name: policy.name, reason });
        }
        store::delete(&mut tx, id).await?;
        tx.commit().await?;
        self.close(id);
        Ok(())
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
