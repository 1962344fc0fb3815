//! A node whose follower lost its volume, or its keys, gets a follower again: the same node, the same policies, the
//! same files; new keys.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::enrolled::redeem;
use crate::support::follower::{self, Follower};
use crate::support::pair::{Pair, id};
use crate::support::process::run;
use crate::support::signed::Signer;
use crate::support::wait;

const REDEEM: &str = "/api/v1/public/remote-enrollment/redeem";
const ACK: &str = "/api/v1/public/remote-enrollment/ack";

async fn upload(pair: &Pair, name: &str, content: &'static str) -> i64 {
    let form = Form::new().part("file", Part::text(content).file_name(name.to_owned()));
    let request = pair.primary.admin.request(Method::POST, "/api/v1/files/upload").multipart(form);
    id(Answer::read(request.send().await.expect("reply")).await.data())
}

async fn download(pair: &Pair, file: i64) -> String {
    let request = pair.primary.admin.request(Method::GET, &format!("/api/v1/files/{file}/download"));
    request.send().await.expect("reply").text().await.expect("body")
}

/// Status and error of a call to the follower with the keys of `signer`.
async fn call(follower: &Follower, signer: &Signer) -> (u16, String) {
    let request = signer.request(&follower.client, Method::GET, "/capabilities", None);
    let answer = Answer::read(request.send().await.expect("reply")).await;
    (answer.status.as_u16(), answer.error().to_owned())
}

fn refused() -> (u16, String) {
    (401, "auth.credentials_failed".to_owned())
}

async fn node_test(pair: &Pair) -> Answer {
    pair.primary.admin.post(&format!("/api/v1/admin/remote-nodes/{}/test", pair.node), json!({})).await
}

