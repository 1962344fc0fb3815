//! The rules of every object store (which use the longest key there is, hence no base path), held by a primary's `RemoteStore` over a real follower on a real socket.

use super::support::{ACCESS_KEY, Node, SECRET};
use crate::protocol::BaseUrl;
use crate::storage::contract::{self, contract_suite};
use crate::storage::remote::{FollowerClient, RemoteStore, transport};
use crate::storage::{ErrorKind, SharedStore};

async fn remote_store() -> (SharedStore, Node) {
    let node = Node::ready().await;
    let store = RemoteStore::new("edge", client(&node), "").expect("store");
    (std::sync::Arc::new(store), node)
}

fn client(node: &Node) -> FollowerClient {
    let base = BaseUrl::parse(&format!("http://{}", node.address)).expect("url");
    FollowerClient::new(base, ACCESS_KEY, &SECRET.into(), transport::direct()).expect("client")
}

#[tokio::test]
async fn a_reader_keeps_its_version_over_overwrite_and_delete() {
    let (store, _node) = remote_store().await;
    contract::a_reader_keeps_its_version_over_overwrite_and_delete(&*store).await;
}

/// Beside a default target that must never see any of it.
async fn store_at_a_named_target() -> (SharedStore, Node) {
    let (_, node) = remote_store().await;
    let target = node.add_target("second", "elsewhere", 0).await;
    let store = store_at(&node, target["profile_key"].as_str().expect("key"));
    (store, node)
}

fn store_at(node: &Node, profile_key: &str) -> SharedStore {
    let client = client(node).with_ingress_target(profile_key);
    std::sync::Arc::new(RemoteStore::new("edge", client, "").expect("store"))
}

mod a_named_target {
    use super::store_at_a_named_target;
    use crate::storage::contract::direct::{parts_suite, url_suite};

    super::contract_suite!(store_at_a_named_target);
    parts_suite!(store_at_a_named_target);
    url_suite!(store_at_a_named_target);
}

#[tokio::test]
async fn a_named_target_gets_its_objects_and_the_default_none() {
    let (named, node) = store_at_a_named_target().await;
    let default = store_at(&node, &default_key(&node).await);
    let content = contract::pattern(100, 1);
    contract::write(&*named, "files/one", &content).await;
    assert!(node.file("elsewhere", "files/one").is_file());
    assert!(!node.file("store", "files/one").exists());
    let error = default.head(&contract::key("files/one")).await.expect_err("not there");
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // Which one is the default makes no difference to it.
    let targets = node.get("/ingress-profiles").await.data();
    let second = targets.as_array().expect("targets").iter().find(|target| target["name"] == "second");
    let path = format!("/ingress-profiles/{}", second.expect("second")["profile_key"].as_str().expect("key"));
    let moved = node.signed("PATCH", &path).json(&serde_json::json!({"is_default": true})).send().await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(contract::read(&*named, "files/one").await.expect("still there"), content);
}

async fn default_key(node: &Node) -> String {
    let targets = node.get("/ingress-profiles").await.data();
    targets[0]["profile_key"].as_str().expect("key").to_owned()
}

#[tokio::test]
async fn a_target_that_is_not_there_is_refused_by_name_and_nothing_counts_as_removed() {
    let (_, node) = remote_store().await;
    let store = store_at(&node, "igp_unknown&x");
    let key = contract::key("one");
    for error in [
        store.delete(&key).await.expect_err("unknown"),
        store.head(&key).await.expect_err("unknown"),
        store.list_up_to(1, None).await.expect_err("unknown"),
        store.compose(&key, &[contract::key("two")], 1).await.expect_err("unknown"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Precondition, "{error}");
        assert_eq!(error.subcode(), Some("managed_ingress.target_unknown"));
        assert!(error.to_string().contains("igp_unknown&x"), "{error}");
    }
    let twice = node.signed("GET", "/objects/one?ingress_target=a&ingress_target=b").send().await;
    twice.assert_failure(400, 1000, "bad_request");
}

mod parts_and_urls {
    use super::remote_store;
    use crate::storage::contract::direct::{parts_suite, url_suite};

    parts_suite!(remote_store);
    url_suite!(remote_store);
}

mod rules {
    super::contract_suite!(super::remote_store);
}
