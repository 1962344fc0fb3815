//! Ingress targets: where received objects go (wire contract §6; called ingress profiles on the wire).
//!
//! Owns the rules for making, changing and removing targets, the revisions, and the one place where a target is
//! opened. A change is applied (its directory made and opened) before it is written down, so the row says in one
//! transaction what was asked and what came of it.

pub(super) mod api;
mod opening;
mod path;
mod store;
mod wanted;

use secrecy::{ExposeSecret, SecretString};

pub(super) use self::opening::Opener;
use self::wanted::{Backend, Wanted};
use crate::config::{SealError, SealingKey};
use crate::db::{Db, Tx};
use crate::protocol::{
    CreateIngressTarget, IngressDriver, IngressTarget, Namespace, Timestamp, UpdateIngressTarget,
    random_token,
};

/// Most targets of a follower. Each change of one opens and lists them all.
const MOST_TARGETS: usize = 64;

/// A target with what its description leaves out.
#[derive(Debug, Clone)]
pub(super) struct TargetRecord {
    /// What everybody may see.
    pub(super) target: IngressTarget,
    /// Only for buckets.
    keys: Option<S3Keys>,
}

#[cfg(test)]
impl TargetRecord {
    /// A target without keys.
    pub(super) fn local(target: IngressTarget) -> Self {
        Self { target, keys: None }
    }
}

/// The key pair of a bucket; sealed in the database, never answered.
#[derive(Debug, Clone)]
struct S3Keys {
    access_key: SecretString,
    secret_key: SecretString,
}

/// What the rules of this module work on.
#[derive(Debug, Clone)]
pub(super) struct Ingress {
    pub(super) db: Db,
    pub(super) sealing_key: SealingKey,
    pub(super) opener: Opener,
}

/// Why a target cannot be made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum IngressError {
    /// The database answered with an error.
    #[error("the ingress targets cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored row is not one this program writes.
    #[error("the stored ingress target is damaged: {0}")]
    Damaged(String),
    /// The stored keys of a bucket do not open.
    #[error("the keys of ingress target `{0}` cannot be opened: {1}")]
    Sealed(String, #[source] SealError),
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
    #[error("driver_type `{0}` is not supported; use `local` or `s3`")]
    DriverUnsupported(String),
    /// There are as many as there may be.
    #[error(
        "this follower has {MOST_TARGETS} ingress targets, and may have no more; remove one that is not used"
    )]
    TooMany,
    /// No target has this key.
    #[error("there is no ingress target `{0}`")]
    NotFound(String),
    /// The default flag cannot be taken away, only given to another target.
    #[error("this target is the default; make another target the default instead")]
    DefaultUpdateRequiresReplacement,
    /// The default cannot be removed while others exist.
    #[error("this target is the default; make another target the default first")]
    DefaultDeleteRequiresReplacement,
}

/// What may be shown of a target; needs no key.
#[derive(Debug, Clone)]
pub struct TargetSummary {
    /// For people.
    pub name: String,
    /// Whether it receives the objects.
    pub is_default: bool,
    /// Why it is not as it should be; empty when it is.
    pub last_error: String,
}

/// Every target in the database, the default first.
pub async fn target_summaries(db: &Db) -> Result<Vec<TargetSummary>, IngressError> {
    let rows = store::list(db.read()).await?;
    Ok(rows.into_iter().map(store::Row::into_summary).collect())
}

impl Ingress {
    /// All targets, the default first, then the newest.
    pub(super) async fn list(&self) -> Result<Vec<TargetRecord>, IngressError> {
        let rows = store::list(self.db.read()).await?;
        rows.into_iter().map(|row| row.into_record(&self.sealing_key)).collect()
    }

    /// Makes a target; the first one becomes the default whatever was asked. A place that cannot be used is no error
    /// here: the target says so in `last_error`.
    async fn create(
        &self,
        namespace: &Namespace,
        asked: &CreateIngressTarget,
    ) -> Result<IngressTarget, IngressError> {
        let wanted = Wanted::from_create(asked)?;
        if store::list(self.db.read()).await?.len() >= MOST_TARGETS {
            return Err(IngressError::TooMany);
        }
        let now = Timestamp::now();
        let blank = IngressTarget {
            profile_key: random_token("igp_", 16).expose_secret().to_owned(),
            name: String::new(),
            driver_type: IngressDriver::Local,
            endpoint: String::new(),
            bucket: String::new(),
            region: None,
            addressing: None,
            base_path: String::new(),
            max_file_size: 0,
            is_default: asked.is_default,
            desired_revision: 0,
            applied_revision: 0,
            last_error: String::new(),
            created_at: now.to_rfc3339(),
            updated_at: now.to_rfc3339(),
        };
        let mut record = wanted.over(blank);
        self.apply(&mut record, 1, namespace).await;
        let mut tx = self.db.begin().await?;
        let is_first = store::list(&mut *tx).await?.is_empty();
        record.target.is_default |= is_first;
        if record.target.is_default {
            store::clear_default(&mut tx).await?;
        }
        store::insert(&mut tx, &record, &self.sealing_key, now.unix_ms()).await?;
        tx.commit().await?;
        Ok(record.target)
    }

