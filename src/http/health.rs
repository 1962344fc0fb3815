//! The body of `/health` and `/health/ready` (wire contract §9).

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Reply, ok};
use crate::protocol::Timestamp;

/// What is running.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BuildInfo {
    /// `ok` or `ready`.
    pub status: &'static str,
    /// Version of this build.
    pub version: &'static str,
    /// When it was built, RFC 3339.
    pub build_time: &'static str,
}

impl BuildInfo {
    /// The same for every request, with a status.
    pub fn with_status(status: &'static str) -> Self {
        static BUILD_TIME: LazyLock<String> = LazyLock::new(|| {
            let secs: i64 = env!("ASTER_BUILD_EPOCH").parse().unwrap_or(0);
            Timestamp::from_unix_ms(secs.saturating_mul(1000)).to_rfc3339()
        });
        Self { status, version: env!("CARGO_PKG_VERSION"), build_time: &BUILD_TIME }
    }
}

/// `GET` and `HEAD /health`: the process is alive. Nothing else is checked, so that an orchestrator does not restart
/// a process whose database or disk is away.
pub async fn health_reply() -> Reply<BuildInfo> {
    ok(BuildInfo::with_status("ok"))
}
