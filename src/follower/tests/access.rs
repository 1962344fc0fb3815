//! Who may come in: §3 of the wire contract.

use bytes::Bytes;

use super::support::{ACCESS_KEY, Call, Node, SECRET, Signer};
use crate::protocol::{BaseUrl, HEADER_SIGNATURE, ObjectKey, STORAGE_PATH, SigningKey, Timestamp};
use crate::storage::contract::body;
use crate::storage::remote::{FollowerClient, RemoteStore, transport};
use crate::storage::{ErrorKind, ObjectStore};

fn changed(call: &Call, change: impl FnOnce(&mut Signer)) -> Call {
    let mut call = call.clone();
    change(call.signer.as_mut().expect("signer"));
    call
}

#[tokio::test]
async fn a_signed_request_passes_and_its_replay_does_not() {
    let node = Node::ready().await;
    let call = node.signed("GET", "/capabilities");
    assert_eq!(call.send().await.status, 200);
    let replay = call.send().await;
    replay.assert_failure(401, 2002, "auth.token_invalid");
    assert!(replay.message().contains("nonce"));
}

#[tokio::test]
async fn each_missing_empty_or_doubled_header_is_refused_by_name() {
    let node = Node::ready().await;
    let call = node.signed("GET", "/capabilities");
    let headers = call.all_headers();
    assert_eq!(headers.len(), 4);
    for (index, (name, _)) in headers.iter().enumerate() {
        let mut missing = headers.clone();
        missing.remove(index);
        let mut empty = headers.clone();
        empty[index].1.clear();
        let mut doubled = headers.clone();
        doubled.push(headers[index].clone());
        for headers in [missing, empty, doubled] {
            let answer = call.send_headers(&headers).await;
            answer.assert_failure(401, 2002, "auth.token_invalid");
            assert!(answer.message().contains(name), "{answer:?}");
        }
    }
    assert_eq!(call.send().await.status, 200, "none of them used up the nonce");
}

#[tokio::test]
async fn timestamps_outside_of_five_minutes_are_refused_and_inside_accepted() {
    let node = Node::ready().await;
    let now = Timestamp::now().unix_secs();
    for (offset, accepted) in [(-310, false), (-290, true), (290, true), (310, false)] {
        let call = node.signed("GET", "/capabilities");
        let answer = changed(&call, |signer| signer.timestamp = (now + offset).to_string()).send().await;
        if accepted {
            assert_eq!(answer.status, 200, "{offset}");
        } else {
            answer.assert_failure(401, 2002, "auth.token_invalid");
            assert!(answer.message().contains("clock"), "{answer:?}");
        }
    }
    let call = node.signed("GET", "/capabilities");
    for text in ["soon", "1e9", "99999999999999999999"] {
        let answer = changed(&call, |signer| signer.timestamp = text.into()).send().await;
        answer.assert_failure(401, 2002, "auth.token_invalid");
    }
}

#[tokio::test]
async fn unknown_keys_and_wrong_signatures_are_credentials_failures() {
    let node = Node::ready().await;
    let call = node.signed("GET", "/capabilities");
    let unknown = changed(&call, |signer| signer.access_key = "rn_other".into());
    unknown.send().await.assert_failure(401, 2008, "auth.credentials_failed");
    let wrong = changed(&call, |signer| signer.key = SigningKey::new("rns_other"));
    wrong.send().await.assert_failure(401, 2008, "auth.credentials_failed");
    for bad in ["00", "zz", &"0".repeat(64)] {
        let mut headers = call.all_headers();
        headers.retain(|(name, _)| name != HEADER_SIGNATURE);
        headers.push((HEADER_SIGNATURE.into(), bad.to_owned()));
        call.send_headers(&headers).await.assert_failure(401, 2008, "auth.credentials_failed");
    }
    assert_eq!(call.send().await.status, 200, "a wrong signature uses up no nonce");
}

#[tokio::test]
async fn the_request_target_counts_byte_for_byte() {
    let node = Node::ready().await;
    assert_eq!(node.put("a%20b", b"x").await.status, 200);
    for target in ["/objects/a%20b?", "/objects/a%20b", "/objects/%61%20b", "/objects//a%20b?offset=0"] {
        let answer = node.get(target).await;
        assert!(matches!(answer.status, 200 | 206), "{target} {answer:?}");
    }
    let call = node.signed("GET", "/objects/a%20b?");
    let mut other = call.clone();
    other.target.pop();
    other.send_headers(&call.all_headers()).await.assert_failure(401, 2008, "auth.credentials_failed");
}

