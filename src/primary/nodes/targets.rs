//! Ingress targets of a node's follower. The follower keeps them; here calls are passed on.

use super::{Node, NodeError, Nodes, diagnose};
use crate::protocol::{CreateIngressTarget, IngressTarget, UpdateIngressTarget, codes};
use crate::storage::remote::{CallError, FollowerClient};

impl Nodes {
    /// All ingress targets, the default first.
    pub async fn targets(&self, id: i64) -> Result<Vec<IngressTarget>, NodeError> {
        self.enrolled_client(id).await?.list_targets().await.map_err(refused)
    }

    /// Adds an ingress target. One that could not be applied is still a success: its `last_error` says why.
    pub async fn add_target(
        &self,
        id: i64,
        target: &CreateIngressTarget,
    ) -> Result<IngressTarget, NodeError> {
        let added = self.enrolled_client(id).await?.create_target(target).await.map_err(refused)?;
        self.look_again(id).await;
        Ok(added)
    }

    /// Changes an ingress target.
    pub async fn change_target(
        &self,
        id: i64,
        profile_key: &str,
        change: &UpdateIngressTarget,
    ) -> Result<IngressTarget, NodeError> {
        let changed = self.enrolled_client(id).await?.update_target(profile_key, change).await;
        let changed = changed.map_err(refused)?.ok_or_else(|| unknown_target(profile_key))?;
        self.look_again(id).await;
        Ok(changed)
    }

    /// Removes an ingress target; the data stays where it is.
    pub async fn remove_target(&self, id: i64, profile_key: &str) -> Result<(), NodeError> {
        let removed = self.enrolled_client(id).await?.delete_target(profile_key).await;
        removed.map_err(refused)?.ok_or_else(|| unknown_target(profile_key))?;
        self.look_again(id).await;
        Ok(())
    }

    async fn enrolled_client(&self, id: i64) -> Result<FollowerClient, NodeError> {
        let node: Node = self.get(id).await?;
        if !node.is_enrolled() {
            return Err(NodeError::EnrollmentRequired(node.name));
        }
        self.client(&node)
    }
}

fn unknown_target(profile_key: &str) -> NodeError {
    NodeError::TargetNotFound(profile_key.chars().take(80).collect())
}

/// What the follower says about the request goes to the administrator as it is; what it says about our signature, or
/// what something else says, is a matter of the node.
fn refused(error: CallError) -> NodeError {
    let about_request = |status: u16| matches!(status, 400 | 404 | 409 | 412 | 413 | 422);
    let stated = error.refusal().and_then(|refusal| {
        let stated = refusal.stated.as_ref()?;
        let ours = about_request(refusal.status.as_u16()) && stated.code != codes::NO_ENDPOINT.number;
        ours.then(|| (refusal.status.as_u16(), stated.clone()))
    });
    match stated {
        Some((status, stated)) => NodeError::Refused { status, stated },
        None => NodeError::Unusable(Box::new(diagnose(&error, None))),
    }
}
