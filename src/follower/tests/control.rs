//! Binding, capabilities and ingress targets: §5.2, §6 and §7 of the wire contract.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::support::{Node, SECRET, write};

#[tokio::test]
async fn capabilities_name_everything_a_primary_asks_for() {
    let node = Node::enrolled().await;
    let document = node.get("/capabilities").await.data();
    assert_eq!(document["protocol_version"], "v2");
    let features = document["features"].as_object().expect("features");
    assert!(features.len() == 11 && features.values().all(|flag| *flag == json!(true)));
    assert_eq!(document["browser_cors"]["allowed_headers"], json!(["content-type", "range"]));
    assert_eq!(document["limits"], json!({}));
    assert_eq!(document["supports_list"], true);
}

#[tokio::test]
async fn the_binding_takes_a_name_and_a_flag() {
    let node = Node::enrolled().await;
    let put = |body: Value| node.signed("PUT", "/binding").json(&body);
    put(json!({"name": "  ", "is_enabled": true})).send().await.assert_failure(400, 1000, "bad_request");
    let answer = put(json!({"name": "x"})).send().await;
    answer.assert_failure(400, 1000, "bad_request");
    assert!(answer.message().contains("is_enabled"));
    assert_eq!(put(json!({"name": " new ", "is_enabled": false})).send().await.status, 200);
    let summary = crate::follower::enrollment::existing(&node.db).await.expect("read").expect("binding");
    assert_eq!((summary.name.as_str(), summary.is_enabled), ("new", false));
}

#[tokio::test]
async fn the_first_target_is_default_and_takes_objects_at_once() {
    let node = Node::enrolled().await;
    node.get("/objects").await.assert_failure(412, 3010, "managed_ingress.required");
    assert_eq!(node.get("/ingress-profiles").await.data(), json!([]));
    let target = node.add_target(" main ", "./a\\b/", 7).await;
    assert!(target["profile_key"].as_str().is_some_and(|key| key.starts_with("igp_") && key.len() == 36));
    for (member, value) in [
        ("name", json!("main")),
        ("driver_type", json!("local")),
        ("endpoint", json!("")),
        ("base_path", json!("a/b")),
        ("max_file_size", json!(7)),
        ("is_default", json!(true)),
        ("desired_revision", json!(1)),
        ("applied_revision", json!(1)),
        ("last_error", json!("")),
    ] {
        assert_eq!(target[member], value, "{member}");
    }
    assert_eq!(node.put("k", b"x").await.status, 200);
    assert!(node.file("a/b", "k").exists());
}

fn key_of(target: &Value) -> String {
    format!("/ingress-profiles/{}", target["profile_key"].as_str().expect("key"))
}

#[tokio::test]
async fn the_default_moves_only_by_giving_it_to_another() {
    let node = Node::ready().await;
    let first = node.get("/ingress-profiles").await.data()[0].clone();
    let second = node.add_target("second", "two", 0).await;
    assert_eq!(second["is_default"], false);
    assert_eq!(node.put("k", b"first").await.status, 200);

    let patch = |target: &Value, body: Value| node.signed("PATCH", &key_of(target)).json(&body);
    let refused = patch(&first, json!({"is_default": false})).send().await;
    refused.assert_failure(412, 3010, "managed_ingress.default_update_requires_replacement");
    let refused = node.signed("DELETE", &key_of(&first)).send().await;
    refused.assert_failure(412, 3010, "managed_ingress.default_delete_requires_replacement");
    assert_eq!(patch(&second, json!({"is_default": false})).send().await.status, 200);

    let moved = patch(&second, json!({"is_default": true})).send().await.data();
    assert_eq!((&moved["is_default"], &moved["desired_revision"]), (&json!(true), &json!(3)));
    node.get("/objects/k").await.assert_failure(404, 1001, "not_found");
    assert_eq!(node.put("k", b"second").await.status, 200);
    assert_eq!(std::fs::read(node.file("store", "k")).expect("first"), b"first");
    assert_eq!(std::fs::read(node.file("two", "k")).expect("second"), b"second");

    let list = node.get("/ingress-profiles").await.data();
    assert_eq!((&list[0]["name"], &list[1]["name"]), (&json!("second"), &json!("main")));
    for target in [&first, &second] {
        assert_eq!(node.signed("DELETE", &key_of(target)).send().await.status, 200);
    }
    node.get("/objects").await.assert_failure(412, 3010, "managed_ingress.required");
    assert!(node.file("two", "k").exists(), "data stays");
}

#[tokio::test]
async fn every_patch_counts_a_revision_and_takes_effect_at_once() {
    let node = Node::ready().await;
    let target = node.get("/ingress-profiles").await.data()[0].clone();
    let patch = |body: Value| node.signed("PATCH", &key_of(&target)).json(&body);
    let after = patch(json!({})).send().await.data();
    assert_eq!((&after["desired_revision"], &after["applied_revision"]), (&json!(2), &json!(2)));
    let after = patch(json!({"base_path": "moved", "max_file_size": 3, "name": null})).send().await.data();
    assert_eq!(
        (&after["base_path"], &after["name"], &after["applied_revision"]),
        (&json!("moved"), &json!("main"), &json!(3))
    );
    assert_eq!(node.put("k", b"abc").await.status, 200);
    assert!(node.file("moved", "k").exists());
    node.put("k", b"abcd").await.assert_failure(400, 3001, "file.too_large");
    let unknown = node.signed("PATCH", "/ingress-profiles/igp_x").json(&json!({})).send().await;
    unknown.assert_failure(404, 1001, "not_found");
    let unknown = node.signed("DELETE", "/ingress-profiles/igp_x").send().await;
    unknown.assert_failure(404, 1001, "not_found");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let node = Node::ready().await;
    let good = json!({"driver_type": "local", "name": "n", "base_path": "p", "max_file_size": 0});
    let post = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        node.signed("POST", "/ingress-profiles").json(&body)
    };
    for path in ["../x", "a/../../x", "/etc", "..\\x", "\\x", "C:\\x", "a\u{0}"] {
        let answer = post("base_path", json!(path)).send().await;
        answer.assert_failure(400, 1000, "managed_ingress.local_path_invalid");
    }
    for (member, value) in
        [("base_path", json!(" ")), ("name", json!(" ")), ("max_file_size", json!(-1)), ("name", json!(7))]
    {
        let answer = post(member, value).send().await;
        answer.assert_failure(400, 1000, "bad_request");
        assert!(answer.message().contains(member), "{answer:?}");
    }
    post("driver_type", json!("ftp")).send().await.assert_failure(400, 1000, "bad_request");
    let target = node.get("/ingress-profiles").await.data()[0].clone();
    let remote = node.signed("PATCH", &key_of(&target)).json(&json!({"driver_type": "remote"})).send().await;
    remote.assert_failure(400, 1000, "managed_ingress.driver_unsupported");
    let after = &node.get("/ingress-profiles").await.data()[0];
    assert_eq!(after["desired_revision"], 1, "a refused change is no change");
}