#[tokio::test]
async fn the_content_length_is_part_of_the_signature() {
    let node = Node::ready().await;
    let zero = node.signed("GET", "/capabilities").header("content-length", "0");
    assert_eq!(zero.send().await.status, 200);
    let call = node.signed("PUT", "/objects/a").body(b"four");
    let mut headers = call.all_headers();
    headers[0].1 = "3".into();
    call.send_headers(&headers).await.assert_failure(401, 2008, "auth.credentials_failed");
}

#[tokio::test]
async fn a_disabled_binding_refuses_before_the_signature_is_checked_but_lets_itself_be_enabled() {
    let node = Node::ready().await;
    node.set_enabled(false).await;
    for path in ["/capabilities", "/objects", "/objects/a"] {
        node.get(path).await.assert_failure(412, 3010, "master_binding.disabled");
    }
    let wrong = changed(&node.signed("GET", "/objects/a"), |s| s.key = SigningKey::new("rns_other"));
    wrong.send().await.assert_failure(412, 3010, "master_binding.disabled");
    assert_eq!(node.get("/ingress-profiles").await.status, 200);
    node.set_enabled(true).await;
    assert_eq!(node.get("/objects").await.status, 200);
}

#[tokio::test]
async fn nothing_is_decoded_before_the_caller_is_known() {
    let node = Node::ready().await;
    let calls = [
        node.plain("POST", &format!("{STORAGE_PATH}/compose")).text("text/plain", "{"),
        node.plain("GET", &format!("{STORAGE_PATH}/objects/a?offset=x")),
        node.plain("PUT", &format!("{STORAGE_PATH}/objects/../x")).body(b"x"),
    ];
    for call in calls {
        call.send().await.assert_failure(401, 2002, "auth.token_invalid");
    }
}

#[tokio::test]
async fn a_follower_serves_nothing_else() {
    let node = Node::ready().await;
    for target in ["/", "/api/v1/x", "/api/v1/auth/me", "/index.html", &format!("{STORAGE_PATH}/x")] {
        let answer = node.plain("GET", target).send().await;
        assert_eq!((answer.status, answer.json()["code"].as_i64()), (404, Some(1005)), "{target}");
    }
    for (method, path, allowed) in [
        ("DELETE", "/compose", "POST"),
        ("POST", "/objects/a", "GET,HEAD,PUT,DELETE,OPTIONS"),
        ("PATCH", "/objects/", "GET,HEAD,PUT,DELETE,OPTIONS"),
    ] {
        let answer = node.plain(method, &format!("{STORAGE_PATH}{path}")).send().await;
        assert_eq!((answer.status, answer.json()["code"].as_i64()), (405, Some(1005)), "{path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
    }
}

#[tokio::test]
async fn readiness_follows_enrollment_and_names_a_missing_target() {
    let node = Node::new().await;
    assert_eq!(node.plain("GET", "/health").send().await.data()["status"], "ok");
    let answer = node.plain("GET", "/health/ready").send().await;
    answer.assert_failure(503, 4001, "storage.unknown");
    assert!(answer.message().contains("not enrolled"));
    assert_eq!(node.plain("HEAD", "/health/ready").send().await.status, 503);
    node.get("/objects").await.assert_failure(401, 2008, "auth.credentials_failed");

    node.enroll().await;
    let ready = node.plain("GET", "/health/ready").send().await.data();
    assert_eq!((&ready["status"], &ready["ingress_target"]), (&"ready".into(), &"missing".into()));
    let answer = node.plain("HEAD", "/health/ready").send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-length").is_some_and(|length| length != "0"));

    node.add_target("main", "store", 0).await;
    node.set_enabled(false).await;
    let ready = node.plain("GET", "/health/ready").send().await.data();
    assert_eq!((&ready["binding"], &ready["ingress_target"]), (&"disabled".into(), &"ready".into()));
}

#[tokio::test]
async fn a_refused_upload_does_not_spoil_the_next_request_of_a_pooled_client() {
    let node = Node::enrolled().await;
    node.add_target("main", "store", 1000).await;
    let base = BaseUrl::parse(&format!("http://{}", node.address)).expect("url");
    let client = FollowerClient::new(base, ACCESS_KEY, &SECRET.into(), transport::direct()).expect("client");
    let store = RemoteStore::new("edge", client, "").expect("store");
    let key = |text: &str| ObjectKey::parse(text).expect("key");
    for round in 0..50 {
        let large = Bytes::from(vec![0; 300_000]);
        let refused = store.put(&key("large"), 300_000, body(&large, 10_000)).await.expect_err("too large");
        assert_eq!(refused.kind(), ErrorKind::Full, "{refused}");
        // Not repeated by the client when the connection is gone.
        let stored = store.put(&key("small"), 5, body(&Bytes::from_static(b"small"), 5)).await;
        assert!(stored.is_ok(), "round {round}: {stored:?}");
    }
}
