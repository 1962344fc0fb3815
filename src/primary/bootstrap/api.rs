//! `/admin/bootstrap`: how far the declared bootstrap is, for the console.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::{BootstrapError, Kind, Step};
use crate::http::{ApiError, Reply, ok};
use crate::primary::Primary;
use crate::primary::accounts::Admin;
use crate::primary::openapi::{Routes, get};
use crate::protocol::{Timestamp, codes};

pub(in crate::primary) fn routes() -> Routes {
    Routes::new().route("/admin/bootstrap", get(read, "How far the declared bootstrap is"))
}

#[derive(Debug, Serialize, JsonSchema)]
struct BootstrapInfo {
    /// Whether anything was ever declared.
    declared: bool,
    /// Whether everything that was declared is done.
    satisfied: bool,
    steps: Vec<StepInfo>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BootstrapStep")]
struct StepInfo {
    kind: Kind,
    /// Declared name of the node of an ingress target; absent for everything else.
    #[serde(skip_serializing_if = "String::is_empty")]
    node: String,
    name: String,
    state: super::State,
    /// What it waits for, why it failed or was left out; empty when there is nothing to say.
    message: String,
    since: Timestamp,
}

impl From<Step> for StepInfo {
    fn from(step: Step) -> Self {
        let Step { kind, node, name, state, message, since, .. } = step;
        Self { kind, node, name, state, message, since }
    }
}

async fn read(State(primary): State<Primary>, _: Admin) -> Result<Reply<BootstrapInfo>, ApiError> {
    let steps = primary.bootstrap.steps().await.map_err(|error| match error {
        BootstrapError::Database(error) => ApiError::internal(codes::DATABASE, error),
        other => ApiError::internal(codes::INTERNAL, other),
    })?;
    Ok(ok(BootstrapInfo {
        declared: !steps.is_empty(),
        satisfied: steps.iter().all(|step| step.state == super::State::Done),
        steps: steps.into_iter().map(StepInfo::from).collect(),
    }))
}
