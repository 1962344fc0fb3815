//! Nodes, enrollment and ingress targets.

use serde_json::{Value, json};

use super::{GROUPS, NODES, POLICIES, ids, refused, start, upload};
use crate::support::client::Client;
use crate::support::pair::{Pair, id};

const REDEEM: &str = "/api/v1/public/remote-enrollment/redeem";
const ACK: &str = "/api/v1/public/remote-enrollment/ack";

#[tokio::test]
async fn a_node_is_created_read_changed_and_deleted() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let created =
        admin.post(NODES, json!({"name": " Edge One ", "base_url": "http://f.example:3001/x/"})).await;
    assert_eq!(created.status, 201);
    let node = created.data().clone();
    let path = format!("{NODES}/{}", id(&node));
    for (member, value) in [
        ("name", json!("Edge One")),
        ("namespace", json!("edge-one")),
        ("base_url", json!("http://f.example:3001/x")),
        ("is_enabled", json!(true)),
        ("enrollment_status", json!("not_started")),
        ("last_error", json!("")),
        ("last_checked_at", Value::Null),
    ] {
        assert_eq!(node[member], value, "{member}");
    }
    assert_eq!(node["capabilities"]["protocol_version"], "unknown");
    assert_eq!(*admin.get(&path).await.data(), node);

    let change = json!({"name": "Edge", "base_url": "", "is_enabled": false, "namespace": "edge-one"});
    let changed = admin.patch(&path, change).await.data().clone();
    assert_eq!((&changed["name"], &changed["base_url"]), (&json!("Edge"), &json!("")));
    assert_eq!(changed["is_enabled"], false);
    let kept = admin.patch(&path, json!({"base_url": null})).await.data().clone();
    assert_eq!((&kept["name"], &kept["is_enabled"]), (&json!("Edge"), &json!(false)));
    let gone = admin.delete(&path).await;
    assert_eq!(gone.body, json!({"code": 0, "msg": ""}));
    refused(&admin.get(&path).await, 404, "not_found", "remote node");
}

#[tokio::test]
async fn what_is_wrong_with_a_node_is_named() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    primary.create_node("Edge", "edge", "").await;
    for (body, says) in [
        (json!({}), "name"),
        (json!({"name": 5}), "name"),
        (json!({"name": "  "}), "name"),
        (json!({"name": "n", "is_enabled": "yes"}), "is_enabled"),
        (json!({"name": "n", "base_url": "f.example:3001"}), "base_url"),
        (json!({"name": "n", "base_url": "ftp://f.example"}), "base_url"),
        (json!({"name": "n", "base_url": "http://user:secret@f.example"}), "base_url"),
        (json!({"name": "n", "namespace": "../up"}), "namespace"),
        (json!({"name": "x".repeat(129)}), "name"),
    ] {
        let answer = admin.post(NODES, body).await;
        refused(&answer, 400, "bad_request", says);
        assert!(!answer.message().contains("secret@"), "{answer:?}");
    }
    let same_name = admin.post(NODES, json!({"name": "Edge", "namespace": "other"})).await;
    refused(&same_name, 400, "remote_node.unique_conflict", "name: another remote node has `Edge`");
    assert_eq!(same_name.body["code"], 1009);
    let same_namespace = admin.post(NODES, json!({"name": "Other", "namespace": "edge"})).await;
    refused(&same_namespace, 400, "remote_node.unique_conflict", "namespace: another");
    let other = primary.create_node("Other", "other", "").await;
    let path = format!("{NODES}/{other}");
    refused(&admin.patch(&path, json!({"name": "Edge"})).await, 400, "remote_node.unique_conflict", "`Edge`");
    refused(&admin.patch(&path, json!({"namespace": "new"})).await, 400, "bad_request", "stays `other`");
    assert_eq!(ids(admin, NODES).await.len(), 2);
}

