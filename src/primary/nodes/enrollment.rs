//! How a follower gets the keys of its node: a token is issued, redeemed by the follower, acknowledged by the
//! follower (wire contract §2). The clock is a parameter, so that expiry is a rule and not a matter of waiting.

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::watch;

use super::{CheckedNode, Node, NodeError, Nodes, SealedKeys, store};
use crate::config::SealError;
use crate::db::Tx;
use crate::protocol::{
    AckToken, ENROLLMENT_TOKEN_LIFETIME_SECS, Origin, TOKEN_COMPLETED, TOKEN_EXPIRED, TOKEN_REPLACED,
    Timestamp, random_token, sha256_hex,
};

/// Expiry of a token that does not expire.
const NEVER_MS: i64 = i64::MAX;

/// How far an enrollment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnrollmentStatus {
    /// No token, or only replaced ones.
    NotStarted,
    /// A token waits for its follower.
    Pending,
    /// The follower has the keys, but has not said that it keeps them.
    Redeemed,
    /// The follower is bound.
    Completed,
    /// The token was not used in time.
    Expired,
}

/// The newest enrollment record of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EnrollmentRow {
    pub(super) expires_at: Timestamp,
    pub(super) redeemed_at: Option<Timestamp>,
    pub(super) invalidated_at: Option<Timestamp>,
    pub(super) acked: bool,
}

impl EnrollmentRow {
    /// Of a record that was not acknowledged.
    fn status(&self, now: Timestamp) -> EnrollmentStatus {
        if self.invalidated_at.is_some() {
            EnrollmentStatus::NotStarted
        } else if self.expires_at <= now {
            EnrollmentStatus::Expired
        } else if self.redeemed_at.is_some() {
            EnrollmentStatus::Redeemed
        } else {
            EnrollmentStatus::Pending
        }
    }
}

/// What decides the status of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EnrollmentFacts {
    /// Whether any record was acknowledged.
    pub(super) acked: bool,
    pub(super) newest: Option<EnrollmentRow>,
}

impl EnrollmentFacts {
    /// Wire contract §10.5.
    pub(super) fn status(&self, now: Timestamp) -> EnrollmentStatus {
        match self.newest {
            _ if self.acked => EnrollmentStatus::Completed,
            None => EnrollmentStatus::NotStarted,
            Some(row) => row.status(now),
        }
    }

    /// The status of a token that was made after the node was enrolled.
    pub(super) fn re_enrollment_status(&self, now: Timestamp) -> Option<EnrollmentStatus> {
        let begun = self.newest.filter(|row| self.acked && !row.acked && row.invalidated_at.is_none());
        begun.map(|row| row.status(now))
    }

    pub(super) fn is_completed(&self) -> bool {
        self.acked
    }

    /// Whether some follower may hold the keys.
    pub(super) fn was_redeemed(&self) -> bool {
        self.acked || self.newest.is_some_and(|row| row.redeemed_at.is_some())
    }
}

/// A stored enrollment, found by one of its hashes.
#[derive(Debug, Clone)]
pub(super) struct StoredEnrollment {
    pub(super) id: i64,
    pub(super) node_id: i64,
    pub(super) ack_hash: String,
    pub(super) expires_at: Timestamp,
    pub(super) redeemed: bool,
    pub(super) acked: bool,
    pub(super) invalidated: bool,
    /// The keys it hands out; `None` are the node's own.
    pub(super) new_keys: Option<SealedKeys>,
}

