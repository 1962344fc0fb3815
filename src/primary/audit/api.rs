//! `/admin/audit-logs` (primary spec §2.10).

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;

use super::AuditFilter;
use crate::http::{ApiError, Query, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::codes;

pub(in crate::primary) fn routes() -> Router<Primary> {
    Router::new().route("/admin/audit-logs", get(list))
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(filter): Query<AuditFilter>,
) -> Result<impl IntoResponse, ApiError> {
    let (entries, total) = primary
        .audit
        .list(&filter, page.limit(), page.offset())
        .await
        .map_err(|error| ApiError::internal(codes::DATABASE, error))?;
    Ok(ok(Page::of(entries, total, page)))
}
