//! The acceptance walk as a script over HTTP against real processes: from setup to a file on the follower's disk, its
//! download, its deletion, and a disabled node.

use reqwest::header::{CONTENT_RANGE, ETAG, IF_NONE_MATCH, RANGE};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::client::{Answer, Client};
use crate::support::pair::{Pair, id};
use crate::support::primary::{PASSWORD, login};
use crate::support::wait;

/// Bytes that differ everywhere, so that a swapped or repeated piece shows.
fn content(length: usize) -> Vec<u8> {
    (0_u64..).flat_map(|n| Sha256::digest(n.to_le_bytes())).take(length).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

async fn upload(client: &Client, name: &str, bytes: Vec<u8>) -> Answer {
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
    Answer::read(
        client.request(Method::POST, "/api/v1/files/upload").multipart(form).send().await.expect("reply"),
    )
    .await
}

async fn download(
    client: &Client,
    file: i64,
    header: Option<(reqwest::header::HeaderName, String)>,
) -> Response {
    let mut request = client.request(Method::GET, &format!("/api/v1/files/{file}/download"));
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.send().await.expect("reply")
}

#[tokio::test]
async fn the_acceptance_walk_runs_from_setup_to_a_disabled_node() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;

    let node = pair.primary.node(pair.node).await;
    assert_eq!(node["enrollment_status"], "completed");
    assert_eq!(node["capabilities"]["protocol_version"], "v2");
    assert_eq!(node["last_error"], "", "{node}");
    admin.post(&format!("/api/v1/admin/policies/{}/test", pair.policy), Value::Null).await.data();
    assert!(pair.stored_objects().is_empty(), "the test object is removed");

    let user = json!({"username": "alice", "email": "alice@example.com", "password": PASSWORD});
    let user = id(admin.post("/api/v1/admin/users", user).await.data());
    admin.patch(&format!("/api/v1/admin/users/{user}"), json!({"policy_group_id": pair.group})).await.data();
    let alice = login(&pair.primary.url, "alice", PASSWORD).await;
    assert_eq!(id(alice.get("/api/v1/auth/me").await.data()), user);

    stores_and_gives_back(&pair, &alice).await;
    a_disabled_node_refuses_uploads(&pair, &alice).await;
    admin.post(&format!("/api/v1/admin/remote-nodes/{}/test", pair.node), json!({})).await.data();
}

async fn stores_and_gives_back(pair: &Pair, alice: &Client) {
    for length in [0, 5, 300_000, 6_000_000] {
        let bytes = content(length);
        let stored = upload(alice, "sample.bin", bytes.clone()).await;
        assert_eq!(stored.status, 201, "{stored:?}");
        let file = id(stored.data());
        assert_eq!(stored.data()["size"], length);

        let objects = pair.stored_objects();
        assert_eq!(objects.len(), 1, "{objects:?}");
        assert_eq!(sha256(&std::fs::read(&objects[0]).expect("object")), sha256(&bytes));

        let whole = download(alice, file, None).await;
        assert_eq!(whole.status(), 200);
        let etag = whole.headers()[ETAG].to_str().expect("etag").to_owned();
        assert_eq!(etag, format!("\"{}\"", sha256(&bytes)));
        assert_eq!(whole.bytes().await.expect("body"), bytes);
        let unchanged = download(alice, file, Some((IF_NONE_MATCH, etag))).await;
        assert_eq!(unchanged.status(), 304);
        if length > 10 {
            let part = download(alice, file, Some((RANGE, "bytes=3-10".into()))).await;
            assert_eq!(part.status(), 206);
            assert_eq!(part.headers()[CONTENT_RANGE], format!("bytes 3-10/{length}"));
            assert_eq!(part.bytes().await.expect("body"), bytes[3..=10]);
        }
        alice.delete_for_good(file).await;
        assert_eq!(alice.get(&format!("/api/v1/files/{file}")).await.status, 404);
        wait::until("the object is gone", async || pair.stored_objects().is_empty().then_some(())).await;
    }
}

async fn a_disabled_node_refuses_uploads(pair: &Pair, alice: &Client) {
    let kept = upload(alice, "kept.txt", b"kept".to_vec()).await;
    let kept = id(kept.data());
    pair.primary.patch_node(pair.node, json!({"is_enabled": false})).await;
    let refused = upload(alice, "late.txt", b"late".to_vec()).await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    assert!(!refused.message().is_empty());
    assert_eq!(
        alice.get(&format!("/api/v1/files/{kept}")).await.data()["name"],
        "kept.txt",
        "it stays listed"
    );
    let unreadable = Answer::read(download(alice, kept, None).await).await;
    assert_eq!(unreadable.error(), "remote_node.disabled", "{unreadable:?}");

    pair.primary.patch_node(pair.node, json!({"is_enabled": true})).await;
    assert_eq!(download(alice, kept, None).await.bytes().await.expect("body").as_ref(), b"kept");
}

#[tokio::test]
async fn files_are_routed_by_size_and_fall_back_when_the_node_is_disabled() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let policies = admin.get("/api/v1/admin/policies").await;
    let local = policies.data()["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|policy| policy["driver_type"] == "local")
        .map(id)
        .expect("the local default policy");
    let items = json!([
        {"policy_id": local, "priority": 1, "min_file_size": 0, "max_file_size": 1000},
        {"policy_id": pair.policy, "priority": 2, "min_file_size": 1000, "max_file_size": 0},
    ]);
    admin.patch(&format!("/api/v1/admin/policy-groups/{}", pair.group), json!({"items": items})).await.data();

    assert_eq!(upload(admin, "small", content(999)).await.status, 201);
    assert!(pair.stored_objects().is_empty(), "below 1,000 bytes the local rule wins");
    assert_eq!(upload(admin, "large", content(1000)).await.status, 201);
    assert_eq!(pair.stored_objects().len(), 1, "from 1,000 bytes on the follower's rule wins");
    pair.primary.patch_node(pair.node, json!({"is_enabled": false})).await;
    assert!(
        upload(admin, "again", content(1000)).await.status.is_client_error(),
        "no rule is left for this size"
    );
}

#[tokio::test]
async fn a_follower_that_is_away_is_named_and_its_file_comes_back_with_it() {
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let file = id(upload(&admin, "a.txt", b"hello".to_vec()).await.data());
    let port = pair.follower.port();
    pair.follower.process.kill().await;

    let away = Answer::read(download(&admin, file, None).await).await;
    assert!(away.status.is_server_error(), "{away:?}");
    assert!(away.message().contains("edge"), "it names the node: {}", away.message());
    let unstored = upload(&admin, "large", content(12_000_000)).await;
    assert_eq!(unstored.error(), "storage.transient", "{unstored:?}");
    assert!(unstored.message().contains("edge"), "{unstored:?}");
    let test = admin.post(&format!("/api/v1/admin/remote-nodes/{}/test", pair.node), json!({})).await;
    assert!(test.message().contains("refused"), "{test:?}");
    assert!(test.message().contains(&pair.follower.url), "{test:?}");
    assert_eq!(test.body["error"]["detail"]["class"], "connection_refused", "{test:?}");

    pair.follower = crate::support::follower::Follower::start(pair.follower_home.path(), port).await;
    // The primary asks a node that was away only now and then.
    wait::until("the file is back", async || {
        let body = download(&admin, file, None).await.bytes().await.expect("body");
        (body.as_ref() == b"hello").then_some(())
    })
    .await;
}
