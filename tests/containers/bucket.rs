//! The S3 variant: the followers' objects in a bucket of garage.

use crate::engine;
use crate::stack::{Stack, download};

/// More than travels in one request to the bucket.
const LARGE: usize = 20 * 1024 * 1024 + 7;

#[tokio::test]
async fn files_lie_in_a_bucket_and_not_on_the_followers_volume() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(
        engine,
        &[
            ("COMPOSE_FILE", "compose/drive.yml:compose/port.yml:compose/s3.yml"),
            ("ASTER_S3_ACCESS_KEY", "GK0123456789abcdef01234567"),
            ("ASTER_S3_SECRET_KEY", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        ],
    );
    stack.compose(&["up", "--detach"]);
    let admin = stack.admin().await;
    let content: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
    let file = stack.first_upload(&admin, &content).await;
    assert_eq!(download(&admin, file).await, content);
    assert!(stack.files_in("follower-1", "/data/managed-ingress").is_empty(), "nothing lies on the follower");
    let in_garage: usize = stack.files_in("garage", "/var/lib/garage/data").iter().map(Vec::len).sum();
    assert!(in_garage >= LARGE, "{in_garage} bytes in the bucket's volume");

    stack.compose(&["down"]);
    stack.compose(&["up", "--detach"]);
    let admin = stack.admin().await;
    stack.first_upload(&admin, b"again").await;
    assert_eq!(download(&admin, file).await, content, "after down and up");
}

#[tokio::test]
async fn without_keys_the_variant_says_which_variable_is_missing() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(engine, &[("COMPOSE_FILE", "compose/drive.yml:compose/port.yml:compose/s3.yml")]);
    let refused = stack.command(engine.compose()).args(["config", "--quiet"]).output().expect("compose");
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && text.contains("see compose/s3.yml"), "{text}");
}
