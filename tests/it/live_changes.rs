//! Changes that take effect in a running follower: a new binding, disabling, enabling, and what a request then gets.

use aster_drive::protocol::{BaseUrl, STORAGE_PATH, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::follower::{self, Follower};
use crate::support::primary::Primary;
use crate::support::process::run;
use crate::support::signed::Signer;
use crate::support::wait;

/// Keys of the node behind a token: a redeem may be repeated until the acknowledgement, so the test redeems first.
async fn signer(primary: &Primary, token: &str) -> Signer {
    let reply = Client::new(&primary.url)
        .post("/api/v1/public/remote-enrollment/redeem", json!({"token": token}))
        .await;
    let text = |name: &str| reply.data()[name].as_str().expect(name).to_owned();
    Signer::new(&text("access_key"), &text("secret_key"))
}

struct Enrolled {
    primary: Primary,
    follower: Follower,
    node: i64,
    signer: Signer,
    _homes: [TempDir; 2],
}

async fn enroll_beside_a_running_follower() -> Enrolled {
    let homes = [TempDir::new().expect("dir"), TempDir::new().expect("dir")];
    let primary = Primary::start(homes[0].path()).await;
    let follower = Follower::start(homes[1].path(), 0).await;
    assert_eq!(follower.ready_status().await, 503, "not enrolled yet");
    let node = primary.create_node("edge", "home", &follower.url).await;
    let token = primary.token(node).await;
    let signer = signer(&primary, &token).await;

    let arguments = ["node", "enroll", "--master-url", &primary.url, "--token", &token];
    let (code, output) = run(homes[1].path(), &arguments, &follower::environment(0)).await;
    assert_eq!(code, Some(0), "{output}");
    assert!(!output.contains(&token), "the token is in the output");
    follower.ready().await;
    Enrolled { primary, follower, node, signer, _homes: homes }
}

impl Enrolled {
    async fn create_target(&self) {
        let target = json!({"driver_type": "local", "name": "t", "base_path": "default", "max_file_size": 0});
        let path = format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", self.node);
        assert_eq!(self.primary.admin.post(&path, target).await.data()["last_error"], "");
    }

    /// Changes the flag; returns when the follower has been told, which is before the change is answered unless it
    /// takes the follower long.
    async fn set_enabled(&self, is_enabled: bool) {
        self.primary.patch_node(self.node, json!({"is_enabled": is_enabled})).await;
        wait::until_equal("the follower has been told", &json!(false), async || {
            self.primary.node(self.node).await["binding_pending"].clone()
        })
        .await;
    }

    async fn signed_put(&self, key: &str, body: &'static str) -> Answer {
        let path = format!("/objects/{key}");
        let request = self.signer.request(&self.follower.client, Method::PUT, &path, Some(body.len() as u64));
        Answer::read(request.body(body).send().await.expect("reply")).await
    }

    async fn presigned_get(&self, key: &str) -> (StatusCode, String) {
        let url = self.signer.key.presign_url(
            "GET",
            &BaseUrl::parse(&self.follower.url).expect("url"),
            &format!("{STORAGE_PATH}/objects/{key}"),
            [],
            &self.signer.access_key,
            Timestamp::now().unix_secs() + 60,
        );
        let reply = self.follower.client.http.get(url).send().await.expect("reply");
        (reply.status(), reply.text().await.expect("body"))
    }
}

#[tokio::test]
async fn enrolling_beside_a_running_follower_makes_it_ready_without_a_restart() {
    let enrolled = enroll_beside_a_running_follower().await;
    assert_eq!(enrolled.primary.node(enrolled.node).await["enrollment_status"], "completed");
    let ready = enrolled.follower.client.get("/health/ready").await;
    assert_eq!(ready.data()["ingress_target"], "missing", "{ready:?}");
    let refused = enrolled.signed_put("a", "hello").await;
    assert_eq!((refused.status.as_u16(), refused.error()), (412, "managed_ingress.required"));

    enrolled.create_target().await;
    let ready = enrolled.follower.client.get("/health/ready").await;
    assert_eq!(ready.data()["ingress_target"], "ready", "{ready:?}");
    assert_eq!(enrolled.signed_put("a", "hello").await.status, 200);
}

#[tokio::test]
async fn disabling_a_node_stops_signed_and_presigned_requests_at_once() {
    let enrolled = enroll_beside_a_running_follower().await;
    enrolled.create_target().await;
    assert_eq!(enrolled.signed_put("a", "hello").await.status, 200);
    assert_eq!(enrolled.presigned_get("a").await, (StatusCode::OK, "hello".to_owned()));

    for (enabled, status) in [(false, 412), (true, 200), (false, 412), (true, 200)] {
        enrolled.set_enabled(enabled).await;
        assert_eq!(enrolled.signed_put("b", "x").await.status, status);
        assert_eq!(enrolled.presigned_get("a").await.0, status);
    }
    enrolled.set_enabled(false).await;
    let refused = enrolled.signed_put("c", "x").await;
    assert_eq!(refused.error(), "master_binding.disabled");
    assert_eq!(
        enrolled.follower.ready_status().await,
        200,
        "a disabled follower stays reachable for its primary"
    );
}

#[tokio::test]
async fn a_disabled_node_is_skipped_or_the_upload_is_refused_with_the_reason() {
    let enrolled = enroll_beside_a_running_follower().await;
    enrolled.create_target().await;
    let admin = &enrolled.primary.admin;
    admin.post(&format!("/api/v1/admin/remote-nodes/{}/test", enrolled.node), json!({})).await.data();
    let policy = json!({"name": "Remote", "driver_type": "remote", "remote_node_id": enrolled.node});
    let policy = admin.post("/api/v1/admin/policies", policy).await.data()["id"].clone();
    enrolled.primary.patch_node(enrolled.node, json!({"is_enabled": false})).await;
    let test = admin.post(&format!("/api/v1/admin/policies/{policy}/test"), Value::Null).await;
    assert_eq!((test.status.as_u16(), test.error()), (412, "remote_node.disabled"), "{test:?}");
}

#[tokio::test]
async fn node_enroll_writes_a_follower_configuration_when_there_is_none() {
    let homes = [TempDir::new().expect("dir"), TempDir::new().expect("dir")];
    let primary = Primary::start(homes[0].path()).await;
    let node = primary.create_node("edge", "home", "").await;
    let token = primary.token(node).await;
    let file = homes[1].path().join("token.txt");
    std::fs::write(&file, &token).expect("token file");
    let arguments =
        ["node", "enroll", "--master-url", &primary.url, "--token-file", file.to_str().expect("path")];
    let (code, output) = run(homes[1].path(), &arguments, &Default::default()).await;
    assert_eq!(code, Some(0), "{output}");
    let written = std::fs::read_to_string(homes[1].path().join("data/config.toml")).expect("config");
    assert!(written.contains("start_mode = \"follower\""), "{written}");
    let follower = Follower::start(homes[1].path(), 0).await;
    assert_eq!(follower.ready_status().await, 200);
}

#[tokio::test]
async fn node_enroll_refuses_a_primary_with_the_reason() {
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let arguments = ["node", "enroll", "--master-url", &primary.url, "--token", "enr_x"];
    let (code, output) = run(home.path(), &arguments, &Default::default()).await;
    assert_eq!(code, Some(78), "{output}");
    assert!(output.contains("start_mode"), "{output}");
}
