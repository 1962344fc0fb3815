//! Storage policies and policy groups.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{GROUPS, POLICIES, USERS, ids, refused, start, upload};
use crate::support::client::{Answer, Client};
use crate::support::garage::{self, Garage};
use crate::support::pair::id;
use crate::support::primary::PASSWORD;

#[tokio::test]
async fn a_local_policy_is_created_read_changed_tested_and_deleted() {
    let (home, primary) = start().await;
    let admin = &primary.admin;
    let body = json!({"name": "Disk", "driver_type": "local", "base_path": "data/disk", "max_file_size": 9});
    admin.post(&format!("{POLICIES}/test"), body.clone()).await.data();
    assert_eq!(ids(admin, POLICIES).await.len(), 1, "a test stores no policy");
    let created = admin.post(POLICIES, body).await;
    assert_eq!(created.status, 201);
    let policy = created.data().clone();
    let path = format!("{POLICIES}/{}", id(&policy));
    assert_eq!((&policy["driver_type"], &policy["remote_node_id"]), (&json!("local"), &Value::Null));
    assert_eq!((&policy["max_file_size"], &policy["chunk_size"]), (&json!(9), &json!(5_242_880)));
    assert_eq!(policy["options"]["remote_upload_strategy"], "relay_stream");
    assert_eq!(*admin.get(&path).await.data(), policy);
    admin.post(&format!("{path}/test"), Value::Null).await.data();
    assert!(home.path().join("data/disk").is_dir(), "relative to the working directory");

    let change = json!({"name": "Big disk", "chunk_size": 0, "max_file_size": 0, "driver_type": "local"});
    let changed = admin.patch(&path, change).await.data().clone();
    assert_eq!((&changed["name"], &changed["chunk_size"]), (&json!("Big disk"), &json!(0)));
    assert_eq!(changed["base_path"], "data/disk");
    assert_eq!(admin.patch(&path, json!({"is_default": true})).await.data()["is_default"], true);
    let defaults = admin.get(POLICIES).await.data()["items"].as_array().expect("items").clone();
    assert_eq!(defaults.iter().filter(|policy| policy["is_default"] == true).count(), 1);
    refused(&admin.patch(&path, json!({"is_default": false})).await, 400, "bad_request", "is_default");
    refused(&admin.delete(&path).await, 409, "conflict", "default policy");
    admin.patch(&format!("{POLICIES}/1"), json!({"is_default": true})).await.data();
    admin.delete(&path).await.data();
    refused(&admin.get(&path).await, 404, "not_found", "storage policy");
}

#[tokio::test]
async fn what_is_wrong_with_a_policy_is_named_all_at_once() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let body = json!({"name": "", "driver_type": "local", "base_path": "a/../b", "chunk_size": -1,
        "options": {"remote_upload_strategy": "presigned"}});
    for path in [POLICIES.to_owned(), format!("{POLICIES}/test")] {
        let answer = admin.post(&path, body.clone()).await;
        refused(&answer, 400, "bad_request", "base_path");
        let fields = answer.body["error"]["detail"]["fields"].as_array().expect("fields").clone();
        let fields: Vec<&str> = fields.iter().filter_map(|field| field["field"].as_str()).collect();
        assert_eq!(fields, ["name", "base_path", "options.remote_upload_strategy", "chunk_size"]);
    }
    for (body, says) in [
        (json!({"driver_type": "local"}), "name"),
        (json!({"name": "P"}), "driver_type"),
        (json!({"name": "P", "driver_type": "ftp"}), "driver_type"),
        (json!({"name": "P", "driver_type": "local", "base_path": 7}), "base_path"),
        (json!({"name": "P", "driver_type": "remote"}), "remote_node_id"),
        (json!({"name": "P", "driver_type": "local", "base_path": "p", "chunk_size": "5"}), "chunk_size"),
    ] {
        refused(&admin.post(POLICIES, body).await, 400, "bad_request", says);
    }
    let node = primary.create_node("Edge", "edge", "").await;
    let remote = |node: i64| json!({"name": "P", "driver_type": "remote", "remote_node_id": node});
    refused(&admin.post(POLICIES, remote(node)).await, 400, "bad_request", "base_url");
    refused(&admin.post(POLICIES, remote(99)).await, 404, "not_found", "remote node 99");
    primary.patch_node(node, json!({"is_enabled": false, "base_url": "http://127.0.0.1:9"})).await;
    refused(&admin.post(POLICIES, remote(node)).await, 412, "remote_node.disabled", "Edge");
    let local = |name: &str| json!({"name": name, "driver_type": "local", "base_path": "data/p"});
    let second = id(admin.post(POLICIES, local("P")).await.data());
    refused(&admin.post(POLICIES, local("P")).await, 409, "conflict", "`P`");
    let path = format!("{POLICIES}/{second}");
    refused(&admin.patch(&path, json!({"name": "Local Default"})).await, 409, "conflict", "Local Default");
    refused(&admin.patch(&path, json!({"driver_type": "remote"})).await, 400, "bad_request", "driver_type");
    refused(&admin.patch(&path, json!({"remote_node_id": node})).await, 400, "bad_request", "remote_node_id");
    refused(&admin.patch(&path, json!({"max_file_size": -1})).await, 400, "bad_request", "max_file_size");
}

