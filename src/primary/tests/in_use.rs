//! What something else uses is not deleted, and the answer says what that is.

use super::*;

impl Session {
    /// The reason of a refused deletion.
    async fn conflict(&self, path: &str) -> String {
        let (status, body) = self.delete(path).await;
        assert_eq!((status, &body["error"]["code"]), (409, &json!("conflict")), "{body}");
        body["msg"].as_str().expect("msg").to_owned()
    }

    async fn made_id(&self, path: &str, body: Value) -> i64 {
        let (status, body) = self.post(path, body).await;
        assert_eq!(status, 201, "{body}");
        body["data"]["id"].as_i64().expect("id")
    }
}

#[tokio::test]
async fn a_policy_a_group_and_a_node_in_use_are_kept() {
    let (site, admin) = Site::with_admin().await;
    assert!(admin.conflict("/admin/policies/1").await.contains("default policy"));
    assert!(admin.conflict("/admin/policies/1?force=true").await.contains("default policy"));
    assert!(admin.conflict("/admin/policy-groups/1").await.contains("default"));
    let node = admin.made_id("/admin/remote-nodes", json!({"name": "Attic"})).await;
    let policy = json!({"name": "Boxes", "driver_type": "local", "base_path": "data/boxes"});
    let policy = admin.made_id("/admin/policies", policy).await;
    // A follower would have to be there for the policy to be made as such.
    site.execute("UPDATE storage_policies SET driver_type = 'remote', node_id = 1 WHERE name = 'Boxes'")
        .await;
    assert!(admin.conflict(&format!("/admin/remote-nodes/{node}")).await.contains("Boxes"));
    assert_eq!(admin.delete(&format!("/admin/policies/{policy}")).await.0, 200);
    assert_eq!(admin.delete(&format!("/admin/remote-nodes/{node}")).await.0, 200);
    for path in ["/admin/policies/99", "/admin/policies/99?force=true", "/admin/remote-nodes/99"] {
        assert_eq!(admin.delete(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn force_ends_the_uploads_to_a_policy_but_only_when_nothing_else_keeps_it() {
    let (site, admin) = Site::with_admin().await;
    let policy =
        json!({"name": "Boxes", "driver_type": "local", "base_path": "data/boxes", "chunk_size": 1000});
    let policy = admin.made_id("/admin/policies", policy).await;
    let rules = |id: i64| json!({"items": [{"policy_id": id, "priority": 1}]});
    assert_eq!(admin.patch("/admin/policy-groups/1", rules(policy)).await.0, 200);
    let (status, begun) =
        admin.post("/files/upload/init", json!({"filename": "a", "total_size": 2500})).await;
    assert_eq!((status, &begun["data"]["mode"]), (201, &json!("chunked")), "{begun}");
    let upload = format!("/files/upload/{}", begun["data"]["upload_id"].as_str().expect("id"));
    let path = format!("/admin/policies/{policy}");
    let forced = format!("{path}?force=true");

    // A rule is nothing that force removes, and the upload goes on.
    assert!(admin.conflict(&forced).await.contains("policy groups"));
    assert_eq!(admin.get(&upload).await.1["data"]["status"], "uploading");
    assert_eq!(admin.patch("/admin/policy-groups/1", rules(1)).await.0, 200);
    assert!(admin.conflict(&path).await.contains("1 uploads"));
    assert_eq!(admin.delete(&forced).await.0, 200);
    assert_eq!((admin.get(&upload).await.0, site.count("upload_sessions").await), (404, 0));
    assert_eq!(admin.get(&path).await.0, 404);
}
