//! Tasks of this primary: which kinds there are, what people see of them, and the upkeep that runs as periodic tasks.
//!
//! The engine is `crate::tasks`; a domain that has work to be done in the background implements `Kind` there and is
//! named in [`worker`].

pub(in crate::primary) mod api;
mod info;
mod upkeep;

use std::time::Duration;

pub use self::info::TaskInfo;
use super::Primary;
use super::settings::Settings;
use super::storage_migrations::StorageMigration;
use crate::tasks::{Queue, Tuning, Worker};

impl Tuning for Settings {
    fn max_attempts(&self) -> u32 {
        self.background_task_max_attempts()
    }

    fn poll_interval(&self) -> Duration {
        self.background_task_dispatch_interval()
    }
}

/// Every kind of task there is. Of each kind this process works on as many at once as the kind says; a primary beside it
/// works on as many again.
pub(super) fn worker(queue: &Queue, primary: &Primary) -> Worker {
    let hourly = {
        let primary = primary.clone();
        move || primary.settings.maintenance_cleanup_interval()
    };
    let reconciling = {
        let primary = primary.clone();
        move || primary.settings.blob_reconcile_interval()
    };
    Worker::new(queue)
        .register(StorageMigration(primary.clone()))
        .register_periodic(upkeep::SessionCleanup(primary.clone()), hourly.clone())
        .register_periodic(upkeep::AuditCleanup(primary.clone()), hourly.clone())
        .register_periodic(upkeep::TeamCleanup(primary.clone()), hourly.clone())
        .register_periodic(upkeep::LinkCleanup(primary.clone()), hourly.clone())
        .register_periodic(upkeep::TrashCleanup(primary.clone()), hourly.clone())
        .register_periodic(upkeep::TaskCleanup(primary.clone()), hourly)
        .register_periodic(upkeep::BlobReconcile(primary.clone()), reconciling)
}