#[tokio::test]
async fn nodes_are_listed_in_parts_and_in_the_order_that_is_asked_for() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let mut nodes = Vec::new();
    for name in ["beta", "alpha", "gamma"] {
        nodes.push(primary.create_node(name, name, "").await);
    }
    let [beta, alpha, gamma] = nodes[..] else { panic!("three nodes") };
    for (query, expected) in [
        ("", vec![gamma, alpha, beta]),
        ("?sort_order=asc", vec![beta, alpha, gamma]),
        ("?sort_by=name&sort_order=asc", vec![alpha, beta, gamma]),
        ("?sort_by=name", vec![gamma, beta, alpha]),
        ("?sort_by=id&sort_order=asc&limit=1&offset=1", vec![alpha]),
        ("?sort_by=last_checked_at&sort_order=asc&offset=3", vec![]),
    ] {
        assert_eq!(ids(admin, &format!("{NODES}{query}")).await, expected, "{query}");
    }
    let page = admin.get(&format!("{NODES}?limit=2&offset=1")).await.data().clone();
    assert_eq!((&page["total"], &page["limit"], &page["offset"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(admin.get(NODES).await.data()["limit"], 50);
    assert_eq!(admin.get(&format!("{NODES}?limit=1000")).await.data()["limit"], 100);
    assert_eq!(admin.get(&format!("{NODES}?limit=0")).await.data()["limit"], 1);
    for (query, says) in [
        ("limit=-1", "limit"),
        ("offset=x", "offset"),
        ("sort_by=secret_key", "sort_by"),
        ("sort_order=up", "sort_order"),
    ] {
        refused(&admin.get(&format!("{NODES}?{query}")).await, 400, "bad_request", says);
    }
}

#[tokio::test]
async fn an_enrollment_goes_from_token_to_completed_and_no_further() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let node = primary.create_node("Edge", "edge", "").await;
    let path = format!("{NODES}/{node}");
    let token_path = format!("{path}/enrollment-token");
    primary.admin.delete("/api/v1/admin/config/public_site_url").await.data();
    refused(&admin.post(&token_path, json!({})).await, 400, "bad_request", "public_site_url");
    primary.set_site_url("https://drive.example").await;

    let first = primary.token(node).await;
    let issued = admin.post(&token_path, json!({})).await;
    assert_eq!(issued.status, 201);
    let token = issued.data()["token"].as_str().expect("token").to_owned();
    assert!(token.starts_with("enr_") && token != first, "{issued:?}");
    let command = format!("aster_drive node enroll --master-url https://drive.example --token {token}");
    assert_eq!(issued.data()["command"], command.as_str());
    assert_eq!(issued.data()["master_url"], "https://drive.example");
    assert_eq!(
        (&issued.data()["remote_node_id"], &issued.data()["remote_node_name"]),
        (&json!(node), &json!("Edge"))
    );
    assert!(issued.data()["expires_at"].is_string());
    assert_eq!(primary.node(node).await["enrollment_status"], "pending");

    let public = Client::new(primary.url.clone());
    refused(
        &public.post(REDEEM, json!({"token": first})).await,
        400,
        "bad_request",
        "has been replaced by a newer session",
    );
    refused(&public.post(REDEEM, json!({"token": " "})).await, 400, "bad_request", "token");
    refused(&public.post(REDEEM, json!({"token": "enr_0"})).await, 400, "bad_request", "unknown");
    refused(&public.post(REDEEM, json!({})).await, 400, "bad_request", "token");
    let keys = public.post(REDEEM, json!({"token": format!(" {token}\n")})).await.data().clone();
    assert_eq!(keys["namespace"], "edge");
    assert_eq!(public.post(REDEEM, json!({"token": token})).await.data()["ack_token"], keys["ack_token"]);
    assert_eq!(primary.node(node).await["enrollment_status"], "redeemed");

    refused(&public.post(ACK, json!({"ack_token": "enr_ack_0"})).await, 400, "bad_request", "unknown");
    for _ in 0..2 {
        assert_eq!(public.post(ACK, json!({"ack_token": keys["ack_token"]})).await.status, 200);
    }
    assert_eq!(primary.node(node).await["enrollment_status"], "completed");
    refused(
        &public.post(REDEEM, json!({"token": token})).await,
        400,
        "bad_request",
        "already been completed",
    );
    refused(&admin.post(&token_path, json!({})).await, 400, "bad_request", "enrolled already");
}

#[tokio::test]
async fn a_node_that_is_not_enrolled_is_called_for_nothing() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let node = primary.create_node("Edge", "edge", "http://127.0.0.1:9").await;
    let path = format!("{NODES}/{node}");
    let target = json!({"driver_type": "local", "name": "n", "base_path": "p", "max_file_size": 0});
    for answer in [
        admin.post(&format!("{path}/test"), json!({})).await,
        admin.get(&format!("{path}/ingress-profiles")).await,
        admin.post(&format!("{path}/ingress-profiles"), target).await,
        admin.patch(&format!("{path}/ingress-profiles/igp_1"), json!({})).await,
        admin.delete(&format!("{path}/ingress-profiles/igp_1")).await,
        admin.post(POLICIES, json!({"name": "P", "driver_type": "remote", "remote_node_id": node})).await,
    ] {
        refused(&answer, 412, "remote_node.enrollment_required", "Edge");
        assert_eq!(answer.body["error"]["subcode"], "remote_node.enrollment_required");
        assert_eq!(answer.body["code"], 3010);
    }
}