#[tokio::test]
async fn a_percent_encoded_base_path_is_a_plain_name_below_the_root() {
    let node = Node::enrolled().await;
    node.add_target("main", "%2e%2e/x", 0).await;
    assert_eq!(node.put("k", b"x").await.status, 200);
    assert!(node.file("%2e%2e/x", "k").exists());
}

#[tokio::test]
async fn a_link_out_of_the_root_is_not_applied_and_heals_with_a_reload() {
    let node = Node::enrolled().await;
    let root = &node.config.server.follower.managed_ingress_local_root;
    std::fs::create_dir_all(root).expect("root");
    let outside = node.dir.path().join("outside");
    std::fs::create_dir(&outside).expect("outside");
    symlink(&outside, root.join("link")).expect("link");

    let target = node.add_target("main", "link", 0).await;
    assert_eq!((&target["desired_revision"], &target["applied_revision"]), (&json!(1), &json!(0)));
    assert!(target["last_error"].as_str().is_some_and(|text| text.contains("symbolic link")), "{target}");
    node.put("k", b"x").await.assert_failure(412, 3010, "managed_ingress.default_error");
    assert_eq!(std::fs::read_dir(&outside).expect("outside").count(), 0);
    let ready = node.plain("GET", "/health/ready").send().await.data();
    assert_eq!(ready["ingress_target"], "failed");

    std::fs::remove_file(root.join("link")).expect("remove");
    node.follower.reload().await.expect("reload");
    assert_eq!(node.put("k", b"x").await.status, 200);
    let target = node.get("/ingress-profiles").await.data()[0].clone();
    assert_eq!((&target["applied_revision"], &target["last_error"]), (&json!(1), &json!("")));
}

#[tokio::test]
async fn targets_with_one_path_keep_their_objects_apart_by_namespace() {
    let node = Node::ready().await;
    let root = &node.config.server.follower.managed_ingress_local_root;
    let foreign = root.join("store/other-tenant");
    std::fs::create_dir_all(&foreign).expect("directory");
    write(&foreign.join("secret"), b"theirs");
    assert_eq!(node.get("/objects").await.data(), json!({"items": []}));
    node.get("/objects/secret").await.assert_failure(404, 1001, "not_found");
    node.get("/objects/..%2Fother-tenant%2Fsecret").await.assert_failure(400, 1000, "bad_request");
}

#[tokio::test]
async fn the_secret_key_lies_in_no_file() {
    let node = Node::ready().await;
    let mut directories = vec![node.dir.path().to_owned()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("directory").map(|entry| entry.expect("entry")) {
            if entry.file_type().expect("type").is_dir() {
                directories.push(entry.path());
                continue;
            }
            files += 1;
            let bytes = std::fs::read(entry.path()).expect("file");
            let secret = SECRET.as_bytes();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{:?}", entry.path());
        }
    }
    assert!(files >= 2, "configuration and database");
}

#[tokio::test]
async fn object_requests_execute_no_sql() {
    let node = Node::ready().await;
    node.db.close().await;
    for number in 0..1000 {
        let key = format!("k{}", number % 20);
        match number {
            0..20 => assert_eq!(node.put(&key, b"x").await.status, 200),
            _ => assert_eq!(node.get(&format!("/objects/{key}")).await.status, 200),
        }
    }
    assert_eq!(node.get("/capabilities").await.status, 200);
    let control = node.get("/ingress-profiles").await;
    control.assert_failure(500, 1003, "database.error");
    assert_eq!(node.plain("GET", "/health/ready").send().await.status, 503);
}

#[tokio::test]
async fn a_follower_takes_a_limited_number_of_targets() {
    let node = Node::enrolled().await;
    for number in 0..64 {
        node.add_target(&format!("t{number}"), &format!("t{number}"), 0).await;
    }
    let body = json!({"driver_type": "local", "name": "more", "base_path": "more", "max_file_size": 0});
    let refused = node.signed("POST", "/ingress-profiles").json(&body).send().await;
    refused.assert_failure(400, 1000, "bad_request");
    assert!(refused.message().contains("64"), "{refused:?}");
    assert!(!node.file("more", "").exists(), "nothing is made for it");
    let targets = node.get("/ingress-profiles").await.data();
    let spare = targets.as_array().expect("targets").last().expect("a target")["profile_key"].clone();
    let path = format!("/ingress-profiles/{}", spare.as_str().expect("key"));
    assert_eq!(node.signed("DELETE", &path).send().await.status, 200);
    node.add_target("more", "more", 0).await;
}