/// Why a token was not issued, redeemed or acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum EnrollmentError {
    /// Nothing was sent.
    #[error("{0} must not be blank")]
    Blank(&'static str),
    /// Nothing has this hash.
    #[error(
        "the {0} is unknown to this primary; create a new enrollment token for the node, or, where a bootstrap file declares the nodes, give both ends the same token"
    )]
    Unknown(&'static str),
    /// A newer token exists.
    #[error("{}", TOKEN_REPLACED)]
    Replaced,
    /// The follower is bound already.
    #[error("{}", TOKEN_COMPLETED)]
    Completed,
    /// Too late.
    #[error("{}", TOKEN_EXPIRED)]
    Expired,
    /// An acknowledgement of keys that were never handed out.
    #[error("the enrollment token has not been redeemed yet; redeem it before acknowledging")]
    NotRedeemed,
    /// Tokens are found by their hash, so two nodes cannot share one.
    #[error("another node has, or had, this enrollment token; each node needs one of its own")]
    TokenTaken,
    /// Followers would not know where their primary is.
    #[error(
        "the setting `public_site_url` is empty; set it to the address under which browsers and followers reach this primary, then try again"
    )]
    NoPublicSiteUrl,
    /// A node that has ever been bound gets a new token only when that is what is meant.
    #[error(
        "remote node `{0}` is enrolled already. If its follower lost its volume or its keys, ask for the token with {{\"re_enroll\": true}}: the follower that redeems it takes the node's place. To enroll another follower, create a new node"
    )]
    AlreadyEnrolled(String),
    /// The node cannot be used.
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl From<sqlx::Error> for EnrollmentError {
    fn from(error: sqlx::Error) -> Self {
        Self::Node(error.into())
    }
}

impl From<SealError> for EnrollmentError {
    fn from(error: SealError) -> Self {
        Self::Node(error.into())
    }
}

/// A fresh token; this is the only time it is seen in the clear.
#[derive(Debug)]
pub struct IssuedToken {
    /// The node it is for.
    pub node: Node,
    /// Where the follower redeems it.
    pub master_url: Origin,
    /// `enr_` + 32 hex digits.
    pub token: SecretString,
    /// Redeemable until then.
    pub expires_at: Timestamp,
}

/// What the follower gets.
#[derive(Debug)]
pub struct Redeemed {
    /// The node it becomes.
    pub node: Node,
    /// Its primary.
    pub master_url: Origin,
    /// `rn_` + 32 hex digits.
    pub access_key: String,
    /// `rns_` + 64 hex digits.
    pub secret_key: SecretString,
    /// The same for every redeem of one token.
    pub ack_token: SecretString,
    /// In a re-enrollment, the access keys that the node had before.
    pub replaces_access_keys: Vec<String>,
}

impl Nodes {
    /// Issues a token for 30 minutes and invalidates the ones before it. An enrolled node gets one only if
    /// `re_enroll` says so; it hands out new keys, which take the place of the old ones when they are acknowledged.
    /// Until then the node works with the old ones.
    pub async fn issue_token(
        &self,
        id: i64,
        re_enroll: bool,
        now: Timestamp,
    ) -> Result<IssuedToken, EnrollmentError> {
        let (token, ack) = (random_token("enr_", 16), random_token("enr_ack_", 16));
        let expires_at = lifetime_from(now);
        let mut tx = self.0.db.begin_alone().await?;
        let node = store::by_id_in(&mut tx, id).await?.ok_or(NodeError::NotFound(id))?;
        if node.is_enrolled() && !re_enroll {
            return Err(EnrollmentError::AlreadyEnrolled(node.name));
        }
        let master_url = self.0.settings.public_site_url().ok_or(EnrollmentError::NoPublicSiteUrl)?;
        let token_hash = sha256_hex(token.expose_secret());
        let ack_hash = sha256_hex(ack.expose_secret());
        store::enrollments::replace(&mut tx, id, &token_hash, &ack_hash, expires_at, now).await?;
        if node.is_enrolled() {
            store::enrollments::set_new_keys(&mut tx, &token_hash, &self.fresh_keys()).await?;
        }
        tx.commit().await?;
        Ok(IssuedToken { node, master_url, token, expires_at })
    }

    /// Creates a node whose token an operator chose, as part of a transaction; gives its id. The token does not expire
    /// before it is used. A refusal leaves nothing in the transaction.
    pub async fn create_with_token_in(
        &self,
        tx: &mut Tx,
        new: CheckedNode,
        token: &SecretString,
        now: Timestamp,
    ) -> Result<i64, EnrollmentError> {
        let hash = sha256_hex(token.expose_secret());
        if store::enrollments::by_token_hash(tx, &hash).await?.is_some() {
            return Err(EnrollmentError::TokenTaken);
        }
        let id = self.create_in(tx, new).await?;
        let ack_hash = sha256_hex(random_token("enr_ack_", 16).expose_secret());
        let never = Timestamp::from_unix_ms(NEVER_MS);
        store::enrollments::replace(tx, id, &hash, &ack_hash, never, now).await?;
        Ok(id)
    }

