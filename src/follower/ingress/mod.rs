//! Ingress targets: where received objects go (wire contract §6; called ingress targets on the wire).
//!
//! Owns the rules for making, changing and removing targets, the revisions, and the one place where a target is
//! opened. A change is applied (its directory made and opened) before it is written down, so the row says in one
//! transaction what was asked and what came of it.

pub(super) mod api;
mod path;
mod store;

use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::config::{Durability, FollowerConfig};
use crate::db::{Db, Tx};
use crate::protocol::{
    CreateIngressTarget, IngressDriver, IngressTarget, Namespace, Timestamp, UpdateIngressTarget,
    random_token,
};
use crate::storage::local::LocalStore;
use crate::storage::{ErrorKind, SharedStore, StorageError};

/// Longest name in characters, far above what a person types.
const MAX_NAME_CHARS: usize = 255;

/// Why a target cannot be made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum IngressError {
    /// The database answered with an error.
    #[error("the ingress targets cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored row is not one this program writes.
    #[error("the stored ingress target is damaged: {0}")]
    Damaged(String),
    /// A member that has the right type but no sense.
    #[error("{0}")]
    Invalid(String),
    /// A `base_path` that is no relative path below the ingress root.
    #[error(
        "base_path `{path}` {why}; give a relative path below this follower's ingress root, for example `tenant-a`"
    )]
    LocalPath {
        /// As it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A kind of back end that this follower lacks.
    #[error("driver_type `{0}` is not supported: this follower has local targets only; use `local`")]
    DriverUnsupported(String),
    /// No target has this key.
    #[error("there is no ingress target `{0}`")]
    NotFound(String),
    /// The default flag cannot be taken away, only given to another target.
    #[error("this profile is the default; make another profile the default instead")]
    DefaultUpdateRequiresReplacement,
    /// The default cannot be removed while others exist.
    #[error("this profile is the default; make another profile the default first")]
    DefaultDeleteRequiresReplacement,
}

/// Where this follower's local targets lie.
#[derive(Debug, Clone)]
pub(super) struct IngressRoot {
    root: PathBuf,
    durability: Durability,
}

impl IngressRoot {
    pub(super) fn from_config(follower: &FollowerConfig) -> Self {
        Self { root: follower.managed_ingress_local_root.clone(), durability: follower.durability }
    }

    /// Opens the directory of a target, which is made when missing, for the objects of `namespace`.
    pub(super) async fn open_target(
        &self,
        base_path: &str,
        namespace: &Namespace,
    ) -> Result<SharedStore, StorageError> {
        let (root, durability) = (self.root.clone(), self.durability);
        let (base_path, namespace) = (base_path.to_owned(), namespace.clone());
        let open = move || LocalStore::open_beneath(&root, &base_path, Some(&namespace), durability);
        let store = tokio::task::spawn_blocking(open).await.map_err(|error| {
            StorageError::new(ErrorKind::Unknown, "opening the target was interrupted").with_source(error)
        })??;
        Ok(std::sync::Arc::new(store))
    }
}

/// What a target is to be, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    base_path: String,
    max_file_size: i64,
}

impl Wanted {
    fn check(name: &str, base_path: &str, max_file_size: i64) -> Result<Self, IngressError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            let message = format!("name must have 1 to {MAX_NAME_CHARS} characters");
            return Err(IngressError::Invalid(message));
        }
        if max_file_size < 0 {
            let message =
                format!("max_file_size is {max_file_size}; use 0 for unlimited, or a number of bytes");
            return Err(IngressError::Invalid(message));
        }
        let base_path = path::normalize(base_path)?;
        Ok(Self { name: name.to_owned(), base_path, max_file_size })
    }
}

/// What applying a change came to: the reason of the failure, or nothing.
async fn apply(root: &IngressRoot, base_path: &str, namespace: &Namespace) -> Option<String> {
    let error = root.open_target(base_path, namespace).await.err()?;
    tracing::warn!(base_path, "the ingress target cannot be applied: {error}");
    Some(error.to_string())
}

/// All targets, the default first, then the newest.
pub(super) async fn list(db: &Db) -> Result<Vec<IngressTarget>, IngressError> {
    store::list(db.read()).await?.into_iter().map(store::Row::into_target).collect()
}

