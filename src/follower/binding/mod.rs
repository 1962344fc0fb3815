//! The binding: which primary this follower belongs to, under which name and keys, and whether it may be used.
//!
//! There is at most one. Enrollment makes it or brings it up to date, the primary renames, enables and disables it.
//! Only a re-enrollment of the same node changes its keys; nothing removes it or changes its namespace.

pub(super) mod api;
mod store;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{SealError, SealingKey};
use crate::db::{Db, Tx};
use crate::protocol::{BaseUrl, BindingUpdate, Namespace, Timestamp, sha256_hex};

const SECRET_KEY: &str = "binding.secret_key";
const PENDING_ACK: &str = "binding.pending_ack";
/// Longest name in characters, far above what a person types.
const MAX_NAME_CHARS: usize = 255;

/// The row as the service uses it.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) name: String,
    /// Public origin of the primary.
    pub(super) master_url: String,
    /// Address the enrollment was made through; inside a container network not the public one.
    pub(super) enrolled_through: String,
    pub(super) access_key: String,
    pub(super) secret_key: SecretString,
    pub(super) namespace: Namespace,
    pub(super) is_enabled: bool,
    /// Acknowledgement that the primary has not yet accepted.
    pub(super) pending_ack: Option<SecretString>,
}

/// What may be shown of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingSummary {
    /// Name the primary gave this follower.
    pub name: String,
    /// Public origin of the primary.
    pub master_url: String,
    /// Address the enrollment was made through.
    pub enrolled_through: String,
    /// Directory below an ingress target that holds the objects.
    pub namespace: String,
    /// Whether the follower serves object requests.
    pub is_enabled: bool,
    /// Whether the primary has not yet accepted the acknowledgement.
    pub ack_owed: bool,
    token_hash: Option<String>,
}

impl BindingSummary {
    /// Whether this token made the binding, or was the last to renew it.
    pub fn is_from(&self, token: &SecretString) -> bool {
        self.token_hash.as_deref() == Some(&*sha256_hex(token.expose_secret().trim()))
    }

    /// Whether the primary at `url` is the one of this binding, by either of the addresses it is known under.
    pub fn is_for(&self, url: &BaseUrl) -> bool {
        [&self.master_url, &self.enrolled_through]
            .into_iter()
            .any(|known| BaseUrl::parse(known).is_ok_and(|known| known == *url))
    }
}

/// What an enrollment brings, already checked.
#[derive(Debug)]
pub(super) struct NewBinding {
    pub(super) name: String,
    pub(super) master_url: BaseUrl,
    pub(super) enrolled_through: BaseUrl,
    pub(super) access_key: String,
    pub(super) secret_key: SecretString,
    /// What the primary chose; without it the follower makes one up.
    pub(super) namespace: Option<Namespace>,
    pub(super) is_enabled: bool,
    pub(super) ack_token: SecretString,
    /// Hex SHA-256 of the token.
    pub(super) token_hash: String,
    /// Access keys that the node had before; a binding with one of them takes the new keys.
    pub(super) replaces: Vec<String>,
}

/// Why a binding cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// The database answered with an error.
    #[error("the binding cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
    /// The stored secret does not open with the configured key.
    #[error(
        "the binding's stored secret cannot be opened; was the sealing key in the configuration changed? {0}"
    )]
    Sealed(#[from] SealError),
    /// The stored row is not one this program writes.
    #[error("the stored binding is damaged: {0}")]
    Damaged(String),
    /// There is no binding yet.
    #[error("this follower is not enrolled")]
    Missing,
    /// Another primary owns this follower.
    #[error("this follower belongs to the primary at {bound_to}")]
    OtherPrimary {
        /// Its address.
        bound_to: String,
    },
    /// The same primary, but the token is for another of its nodes.
    #[error("this follower is enrolled with that primary as `{name}`, and the token is for another node")]
    OtherNode {
        /// Name of the node it is.
        name: String,
    },
    /// The primary knows the access key of the binding with another secret.
    #[error("the primary answered another secret key for the access key this follower has")]
    OtherSecret,
    /// A name that is blank or too long.
    #[error("name must have 1 to {MAX_NAME_CHARS} characters")]
    Name,
}

/// Name, primary, address of the enrollment, and whether an acknowledgement is owed; needs no key.
pub(super) async fn summary(db: &Db) -> Result<Option<BindingSummary>, BindingError> {
    let row = store::find(db.read()).await?;
    Ok(row.map(|row| BindingSummary {
        name: row.name,
        master_url: row.master_url,
        enrolled_through: row.enrolled_through,
        namespace: row.namespace,
        is_enabled: row.is_enabled != 0,
        ack_owed: row.pending_ack_sealed.is_some(),
        token_hash: row.token_hash,
    }))
}

/// The binding, if there is one.
pub(super) async fn load(db: &Db, sealing_key: &SealingKey) -> Result<Option<Binding>, BindingError> {
    let row = store::find(db.read()).await?;
    row.map(|row| open_row(row, sealing_key)).transpose()
}

