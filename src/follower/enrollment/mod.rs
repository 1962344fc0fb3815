//! Enrollment, the follower's side (wire contract §2.3): redeem a token, write the binding, acknowledge.
//!
//! One call is one try; whoever calls decides about another. A process that dies between any two steps leaves a state
//! that the next try, or the acknowledgement in the background, completes.

mod exchange;

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use secrecy::{ExposeSecret, SecretString};

use self::exchange::Failure;
use super::Follower;
pub use super::binding::BindingSummary;
use super::binding::{self, Binding, BindingError, NewBinding, checked_name};
use crate::config::SealingKey;
use crate::db::Db;
use crate::protocol::{
    ACK_PATH, BaseUrl, Namespace, REDEEM_PATH, RedeemReply, TOKEN_COMPLETED, TOKEN_EXPIRED, TOKEN_REPLACED,
    Timestamp, sha256_hex,
};
use crate::storage::remote::transport::Transport;

/// Longest pause between two tries to acknowledge.
const MAX_ACK_PAUSE: Duration = Duration::from_secs(300);

/// Enrolls this follower with a primary.
#[derive(Debug, Clone)]
pub struct Enroller {
    db: Db,
    sealing_key: SealingKey,
    transport: Transport,
}

/// A binding that is in place.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// Name the primary gave this follower.
    pub name: String,
    /// Directory below an ingress target that holds the objects.
    pub namespace: Namespace,
    /// Whether the follower serves object requests.
    pub is_enabled: bool,
    /// What came of the acknowledgement.
    pub acknowledgement: Acknowledgement,
}

/// What a primary said to an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// The enrollment is complete on both ends.
    Accepted,
    /// It did not arrive, for this reason; [`Follower::settle_pending_ack`] repeats it.
    Owed(String),
    /// The primary will never accept it (a newer token took its place). The binding stays; a new token completes it.
    Refused(String),
}

/// Why a primary refused a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// A newer token was made.
    Replaced,
    /// The token was used and acknowledged.
    Completed,
    /// More than 30 minutes old.
    Expired,
    /// Anything else, for example a token that was never made.
    Other,
}

/// Why an enrollment did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The primary answered and said no.
    #[error("the primary refuses the enrollment: {message}")]
    Refused {
        /// The primary's words.
        message: String,
        /// Which of the known cases.
        reason: RefusalReason,
    },
    /// No answer; the same call may succeed later.
    #[error("the primary cannot be reached: {0}")]
    Unreachable(String),
    /// What answers is no primary.
    #[error("this is not the primary: {0}; check the address")]
    NotThePrimary(String),
    /// The follower belongs to somebody else.
    #[error(
        "this follower belongs to the primary at {bound_to}, and one follower has one primary; use another data directory for another primary"
    )]
    OtherPrimary {
        /// Address of its primary.
        bound_to: String,
    },
    /// The token is for another node of the primary that this follower belongs to.
    #[error(
        "this follower is enrolled with that primary as `{name}`, and the token is for another node. Use it on another follower; to make this one a new node, start it with an empty data directory"
    )]
    OtherNode {
        /// Name of the node it is.
        name: String,
    },
    /// The primary's answer cannot be used.
    #[error("the primary's answer cannot be used: {0}")]
    Invalid(String),
    /// The binding could not be read or written.
    #[error(transparent)]
    Database(BindingError),
}

impl EnrollError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl From<BindingError> for EnrollError {
    fn from(error: BindingError) -> Self {
        match error {
            BindingError::OtherPrimary { bound_to } => Self::OtherPrimary { bound_to },
            BindingError::OtherNode { name } => Self::OtherNode { name },
            BindingError::OtherSecret | BindingError::Name => Self::Invalid(error.to_string()),
            other => Self::Database(other),
        }
    }
}

impl From<sqlx::Error> for EnrollError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The binding that this database has, if any.
pub async fn existing(db: &Db) -> Result<Option<BindingSummary>, BindingError> {
    binding::summary(db).await
}

impl Enroller {
    /// An enroller that writes to `db` and calls through `transport`.
    pub fn new(db: Db, sealing_key: SealingKey, transport: Transport) -> Self {
        Self { db, sealing_key, transport }
    }

    /// One try: redeems `token` at `master_url`, writes the binding together with the owed acknowledgement, then
    /// acknowledges. At most 10 s for each of the two calls. Repeating it with the same token is harmless.
    pub async fn enroll(&self, master_url: &BaseUrl, token: &SecretString) -> Result<Enrolled, EnrollError> {
        if let Some(present) = existing(&self.db).await?.filter(|present| !present.is_for(master_url)) {
            return Err(EnrollError::OtherPrimary { bound_to: present.master_url });
        }
        let token = SecretString::from(token.expose_secret().trim());
        if token.expose_secret().is_empty() {
            return Err(EnrollError::Invalid("the enrollment token is blank".into()));
        }
        let reply = self.redeem(master_url, &token).await?;
        let new = checked(reply, master_url, &token)?;
        let mut tx = self.db.begin().await?;
        let binding = binding::save_enrollment(&mut tx, &self.sealing_key, &new, Timestamp::now()).await?;
        tx.commit().await?;
        let acknowledgement =
            acknowledge(&self.db, &self.sealing_key, &self.transport, master_url, &new.ack_token).await?;
        Ok(Enrolled {
            name: binding.name,
            namespace: binding.namespace,
            is_enabled: binding.is_enabled,
            acknowledgement,
        })
    }