/// Makes a target; the first one becomes the default whatever was asked. A directory that cannot be used is no error
/// here: the target says so in `last_error`.
async fn create(
    db: &Db,
    root: &IngressRoot,
    namespace: &Namespace,
    asked: &CreateIngressTarget,
) -> Result<IngressTarget, IngressError> {
    if asked.driver_type != IngressDriver::Local {
        return Err(IngressError::DriverUnsupported(asked.driver_type.as_str().to_owned()));
    }
    let wanted = Wanted::check(&asked.name, &asked.base_path, asked.max_file_size)?;
    let failure = apply(root, &wanted.base_path, namespace).await;
    let mut tx = db.begin().await?;
    let is_first = store::list(&mut *tx).await?.is_empty();
    let is_default = is_first || asked.is_default;
    if is_default {
        store::clear_default(&mut tx).await?;
    }
    let now = Timestamp::now();
    let target = IngressTarget {
        profile_key: random_token("igp_", 16).expose_secret().to_owned(),
        name: wanted.name,
        driver_type: IngressDriver::Local,
        endpoint: String::new(),
        bucket: String::new(),
        base_path: wanted.base_path,
        max_file_size: wanted.max_file_size,
        is_default,
        desired_revision: 1,
        applied_revision: i64::from(failure.is_none()),
        last_error: failure.unwrap_or_default(),
        created_at: now.to_rfc3339(),
        updated_at: now.to_rfc3339(),
    };
    store::insert(&mut tx, &target, now.unix_ms()).await?;
    tx.commit().await?;
    Ok(target)
}

/// Changes a target and applies it again, also when nothing differs.
async fn update(
    db: &Db,
    root: &IngressRoot,
    namespace: &Namespace,
    profile_key: &str,
    asked: &UpdateIngressTarget,
) -> Result<IngressTarget, IngressError> {
    let present = find(db, profile_key).await?;
    if let Some(driver) = asked.driver_type.as_deref().filter(|driver| *driver != "local") {
        return Err(IngressError::DriverUnsupported(driver.chars().take(40).collect()));
    }
    if asked.is_default == Some(false) && present.is_default {
        return Err(IngressError::DefaultUpdateRequiresReplacement);
    }
    let wanted = Wanted::check(
        asked.name.as_deref().unwrap_or(&present.name),
        asked.base_path.as_deref().unwrap_or(&present.base_path),
        asked.max_file_size.unwrap_or(present.max_file_size),
    )?;
    let failure = apply(root, &wanted.base_path, namespace).await;
    let desired_revision = present.desired_revision + 1;
    let now = Timestamp::now();
    let target = IngressTarget {
        name: wanted.name,
        base_path: wanted.base_path,
        max_file_size: wanted.max_file_size,
        is_default: present.is_default || asked.is_default == Some(true),
        desired_revision,
        applied_revision: if failure.is_none() { desired_revision } else { present.applied_revision },
        last_error: failure.unwrap_or_default(),
        updated_at: now.to_rfc3339(),
        ..present
    };
    let mut tx = db.begin().await?;
    if target.is_default {
        store::clear_default(&mut tx).await?;
    }
    save(&mut tx, &target, now).await?;
    tx.commit().await?;
    Ok(target)
}

/// Removes a target, not its data.
async fn delete(db: &Db, profile_key: &str) -> Result<(), IngressError> {
    let targets = list(db).await?;
    let target = targets
        .iter()
        .find(|target| target.profile_key == profile_key)
        .ok_or_else(|| IngressError::NotFound(profile_key.to_owned()))?;
    if target.is_default && targets.len() > 1 {
        return Err(IngressError::DefaultDeleteRequiresReplacement);
    }
    let mut tx = db.begin().await?;
    store::delete(&mut tx, profile_key).await?;
    Ok(tx.commit().await?)
}

/// Applies again what could not be applied when it was asked; for the start and for SIGHUP.
pub(super) async fn apply_owed(
    db: &Db,
    root: &IngressRoot,
    namespace: &Namespace,
) -> Result<(), IngressError> {
    for mut target in list(db).await? {
        if target.applied_revision >= target.desired_revision {
            continue;
        }
        let failure = apply(root, &target.base_path, namespace).await;
        if failure.is_none() {
            target.applied_revision = target.desired_revision;
        }
        target.last_error = failure.unwrap_or_default();
        let mut tx = db.begin().await?;
        save(&mut tx, &target, Timestamp::now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn save(tx: &mut Tx, target: &IngressTarget, now: Timestamp) -> Result<(), IngressError> {
    Ok(store::update(tx, target, now.unix_ms()).await?)
}

async fn find(db: &Db, profile_key: &str) -> Result<IngressTarget, IngressError> {
    let targets = list(db).await?;
    targets
        .into_iter()
        .find(|target| target.profile_key == profile_key)
        .ok_or_else(|| IngressError::NotFound(profile_key.chars().take(80).collect()))
}
