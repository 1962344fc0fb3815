//! `…/ingress-profiles` (wire contract §6).

use axum::extract::State;

use crate::follower::Follower;
use crate::follower::caller::SignedEvenDisabled;
use crate::http::{ApiError, Json, Path, Reply, created, empty, ok};
use crate::protocol::{CreateIngressTarget, IngressTarget, UpdateIngressTarget};

pub(in crate::follower) async fn list_targets(
    _: SignedEvenDisabled,
    State(follower): State<Follower>,
) -> Result<Reply<Vec<IngressTarget>>, ApiError> {
    let records = follower.ingress().list().await?;
    Ok(ok(records.into_iter().map(|record| record.target).collect()))
}

pub(in crate::follower) async fn create_target(
    SignedEvenDisabled(binding): SignedEvenDisabled,
    State(follower): State<Follower>,
    Json(asked): Json<CreateIngressTarget>,
) -> Result<Reply<IngressTarget>, ApiError> {
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
