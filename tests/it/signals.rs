//! What TERM and HUP do to a process at work.

use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::{Body, Method};
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::support::client::Client;
use crate::support::follower::{self, Follower};
use crate::support::primary::Primary;
use crate::support::process::Process;
use crate::support::reserved::Reserved;
use crate::support::signed::Signer;
use crate::support::wait;

struct Ready {
    follower: Follower,
    signer: Signer,
    follower_home: TempDir,
    _primary: Primary,
    _primary_home: TempDir,
}

/// A follower with a target, and `grace` for its drain.
async fn ready(grace_secs: u64) -> Ready {
    let (primary_home, follower_home) = (TempDir::new().expect("dir"), TempDir::new().expect("dir"));
    let primary = Primary::start(primary_home.path()).await;
    let node = primary.create_node("edge", "home", "").await;
    let token = primary.token(node).await;
    let redeem = "/api/v1/public/remote-enrollment/redeem";
    let keys = Client::new(&primary.url).post(redeem, json!({"token": token})).await;
    let text = |name: &str| keys.data()[name].as_str().expect(name).to_owned();
    let signer = Signer::new(&text("access_key"), &text("secret_key"));
    let mut environment = follower::bootstrap_environment(0, &primary.url, &token);
    environment.insert("ASTER__SERVER__SHUTDOWN_GRACE_SECS".into(), grace_secs.to_string());
    let follower = Follower::start_with(follower_home.path(), &environment).await;
    primary.patch_node(node, json!({"base_url": follower.url})).await;
    let target = json!({"driver_type": "local", "name": "t", "base_path": "default", "max_file_size": 0});
    primary.admin.post(&format!("/api/v1/admin/remote-nodes/{node}/ingress-profiles"), target).await.data();
    Ready { follower, signer, follower_home, _primary: primary, _primary_home: primary_home }
}

/// Large enough to be written as it comes.
const SIZE: usize = 1024 * 1024;

impl Ready {
    /// Begins an upload and returns once it has a temporary file; the last byte of [`SIZE`] is the sender's.
    async fn begin_upload(&self) -> (mpsc::Sender<Bytes>, tokio::task::JoinHandle<reqwest::Result<u16>>) {
        let (sender, receiver) = mpsc::channel::<Bytes>(1);
        let pieces = futures_util::stream::unfold(receiver, async |mut receiver| {
            receiver.recv().await.map(|piece| (Ok::<_, std::io::Error>(piece), receiver))
        });
        let request = self
            .signer
            .request(&self.follower.client, Method::PUT, "/objects/slow", Some(SIZE as u64))
            .header("content-length", SIZE)
            .body(Body::wrap_stream(pieces.boxed()));
        let upload = tokio::spawn(async move { Ok(request.send().await?.status().as_u16()) });
        sender.send(vec![1; SIZE - 1].into()).await.expect("the upload reads");
        let root = self.follower_home.path().join("data/managed-ingress");
        wait::until("the upload has begun", async || (files(&root) > 0).then_some(())).await;
        (sender, upload)
    }
}

/// Files below a directory.
fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn an_upload_that_ends_within_the_grace_is_stored() {
    let mut ready = ready(30).await;
    let (sender, upload) = ready.begin_upload().await;
    ready.follower.process.signal(Signal::TERM);
    ready.follower.process.line("received SIGTERM").await;
    sender.send(vec![1; 1].into()).await.expect("the upload goes on");
    assert_eq!(upload.await.expect("task").expect("an answer"), 200);
    assert!(ready.follower.process.ended().await.success());
    let object = ready.follower.objects("default", "home").join("slow");
    assert_eq!(std::fs::read(object).expect("object"), vec![1; SIZE]);
}

#[tokio::test]
async fn an_upload_that_does_not_is_cut_and_holds_up_nobody() {
    let mut ready = ready(1).await;
    let (_sender, upload) = ready.begin_upload().await;
    // It ends although the last byte never comes.
    assert!(ready.follower.process.stop().await.success());
    assert!(ready.follower.process.output().contains("were cut"), "{}", ready.follower.process.output());
    assert!(upload.await.expect("task").is_err());
    assert!(!ready.follower.objects("default", "home").join("slow").exists());
}

#[tokio::test]
async fn a_hang_up_ends_neither_a_primary_nor_a_follower_that_waits_for_one() {
    let (primary_home, follower_home) = (TempDir::new().expect("dir"), TempDir::new().expect("dir"));
    let primary = Primary::start(primary_home.path()).await;
    primary.process.signal(Signal::HUP);
    primary.process.line("received SIGHUP").await;
    assert_eq!(primary.admin.get("/health").await.status, 200);

    let nobody = Reserved::new();
    let environment =
        follower::bootstrap_environment(0, &nobody.url(), "enr_00112233445566778899aabbccddeeff");
    let mut waiting = Process::start(follower_home.path(), &[], &environment);
    waiting.line("next try in").await;
    waiting.signal(Signal::HUP);
    waiting.nth_line("next try in", 2).await;
    assert!(waiting.stop().await.success());
}