#[tokio::test]
async fn a_group_is_created_read_changed_and_deleted() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let rule = json!({"policy_id": 1, "priority": 5});
    let created = admin.post(GROUPS, json!({"name": "G", "items": [rule]})).await;
    assert_eq!(created.status, 201);
    let group = created.data().clone();
    let path = format!("{GROUPS}/{}", id(&group));
    assert_eq!((&group["is_enabled"], &group["is_default"]), (&json!(true), &json!(false)));
    assert_eq!(group["items"][0]["min_file_size"], 0);
    assert_eq!(*admin.get(&path).await.data(), group);
    let items = json!([{"policy_id": 1, "priority": 1, "min_file_size": 1, "max_file_size": 9}]);
    let changed = admin.patch(&path, json!({"items": items, "is_enabled": false})).await.data().clone();
    assert_eq!(changed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&changed["items"][0]["max_file_size"], &changed["name"]), (&json!(9), &json!("G")));
    refused(&admin.post(GROUPS, json!({"name": "G", "items": items})).await, 409, "conflict", "`G`");
    refused(&admin.delete(&format!("{POLICIES}/1")).await, 409, "conflict", "G");

    // The flag moves, and new users follow it.
    admin.patch(&path, json!({"is_default": true})).await.data();
    assert_eq!(admin.get(&format!("{GROUPS}/1")).await.data()["is_default"], false);
    let user = json!({"username": "alice", "email": "alice@example.com", "password": PASSWORD});
    let user = admin.post(USERS, user).await.data().clone();
    assert_eq!(user["policy_group_id"], group["id"]);
    refused(&admin.patch(&path, json!({"is_default": false})).await, 400, "bad_request", "is_default");
    let in_use = admin.delete(&path).await;
    refused(&in_use, 409, "conflict", "default group");
    assert!(in_use.message().contains("1 users"), "{in_use:?}");
    admin.patch(&format!("{GROUPS}/1"), json!({"is_default": true})).await.data();
    let user = format!("{USERS}/{}", id(&user));
    refused(&admin.patch(&user, json!({"policy_group_id": 99})).await, 400, "bad_request", "policy group 99");
    refused(
        &admin.patch(&user, json!({"policy_group_id": null})).await,
        400,
        "bad_request",
        "policy_group_id",
    );
    admin.patch(&user, json!({"policy_group_id": 1})).await.data();
    admin.delete(&path).await.data();
    assert_eq!(ids(admin, GROUPS).await, [1]);
}

