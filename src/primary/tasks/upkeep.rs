//! What has to be done again and again, once for all primaries.

use std::time::Duration;

use serde_json::{Value, json};

use crate::primary::{Primary, files};
use crate::protocol::Timestamp;
use crate::tasks::{Context, Failure, Kind};

/// Forgets logins whose time is over.
pub(super) struct SessionCleanup(pub(super) Primary);
/// Removes old entries of the audit trail.
pub(super) struct AuditCleanup(pub(super) Primary);
/// Removes tasks that ended long ago.
pub(super) struct TaskCleanup(pub(super) Primary);
/// Has old things in the trash removed for good.
pub(super) struct TrashCleanup(pub(super) Primary);
/// Empties the spaces of teams that were archived long ago, and removes those that are empty.
pub(super) struct TeamCleanup(pub(super) Primary);
/// Forgets preview links, tickets for archives and locks whose time is over.
pub(super) struct LinkCleanup(pub(super) Primary);
/// Compares reference counts and stored bytes with the rows, and tells the log. Repairs nothing: a wrong counter is a
/// fault to be understood first, and `doctor --fix` puts it right.
pub(super) struct BlobReconcile(pub(super) Primary);

impl Kind for SessionCleanup {
    const NAME: &'static str = "auth_session_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        let removed = self.0.accounts.remove_expired_sessions().await.map_err(Failure::transient)?;
        Ok(json!({ "removed": removed }))
    }
}

impl Kind for AuditCleanup {
    const NAME: &'static str = "audit_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        self.0.audit.remove_old(Timestamp::now()).await?;
        Ok(Value::Null)
    }
}

impl Kind for TaskCleanup {
    const NAME: &'static str = "task_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        let age = Duration::from_secs(self.0.settings.task_retention_hours().saturating_mul(3600));
        let removed = self.0.tasks.remove_finished(age).await.map_err(Failure::transient)?;
        Ok(json!({ "removed": removed }))
    }
}

impl Kind for TrashCleanup {
    const NAME: &'static str = "trash_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        let marked = self.0.trash.mark_expired(Timestamp::now()).await.map_err(Failure::transient)?;
        if marked > 0 {
            self.0.wake_cleaner();
        }
        Ok(json!({ "expired": marked }))
    }
}

impl Kind for TeamCleanup {
    const NAME: &'static str = "team_archive_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        self.0.remove_archived_teams().await.map_err(Failure::transient)?;
        Ok(Value::Null)
    }
}

impl Kind for LinkCleanup {
    const NAME: &'static str = "link_cleanup";
    type Payload = ();

    async fn run(&self, _: &Context, (): ()) -> Result<Value, Failure> {
        let now = Timestamp::now();
        self.0.links.remove_expired(now).await.map_err(Failure::transient)?;
        self.0.archives.remove_expired(now).await.map_err(Failure::transient)?;
        self.0.files.remove_expired_locks(now).await.map_err(Failure::transient)?;
        Ok(Value::Null)
    }
}

impl Kind for BlobReconcile {
    const NAME: &'static str = "blob_reconcile";
    type Payload = ();

    async fn run(&self, context: &Context, (): ()) -> Result<Value, Failure> {
        let checking = context.stop().run_until_cancelled(self.0.files.check_counts()).await;
        let counts = checking.ok_or_else(Failure::stopped)?.map_err(Failure::transient)?;
        files::report_counts(&counts);
        Ok(json!({
            "blobs": counts.blobs,
            "wrong_reference_counts": counts.references.1,
            "unreferenced_blobs": counts.unreferenced,
            "wrong_storage_used": counts.usage.len(),
        }))
    }
}