    /// Changes a target and applies it again, also when nothing differs.
    async fn update(
        &self,
        namespace: &Namespace,
        profile_key: &str,
        asked: &UpdateIngressTarget,
    ) -> Result<IngressTarget, IngressError> {
        let present = self.find(profile_key).await?;
        if asked.is_default == Some(false) && present.target.is_default {
            return Err(IngressError::DefaultUpdateRequiresReplacement);
        }
        let wanted = Wanted::from_update(&present, asked)?;
        let mut record = wanted.over(present.target);
        record.target.is_default |= asked.is_default == Some(true);
        let revision = record.target.desired_revision + 1;
        self.apply(&mut record, revision, namespace).await;
        let mut tx = self.db.begin().await?;
        if record.target.is_default {
            store::clear_default(&mut tx).await?;
        }
        self.save(&mut tx, &mut record).await?;
        tx.commit().await?;
        Ok(record.target)
    }

    /// Removes a target, not its data.
    async fn delete(&self, profile_key: &str) -> Result<(), IngressError> {
        let others = self.list().await?.len() > 1;
        if self.find(profile_key).await?.target.is_default && others {
            return Err(IngressError::DefaultDeleteRequiresReplacement);
        }
        let mut tx = self.db.begin().await?;
        store::delete(&mut tx, profile_key).await?;
        Ok(tx.commit().await?)
    }

    /// Applies again what could not be applied when it was asked; for the start and for SIGHUP.
    pub(super) async fn apply_owed(&self, namespace: &Namespace) -> Result<(), IngressError> {
        for mut record in self.list().await? {
            if record.target.applied_revision >= record.target.desired_revision {
                continue;
            }
            let revision = record.target.desired_revision;
            self.apply(&mut record, revision, namespace).await;
            let mut tx = self.db.begin().await?;
            self.save(&mut tx, &mut record).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Tries out what is wanted as `revision`; the reason of a failure stands in `last_error`.
    async fn apply(&self, record: &mut TargetRecord, revision: i64, namespace: &Namespace) {
        let failure = self.opener.try_out(record, namespace).await.err();
        let target = &mut record.target;
        target.desired_revision = revision;
        target.last_error = match failure {
            None => {
                target.applied_revision = revision;
                String::new()
            }
            Some(error) => {
                tracing::warn!(
                    profile_key = target.profile_key,
                    "the ingress target cannot be applied: {error}"
                );
                error.to_string()
            }
        };
    }

    async fn save(&self, tx: &mut Tx, record: &mut TargetRecord) -> Result<(), IngressError> {
        let now = Timestamp::now();
        record.target.updated_at = now.to_rfc3339();
        Ok(store::update(tx, record, &self.sealing_key, now.unix_ms()).await?)
    }

    async fn find(&self, profile_key: &str) -> Result<TargetRecord, IngressError> {
        let targets = self.list().await?;
        targets
            .into_iter()
            .find(|record| record.target.profile_key == profile_key)
            .ok_or_else(|| IngressError::NotFound(profile_key.chars().take(80).collect()))
    }
}

impl Wanted {
    /// `target` with everything that is wanted in it.
    fn over(self, target: IngressTarget) -> TargetRecord {
        let target = IngressTarget { name: self.name, max_file_size: self.max_file_size, ..target };
        match self.backend {
            Backend::Local { base_path } => TargetRecord {
                target: IngressTarget {
                    driver_type: IngressDriver::Local,
                    endpoint: String::new(),
                    bucket: String::new(),
                    region: None,
                    addressing: None,
                    base_path,
                    ..target
                },
                keys: None,
            },
            Backend::S3 { location, region, addressing, keys } => TargetRecord {
                target: IngressTarget {
                    driver_type: IngressDriver::S3,
                    endpoint: location.endpoint().to_owned(),
                    bucket: location.bucket().to_owned(),
                    region,
                    addressing: Some(addressing),
                    base_path: location.base_path().to_owned(),
                    ..target
                },
                keys: Some(keys),
            },
        }
    }
}
