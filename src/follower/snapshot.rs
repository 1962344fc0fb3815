//! What a request needs to know, opened and ready: one immutable value that control calls replace as a whole.
//!
//! Building it costs SQL, keys and directories; using it costs a pointer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::binding::{self, Binding, BindingError};
use super::ingress::{Ingress, IngressError, TargetRecord};
use crate::protocol::{IngressDriver, IngressTarget, Namespace, Origin, SigningKey};
use crate::storage::{SharedStore, StorageError};

/// How long a target that could not be opened is left alone before a request tries it again.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// The state of the follower at one moment.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    /// `None` before enrollment.
    pub(super) binding: Option<Arc<ActiveBinding>>,
    /// The default target.
    pub(super) target: Target,
    /// The other targets, and a default that is not applied, by their `profile_key`, for requests that name one.
    others: BTreeMap<String, Target>,
}

/// The binding with its keyed HMAC state.
#[derive(Debug)]
pub(super) struct ActiveBinding {
    pub(super) access_key: String,
    pub(super) key: SigningKey,
    /// Which browsers may use presigned URLs; `None` when the primary's address has no web origin.
    pub(super) origin: Option<Origin>,
    pub(super) is_enabled: bool,
    pub(super) namespace: Namespace,
}

/// Where objects go, or why they cannot go anywhere.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Ready(Arc<ReadyTarget>),
    Absent(Absence),
}

/// An opened target.
#[derive(Debug)]
pub(super) struct ReadyTarget {
    pub(super) store: SharedStore,
    /// Largest object in bytes.
    pub(super) max_file_size: Option<u64>,
    opened: IngressTarget,
}

/// Why there is no target, in the order of the wire contract (§5.1).
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Absence {
    #[error("this follower has no ingress target yet; create one on the primary")]
    Required,
    #[error("no ingress target of this follower is the default; make one the default on the primary")]
    DefaultMissing,
    #[error("the default ingress target could not be applied: {0}; correct it on the primary")]
    DefaultError(String),
    #[error(
        "the latest change of the default ingress target is not applied yet; save it again on the primary"
    )]
    DefaultNotApplied,
    #[error("the ingress target `{}` cannot be opened: {}", .0.wanted.target.name, .0.error)]
    Failed(Arc<FailedTarget>),
    #[error(
        "this follower has no ingress target `{0}`; the storage policy on the primary must name another one"
    )]
    Unknown(String),
    #[error("the ingress target `{name}` cannot be used: {reason}; correct it on the primary")]
    Unusable { name: String, reason: String },
}

/// A target that was fine when it was applied and cannot be opened now.
#[derive(Debug)]
pub(super) struct FailedTarget {
    wanted: TargetRecord,
    pub(super) error: StorageError,
    tried_at: Instant,
}

impl ReadyTarget {
    /// What kind of back end it is.
    pub(super) fn driver(&self) -> IngressDriver {
        self.opened.driver_type
    }
}

impl FailedTarget {
    /// What kind of back end it is.
    pub(super) fn driver(&self) -> IngressDriver {
        self.wanted.target.driver_type
    }

    /// Whether the last try is long enough ago for another one.
    pub(super) fn is_due(&self) -> bool {
        self.tried_at.elapsed() >= RETRY_AFTER
    }
}

/// Why the state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The binding.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The targets.
    #[error(transparent)]
    Ingress(#[from] IngressError),
}

impl Snapshot {
    /// Reads binding and targets. The store that `present` has open is kept if it is still the right one.
    pub(super) async fn read(ingress: &Ingress, present: Option<&Self>) -> Result<Self, SnapshotError> {
        let Some(binding) = binding::load(&ingress.db, &ingress.sealing_key).await? else {
            let target = Target::Absent(Absence::Required);
            return Ok(Self { binding: None, target, others: BTreeMap::new() });
        };
        let binding = ActiveBinding::new(binding);
        let records = ingress.list().await?;
        let mut others = BTreeMap::new();
        for record in &records {
            let target = match unusable(&record.target) {
                Some(absence) => Target::Absent(absence),
                // Opened once, below.
                None if record.target.is_default => continue,
                None => kept_or_opened(ingress, present, record.clone(), &binding.namespace).await,
            };
            others.insert(record.target.profile_key.clone(), target);
        }
        let target = match default_of(records) {
            Err(absence) => Target::Absent(absence),
            Ok(wanted) => kept_or_opened(ingress, present, wanted, &binding.namespace).await,
        };
        Ok(Self { binding: Some(Arc::new(binding)), target, others })
    }

    /// The default target, or the one of that `profile_key`.
    pub(super) fn target_of(&self, profile_key: Option<&str>) -> Target {
        let Some(profile_key) = profile_key else { return self.target.clone() };
        if self.target.profile_key() == Some(profile_key) {
            return self.target.clone();
        }
        let unknown = || Target::Absent(Absence::Unknown(profile_key.chars().take(80).collect()));
        self.others.get(profile_key).cloned().unwrap_or_else(unknown)
    }