#[tokio::test]
async fn a_follower_whose_volume_is_lost_is_enrolled_again_and_finds_its_objects() {
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let old = upload(&pair, "old", "old content").await;
    let port = pair.follower.port();
    pair.follower.process.kill().await;
    let data = pair.follower_home.path().join("data");
    let kept = pair.follower_home.path().join("kept");
    std::fs::rename(data.join("managed-ingress"), &kept).expect("keep the objects");
    std::fs::remove_dir_all(&data).expect("wipe the volume");

    let path = format!("/api/v1/admin/remote-nodes/{}/enrollment-token", pair.node);
    for body in [json!({}), json!({"re_enroll": false})] {
        let plain = admin.post(&path, body).await;
        assert_eq!(plain.status, 400);
        assert!(plain.message().contains("re_enroll"), "{plain:?}");
    }
    let token = pair.primary.re_enrollment_token(pair.node).await;
    let node = pair.primary.node(pair.node).await;
    assert_eq!(
        (&node["enrollment_status"], &node["re_enrollment_status"]),
        (&"completed".into(), &"pending".into())
    );

    std::fs::create_dir(&data).expect("an empty volume");
    std::fs::rename(&kept, data.join("managed-ingress")).expect("the objects");
    let environment = follower::bootstrap_environment(port, &pair.primary.url, &token);
    pair.follower = Follower::start_with(pair.follower_home.path(), &environment).await;
    pair.follower.ready().await;
    assert_eq!(call(&pair.follower, &pair.signer).await, refused(), "the old keys count no longer");
    let again = Client::new(&pair.primary.url).post(REDEEM, json!({"token": token})).await;
    assert_eq!(
        (again.status.as_u16(), again.message()),
        (400, "enrollment token has already been completed")
    );

    // The primary tells the follower name and flag with the new keys, and looks at it, by itself.
    let node = wait::until("the node says what is left to do", async || {
        let node = pair.primary.node(pair.node).await;
        (node["diagnosis"]["class"] == "ingress_target_missing").then_some(node)
    })
    .await;
    assert_eq!(
        (&node["re_enrollment_status"], &node["binding_pending"]),
        (&Value::Null, &json!(false)),
        "{node}"
    );
    assert_eq!(node["namespace"], "home");
    let target = json!({"driver_type": "local", "name": "t", "base_path": "default", "max_file_size": 0});
    let target =
        admin.post(&format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", pair.node), target).await;
    assert_eq!(target.data()["last_error"], "");
    assert_eq!(pair.primary.node(pair.node).await["last_error"], "");
    assert_eq!(download(&pair, old).await, "old content");
    let new = upload(&pair, "new", "new content").await;
    assert_eq!(download(&pair, new).await, "new content");
}

#[tokio::test]
async fn a_re_enrollment_beside_a_running_follower_replaces_its_keys_and_keeps_everything_else() {
    let pair = Pair::start().await;
    let old = upload(&pair, "old", "old content").await;
    assert_eq!(call(&pair.follower, &pair.signer).await.0, 200);

    let token = pair.primary.re_enrollment_token(pair.node).await;
    let arguments = ["node", "enroll", "--master-url", &pair.primary.url, "--token", &token];
    let (code, output) = run(pair.follower_home.path(), &arguments, &follower::environment(0)).await;
    assert_eq!(code, Some(0), "{output}");
    wait::until("the old keys count no longer", async || {
        (call(&pair.follower, &pair.signer).await == refused()).then_some(())
    })
    .await;
    // Neither a restart nor a new target.
    assert_eq!(download(&pair, old).await, "old content");
    upload(&pair, "new", "new content").await;
    node_test(&pair).await.data();
}

#[tokio::test]
async fn a_follower_that_was_left_out_is_refused_in_words_and_comes_back_with_a_token_of_its_own() {
    let mut pair = Pair::start().await;
    let old = upload(&pair, "old", "old content").await;
    let public = Client::new(&pair.primary.url);
    let token = pair.primary.re_enrollment_token(pair.node).await;
    // As somebody who dies before the acknowledgement.
    let other = redeem(&pair.primary, &token).await;
    assert_ne!(other.access_key, pair.signer.access_key);
    assert_eq!(other.access_key, redeem(&pair.primary, &token).await.access_key, "the same answer again");
    assert_eq!(pair.primary.node(pair.node).await["re_enrollment_status"], "redeemed");
    node_test(&pair).await.data();
    assert_eq!(download(&pair, old).await, "old content");

    let reply = public.post(REDEEM, json!({"token": token})).await;
    public.post(ACK, json!({"ack_token": reply.data()["ack_token"]})).await.data();
    let test = node_test(&pair).await;
    assert_eq!(test.error(), "storage.auth", "{test:?}");
    assert!(test.message().contains("re-enrollment token"), "{test:?}");
    pair.follower.process.line("its node was enrolled again since").await;

    // The one that was left out holds keys from before the last re-enrollment.
    let token = pair.primary.re_enrollment_token(pair.node).await;
    let port = pair.follower.port();
    let environment = follower::bootstrap_environment(port, &pair.primary.url, &token);
    assert!(pair.follower.process.stop().await.success());
    pair.follower = Follower::start_with(pair.follower_home.path(), &environment).await;
    pair.follower.ready().await;
    node_test(&pair).await.data();
    assert_eq!(download(&pair, old).await, "old content");
    assert_eq!(call(&pair.follower, &other).await, refused());

    // The same variables are stale at the next start, and need no primary.
    assert!(pair.follower.process.stop().await.success());
    pair.primary.process.kill().await;
    let again = Follower::start_with(pair.follower_home.path(), &environment).await;
    again.ready().await;
    assert!(!again.process.output().contains("brings nothing new"), "{}", again.process.output());
}

#[tokio::test]
async fn a_follower_that_lost_its_sealing_key_takes_new_keys_and_keeps_its_target() {
    let mut pair = Pair::start().await;
    let old = upload(&pair, "old", "old content").await;
    let port = pair.follower.port();
    assert!(pair.follower.process.stop().await.success());
    let token = pair.primary.re_enrollment_token(pair.node).await;
    let mut environment = follower::bootstrap_environment(port, &pair.primary.url, &token);
    environment.insert("ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY".into(), "ab".repeat(32));
    pair.follower = Follower::start_with(pair.follower_home.path(), &environment).await;
    pair.follower.ready().await;
    assert_eq!(download(&pair, old).await, "old content");
}

#[tokio::test]
async fn a_bound_follower_starts_whatever_token_is_in_its_variables() {
    let mut pair = Pair::start().await;
    let port = pair.follower.port();
    let environment = follower::bootstrap_environment(port, &pair.primary.url, "enr_of_somebody_else");
    assert!(pair.follower.process.stop().await.success());
    pair.follower = Follower::start_with(pair.follower_home.path(), &environment).await;
    pair.follower.process.line("brings nothing new").await;
    node_test(&pair).await.data();
    pair.primary.process.kill().await;
    assert!(pair.follower.process.stop().await.success());
    let alone = Follower::start_with(pair.follower_home.path(), &environment).await;
    alone.ready().await;
}