/// Makes the binding, or updates name, address and flag of the one that has the same keys, or gives new keys to the one
/// that has the node's former ones. The acknowledgement is owed from here on.
pub(super) async fn save_enrollment(
    tx: &mut Tx,
    sealing_key: &SealingKey,
    new: &NewBinding,
    now: Timestamp,
) -> Result<Binding, BindingError> {
    let pending_ack = sealing_key.seal(PENDING_ACK, &new.ack_token);
    let Some(row) = store::find(&mut **tx).await? else {
        let namespace = new.namespace.clone().unwrap_or_else(Namespace::random);
        let row = store::Row {
            name: new.name.clone(),
            master_url: new.master_url.to_string(),
            enrolled_through: new.enrolled_through.to_string(),
            access_key: new.access_key.clone(),
            secret_key_sealed: sealing_key.seal(SECRET_KEY, &new.secret_key),
            namespace: namespace.to_string(),
            is_enabled: i64::from(new.is_enabled),
            pending_ack_sealed: Some(pending_ack),
            token_hash: Some(new.token_hash.clone()),
        };
        store::insert(tx, &row, now.unix_ms()).await?;
        return open_row(row, sealing_key);
    };
    if new.replaces.contains(&row.access_key) {
        // The old secret is not opened: that its sealing key is lost may be the reason for all this.
        let row = store::Row {
            name: new.name.clone(),
            master_url: new.master_url.to_string(),
            access_key: new.access_key.clone(),
            secret_key_sealed: sealing_key.seal(SECRET_KEY, &new.secret_key),
            is_enabled: i64::from(new.is_enabled),
            pending_ack_sealed: Some(pending_ack),
            token_hash: Some(new.token_hash.clone()),
            ..row
        };
        store::update_keys(tx, &row.access_key, &row.secret_key_sealed).await?;
        store::update_enrollment(tx, &row, now.unix_ms()).await?;
        tracing::info!(node.name = row.name, "the binding has new keys; the ones before count no longer");
        return open_row(row, sealing_key);
    }
    let present = open_row(row.clone(), sealing_key)?;
    if present.access_key != new.access_key {
        let same_primary = present.master_url == new.master_url.as_str();
        return Err(if same_primary {
            BindingError::OtherNode { name: present.name }
        } else {
            BindingError::OtherPrimary { bound_to: present.master_url }
        });
    }
    if present.secret_key.expose_secret() != new.secret_key.expose_secret() {
        return Err(BindingError::OtherSecret);
    }
    let row = store::Row {
        name: new.name.clone(),
        master_url: new.master_url.to_string(),
        is_enabled: i64::from(new.is_enabled),
        pending_ack_sealed: Some(pending_ack),
        token_hash: Some(new.token_hash.clone()),
        ..row
    };
    store::update_enrollment(tx, &row, now.unix_ms()).await?;
    open_row(row, sealing_key)
}

/// Notes that the primary accepted `ack_token`, or will never do so. A token that a newer enrollment has put in its
/// place stays owed.
pub(super) async fn clear_pending_ack(
    db: &Db,
    sealing_key: &SealingKey,
    ack_token: &SecretString,
    now: Timestamp,
) -> Result<(), BindingError> {
    let mut tx = db.begin().await?;
    let row = store::find(&mut *tx).await?.ok_or(BindingError::Missing)?;
    let owed = open_row(row, sealing_key)?.pending_ack;
    if owed.is_some_and(|owed| owed.expose_secret() == ack_token.expose_secret()) {
        store::clear_pending_ack(&mut tx, now.unix_ms()).await?;
    }
    Ok(tx.commit().await?)
}

/// What the primary says about name and flag (wire contract §5.2).
async fn apply_update(db: &Db, update: &BindingUpdate, now: Timestamp) -> Result<(), BindingError> {
    let name = checked_name(&update.name)?;
    let mut tx = db.begin().await?;
    if !store::update_by_primary(&mut tx, name, update.is_enabled, now.unix_ms()).await? {
        return Err(BindingError::Missing);
    }
    Ok(tx.commit().await?)
}

/// The name without the white space around it.
pub(super) fn checked_name(name: &str) -> Result<&str, BindingError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(BindingError::Name);
    }
    Ok(name)
}

fn open_row(row: store::Row, sealing_key: &SealingKey) -> Result<Binding, BindingError> {
    let pending_ack =
        row.pending_ack_sealed.map(|sealed| sealing_key.open(PENDING_ACK, &sealed)).transpose()?;
    Ok(Binding {
        name: row.name,
        master_url: row.master_url,
        enrolled_through: row.enrolled_through,
        access_key: row.access_key,
        secret_key: sealing_key.open(SECRET_KEY, &row.secret_key_sealed)?,
        namespace: Namespace::parse(&row.namespace).map_err(|e| BindingError::Damaged(e.to_string()))?,
        is_enabled: row.is_enabled != 0,
        pending_ack,
    })
}
