//! S3 targets as the wire makes them: what is required, what is kept, what is never told. No bucket is needed for
//! that; objects in a real one are tested with real processes.

use serde_json::{Value, json};

use super::support::Node;

/// Nobody listens on port 1.
const NOWHERE: &str = "http://127.0.0.1:1";

fn bucket() -> Value {
    json!({"driver_type": "s3", "name": "cold", "endpoint": NOWHERE, "bucket": "objects", "base_path": "/a/b/",
        "access_key": "GKsecretid", "secret_key": "very secret", "max_file_size": 0})
}

async fn post(node: &Node, body: &Value) -> super::support::Answer {
    node.signed("POST", "/ingress-profiles").json(body).send().await
}

async fn patch(node: &Node, target: &Value, body: &Value) -> super::support::Answer {
    let path = format!("/ingress-profiles/{}", target["profile_key"].as_str().expect("key"));
    node.signed("PATCH", &path).json(body).send().await
}

#[tokio::test]
async fn a_bucket_needs_its_members_and_keys_that_could_be_keys() {
    let node = Node::enrolled().await;
    for member in ["endpoint", "bucket", "access_key", "secret_key", "base_path"] {
        let mut body = bucket();
        body.as_object_mut().expect("object").remove(member);
        let refused = post(&node, &body).await;
        refused.assert_failure(400, 1000, "bad_request");
        assert!(refused.message().contains(member), "{refused:?}");
    }
    for (member, value) in [
        ("access_key", " "),
        ("secret_key", "two words"),
        ("endpoint", "ftp://host"),
        ("endpoint", "https://pub.r2.dev"),
        ("bucket", "a/b"),
        ("region", "mars\u{7f}"),
        ("addressing", "sideways"),
    ] {
        let mut body = bucket();
        body["secret_key"] = json!("verysecret");
        body[member] = json!(value);
        post(&node, &body).await.assert_failure(400, 1000, "bad_request");
    }
    assert_eq!(node.get("/ingress-profiles").await.data(), json!([]));
}

#[tokio::test]
async fn a_bucket_that_cannot_be_reached_is_kept_with_the_reason_and_without_its_keys() {
    let node = Node::enrolled().await;
    let mut body = bucket();
    body["secret_key"] = json!("verysecret");
    let created = post(&node, &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let target = created.data();
    assert_eq!((&target["desired_revision"], &target["applied_revision"]), (&json!(1), &json!(0)));
    assert_eq!((&target["base_path"], &target["addressing"]), (&json!("a/b"), &json!("path")));
    let reason = target["last_error"].as_str().expect("last_error");
    assert!(reason.contains("writing") && reason.contains("objects"), "{reason}");
    let listed = node.get("/ingress-profiles").await;
    for answer in [created, listed] {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(!text.contains("verysecret") && !text.contains("GKsecretid"), "{text}");
    }
    node.put("k", b"x").await.assert_failure(412, 3010, "managed_ingress.default_error");
    let file = std::fs::read(node.dir.path().join("data/asterdrive.db-wal")).expect("database");
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("igp_"), "the row is there");
    assert!(!holds("verysecret") && !holds("GKsecretid"), "the keys lie open in the database");
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_another_driver_keeps_nothing() {
    let node = Node::enrolled().await;
    let mut body = bucket();
    body["secret_key"] = json!("verysecret");
    body["region"] = json!("garage");
    let target = post(&node, &body).await.data();
    let renamed = patch(&node, &target, &json!({"name": "archive"})).await.data();
    assert_eq!((&renamed["name"], &renamed["bucket"]), (&json!("archive"), &json!("objects")));
    assert_eq!((&renamed["region"], &renamed["desired_revision"]), (&json!("garage"), &json!(2)));

    let local = patch(&node, &target, &json!({"driver_type": "local", "base_path": "here"})).await.data();
    assert_eq!(
        (&local["endpoint"], &local["bucket"], &local["last_error"]),
        (&json!(""), &json!(""), &json!(""))
    );
    assert_eq!(local["applied_revision"], 3);
    assert_eq!(node.put("k", b"x").await.status, 200);

    let back = patch(&node, &target, &json!({"driver_type": "s3"})).await;
    back.assert_failure(400, 1000, "bad_request");
    assert!(back.message().contains("endpoint"), "nothing of the old connection is kept: {back:?}");
    let mut connection = bucket();
    connection["secret_key"] = json!("verysecret");
    connection.as_object_mut().expect("object").remove("base_path");
    let again = patch(&node, &target, &connection).await.data();
    assert_eq!(again["base_path"], "", "the local root `.` is no key prefix");
}