#[tokio::test]
async fn an_address_is_tested_before_there_is_a_node() {
    let (_home, primary) = start().await;
    let admin = &primary.admin;
    let test = format!("{NODES}/test");
    let keys =
        |base_url: &str| json!({"base_url": base_url, "access_key": "rn_0", "secret_key": "rns_secret"});
    let bad = admin.post(&test, keys("f.example")).await;
    refused(&bad, 400, "bad_request", "f.example");
    assert_eq!(bad.body["error"]["detail"]["class"], "bad_endpoint");
    // The primary itself answers there, in the envelope, but it is no follower.
    let own = admin.post(&test, keys(&primary.url)).await;
    refused(&own, 500, "storage.misconfigured", "not a follower");
    let detail = &own.body["error"]["detail"];
    assert_eq!((&detail["status"], &detail["hop"]), (&json!(404), &json!("primary_to_follower")));
    assert!(!own.body.to_string().contains("rns_secret"), "{own:?}");
    refused(&admin.post(&test, json!({"base_url": primary.url})).await, 400, "bad_request", "access_key");
    let spaced = json!({"base_url": primary.url, "access_key": "a b", "secret_key": "s"});
    refused(&admin.post(&test, spaced).await, 400, "bad_request", "access key");
    let number = json!({"base_url": primary.url, "access_key": "rn_0", "secret_key": 271_828_182});
    let answer = admin.post(&test, number).await;
    refused(&answer, 400, "bad_request", "secret_key");
    assert!(!answer.message().contains("271828182"), "a value may be a secret: {answer:?}");
}

#[tokio::test]
async fn ingress_targets_are_passed_on_with_the_follower_s_own_refusals() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let path = format!("{NODES}/{}/ingress-profiles", pair.node);
    let target = |base_path: &str| json!({"driver_type": "local", "name": "second", "base_path": base_path, "max_file_size": 0});
    for bad in ["/etc", "../up", "a/../../b", "C:\\x"] {
        let answer = admin.post(&path, target(bad)).await;
        refused(&answer, 400, "managed_ingress.local_path_invalid", "base_path");
        assert_eq!(answer.body["error"]["subcode"], "managed_ingress.local_path_invalid");
    }
    refused(
        &admin.post(&path, json!({"driver_type": "local", "name": "n"})).await,
        400,
        "bad_request",
        "base_path",
    );
    let wrong = json!({"driver_type": "ftp", "name": "n", "base_path": "p", "max_file_size": 0});
    refused(&admin.post(&path, wrong).await, 400, "bad_request", "driver_type");

    let made = admin.post(&path, target("second")).await;
    assert_eq!(made.status, 201);
    let key = made.data()["profile_key"].as_str().expect("key").to_owned();
    assert_eq!((&made.data()["is_default"], &made.data()["last_error"]), (&json!(false), &json!("")));
    let listed = admin.get(&path).await.data().as_array().expect("an array").clone();
    assert_eq!(listed.iter().map(|target| &target["is_default"]).collect::<Vec<_>>(), [true, false]);
    let default = format!("{path}/{}", listed[0]["profile_key"].as_str().expect("key"));
    refused(&admin.delete(&default).await, 412, "managed_ingress.default_delete_requires_replacement", "");
    let unset = admin.patch(&default, json!({"is_default": false})).await;
    refused(&unset, 412, "managed_ingress.default_update_requires_replacement", "");
    let renamed = admin.patch(&format!("{path}/{key}"), json!({"name": "third"})).await;
    assert_eq!((&renamed.data()["name"], &renamed.data()["base_path"]), (&json!("third"), &json!("second")));
    admin.delete(&format!("{path}/{key}")).await.data();
    refused(&admin.delete(&format!("{path}/{key}")).await, 404, "not_found", "");
    refused(&admin.patch(&format!("{path}/no..such"), json!({})).await, 404, "not_found", "no..such");
}

#[tokio::test]
async fn a_node_in_use_is_kept_and_a_disabled_one_refuses() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let node = format!("{NODES}/{}", pair.node);
    refused(&admin.delete(&node).await, 409, "conflict", "Remote");
    refused(
        &admin.delete(&format!("{POLICIES}/{}", pair.policy)).await,
        409,
        "conflict",
        "Remote Test Group",
    );
    let file = id(upload(admin, b"content").await.data());
    pair.primary.patch_node(pair.node, json!({"is_enabled": false})).await;
    let body = json!({"name": "Q", "driver_type": "remote", "remote_node_id": pair.node});
    for answer in [
        admin.post(&format!("{POLICIES}/{}/test", pair.policy), Value::Null).await,
        admin.post(&format!("{POLICIES}/test"), body.clone()).await,
        admin.post(POLICIES, body).await,
        admin.get(&format!("/api/v1/files/{file}/download")).await,
    ] {
        refused(&answer, 412, "remote_node.disabled", "edge");
    }
    // A test asks the follower all the same; a deletion does not need it.
    refused(&admin.post(&format!("{node}/test"), json!({})).await, 412, "master_binding.disabled", "Enable");
    assert!(
        pair.primary.node(pair.node).await["last_error"].as_str().is_some_and(|text| text.contains("412"))
    );
    admin.delete_for_good(file).await;
    let group = format!("{GROUPS}/{}", pair.group);
    refused(&admin.delete(&group).await, 409, "conflict", "1 users");
    let kept = admin.delete(&format!("{POLICIES}/{}", pair.policy)).await;
    refused(&kept, 409, "conflict", "still have to be removed");
}
