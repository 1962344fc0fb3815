//! The audit trail: who did what that others may have to know about, for administrators to read. Entries are written by
//! the program only, never changed, and removed after `audit_log_retention_days`.

pub(in crate::primary) mod api;
mod store;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::store::AuditFilter;
use crate::db::{Db, Tx};
use crate::primary::caller::Caller;
use crate::primary::settings::Settings;
use crate::protocol::Timestamp;

const DAY_SECS: i64 = 86_400;

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
    /// The first administrator made the own account.
    SetUp,
    /// Somebody made the own account.
    Register,
    /// A login began.
    LogIn,
    /// A login was refused: wrong name or password, or a disabled account.
    LogInFailed,
    /// Logins were refused unchecked, because there were too many; one entry for all of a minute.
    LogInThrottled,
    /// A login was ended by its user.
    LogOut,
    /// A refresh token came a second time; all logins of the user ended.
    ReuseRefreshToken,
    /// A user changed the own password; the other logins ended.
    ChangePassword,
    /// An administrator set a user's password.
    ResetPassword,
    /// Logins were ended from another one, or by an administrator.
    RevokeSessions,
    /// A follower redeemed an enrollment token.
    Redeem,
    /// A follower completed its enrollment.
    Enroll,
    /// A team was closed.
    Archive,
    /// An archived team was opened again.
    Restore,
    /// A user became a member of a team.
    AddMember,
    /// A member of a team got another role.
    ChangeMember,
    /// A user is no member of a team any more.
    RemoveMember,
    /// A link stopped working.
    Revoke,
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
    ApiToken,
    Task,
    Team,
    Share,
    DirectLink,
    Lock,
    WebdavAccount,
}

/// Who did it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Actor<'a> {
    /// The user; `None` is the program itself, or somebody who did not log in.
    pub user_id: Option<i64>,
    /// Where from; `None` is the program itself.
    pub caller: Option<&'a Caller>,
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// Who.
    pub by: Actor<'a>,
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
pub struct Entry {
    /// Id; a later entry has a larger one.
    pub id: i64,
    /// Who; `null` is the program itself, such as the declared bootstrap, or somebody who did not log in.
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
    pub details: Details,
    /// Address of the client; empty where there was none.
    pub ip_address: String,
    /// What the client called itself.
    pub client: String,
    /// When.
    pub created_at: Timestamp,
}

/// What an entry tells in addition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AuditDetails")]
#[serde(default)]
pub struct Details {
    /// For people; absent when there is nothing to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The trail.
#[derive(Debug, Clone)]
pub struct Audit {
    db: Db,
    settings: Settings,
}

impl<'a> Actor<'a> {
    /// Somebody at `caller` who did not log in.
    pub fn stranger(caller: &'a Caller) -> Self {
        Self { user_id: None, caller: Some(caller) }
    }

    /// A user at `caller`.
    pub fn user(user_id: i64, caller: &'a Caller) -> Self {
        Self { user_id: Some(user_id), caller: Some(caller) }
    }

    fn ip(&self) -> Option<IpAddr> {
        self.caller.map(|caller| caller.ip)
    }
}

impl Audit {
    /// The trail in `db`.
    pub fn new(db: Db, settings: Settings) -> Self {
        Self { db, settings }
    }

    /// Writes that somebody did something. It was done all the same when this fails, so a failure goes to the log.
    pub async fn record<'a>(
        &self,
        by: impl Into<Actor<'a>>,
        action: Action,
        entity: Entity,
        entity_id: Option<i64>,
        entity_name: &str,
    ) {
        self.record_entry(&NewEntry { by: by.into(), action, entity, entity_id, entity_name, details: "" })
            .await;
    }

    /// The same with an entry that has details.
    pub async fn record_entry(&self, entry: &NewEntry<'_>) {
        if !self.settings.audit_log_enabled() {
            return;
        }
        let written = async {
            let mut tx = self.db.begin().await?;
            record_in(&mut tx, entry).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(?entry, "an entry of the audit trail was not written: {error}");
        }
    }

    /// Writes an entry as part of the transaction that does what it tells of, unless the trail is switched off.
    pub async fn record_in(&self, tx: &mut Tx, entry: &NewEntry<'_>) -> Result<(), sqlx::Error> {
        if self.settings.audit_log_enabled() { record_in(tx, entry).await } else { Ok(()) }
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

    /// Removes what is older than `audit_log_retention_days`.
    pub async fn remove_old(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let days = i64::try_from(self.settings.audit_log_retention_days()).unwrap_or(i64::MAX);
        store::delete_before(&self.db, now.plus_secs(days.saturating_mul(-DAY_SECS))).await
    }
}

/// Writes an entry, whether the trail is switched on or not, as part of the transaction that does what it tells of.
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
            Self::SetUp => "setup",
            Self::Register => "register",
            Self::LogIn => "login",
            Self::LogInFailed => "login_failed",
            Self::LogInThrottled => "login_throttled",
            Self::LogOut => "logout",
            Self::ReuseRefreshToken => "reuse_refresh_token",
            Self::ChangePassword => "change_password",
            Self::ResetPassword => "reset_password",
            Self::RevokeSessions => "revoke_sessions",
            Self::Redeem => "redeem",
            Self::Enroll => "enroll",
            Self::Archive => "archive",
            Self::Restore => "restore",
            Self::AddMember => "add_member",
            Self::ChangeMember => "change_member",
            Self::RemoveMember => "remove_member",
            Self::Revoke => "revoke",
        }
    }
}

impl AuditFilter {
    /// All that was done to one thing.
    pub fn about(entity: Entity, id: i64) -> Self {
        Self { entity_type: Some(entity.as_str().to_owned()), entity_id: Some(id), ..Self::default() }
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
            Self::ApiToken => "api_token",
            Self::Task => "task",
            Self::Team => "team",
            Self::Share => "share",
            Self::DirectLink => "direct_link",
            Self::Lock => "lock",
            Self::WebdavAccount => "webdav_account",
        }
    }
}
