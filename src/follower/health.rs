//! `GET` and `HEAD /health/ready` (wire contract §9). Ours is ready from the enrollment on: a follower without a target
//! has all it needs to be given one, and says so in the body.

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;

use super::Follower;
use super::snapshot::{Absence, Snapshot};
use crate::http::{ApiError, BuildInfo, Reply, ok};
use crate::protocol::{ErrorCode, TargetCondition, TargetState, codes};

/// Longest look at the default target; half of what a primary waits for capabilities.
const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// What a ready follower says.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    #[serde(flatten)]
    build: BuildInfo,
    /// `enabled` or `disabled`.
    binding: &'static str,
    ingress_target: TargetState,
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
    let TargetCondition { state: ingress_target, detail } = condition(&follower, &snapshot).await;
    let binding = if binding.is_enabled { "enabled" } else { "disabled" };
    Ok(ok(Readiness { build: BuildInfo::with_status("ready"), binding, ingress_target, detail }))
}

/// Looks at the default target of `snapshot`; one that could not be opened is tried again. A disk that hangs is a failed
/// one: whoever asks must not hang with it.
pub(super) async fn condition(follower: &Follower, snapshot: &Snapshot) -> TargetCondition {
    let looked = tokio::time::timeout(LOOK_LIMIT, look(follower, snapshot)).await;
    looked.unwrap_or_else(|_| {
        let detail = format!("the default ingress target did not answer within {} s", LOOK_LIMIT.as_secs());
        TargetCondition { state: TargetState::Failed, detail }
    })
}

async fn look(follower: &Follower, snapshot: &Snapshot) -> TargetCondition {
    let (state, detail) = match follower.target(snapshot, None).await {
        Ok(target) => match target.store.look().await {
            Ok(()) => (TargetState::Ready, String::new()),
            Err(error) => (TargetState::Failed, error.to_string()),
        },
        Err(absence @ (Absence::Required | Absence::DefaultMissing)) => {
            (TargetState::Missing, absence.to_string())
        }
        Err(absence) => (TargetState::Failed, absence.to_string()),
    };
    TargetCondition { state, detail }
}