    /// Changes at each enrollment that is completed from now on.
    pub fn enrollments(&self) -> watch::Receiver<()> {
        self.0.enrollments.subscribe()
    }

    /// Hands out the keys for a token. May be repeated with the same result until acknowledged, replaced or expired.
    pub async fn redeem(&self, token: &str, now: Timestamp) -> Result<Redeemed, EnrollmentError> {
        let token = token.trim();
        if token.is_empty() {
            return Err(EnrollmentError::Blank("token"));
        }
        let mut tx = self.0.db.begin_alone().await?;
        let found = store::enrollments::by_token_hash(&mut tx, &sha256_hex(token)).await?;
        let found = found.ok_or(EnrollmentError::Unknown("enrollment token"))?;
        if found.invalidated {
            return Err(EnrollmentError::Replaced);
        }
        if found.acked {
            return Err(EnrollmentError::Completed);
        }
        if found.expires_at <= now {
            return Err(EnrollmentError::Expired);
        }
        // From its first use on a declared token is like any other.
        let first_use = found.expires_at == Timestamp::from_unix_ms(NEVER_MS);
        let expires_at = if first_use { lifetime_from(now) } else { found.expires_at };
        let master_url = self.0.settings.public_site_url().ok_or(EnrollmentError::NoPublicSiteUrl)?;
        let node =
            store::by_id_in(&mut tx, found.node_id).await?.ok_or(NodeError::NotFound(found.node_id))?;
        let keys = found.new_keys.as_ref().unwrap_or(&node.keys);
        let (access_key, secret_key) = (keys.access_key.clone(), self.secret_of(keys)?);
        let mut replaces_access_keys = Vec::new();
        if found.new_keys.is_some() {
            replaces_access_keys = store::enrollments::former_keys(&mut tx, node.id).await?;
            replaces_access_keys.push(node.keys.access_key.clone());
            replaces_access_keys.retain(|key| *key != access_key);
        }
        store::enrollments::mark_redeemed(&mut tx, found.id, now, expires_at).await?;
        tx.commit().await?;
        tracing::info!(node.id = node.id, "a follower redeemed the node's enrollment token");
        Ok(Redeemed {
            master_url,
            access_key,
            secret_key,
            replaces_access_keys,
            ack_token: AckToken::from_stored_hash(found.ack_hash).to_wire(),
            node,
        })
    }

    /// Completes an enrollment and gives its node. Acknowledging twice is fine, the second time gives `None`; expiry does
    /// not matter any more.
    pub async fn acknowledge(&self, ack_token: &str, now: Timestamp) -> Result<Option<i64>, EnrollmentError> {
        if ack_token.trim().is_empty() {
            return Err(EnrollmentError::Blank("ack_token"));
        }
        let mut tx = self.0.db.begin_alone().await?;
        let hash = AckToken::parse(ack_token);
        let found = store::enrollments::by_ack_hash(&mut tx, hash.stored_hash()).await?;
        let found = found.ok_or(EnrollmentError::Unknown("acknowledgement"))?;
        if found.invalidated {
            return Err(EnrollmentError::Replaced);
        }
        if found.acked {
            return Ok(None);
        }
        if !found.redeemed {
            return Err(EnrollmentError::NotRedeemed);
        }
        store::enrollments::mark_acked(&mut tx, found.id, now).await?;
        if let Some(keys) = &found.new_keys {
            store::enrollments::hand_over(&mut tx, found.id, found.node_id, keys).await?;
        }
        tx.commit().await?;
        tracing::info!(node.id = found.node_id, "the node is enrolled");
        // What was changed between redeem and acknowledgement has yet to reach the follower.
        self.0.undelivered.notify_one();
        self.0.enrollments.send_replace(());
        Ok(Some(found.node_id))
    }
}

fn lifetime_from(now: Timestamp) -> Timestamp {
    now.plus_secs(ENROLLMENT_TOKEN_LIFETIME_SECS)
}

#[cfg(test)]
mod tests;
