//! A primary that is killed in the middle of an upload or a deletion: the file is there whole or not at all, and
//! nothing stays behind on the follower.

use std::time::Duration;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::support::client::{Answer, Client};
use crate::support::gateway::{Gate, Gateway, Side};
use crate::support::pair::{Pair, id};
use crate::support::primary::Primary;
use crate::support::wait;

const OBJECTS: &str = "/api/v1/internal/storage/objects/";

async fn upload(client: &Client) -> reqwest::Result<reqwest::Response> {
    let form = Form::new().part("file", Part::bytes(&b"content"[..]).file_name("f.bin"));
    client.request(Method::POST, "/api/v1/files/upload").multipart(form).send().await
}

/// Puts a gate into the way to the follower's objects.
async fn gated(pair: &Pair, side: Side) -> Gate {
    let gateway = Gateway::start(&pair.follower.url).await;
    pair.primary.patch_node(pair.node, json!({"base_url": gateway.url})).await;
    gateway.close(OBJECTS, side)
}

/// Kills the primary while a message stands at `gate`, and starts it again.
async fn restart_at(pair: &mut Pair, gate: Gate) -> Client {
    gate.reached().await;
    pair.primary.process.kill().await;
    gate.open();
    pair.primary = Primary::start_again(pair.primary_home.path(), 0).await;
    pair.primary.admin.clone()
}

#[tokio::test]
async fn an_upload_whose_answer_never_came_leaves_neither_file_nor_object() {
    let mut pair = Pair::start().await;
    let gate = gated(&pair, Side::Answer).await;
    let admin = pair.primary.admin.clone();
    let uploading = tokio::spawn(async move { upload(&admin).await });
    gate.reached().await;
    assert_eq!(pair.stored_objects().len(), 1, "the follower has it");
    let admin = restart_at(&mut pair, gate).await;
    assert!(uploading.await.expect("task").is_err(), "nobody said that it is stored");
    // On PostgreSQL the first round after the start takes it for another primary's, and the second one removes it.
    let two_rounds = Duration::from_secs(240);
    let gone = async || pair.stored_objects().is_empty().then_some(());
    wait::until_within(two_rounds, "the object is gone", gone).await;
    assert_eq!(admin.get("/api/v1/auth/me").await.data()["storage_used"], 0);
    assert_eq!(admin.get("/api/v1/files/1").await.status, 404);
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_is_finished_after_the_restart() {
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let stored = Answer::read(upload(&admin).await.expect("reply")).await;
    let file = id(stored.data());
    let path = format!("/api/v1/files/{file}");
    admin.delete(&path).await.data();
    let gate = gated(&pair, Side::Request).await;
    let request = admin.request(Method::DELETE, &format!("/api/v1/trash/file/{file}"));
    let deleting = tokio::spawn(request.send());
    let admin = restart_at(&mut pair, gate).await;
    assert!(deleting.await.expect("task").is_err());
    wait::until("the object is gone", async || pair.stored_objects().is_empty().then_some(())).await;
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.get("/api/v1/auth/me").await.data()["storage_used"], 0);
}
