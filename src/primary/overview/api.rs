//! `/admin/overview` (primary spec §2.10).

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Overview, Span};
use crate::http::{ApiError, Query, Reply, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::audit::{AuditFilter, Entry};
use crate::primary::openapi::{Routes, get};
use crate::protocol::{Timestamp, codes};

const MAX_DAYS: u32 = 90;
const MAX_EVENTS: u32 = 50;
/// No place is further from UTC.
const MAX_OFFSET_MINUTES: i32 = 14 * 60;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new().route("/admin/overview", get(read, "What there is, and what the last days brought"))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
struct OverviewQuery {
    /// Days of the series, 1 to 90.
    days: u32,
    /// Minutes by which the asking person's clock is ahead of UTC: where days begin.
    utc_offset_minutes: i32,
    /// Latest entries of the audit trail, up to 50.
    event_limit: u32,
}

impl Default for OverviewQuery {
    fn default() -> Self {
        Self { days: 14, utc_offset_minutes: 0, event_limit: 8 }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct OverviewInfo {
    #[serde(flatten)]
    overview: Overview,
    events: Vec<Entry>,
}

async fn read(
    State(primary): State<Primary>,
    _: Admin,
    Query(query): Query<OverviewQuery>,
) -> Result<Reply<OverviewInfo>, ApiError> {
    let offset_minutes = query.utc_offset_minutes.clamp(-MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES);
    let span = Span { days: query.days.clamp(1, MAX_DAYS), offset_minutes };
    let failed = |error| ApiError::internal(codes::DATABASE, error);
    let overview = super::look(&primary.db, span, Timestamp::now()).await.map_err(failed)?;
    let everything = AuditFilter::default();
    let latest = primary.audit.list(&everything, query.event_limit.min(MAX_EVENTS), 0);
    let (events, _) = latest.await.map_err(failed)?;
    Ok(ok(OverviewInfo { overview, events }))
}
