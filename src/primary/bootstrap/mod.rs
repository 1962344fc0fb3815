//! The declared bootstrap: makes what an operator declared for a new primary, each thing once.
//!
//! Two phases. [`Bootstrap::declare`] runs before the primary listens and needs nothing but the database: in one
//! transaction it makes the administrator and the nodes with their tokens, and notes everything else as steps, sealed.
//! [`Bootstrap::run`] (in `running`) works through the steps in the background while followers come up; it needs the
//! notes only, so a start without the variables finishes what an earlier one began.
//!
//! A step that is done is never done again. What an administrator renamed, changed or deleted since then stays so.

pub(in crate::primary) mod api;
mod check;
mod running;
mod steps;
mod store;

use std::io::Write;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use self::store::Opened;
use super::accounts::{AccountError, Accounts, NewAccount};
use super::audit::{self, Action, Actor, NewEntry};
use super::nodes::{EnrollmentError, NewNode, NodeError, Nodes};
use super::policies::{Policies, PolicyError};
use super::settings::{Settings, SettingsError};
use crate::config::{DeclaredAdmin, DeclaredBootstrap, DeclaredFile, DeclaredNode, SealError, SealingKey};
use crate::db::{Db, Tx};
use crate::protocol::{Timestamp, random_token};

pub use self::check::Mistakes;
pub use self::steps::{Kind, State, Step};

