//! A primary and a follower that stores for it, with a remote policy as the default route.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::enrolled::redeem;
use super::follower::{self, Follower};
use super::primary::Primary;
use super::signed::Signer;

pub(crate) const NAMESPACE: &str = "home";

/// Both roles, enrolled, with a default ingress target, a remote policy and a group that routes to it.
pub(crate) struct Pair {
    pub(crate) primary: Primary,
    pub(crate) follower: Follower,
    /// The keys from the enrollment.
    pub(crate) signer: Signer,
    pub(crate) node: i64,
    pub(crate) policy: i64,
    pub(crate) group: i64,
    pub(crate) primary_home: TempDir,
    pub(crate) follower_home: TempDir,
}

impl Pair {
    /// Starts both and makes everything ready for an upload.
    pub(crate) async fn start() -> Self {
        let (primary_home, follower_home) = (TempDir::new().expect("dir"), TempDir::new().expect("dir"));
        let primary = Primary::start(primary_home.path()).await;
        let node = primary.create_node("edge", NAMESPACE, "").await;
        let token = primary.token(node).await;
        let signer = redeem(&primary, &token).await;
        let environment = follower::bootstrap_environment(0, &primary.url, &token);
        let follower = Follower::start_with(follower_home.path(), &environment).await;
        primary.patch_node(node, json!({"base_url": follower.url})).await;
        let mut pair =
            Self { primary, follower, signer, node, policy: 0, group: 0, primary_home, follower_home };
        pair.route_to_follower().await;
        pair
    }

    async fn route_to_follower(&mut self) {
        let admin = &self.primary.admin;
        let path = format!("/api/v1/admin/remote-nodes/{}", self.node);
        admin.post(&format!("{path}/test"), json!({})).await.data();
        let target = json!({"driver_type": "local", "name": "default-local", "base_path": "default", "max_file_size": 0, "is_default": true});
        let target = admin.post(&format!("{path}/ingress-profiles"), target).await;
        assert_eq!(target.data()["last_error"], "");
        (self.policy, self.group) = route_to(&self.primary, self.node).await;
    }

    /// Files that lie under the follower's default target, as paths.
    pub(crate) fn stored_objects(&self) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.follower.objects("default", NAMESPACE)];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// Routes the files of the administrator to an enrolled node that has an address and a target; gives the ids of policy
/// and group.
pub(crate) async fn route_to(primary: &Primary, node: i64) -> (i64, i64) {
    let admin = &primary.admin;
    let policy =
        json!({"name": "Remote", "driver_type": "remote", "remote_node_id": node, "base_path": "store"});
    let policy = id(admin.post("/api/v1/admin/policies", policy).await.data());
    let rules = json!([{"policy_id": policy, "priority": 1, "min_file_size": 0, "max_file_size": 0}]);
    let group = json!({"name": "Remote Test Group", "items": rules});
    let group = id(admin.post("/api/v1/admin/policy-groups", group).await.data());
    let me = id(admin.get("/api/v1/auth/me").await.data());
    admin.patch(&format!("/api/v1/admin/users/{me}"), json!({"policy_group_id": group})).await.data();
    (policy, group)
}

/// The `id` member.
pub(crate) fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap_or_else(|| panic!("an id in {value}"))
}
