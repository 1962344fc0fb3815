//! The rules of every object store (which use the longest key there is, hence no base path), held by a primary's `RemoteStore` over a real follower on a real socket.

use super::support::{ACCESS_KEY, Node, SECRET};
use crate::protocol::BaseUrl;
use crate::storage::SharedStore;
use crate::storage::contract::{self, contract_suite};
use crate::storage::remote::{FollowerClient, RemoteStore, transport};

async fn remote_store() -> (SharedStore, Node) {
    let node = Node::ready().await;
    let base = BaseUrl::parse(&format!("http://{}", node.address)).expect("url");
    let client = FollowerClient::new(base, ACCESS_KEY, &SECRET.into(), transport::direct()).expect("client");
    let store = RemoteStore::new("edge", client, "").expect("store");
    (std::sync::Arc::new(store), node)
}

#[tokio::test]
async fn a_reader_keeps_its_version_over_overwrite_and_delete() {
    let (store, _node) = remote_store().await;
    contract::a_reader_keeps_its_version_over_overwrite_and_delete(&*store).await;
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