/// Why a declared bootstrap was not noted.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// What is declared makes no sense; nothing was written.
    #[error(transparent)]
    Invalid(#[from] Mistakes),
    /// The administrator cannot be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A node cannot be made.
    #[error(transparent)]
    Enrollment(#[from] EnrollmentError),
    /// A setting cannot be read or written.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The groups cannot be read.
    #[error(transparent)]
    Policies(#[from] PolicyError),
    /// What was noted was sealed with another key.
    #[error("a step of the declared bootstrap cannot be read: {0}")]
    Seal(#[from] SealError),
    /// What was noted is not what this release notes.
    #[error("a step of the declared bootstrap is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// The database failed.
    #[error("bootstrap: {0}")]
    Database(#[from] sqlx::Error),
}

/// The declared bootstrap of this primary.
#[derive(Debug)]
pub struct Bootstrap {
    db: Db,
    sealing_key: SealingKey,
    settings: Settings,
    nodes: Nodes,
    policies: Policies,
}

impl Bootstrap {
    /// The bootstrap noted in `db`, if any.
    pub fn new(
        db: Db,
        sealing_key: SealingKey,
        settings: Settings,
        nodes: Nodes,
        policies: Policies,
    ) -> Self {
        Self { db, sealing_key, settings, nodes, policies }
    }

    /// Every step, in the order of the work; none when nothing was ever declared.
    pub async fn steps(&self) -> Result<Vec<Step>, BootstrapError> {
        Ok(store::all(&self.db).await?)
    }

    /// First phase: makes what the database alone is enough for, and notes the rest. Declaring the same again changes
    /// nothing; what is declared in addition is added, and what is declared no longer and not yet done is forgotten.
    pub async fn declare(
        &self,
        accounts: &Accounts,
        declared: &DeclaredBootstrap,
    ) -> Result<(), BootstrapError> {
        let new_admin = check::all(declared)?;
        let before = self.steps().await?;
        self.declare_site_url(declared).await?;
        let admin = match self.wants_admin(accounts).await? {
            true => Some((accounts.hash_password(&new_admin).await?, new_admin)),
            false => None,
        };
        let default_group = self.policies.default_group_id().await?;
        let mut tx = self.db.begin_alone().await?;
        // Another primary that was started with the same variables may have been first.
        let admin = match admin {
            Some(_) if accounts.has_users_in(&mut tx).await? => None,
            admin => admin,
        };
        if let Some((hash, new)) = &admin {
            if declared.admin.password.is_none() {
                show_password(&declared.admin, new);
            }
            // Where another default group is declared, the administrator has none until it is there: what is uploaded
            // before would stay on this machine's disk, where nobody expects it.
            let waits =
                declared.file.as_ref().is_some_and(|file| file.groups.iter().any(|group| group.is_default));
            let group = default_group.filter(|_| !waits);
            let account = accounts.set_up_in(&mut tx, new, hash, group).await?;
            self.made(&mut tx, Kind::Administrator, new.username(), Some(account.id)).await?;
        } else {
            self.leave_admin(&mut tx, &declared.admin).await?;
        }
        if let Some(file) = &declared.file {
            for node in &file.nodes {
                self.declare_node(&mut tx, node).await?;
            }
            self.note_rest(&mut tx, file, default_group).await?;
        }
        tx.commit().await?;
        let done = self.steps().await?.into_iter().filter(|step| step.state == State::Done);
        for step in done.filter(|step| before.iter().all(|old| old.key() != step.key())) {
            steps::tell_done(&step);
        }
        Ok(())
    }

    /// Whether the administrator still has to be made.
    async fn wants_admin(&self, accounts: &Accounts) -> Result<bool, BootstrapError> {
        Ok(!accounts.has_users().await?)
    }

    async fn leave_admin(&self, tx: &mut Tx, admin: &DeclaredAdmin) -> Result<(), BootstrapError> {
        if store::any_of(tx, Kind::Administrator).await? {
            return Ok(());
        }
        let why = "there is a user already, so the declared administrator was not made";
        self.left_out(tx, Kind::Administrator, &admin.username, why).await
    }

    async fn declare_site_url(&self, declared: &DeclaredBootstrap) -> Result<(), BootstrapError> {
        let known = self.steps().await?.iter().any(|step| step.kind == Kind::PublicSiteUrl);
        let taken = match declared.public_site_url.as_slice() {
            _ if known => return Ok(()),
            [] => {
                let followers = declared.file.as_ref().is_some_and(|file| !file.nodes.is_empty());
                if followers && self.settings.public_site_url().is_none() {
                    return Err(Mistakes::no_site_url().into());
                }
                return Ok(());
            }
            addresses => self.settings.declare_public_site_urls(addresses).await?,
        };
        let name = "public_site_url";
        let mut tx = self.db.begin_alone().await?;
        if store::any_of(&mut tx, Kind::PublicSiteUrl).await? {
            return Ok(());
        }
        if taken {
            self.made(&mut tx, Kind::PublicSiteUrl, name, None).await?;
        } else {
            let why = "public_site_url was set already and stays as it is";
            self.left_out(&mut tx, Kind::PublicSiteUrl, name, why).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn declare_node(&self, tx: &mut Tx, node: &DeclaredNode) -> Result<(), BootstrapError> {
        if store::put(tx, Kind::Node, "", &node.name, "").await? == Opened::AlreadyDone {
            return Ok(());
        }
        let made = match new_node(node).check() {
            Ok(new) => self.nodes.create_with_token_in(tx, new, &node.token, Timestamp::now()).await,
            Err(error) => Err(error.into()),
        };
        match made {
            Ok(id) => self.made(tx, Kind::Node, &node.name, Some(id)).await,
            Err(EnrollmentError::Node(NodeError::Database(error))) => Err(error.into()),
            // The token is not kept, so only a start with the variables can try this again.
            Err(error) => {
                let why = format!("{error}. Mend it and start again with the bootstrap variables");
                tracing::error!("declared bootstrap: node `{}` was not made: {why}", node.name);
                Ok(store::note(tx, (Kind::Node, "", &node.name), State::Failed, &why).await?)
            }
        }
    }

    /// Notes targets, policies and groups for the second phase.
    async fn note_rest(
        &self,
        tx: &mut Tx,
        file: &DeclaredFile,
        default_group: Option<i64>,
    ) -> Result<(), BootstrapError> {
        let mut declared = Vec::new();
        for node in &file.nodes {
            declared.push((Kind::Node, "", node.name.as_str()));
            for target in &node.targets {
                self.note_step(tx, Kind::Target, &node.name, &target.name, target).await?;
                declared.push((Kind::Target, &node.name, &target.name));
            }
        }
        for policy in &file.policies {
            self.note_step(tx, Kind::Policy, "", &policy.name, policy).await?;
            declared.push((Kind::Policy, "", &policy.name));
        }
        for group in &file.groups {
            self.note_step(tx, Kind::Group, "", &group.name, group).await?;
            declared.push((Kind::Group, "", &group.name));
            if group.is_default {
                self.note_step(tx, Kind::DefaultGroup, "", &group.name, &default_group).await?;
                declared.push((Kind::DefaultGroup, "", &group.name));
            }
        }
        Ok(store::forget_undeclared(tx, &declared).await?)
    }

    async fn note_step(
        &self,
        tx: &mut Tx,
        kind: Kind,
        node: &str,
        name: &str,
        wanted: &impl Serialize,
    ) -> Result<(), BootstrapError> {
        let text = SecretString::from(serde_json::to_string(wanted)?);
        let sealed = self.sealing_key.seal(&steps::seal_context(kind, node, name), &text);
        store::put(tx, kind, node, name, &sealed).await?;
        Ok(())
    }

    /// Writes, in the transaction that made it, that something without a node is done.
    async fn made(&self, tx: &mut Tx, kind: Kind, name: &str, id: Option<i64>) -> Result<(), BootstrapError> {
        store::put(tx, kind, "", name, "").await?;
        Ok(close(tx, (kind, "", name), Closing::Made(id)).await?)
    }

    async fn left_out(&self, tx: &mut Tx, kind: Kind, name: &str, why: &str) -> Result<(), BootstrapError> {
        store::put(tx, kind, "", name, "").await?;
        Ok(close(tx, (kind, "", name), Closing::LeftOut(why)).await?)
    }
}

/// How a step ends.
#[derive(Debug, Clone)]
enum Closing<'a> {
    /// Made, with the id of what was made if it has one.
    Made(Option<i64>),
    /// Not made, for a reason that will not change.
    LeftOut(&'a str),
}

/// Marks a step as done and tells the audit trail, in the transaction that did it.
async fn close(tx: &mut Tx, key: store::Key<'_>, closing: Closing<'_>) -> Result<(), sqlx::Error> {
    let (kind, node, name) = key;
    let (action, object_id, message) = match closing {
        Closing::Made(id) => (kind.action(), id, ""),
        Closing::LeftOut(why) => (Action::LeaveOut, None, why),
    };
    store::done(tx, key, object_id, message).await?;
    let shown = if node.is_empty() { name.to_owned() } else { format!("{node}/{name}") };
    let entry = NewEntry {
        by: Actor::default(),
        action,
        entity: kind.entity(),
        entity_id: object_id,
        entity_name: &shown,
        details: if message.is_empty() { "declared bootstrap" } else { message },
    };
    audit::record_in(tx, &entry).await
}

fn new_node(node: &DeclaredNode) -> NewNode {
    NewNode {
        name: node.name.clone(),
        namespace: node.namespace.clone(),
        base_url: node.base_url.clone(),
        is_enabled: true,
    }
}

/// A password for an administrator who declared none.
fn generated_password() -> SecretString {
    random_token("", 12)
}

/// Shown before the account is committed: a crash in between shows a second one at the next start, and the last one
/// counts. The other order could leave an account whose password nobody has seen.
fn show_password(admin: &DeclaredAdmin, new: &NewAccount) {
    let text = format!(
        "GENERATED PASSWORD of the administrator `{}`: {}   (shown this once; change it after the first login)",
        admin.username,
        new.password().expose_secret()
    );
    if tracing::enabled!(tracing::Level::WARN) {
        tracing::warn!("{text}");
    } else {
        // With warnings off, the log would swallow it. With no output at all, nobody could read it anyway.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}
