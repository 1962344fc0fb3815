//! `…/ingress-profiles` (wire contract §6).

use axum::extract::State;
use futures_util::{StreamExt, stream};

use super::TargetRecord;
use crate::follower::Follower;
use crate::follower::caller::SignedEvenDisabled;
use crate::follower::health;
use crate::http::{ApiError, Created, Json, Path, Reply, created, empty, ok};
use crate::protocol::{CreateIngressTarget, IngressTarget, Namespace, UpdateIngressTarget};

/// Targets that are looked at together for a list.
const LOOKS_AT_ONCE: usize = 4;

pub(in crate::follower) async fn list_targets(
    SignedEvenDisabled(binding): SignedEvenDisabled,
    State(follower): State<Follower>,
) -> Result<Reply<Vec<IngressTarget>>, ApiError> {
    let records = follower.ingress().list().await?;
    let shown = stream::iter(records)
        .map(|record| as_it_is_now(&follower, &binding.namespace, record))
        .buffered(LOOKS_AT_ONCE);
    Ok(ok(shown.collect().await))
}

/// The target with what is wrong with it right now as its `last_error`, though it was applied well.
async fn as_it_is_now(follower: &Follower, namespace: &Namespace, record: TargetRecord) -> IngressTarget {
    if !record.target.is_applied() {
        return record.target;
    }
    let trouble = if record.target.is_default {
        let condition = health::condition(follower, &follower.snapshot()).await;
        condition.detail
    } else {
        let looked = follower.ingress().opener.look(&record, namespace).await;
        looked.err().map(|error| error.to_string()).unwrap_or_default()
    };
    IngressTarget { last_error: trouble, ..record.target }
}

pub(in crate::follower) async fn create_target(
    SignedEvenDisabled(binding): SignedEvenDisabled,
    State(follower): State<Follower>,
    Json(asked): Json<CreateIngressTarget>,
) -> Result<Created<IngressTarget>, ApiError> {
    let ingress = follower.ingress().clone();
    let target = follower.change(async move { ingress.create(&binding.namespace, &asked).await }).await?;
    tracing::info!(profile_key = target.profile_key, base_path = target.base_path, "ingress target made");
    Ok(created(target))
}

pub(in crate::follower) async fn update_target(
    SignedEvenDisabled(binding): SignedEvenDisabled,
    State(follower): State<Follower>,
    Path(profile_key): Path<String>,
    Json(asked): Json<UpdateIngressTarget>,
) -> Result<Reply<IngressTarget>, ApiError> {
    let ingress = follower.ingress().clone();
    let target = follower
        .change(async move { ingress.update(&binding.namespace, profile_key.trim(), &asked).await })
        .await?;
    tracing::info!(
        profile_key = target.profile_key,
        revision = target.desired_revision,
        "ingress target changed"
    );
    Ok(ok(target))
}

pub(in crate::follower) async fn delete_target(
    _: SignedEvenDisabled,
    State(follower): State<Follower>,
    Path(profile_key): Path<String>,
) -> Result<Reply<()>, ApiError> {
    let ingress = follower.ingress().clone();
    follower.change(async move { ingress.delete(profile_key.trim()).await }).await?;
    tracing::info!("an ingress target was removed; its objects stay");
    Ok(empty())
}