    /// The same state after another try to open a target that failed.
    pub(super) async fn with_target_tried_again(&self, ingress: &Ingress, failed: &FailedTarget) -> Self {
        let mut next = self.clone();
        if let Some(binding) = &self.binding {
            let target = open(ingress, failed.wanted.clone(), &binding.namespace).await;
            let wanted = &failed.wanted.target;
            if wanted.is_default {
                next.target = target;
            } else {
                next.others.insert(wanted.profile_key.clone(), target);
            }
        }
        next
    }

    /// The open store, if it belongs to this revision of this target. Name and flag may differ.
    fn opened(&self, wanted: &IngressTarget, namespace: &Namespace) -> Option<Arc<ReadyTarget>> {
        // Also when it was the default and is not any more, or the other way round.
        let Target::Ready(ready) = self.target_of(Some(&wanted.profile_key)) else { return None };
        let same_revision = ready.opened.applied_revision == wanted.applied_revision;
        let same_place = self.binding.as_ref().is_some_and(|binding| binding.namespace == *namespace);
        (same_revision && same_place).then_some(ready)
    }
}

impl Target {
    /// What the open target, or the one that cannot be opened, is called in requests.
    fn profile_key(&self) -> Option<&str> {
        match self {
            Self::Ready(ready) => Some(&ready.opened.profile_key),
            Self::Absent(Absence::Failed(failed)) => Some(&failed.wanted.target.profile_key),
            Self::Absent(_) => None,
        }
    }
}

impl ActiveBinding {
    fn new(binding: Binding) -> Self {
        Self {
            key: SigningKey::new(binding.secret_key.expose_secret()),
            origin: Origin::of_url(&binding.master_url).ok(),
            access_key: binding.access_key,
            is_enabled: binding.is_enabled,
            namespace: binding.namespace,
        }
    }
}

fn default_of(records: Vec<TargetRecord>) -> Result<TargetRecord, Absence> {
    if records.is_empty() {
        return Err(Absence::Required);
    }
    let record =
        records.into_iter().find(|record| record.target.is_default).ok_or(Absence::DefaultMissing)?;
    let target = &record.target;
    if !target.last_error.trim().is_empty() {
        return Err(Absence::DefaultError(target.last_error.clone()));
    }
    if target.applied_revision < target.desired_revision {
        return Err(Absence::DefaultNotApplied);
    }
    Ok(record)
}

/// Why a target that a request names cannot be used, as far as its record says.
fn unusable(target: &IngressTarget) -> Option<Absence> {
    let reason = match target.last_error.trim() {
        "" if target.applied_revision >= target.desired_revision => return None,
        "" => "its latest change is not applied yet".to_owned(),
        error => error.to_owned(),
    };
    Some(Absence::Unusable { name: target.name.clone(), reason })
}

async fn kept_or_opened(
    ingress: &Ingress,
    present: Option<&Snapshot>,
    wanted: TargetRecord,
    namespace: &Namespace,
) -> Target {
    match present.and_then(|present| present.opened(&wanted.target, namespace)) {
        Some(ready) => Target::Ready(ready),
        None => open(ingress, wanted, namespace).await,
    }
}

async fn open(ingress: &Ingress, wanted: TargetRecord, namespace: &Namespace) -> Target {
    match ingress.opener.open(&wanted, namespace).await {
        Ok(store) => {
            let opened = wanted.target;
            let max_file_size = u64::try_from(opened.max_file_size).ok().filter(|&size| size > 0);
            Target::Ready(Arc::new(ReadyTarget { store, max_file_size, opened }))
        }
        Err(error) => {
            tracing::error!(
                profile_key = wanted.target.profile_key,
                "the ingress target cannot be opened: {error}"
            );
            Target::Absent(Absence::Failed(Arc::new(FailedTarget {
                wanted,
                error,
                tried_at: Instant::now(),
            })))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(is_default: bool, applied_revision: i64, last_error: &str) -> TargetRecord {
        TargetRecord::local(IngressTarget {
            profile_key: "igp_x".into(),
            name: "main".into(),
            driver_type: IngressDriver::Local,
            endpoint: String::new(),
            bucket: String::new(),
            region: None,
            addressing: None,
            base_path: ".".into(),
            max_file_size: 0,
            is_default,
            desired_revision: 2,
            applied_revision,
            last_error: last_error.into(),
            created_at: String::new(),
            updated_at: String::new(),
        })
    }

    #[test]
    fn a_named_target_must_be_applied_like_the_default() {
        let reason = |record: TargetRecord| unusable(&record.target).map(|absence| absence.to_string());
        assert_eq!(reason(target(false, 2, " ")), None);
        assert!(reason(target(false, 1, "")).is_some_and(|text| text.contains("not applied yet")));
        assert!(reason(target(false, 2, "broken")).is_some_and(|text| text.contains("broken")));
    }

    #[test]
    fn the_reason_for_a_missing_target_follows_the_order_of_the_contract() {
        assert!(matches!(default_of(vec![]), Err(Absence::Required)));
        assert!(matches!(default_of(vec![target(false, 1, "broken")]), Err(Absence::DefaultMissing)));
        assert!(matches!(default_of(vec![target(true, 1, "broken")]), Err(Absence::DefaultError(_))));
        assert!(matches!(default_of(vec![target(true, 1, " ")]), Err(Absence::DefaultNotApplied)));
        assert!(default_of(vec![target(false, 2, "broken"), target(true, 2, "")]).is_ok());
    }
}
