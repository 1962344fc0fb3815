//! `PUT …/binding` (wire contract §5.2) and `GET …/capabilities` (§7).

use std::time::Duration;

use axum::extract::State;

use super::apply_update;
use crate::follower::Follower;
use crate::follower::caller::{Signed, SignedEvenDisabled};
use crate::follower::health;
use crate::follower::snapshot::Target;
use crate::http::{ApiError, Json, Reply, empty, ok};
use crate::protocol::{BindingUpdate, Capabilities, Limits, Timestamp};

/// Longest wait for free and total space, of the 10 s that a primary waits for capabilities.
const CAPACITY_LIMIT: Duration = Duration::from_secs(1);

pub(in crate::follower) async fn put_binding(
    _: SignedEvenDisabled,
    State(follower): State<Follower>,
    Json(update): Json<BindingUpdate>,
) -> Result<Reply<()>, ApiError> {
    let db = follower.db().clone();
    follower.change(async move { apply_update(&db, &update, Timestamp::now()).await }).await?;
    Ok(empty())
}

pub(in crate::follower) async fn get_capabilities(
    Signed(snapshot): Signed,
    State(follower): State<Follower>,
) -> Reply<Capabilities> {
    let condition = health::condition(&follower, &snapshot).await;
    let capacity = match &snapshot.target {
        // What is wrong with a target that cannot tell is the condition's to say.
        Target::Ready(target) => {
            let told = tokio::time::timeout(CAPACITY_LIMIT, target.store.capacity()).await;
            told.ok().and_then(Result::ok).flatten()
        }
        Target::Absent(_) => None,
    };
    let max_ingress_size = match &snapshot.target {
        Target::Ready(target) => target.max_file_size.and_then(|size| i64::try_from(size).ok()),
        Target::Absent(_) => None,
    };
    let limits =
        Limits { max_ingress_size, compose_max_parts: None, compose_max_object_size: max_ingress_size };
    ok(Capabilities {
        limits,
        capacity,
        ingress_target: Some(condition),
        ..Capabilities::of_this_build(Timestamp::now().unix_ms())
    })
}