#[tokio::test]
async fn every_mistake_in_a_group_is_reported() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let items = json!([
        {"policy_id": 1, "priority": 1, "min_file_size": 9, "max_file_size": 9},
        {"policy_id": 1, "priority": 1},
        {"policy_id": 99, "priority": 0, "min_file_size": -1},
    ]);
    let answer = admin.post(GROUPS, json!({"name": " ", "items": items})).await;
    refused(&answer, 400, "bad_request", "there is no storage policy 99");
    let fields = answer.body["error"]["detail"]["fields"].as_array().expect("fields").clone();
    let fields: Vec<&str> = fields.iter().filter_map(|field| field["field"].as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "items[0].max_file_size",
            "items[1].priority",
            "items[1].policy_id",
            "items[2].min_file_size",
            "items[2].priority",
            "items[2].policy_id",
        ]
    );
    refused(&admin.post(GROUPS, json!({"name": "G", "items": []})).await, 400, "bad_request", "items");
    refused(&admin.post(GROUPS, json!({"name": "G"})).await, 400, "bad_request", "items");
    let wrong = json!({"name": "G", "items": [{"policy_id": 1, "priority": "first"}]});
    refused(&admin.post(GROUPS, wrong).await, 400, "bad_request", "items[0].priority");
    refused(&admin.patch(&format!("{GROUPS}/1"), json!({"items": []})).await, 400, "bad_request", "items");
    assert_eq!(ids(admin, GROUPS).await, [1]);
}

#[tokio::test]
async fn uploads_follow_the_group_and_say_why_when_it_takes_nothing() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    admin
        .patch(
            &format!("{GROUPS}/1"),
            json!({"items": [{"policy_id": 1, "priority": 1, "min_file_size": 2}]}),
        )
        .await
        .data();
    refused(&upload(admin, b"x").await, 412, "precondition_failed", "1 bytes");
    assert_eq!(upload(admin, b"xy").await.status, 201);
    let moved = admin.patch(&format!("{POLICIES}/1"), json!({"base_path": "data/elsewhere"})).await;
    refused(&moved, 400, "bad_request", "base_path");
    admin.patch(&format!("{GROUPS}/1"), json!({"is_enabled": false})).await.data();
    refused(&upload(admin, b"xy").await, 412, "precondition_failed", "disabled");
}

/// More than travels in one request to the bucket.
const LARGE: usize = 9 * 1024 * 1024;

#[tokio::test]
async fn a_bucket_takes_files_and_its_keys_are_never_shown() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let (home, primary) = start().await;
    let admin = &primary.admin;
    let body = json!({"name": "Bucket", "driver_type": "s3", "endpoint": garage.endpoint(), "bucket": garage::BUCKET,
        "base_path": "/drive/", "region": garage::REGION, "access_key": garage::ACCESS_KEY,
        "secret_key": garage::SECRET_KEY, "allowed_types": ["BIN", "image/*"],
        "options": {"s3_download_strategy": "presigned", "s3_read_timeout_secs": 20}});
    let tested = admin.post(&format!("{POLICIES}/test"), body.clone()).await;
    let message = tested.data()["message"].as_str().expect("words").to_owned();
    assert!(message.contains("bucket `objects`") && message.contains("CORS"), "{message}");
    let mut wrong = body.clone();
    wrong["secret_key"] = json!("0".repeat(64));
    let refusal = admin.post(&format!("{POLICIES}/test"), wrong).await;
    refused(&refusal, 500, "storage.permission", "writing a test object failed");

    let created = admin.post(POLICIES, body).await;
    let policy = created.data().clone();
    let path = format!("{POLICIES}/{}", id(&policy));
    assert_eq!((&policy["driver_type"], &policy["base_path"]), (&json!("s3"), &json!("drive")));
    assert_eq!(
        (&policy["bucket"], &policy["allowed_types"]),
        (&json!("objects"), &json!(["bin", "image/*"]))
    );
    assert_eq!(policy["options"]["s3_download_strategy"], "presigned");
    for answer in [&created, &admin.get(&path).await, &refusal, &tested] {
        let text = answer.body.to_string();
        assert!(!text.contains(garage::SECRET_KEY) && !text.contains(garage::ACCESS_KEY), "{text}");
    }
    assert!(!holds(home.path(), garage::SECRET_KEY), "sealed at rest");

    let rules = json!([{"policy_id": policy["id"], "priority": 1}]);
    admin.patch(&format!("{GROUPS}/1"), json!({"items": rules})).await.data();
    let content: &'static [u8] = vec![7_u8; LARGE].leak();
    let file = id(upload(admin, content).await.data());
    let answer = admin.request(Method::GET, &format!("/api/v1/files/{file}/download")).send().await;
    let place = answer.expect("reply").headers()["location"].to_str().expect("a place").to_owned();
    assert!(place.starts_with(garage.endpoint()), "{place}");
    let fetched = reqwest::get(place).await.expect("reply").bytes().await.expect("body");
    assert!(fetched == content, "other content");

    for (change, field) in [
        (json!({"base_path": "other"}), "base_path"),
        (json!({"bucket": "other"}), "bucket"),
        (json!({"endpoint": "http://127.0.0.1:1"}), "endpoint"),
    ] {
        refused(&admin.patch(&path, change).await, 400, "bad_request", field);
    }
    let same =
        json!({"endpoint": format!("{}/", garage.endpoint()), "region": garage::REGION, "bucket": "objects"});
    admin.patch(&path, same).await.data();
    admin.post(&format!("{path}/test"), Value::Null).await.data();
    let text = refused_upload(admin, "a.exe").await;
    assert!(text.contains("`exe`") && text.contains("bin, image/*"), "{text}");
}

