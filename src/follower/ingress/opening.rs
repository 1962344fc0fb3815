//! The one place where a target is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::TargetRecord;
use crate::config::{Durability, FollowerConfig};
use crate::protocol::{BucketAddressing, IngressDriver, Namespace};
use crate::storage::local::LocalStore;
use crate::storage::s3::{Addressing, S3Location, S3Settings, S3Store};
use crate::storage::{ErrorKind, SharedStore, StorageError};

/// Longest check of a bucket: whoever asked waits for the answer, 30 s at most.
const CHECK_LIMIT: Duration = Duration::from_secs(20);
/// Longest wait, at the start, for the removal of uploads that an earlier run left unfinished in a bucket.
const SWEEP_LIMIT: Duration = Duration::from_secs(10);

/// One of the two ways to open a directory.
type OpenDirectory = fn(&Path, &str, Option<&Namespace>, Durability) -> Result<LocalStore, StorageError>;

/// What this machine gives to its targets.
#[derive(Debug, Clone)]
pub(in crate::follower) struct Opener {
    root: PathBuf,
    durability: Durability,
    reserved_free_bytes: u64,
    s3_ca_file: Option<PathBuf>,
    s3_silence: Duration,
}

impl Opener {
    pub(in crate::follower) fn from_config(follower: &FollowerConfig) -> Self {
        Self {
            root: follower.managed_ingress_local_root.clone(),
            durability: follower.durability,
            reserved_free_bytes: follower.reserved_free_bytes,
            s3_ca_file: follower.s3_ca_file.clone(),
            s3_silence: follower.s3_silence,
        }
    }

    /// Opens a target that was applied before, for the objects of `namespace`. A local directory is made when missing, and what an earlier run
    /// left unfinished there is removed; a bucket is not contacted.
    pub(in crate::follower) async fn open(
        &self,
        record: &TargetRecord,
        namespace: &Namespace,
    ) -> Result<SharedStore, StorageError> {
        match record.target.driver_type {
            IngressDriver::Local => {
                self.directory(LocalStore::open_existing_beneath, record, namespace).await
            }
            IngressDriver::S3 => Ok(Arc::new(self.bucket(record, namespace)?)),
        }
    }

    /// Finds out whether a target can be used: opens a directory, writes, reads and deletes an object in a bucket.
    pub(super) async fn try_out(
        &self,
        record: &TargetRecord,
        namespace: &Namespace,
    ) -> Result<(), StorageError> {
        match record.target.driver_type {
            IngressDriver::Local => {
                let looked = self.directory(LocalStore::open_beneath, record, namespace).await?.look().await;
                // A full disk is a passing state of a target that is set up well.
                looked.or_else(|error| if error.kind() == ErrorKind::Full { Ok(()) } else { Err(error) })
            }
            IngressDriver::S3 => {
                let store = self.bucket(record, namespace)?;
                let checked = tokio::time::timeout(CHECK_LIMIT, store.check()).await;
                checked.unwrap_or_else(|_| {
                    let text = format!("the bucket did not answer within {} s", CHECK_LIMIT.as_secs());
                    Err(StorageError::new(ErrorKind::Transient, text))
                })
            }
        }
    }

    /// Looks at a target that is applied but not in use. A bucket is not contacted.
    pub(super) async fn look(
        &self,
        record: &TargetRecord,
        namespace: &Namespace,
    ) -> Result<(), StorageError> {
        match record.target.driver_type {
            IngressDriver::Local => {
                self.directory(LocalStore::open_existing_beneath, record, namespace).await?.look().await
            }
            IngressDriver::S3 => Ok(()),
        }
    }

    /// Aborts uploads that an earlier run left unfinished in a bucket; they cost space and nobody sees them. Only
    /// before the first write of this run, and best effort: a bucket that is away must not hold up the start.
    pub(in crate::follower) async fn sweep(&self, record: &TargetRecord, namespace: &Namespace) {
        if record.target.driver_type != IngressDriver::S3 {
            return;
        }
        let swept = async { self.bucket(record, namespace)?.sweep().await };
        match tokio::time::timeout(SWEEP_LIMIT, swept).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::info!(count, "unfinished uploads of an earlier run were removed"),
            Ok(Err(error)) => {
                tracing::warn!("unfinished uploads of an earlier run were not looked for: {error}")
            }
            Err(_) => {
                tracing::warn!("unfinished uploads of an earlier run were not looked for: no answer in time")
            }
        }
    }

    async fn directory(
        &self,
        open: OpenDirectory,
        record: &TargetRecord,
        namespace: &Namespace,
    ) -> Result<SharedStore, StorageError> {
        let Self { root, durability, reserved_free_bytes, .. } = self.clone();
        let (base_path, namespace) = (record.target.base_path.clone(), namespace.clone());
        let opened = spawn_blocking(move || open(&root, &base_path, Some(&namespace), durability)).await;
        let store = opened.map_err(|error| {
            StorageError::new(ErrorKind::Unknown, "opening the target was interrupted").with_source(error)
        })??;
        Ok(Arc::new(store.with_reserved_free_bytes(reserved_free_bytes)))
    }

    fn bucket(&self, record: &TargetRecord, namespace: &Namespace) -> Result<S3Store, StorageError> {
        let target = &record.target;
        let keys = record.keys.as_ref().ok_or_else(|| {
            let text = "the keys of the bucket are missing; set access_key and secret_key again";
            StorageError::new(ErrorKind::Misconfigured, text)
        })?;
        let location = S3Location::normalize(&target.endpoint, &target.bucket, &target.base_path)
            .map_err(|error| StorageError::new(ErrorKind::Misconfigured, error.to_string()))?;
        let mut settings =
            S3Settings::new(location, namespace.clone(), keys.access_key.clone(), keys.secret_key.clone());
        settings.region.clone_from(&target.region);
        settings.addressing = match target.addressing.unwrap_or_default() {
            BucketAddressing::Path => Addressing::Path,
            BucketAddressing::VirtualHost => Addressing::VirtualHost,
        };
        settings.ca_file.clone_from(&self.s3_ca_file);
        settings.timeouts.read = self.s3_silence;
        S3Store::new(&settings)
    }
}
