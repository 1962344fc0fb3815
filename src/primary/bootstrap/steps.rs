//! A step: one thing that the declared bootstrap makes, and how far that is.

use std::fmt;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Serialize;

use crate::primary::audit::{Action, Entity};
use crate::protocol::Timestamp;

/// What a step makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BootstrapKind")]
pub enum Kind {
    /// The first user.
    Administrator,
    /// The setting of that name.
    PublicSiteUrl,
    /// A node with its token.
    Node,
    /// An ingress target at a node's follower.
    Target,
    /// A storage policy.
    Policy,
    /// A policy group.
    Group,
    /// The choice of the default group.
    DefaultGroup,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BootstrapState")]
pub enum State {
    /// It waits for something, or for its turn.
    Pending,
    /// The last try failed; another one follows.
    Failed,
    /// Made, or left out for a reason that will not change. Never done again.
    Done,
}

/// One thing to make.
#[derive(Debug, Clone)]
pub struct Step {
    /// What.
    pub kind: Kind,
    /// Declared name of the node of an ingress target; empty for everything else.
    pub node: String,
    /// Declared name.
    pub name: String,
    /// How far it is.
    pub state: State,
    /// What it waits for, why it failed, why it was left out; empty when there is nothing to say.
    pub message: String,
    /// Id of what was made (for an ingress target, of its node); `None` while it is not made, or when it was left out.
    pub object_id: Option<i64>,
    /// When state or message last changed.
    pub since: Timestamp,
    pub(super) wanted_sealed: SecretString,
}

impl Kind {
    /// The word in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::PublicSiteUrl => "public_site_url",
            Self::Node => "node",
            Self::Target => "target",
            Self::Policy => "policy",
            Self::Group => "group",
            Self::DefaultGroup => "default_group",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        const ALL: [Kind; 7] = [
            Kind::Administrator,
            Kind::PublicSiteUrl,
            Kind::Node,
            Kind::Target,
            Kind::Policy,
            Kind::Group,
            Kind::DefaultGroup,
        ];
        ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    pub(super) fn entity(self) -> Entity {
        match self {
            Self::Administrator => Entity::User,
            Self::PublicSiteUrl => Entity::Setting,
            Self::Node => Entity::Node,
            Self::Target => Entity::IngressTarget,
            Self::Policy => Entity::Policy,
            Self::Group | Self::DefaultGroup => Entity::PolicyGroup,
        }
    }

    pub(super) fn action(self) -> Action {
        match self {
            Self::PublicSiteUrl | Self::DefaultGroup => Action::Change,
            _ => Action::Create,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PublicSiteUrl => "public site URL",
            Self::Target => "ingress target",
            Self::Policy => "storage policy",
            Self::Group => "policy group",
            Self::DefaultGroup => "default group",
            other => other.as_str(),
        })
    }
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Done => "done",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        match word {
            "done" => Self::Done,
            "failed" => Self::Failed,
            _ => Self::Pending,
        }
    }
}

impl Step {
    pub(super) fn key(&self) -> super::store::Key<'_> {
        (self.kind, &self.node, &self.name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)?;
        if self.node.is_empty() { Ok(()) } else { write!(f, " of node `{}`", self.node) }
    }
}

/// Logs the end of a step.
pub(super) fn tell_done(step: &Step) {
    if step.message.is_empty() {
        tracing::info!("declared bootstrap: {step} is made");
    } else {
        tracing::warn!("declared bootstrap: {step} is left out: {}", step.message);
    }
}

/// What is noted for a step opens only in its own row.
pub(super) fn seal_context(kind: Kind, node: &str, name: &str) -> String {
    format!("bootstrap_steps.wanted/{}/{node}/{name}", kind.as_str())
}