/// Whether a file below `directory` has `text` in it.
fn holds(directory: &std::path::Path, text: &str) -> bool {
    std::fs::read_dir(directory).expect("directory").any(|entry| {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

async fn refused_upload(client: &Client, name: &'static str) -> String {
    let form = Form::new().part("file", Part::bytes(&b"x"[..]).file_name(name));
    let request = client.request(Method::POST, "/api/v1/files/upload").multipart(form);
    let answer = Answer::read(request.send().await.expect("reply")).await;
    refused(&answer, 415, "file.type_not_allowed", "storage policy");
    answer.body["msg"].as_str().expect("msg").to_owned()
}

#[tokio::test]
async fn the_way_of_a_size_is_told_rule_by_rule_and_users_move_together() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let local =
        |name: &str| json!({"name": name, "driver_type": "local", "base_path": format!("data/{name}")});
    let (small, large) = (
        id(admin.post(POLICIES, local("small")).await.data()),
        id(admin.post(POLICIES, local("large")).await.data()),
    );
    let items = json!([{"policy_id": large, "priority": 2, "min_file_size": 100},
        {"policy_id": small, "priority": 1, "max_file_size": 100}]);
    let group = id(admin.post(GROUPS, json!({"name": "Sizes", "items": items})).await.data());
    let found = admin.get(&format!("{GROUPS}/{group}/match?size=100")).await.data().clone();
    assert_eq!((&found["policy_id"], &found["policy_name"]), (&json!(large), &json!("large")));
    assert_eq!(found["rules"][0]["outcome"], "skipped");
    assert_eq!(found["rules"][0]["reason"], "the rule is for files of less than 100 bytes");
    assert_eq!(found["rules"][1]["outcome"], "chosen");
    refused(&admin.get(&format!("{GROUPS}/{group}/match")).await, 400, "bad_request", "size");

    let me = id(admin.get("/api/v1/auth/me").await.data());
    let migrate =
        |from: i64, to: i64| (format!("{GROUPS}/{from}/migrate-users"), json!({"target_group_id": to}));
    for (to, hint) in [(1, "is the group itself"), (99, "there is no policy group 99")] {
        let (path, body) = migrate(1, to);
        refused(&admin.post(&path, body).await, 400, "bad_request", hint);
    }
    let (path, body) = migrate(1, group);
    let moved = admin.post(&path, body).await.data().clone();
    assert_eq!(moved, json!({"affected_users": 1, "migrated_assignments": 1}));
    let mine = admin.get(&format!("{USERS}/{me}/policy-match?size=5")).await.data().clone();
    assert_eq!((&mine["group_id"], &mine["policy_id"]), (&json!(group), &json!(small)));
    refused(&admin.delete(&format!("{GROUPS}/{group}")).await, 409, "conflict", "1 users");
    let names = admin.get(&format!("{POLICIES}?sort_by=name&sort_order=desc&limit=2")).await.data().clone();
    assert_eq!((&names["items"][0]["name"], &names["total"]), (&json!("small"), &json!(3)));
}
