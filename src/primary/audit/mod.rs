//! The audit trail: who created, changed or deleted what, for administrators to read. Entries are written by the
//! program only, never changed, and removed after [`KEPT_DAYS`].

pub(in crate::primary) mod api;
mod store;

use serde::Serialize;

pub use self::store::AuditFilter;
use crate::db::{Db, Tx};
use crate::protocol::Timestamp;

/// Days an entry is kept.
const KEPT_DAYS: i64 = 90;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Something new is there.
    Create,
    /// Something is different.
    Change,
    /// Something is gone.
    Delete,
    /// A node got an enrollment token.
    IssueToken,
    /// A declared thing was not made, because it was there already or is not wanted any more.
    LeaveOut,
}

/// What it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    User,
    Setting,
    Node,
    IngressTarget,
    Policy,
    PolicyGroup,
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// Who; `None` is the declared bootstrap.
    pub user_id: Option<i64>,
    /// Did what.
    pub action: Action,
    /// To what.
    pub entity: Entity,
    /// Its id, if it has one; for an ingress target that of its node.
    pub entity_id: Option<i64>,
    /// Its name.
    pub entity_name: &'a str,
    /// In addition, for people; no secrets.
    pub details: &'a str,
}

/// A written entry.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Id; a later entry has a larger one.
    pub id: i64,
    /// Who; `null` is the declared bootstrap.
    pub user_id: Option<i64>,
    /// See [`Action`].
    pub action: String,
    /// See [`Entity`].
    pub entity_type: String,
    /// Id of the entity, if it has one; for an ingress target that of its node.
    pub entity_id: Option<i64>,
    /// Its name at that time.
    pub entity_name: String,
    /// In addition, for people.
    pub details: serde_json::Value,
    /// When.
    pub created_at: Timestamp,
}

/// The trail.
#[derive(Debug, Clone)]
pub struct Audit {
    db: Db,
}

impl Audit {
    /// The trail in `db`.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Writes that a user did something. It was done all the same when this fails, so a failure goes to the log.
    pub async fn record(
        &self,
        user_id: i64,
        action: Action,
        entity: Entity,
        entity_id: Option<i64>,
        entity_name: &str,
    ) {
        let user_id = Some(user_id);
        let entry = NewEntry { user_id, action, entity, entity_id, entity_name, details: "" };
        let written = async {
            let mut tx = self.db.begin().await?;
            record_in(&mut tx, &entry).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(?entry, "an entry of the audit trail was not written: {error}");
        }
    }

    /// A part of the trail, the newest first, and how many entries fit the filter.
    pub async fn list(
        &self,
        filter: &AuditFilter,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Entry>, u64), sqlx::Error> {
        store::page(&self.db, filter, limit, offset).await
    }

    /// Removes what is older than [`KEPT_DAYS`].
    pub async fn remove_old(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        store::delete_before(&self.db, now.plus_secs(-KEPT_DAYS * 86_400)).await
    }
}

/// Writes an entry as part of the transaction that does what it tells of.
pub async fn record_in(tx: &mut Tx, entry: &NewEntry<'_>) -> Result<(), sqlx::Error> {
    store::insert(tx, entry, Timestamp::now()).await
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::IssueToken => "issue_token",
            Self::LeaveOut => "leave_out",
        }
    }
}

impl Entity {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Setting => "setting",
            Self::Node => "node",
            Self::IngressTarget => "ingress_target",
            Self::Policy => "policy",
            Self::PolicyGroup => "policy_group",
        }
    }
}
