//! `/health` and `/health/ready` of the primary (primary spec §2.10).

use axum::extract::State;

use crate::http::{ApiError, BuildInfo, Reply, health_reply, ok};
use crate::primary::Primary;
use crate::primary::openapi::{Routes, get};
use crate::protocol::{ErrorCode, codes};

const NOT_READY: ErrorCode = ErrorCode { status: 503, text: "not_ready", ..codes::INTERNAL };

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/health", get(health_reply, "Whether the process is alive"))
        .route("/health/ready", get(ready, "Whether the primary can do its work"))
}

/// Ready: the database answers, and uploads have somewhere to go by default.
async fn ready(State(primary): State<Primary>) -> Result<Reply<BuildInfo>, ApiError> {
    let not_ready = |text| ApiError::new(NOT_READY, text);
    primary.db.ping().await.map_err(|error| not_ready("the database does not answer").because(error))?;
    match primary.policies.default_group_id().await {
        Ok(Some(_)) => Ok(ok(BuildInfo::with_status("ready"))),
        Ok(None) => Err(not_ready("there is no default policy group")),
        Err(error) => Err(not_ready("the default policy group cannot be read").because(error)),
    }
}
