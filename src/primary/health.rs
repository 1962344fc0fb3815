//! `/health` and `/health/ready` of the primary (primary spec §2.10).

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::http::{ApiError, BuildInfo, health_reply, ok};
use crate::primary::Primary;
use crate::protocol::{ErrorCode, codes};

const NOT_READY: ErrorCode = ErrorCode { status: 503, text: "not_ready", ..codes::INTERNAL };

pub(super) fn routes() -> Router<Primary> {
    Router::new().route("/health", get(health_reply)).route("/health/ready", get(ready))
}

/// Ready: the database answers, and uploads have somewhere to go by default.
async fn ready(State(primary): State<Primary>) -> Result<impl IntoResponse, ApiError> {
    let not_ready = |text| ApiError::new(NOT_READY, text);
    primary.db.ping().await.map_err(|error| not_ready("the database does not answer").because(error))?;
    match primary.policies.default_group_id().await {
        Ok(Some(_)) => Ok(ok(BuildInfo::with_status("ready"))),
        Ok(None) => Err(not_ready("there is no default policy group")),
        Err(error) => Err(not_ready("the default policy group cannot be read").because(error)),
    }
}
