//! What a stop, a crash and a reload leave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::support::{Node, write};

#[tokio::test]
async fn a_clean_restart_keeps_everything_and_still_knows_the_nonces() {
    let node = Node::ready().await;
    assert_eq!(node.put("k", b"x").await.status, 200);
    let seen = node.signed("GET", "/objects/k");
    assert_eq!(seen.send().await.status, 200);
    let unused = node.signed("GET", "/objects/k");
    node.follower.close().await;
    seen.send().await.assert_failure(401, 2002, "auth.token_invalid");

    let again = Node::over(Arc::clone(&node.dir)).await;
    let moved = |call: &super::support::Call| {
        let mut call = call.clone();
        call.signer = None;
        let mut fresh = again.plain(&call.method, &call.target);
        fresh.headers = call.headers;
        fresh
    };
    let replay = moved(&seen).send_headers(&seen.all_headers()).await;
    replay.assert_failure(401, 2002, "auth.token_invalid");
    let late = moved(&unused).send_headers(&unused.all_headers()).await;
    assert_eq!((late.status, late.body.as_slice()), (200, &b"x"[..]));
}

#[tokio::test]
async fn a_crash_refuses_old_requests_and_takes_new_ones_at_once() {
    let node = Node::ready().await;
    let seen = node.signed("GET", "/capabilities");
    assert_eq!(seen.send().await.status, 200);
    let again = Node::over(Arc::clone(&node.dir)).await;
    let replay = again.plain("GET", &seen.target).send_headers(&seen.all_headers()).await;
    replay.assert_failure(401, 2002, "auth.token_invalid");
    assert!(replay.message().contains("restarted"), "{replay:?}");
    assert_eq!(again.get("/capabilities").await.status, 200);
}

#[tokio::test]
async fn a_target_that_cannot_be_opened_at_the_start_comes_back_by_itself() {
    let node = Node::ready().await;
    assert_eq!(node.put("k", b"x").await.status, 200);
    node.follower.close().await;
    let root = node.config.server.follower.managed_ingress_local_root.clone();
    let aside = root.with_extension("aside");
    std::fs::rename(&root, &aside).expect("move away");
    write(&root, b"a file stands here");

    let again = Node::over(Arc::clone(&node.dir)).await;
    let answer = again.get("/objects/k").await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let ready = again.plain("GET", "/health/ready").send().await.data();
    assert_eq!(ready["ingress_target"], "failed");
    assert_eq!(again.get("/ingress-profiles").await.status, 200, "control calls work");

    std::fs::remove_file(&root).expect("file");
    std::fs::rename(&aside, &root).expect("move back");
    let deadline = Instant::now() + Duration::from_secs(120);
    while again.get("/objects/k").await.status != 200 {
        assert!(Instant::now() < deadline, "the target stays away");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
