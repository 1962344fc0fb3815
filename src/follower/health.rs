//! `GET` and `HEAD /health/ready` (wire contract §9). Ours is ready from the enrollment on: a follower without a target
//! has all it needs to be given one, and says so in the body.

use axum::extract::State;
use serde::Serialize;

use super::Follower;
use super::snapshot::Absence;
use crate::http::{ApiError, BuildInfo, Reply, ok};
use crate::protocol::{ErrorCode, codes};

/// What a ready follower says.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    #[serde(flatten)]
    build: BuildInfo,
    /// `enabled` or `disabled`.
    binding: &'static str,
    /// `ready`, `missing` or `failed`.
    ingress_target: &'static str,
    /// Why the target is not ready; empty when it is.
    detail: String,
}

pub(super) async fn ready(State(follower): State<Follower>) -> Result<Reply<Readiness>, ApiError> {
    let unavailable = |code: ErrorCode| ErrorCode { status: 503, ..code };
    if let Err(error) = follower.db().ping().await {
        return Err(ApiError::new(unavailable(codes::DATABASE), "Database unavailable").because(error));
    }
    let snapshot = follower.snapshot();
    let Some(binding) = &snapshot.binding else {
        return Err(ApiError::new(
            unavailable(codes::STORAGE_UNKNOWN),
            "Storage unavailable: this follower is not enrolled; create an enrollment token on the primary and run `aster_drive node enroll`, or start it with the two ASTER_BOOTSTRAP_ variables",
        ));
    };
    let (ingress_target, detail) = match follower.target(&snapshot).await {
        Ok(target) => match target.store.look().await {
            Ok(()) => ("ready", String::new()),
            Err(error) => ("failed", error.to_string()),
        },
        Err(absence @ (Absence::Required | Absence::DefaultMissing)) => ("missing", absence.to_string()),
        Err(absence) => ("failed", absence.to_string()),
    };
    let binding = if binding.is_enabled { "enabled" } else { "disabled" };
    Ok(ok(Readiness { build: BuildInfo::with_status("ready"), binding, ingress_target, detail }))
}