    async fn redeem(&self, primary: &BaseUrl, token: &SecretString) -> Result<RedeemReply, EnrollError> {
        match exchange::post(&self.transport, primary, REDEEM_PATH, "token", token).await {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(EnrollError::NotThePrimary(format!("{primary} answered without `data`"))),
            Err(Failure::Unreachable(reason)) => Err(EnrollError::Unreachable(reason)),
            Err(Failure::NotThePrimary(what)) => Err(EnrollError::NotThePrimary(what)),
            Err(Failure::Refused(message)) => {
                let reason = reason_of(&message);
                Err(EnrollError::Refused { message, reason })
            }
        }
    }
}

/// The three texts are constants of the protocol (§2.1).
fn reason_of(message: &str) -> RefusalReason {
    match message {
        TOKEN_REPLACED => RefusalReason::Replaced,
        TOKEN_COMPLETED => RefusalReason::Completed,
        TOKEN_EXPIRED => RefusalReason::Expired,
        _ => RefusalReason::Other,
    }
}

fn checked(
    reply: RedeemReply,
    enrolled_through: &BaseUrl,
    token: &SecretString,
) -> Result<NewBinding, EnrollError> {
    let blank = |member: &str| EnrollError::Invalid(format!("{member} is blank"));
    let access_key = reply.access_key.trim().to_owned();
    if access_key.is_empty() {
        return Err(blank("access_key"));
    }
    for (member, secret) in [("secret_key", &reply.secret_key), ("ack_token", &reply.ack_token)] {
        if secret.expose_secret().trim().is_empty() {
            return Err(blank(member));
        }
    }
    let master_url = BaseUrl::parse(&reply.master_url)
        .map_err(|error| EnrollError::Invalid(format!("master_url: {error}")))?;
    let namespace = reply.namespace.as_deref().map(Namespace::parse).transpose().unwrap_or_else(|error| {
        tracing::warn!("the primary's namespace is not used, a random one takes its place: {error}");
        None
    });
    Ok(NewBinding {
        name: checked_name(&reply.remote_node_name)?.to_owned(),
        master_url,
        enrolled_through: enrolled_through.clone(),
        access_key,
        secret_key: SecretString::from(reply.secret_key.expose_secret().trim()),
        namespace,
        is_enabled: reply.is_enabled,
        ack_token: reply.ack_token,
        token_hash: sha256_hex(token.expose_secret()),
        replaces: reply.replaces_access_keys,
    })
}

/// Sends the acknowledgement once, and notes that it is no longer owed once the primary has decided.
async fn acknowledge(
    db: &Db,
    sealing_key: &SealingKey,
    transport: &Transport,
    primary: &BaseUrl,
    ack_token: &SecretString,
) -> Result<Acknowledgement, BindingError> {
    let sent =
        exchange::post::<serde::de::IgnoredAny>(transport, primary, ACK_PATH, "ack_token", ack_token).await;
    let outcome = match sent {
        Ok(_) => Acknowledgement::Accepted,
        Err(Failure::Refused(message)) => Acknowledgement::Refused(message),
        Err(Failure::Unreachable(reason) | Failure::NotThePrimary(reason)) => {
            return Ok(Acknowledgement::Owed(reason));
        }
    };
    binding::clear_pending_ack(db, sealing_key, ack_token, Timestamp::now()).await?;
    Ok(outcome)
}

impl Follower {
    /// Repeats an owed acknowledgement, with growing pauses, until the primary accepts or refuses it; returns at once
    /// when none is owed. Meant to run beside the service, after the start and after each reload.
    pub async fn settle_pending_ack(&self, transport: Transport) {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(MAX_ACK_PAUSE)
            .without_max_times()
            .with_jitter()
            .build();
        loop {
            let reason = match self.try_to_settle(&transport).await {
                Ok(Acknowledgement::Accepted) => return,
                Ok(Acknowledgement::Refused(message)) => {
                    tracing::warn!(
                        "the primary refuses the acknowledgement of the enrollment: {message}; create a new enrollment token there"
                    );
                    return;
                }
                Ok(Acknowledgement::Owed(reason)) => reason,
                Err(error) => error.to_string(),
            };
            let pause = pauses.next().unwrap_or(MAX_ACK_PAUSE);
            tracing::warn!(
                "the enrollment is not acknowledged yet: {reason}; next try in {} s",
                pause.as_secs()
            );
            tokio::time::sleep(pause).await;
        }
    }

    /// One try, at each address the primary is known under. Nothing owed counts as accepted.
    async fn try_to_settle(&self, transport: &Transport) -> Result<Acknowledgement, BindingError> {
        let Some(Binding { pending_ack: Some(ack_token), master_url, enrolled_through, .. }) =
            binding::load(self.db(), self.sealing_key()).await?
        else {
            return Ok(Acknowledgement::Accepted);
        };
        let mut outcome = Acknowledgement::Owed("the stored addresses of the primary are unusable".into());
        for address in [enrolled_through, master_url] {
            let Ok(address) = BaseUrl::parse(&address) else { continue };
            outcome = acknowledge(self.db(), self.sealing_key(), transport, &address, &ack_token).await?;
            if !matches!(outcome, Acknowledgement::Owed(_)) {
                break;
            }
        }
        Ok(outcome)
    }
}
