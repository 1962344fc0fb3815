//! `/admin/audit-logs` (primary spec §2.10).

use axum::extract::State;

use super::{AuditFilter, Entry};
use crate::http::{ApiError, Query, Reply, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::openapi::{Routes, get};
use crate::primary::paging::{Page, PageQuery};
use crate::protocol::codes;

pub(in crate::primary) fn routes() -> Routes {
    Routes::new().route("/admin/audit-logs", get(list, "The audit trail"))
}

async fn list(
    State(primary): State<Primary>,
    _: Admin,
    Query(page): Query<PageQuery>,
    Query(filter): Query<AuditFilter>,
) -> Result<Reply<Page<Entry>>, ApiError> {
    let (entries, total) = primary
        .audit
        .list(&filter, page.limit(), page.offset())
        .await
        .map_err(|error| ApiError::internal(codes::DATABASE, error))?;
    Ok(ok(Page::of(entries, total, page)))
}
