//! A follower by itself, with the two variables, and a primary that knows nothing of containers.

use std::net::Ipv4Addr;

use serde_json::json;

use crate::engine::{self, Engine};
use crate::stack::Stack;
use crate::support::client::Client;
use crate::support::primary::{self, Primary};
use crate::support::wait;

#[tokio::test]
async fn two_variables_enroll_a_follower_and_are_not_needed_again() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let home = tempfile::tempdir().expect("dir");
    let mut environment = primary::environment(0);
    environment.insert("ASTER__SERVER__HOST".to_owned(), this_machine(engine));
    let primary = Primary::start_with(home.path(), &environment).await;
    let node = primary.create_node("nas", "nas", "").await;
    let token = primary.token(node).await;

    let mut stack = Stack::new(
        engine,
        &[
            ("COMPOSE_FILE", "compose/follower.yml"),
            ("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", &primary.url),
            ("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", &token),
        ],
    );
    stack.compose(&["up", "--detach"]);
    serves(&stack).await;
    primary
        .patch_node(node, json!({"base_url": format!("http://{}", stack.published("follower", 3000))}))
        .await;
    let tested = primary.admin.post(&format!("/api/v1/admin/remote-nodes/{node}/test"), json!({})).await;
    tested.data();

    stack.compose(&["down"]);
    stack.unset("ASTER_BOOTSTRAP_REMOTE_MASTER_URL");
    stack.unset("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN");
    stack.compose(&["up", "--detach"]);
    serves(&stack).await;
    primary
        .patch_node(node, json!({"base_url": format!("http://{}", stack.published("follower", 3000))}))
        .await;
    let tested = primary.admin.post(&format!("/api/v1/admin/remote-nodes/{node}/test"), json!({})).await;
    tested.data();
}

/// An address of this machine that containers reach: the first one of the engine's own network.
fn this_machine(engine: &Engine) -> String {
    let subnet = engine.inspect("bridge", "{{(index .IPAM.Config 0).Subnet}}");
    let network =
        subnet.split('/').next().and_then(|address| address.parse::<Ipv4Addr>().ok()).expect("a subnet");
    Ipv4Addr::from(u32::from(network) | 1).to_string()
}

/// Waits until the follower answers.
async fn serves(stack: &Stack<'_>) {
    let client = Client::new(format!("http://{}", stack.published("follower", 3000)));
    wait::until("the follower answers", async || {
        let reply = client.http.get(format!("{}/health", client.base)).send().await.ok()?;
        reply.status().is_success().then_some(())
    })
    .await;
}
