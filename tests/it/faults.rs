//! Disks that fill up, turn read-only or go away under a running follower: each has its own answer, shows in
//! `/health/ready`, leaves no partial object, and is over when its cause is.

use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::Answer;
use crate::support::enrolled::{BASE_PATH, Enrolled};
use crate::support::pair::Pair;
use crate::support::wait;

const ROOT_VARIABLE: &str = "ASTER__SERVER__FOLLOWER__MANAGED_INGRESS_LOCAL_ROOT";
const DISK_BYTES: usize = 8 << 20;

/// A small file system of its own.
struct SmallDisk {
    mount_point: TempDir,
}

impl SmallDisk {
    /// `None`, with a line that says so, where mounting is not allowed.
    fn mount() -> Option<Self> {
        let disk = Self { mount_point: TempDir::new().expect("dir") };
        let options = format!("size={DISK_BYTES}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(disk.path()).status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(disk);
        }
        eprintln!("skipped: mounting a tmpfs is not allowed here");
        None
    }

    fn path(&self) -> &Path {
        self.mount_point.path()
    }

    fn remount(&self, mode: &str) {
        let options = format!("remount,{mode}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.path()).status().expect("mount");
        assert!(status.success(), "remount {mode}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a failed test may leave a process with open files. Nothing is mounted where mounting was refused.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

async fn follower_on(root: &Path) -> Enrolled {
    Enrolled::with(&[(ROOT_VARIABLE, root.to_str().expect("UTF-8"))]).await
}

fn code(answer: &Answer) -> (u16, i64) {
    (answer.status.as_u16(), answer.body["code"].as_i64().expect("code"))
}

/// A failed answer to a request without a body.
async fn refusal(enrolled: &Enrolled, method: Method, key: &str) -> (u16, i64) {
    code(&Answer::read(enrolled.call(method, &format!("/objects/{key}")).await).await)
}

async fn content(enrolled: &Enrolled, key: &str) -> Bytes {
    let reply = enrolled.call(Method::GET, &format!("/objects/{key}")).await;
    assert_eq!(reply.status(), 200, "{key}");
    reply.bytes().await.expect("body")
}

/// Files in the directory of unfinished objects.
fn unfinished(base: &Path) -> Vec<PathBuf> {
    let sessions = std::fs::read_dir(base.join(".aster-tmp")).expect("staging");
    sessions
        .flat_map(|session| std::fs::read_dir(session.expect("entry").path()).expect("session"))
        .map(|entry| entry.expect("entry").path())
        .collect()
}

#[tokio::test]
async fn a_full_disk_answers_507_keeps_its_objects_whole_and_takes_new_ones_once_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let enrolled = follower_on(disk.path()).await;
    let object = |number: usize| Bytes::from(vec![number as u8; 200_000]);

    // Larger than the disk: refused although not a byte of the body arrives.
    let size = Some(2 * DISK_BYTES as u64);
    let body = Body::wrap_stream(stream::pending::<std::io::Result<Bytes>>());
    let request = enrolled.signer.request(&enrolled.follower.client, Method::PUT, "/objects/huge", size);
    let request = request.header("content-length", 2 * DISK_BYTES).body(body);
    let refused = Answer::read(request.send().await.expect("reply")).await;
    assert_eq!(code(&refused), (507, 4002), "{refused:?}");

    let mut stored = 0;
    let refused = loop {
        let answer = enrolled.put(&format!("object-{stored}"), object(stored)).await;
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored <= DISK_BYTES / 200_000, "the disk cannot hold more");
    };
    assert_eq!((code(&refused), refused.error()), ((507, 4002), "storage.full"), "{refused:?}");
    // An overwrite needs room for both; the old object stays.
    assert_eq!(code(&enrolled.put("object-0", object(255)).await), (507, 4002));

    assert_eq!(enrolled.list().await.len(), stored);
    for number in 0..stored {
        assert_eq!(content(&enrolled, &format!("object-{number}")).await, object(number), "object-{number}");
    }
    assert_eq!(refusal(&enrolled, Method::GET, &format!("object-{stored}")).await, (404, 1001));
    assert_eq!(unfinished(&disk.path().join(BASE_PATH)), Vec::<PathBuf>::new());

    assert_eq!(enrolled.call(Method::DELETE, "/objects/object-1").await.status(), 200);
    assert_eq!(enrolled.put("object-new", object(7)).await.status, 200);
    assert_eq!(content(&enrolled, "object-new").await, object(7));
}

#[tokio::test]
async fn uploads_that_fill_the_disk_together_are_each_whole_or_refused() {
    let Some(disk) = SmallDisk::mount() else { return };
    let enrolled = follower_on(disk.path()).await;
    let bodies: Vec<Bytes> = (0..48_u8).map(|number| Bytes::from(vec![number; 256 << 10])).collect();
    let keys: Vec<String> = (0..bodies.len()).map(|number| format!("object-{number}")).collect();
    let puts = keys.iter().zip(&bodies).map(|(key, body)| enrolled.put(key, body.clone()));
    let answers = futures_util::future::join_all(puts).await;

    let mut stored = Vec::new();
    for ((key, body), answer) in keys.iter().zip(&bodies).zip(&answers) {
        if answer.status == 200 {
            assert_eq!(content(&enrolled, key).await, *body, "{key}");
            stored.push(key.clone());
        } else {
            assert_eq!(code(answer), (507, 4002), "{answer:?}");
        }
    }
    assert!(!stored.is_empty() && stored.len() < keys.len(), "{} of {} stored", stored.len(), keys.len());
    stored.sort();
    assert_eq!(enrolled.list().await, stored);
    assert_eq!(unfinished(&disk.path().join(BASE_PATH)), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_disk_that_turns_read_only_is_reported_serves_on_and_recovers() {
    let Some(disk) = SmallDisk::mount() else { return };
    let enrolled = follower_on(disk.path()).await;
    assert_eq!(enrolled.put("object", "content").await.status, 200);
    assert_eq!(enrolled.readiness().await["ingress_target"], "ready");

    disk.remount("ro");
    for size in [1, 200_000] {
        assert_eq!(code(&enrolled.put("new", vec![0; size]).await), (500, 4005), "{size} bytes");
    }
    assert_eq!(refusal(&enrolled, Method::DELETE, "object").await, (500, 4005));
    assert_eq!(content(&enrolled, "object").await, "content");
    let readiness = enrolled.readiness().await;
    assert_eq!(readiness["ingress_target"], "failed", "{readiness}");
    assert!(readiness["detail"].as_str().is_some_and(|detail| detail.contains("read-only")), "{readiness}");

    disk.remount("rw");
    assert_eq!(enrolled.put("new", "content").await.status, 200);
    let readiness = enrolled.readiness().await;
    assert_eq!((&readiness["ingress_target"], &readiness["detail"]), (&"ready".into(), &"".into()));
}

#[tokio::test]
async fn a_target_directory_that_goes_away_is_reported_and_back_when_it_is() {
    let enrolled = Enrolled::with(&[]).await;
    let base = enrolled.follower.objects(BASE_PATH, "");
    let aside = base.with_file_name("aside");
    assert_eq!(enrolled.put("object", "content").await.status, 200);

    std::fs::rename(&base, &aside).expect("move away");
    let readiness = enrolled.readiness().await;
    assert_eq!(readiness["ingress_target"], "failed", "{readiness}");
    assert!(readiness["detail"].as_str().is_some_and(|detail| detail.contains("default")), "{readiness}");
    assert_eq!(code(&enrolled.put("new", "content").await), (500, 1004));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(refusal(&enrolled, method, "object").await, (500, 1004));
    }
    assert!(!base.exists(), "an empty directory in its place would make every object missing");

    std::fs::rename(&aside, &base).expect("move back");
    wait::until("the target is back", async || {
        (enrolled.readiness().await["ingress_target"] == "ready").then_some(())
    })
    .await;
    assert_eq!(content(&enrolled, "object").await, "content");
    assert_eq!(enrolled.put("new", "content").await.status, 200);
}

#[tokio::test]
async fn requests_alone_find_out_that_the_directory_is_gone_and_back() {
    let enrolled = Enrolled::with(&[]).await;
    let base = enrolled.follower.objects(BASE_PATH, "");
    assert_eq!(enrolled.put("object", "content").await.status, 200);
    let root = base.ancestors().find(|path| path.ends_with("managed-ingress")).expect("root");
    for directory in [base.as_path(), root] {
        let aside = directory.with_file_name("aside");
        std::fs::rename(directory, &aside).expect("move away");
        wait::until("a write is refused", async || {
            (code(&enrolled.put("new", "content").await) == (500, 1004)).then_some(())
        })
        .await;
        std::fs::rename(&aside, directory).expect("move back");
        wait::until("a write is taken again", async || {
            (enrolled.put("new", "content").await.status == 200).then_some(())
        })
        .await;
        assert_eq!(content(&enrolled, "object").await, "content");
    }
}

#[tokio::test]
async fn a_directory_that_was_restored_from_elsewhere_is_used_without_a_restart() {
    let enrolled = Enrolled::with(&[]).await;
    let base = enrolled.follower.objects(BASE_PATH, "");
    assert_eq!(enrolled.put("object", "content").await.status, 200);
    std::fs::remove_dir_all(&base).expect("remove");
    assert_eq!(code(&enrolled.put("object", "content").await), (500, 1004));

    let objects = base.join(&enrolled.namespace);
    std::fs::create_dir_all(&objects).expect("restore");
    std::fs::write(objects.join("object"), "restored").expect("restore");
    wait::until("the restored object is served", async || {
        (enrolled.call(Method::GET, "/objects/object").await.status() == 200).then_some(())
    })
    .await;
    assert_eq!(content(&enrolled, "object").await, "restored");
    assert_eq!(enrolled.put("new", "content").await.status, 200);
    assert_eq!(std::fs::read(objects.join("new")).expect("object"), b"content");
}

#[tokio::test]
async fn a_disk_that_is_not_mounted_at_the_start_is_not_taken_for_an_empty_one() {
    let mut enrolled = Enrolled::with(&[]).await;
    let base = enrolled.follower.objects(BASE_PATH, "");
    let aside = base.with_file_name("aside");
    assert_eq!(enrolled.put("object", "content").await.status, 200);
    enrolled.follower.process.stop().await;
    std::fs::rename(&base, &aside).expect("unmount");
    std::fs::create_dir(&base).expect("mount point");

    enrolled.start_again().await;
    assert_eq!(enrolled.readiness().await["ingress_target"], "failed");
    assert_eq!(refusal(&enrolled, Method::GET, "object").await, (500, 1004));
    assert_eq!(code(&enrolled.put("new", "content").await), (500, 1004));

    std::fs::remove_dir(&base).expect("mount point");
    std::fs::rename(&aside, &base).expect("mount");
    wait::until("the object is served", async || {
        (enrolled.call(Method::GET, "/objects/object").await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_object_that_would_use_the_reserve_is_refused_before_it_is_read_and_the_space_is_told() {
    let reserve = (1_u64 << 50).to_string();
    let enrolled = Enrolled::with(&[("ASTER__SERVER__FOLLOWER__RESERVED_FREE_BYTES", &reserve)]).await;
    // The body never sends a byte, so an answer can only come from before it is read.
    let body = Body::wrap_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let request = enrolled.signer.request(&enrolled.follower.client, Method::PUT, "/objects/object", Some(5));
    let request = request.header("content-length", 5).body(body);
    let refused = Answer::read(request.send().await.expect("reply")).await;
    assert_eq!(code(&refused), (507, 4002), "{refused:?}");
    let capabilities = Answer::read(enrolled.call(Method::GET, "/capabilities").await).await;
    let space = &capabilities.data()["capacity"];
    let (free, total) = (space["free_bytes"].as_u64(), space["total_bytes"].as_u64());
    assert!(free > Some(0) && free <= total, "{space}");
    let condition = &capabilities.data()["ingress_target"];
    assert_eq!(condition["state"], "failed", "{condition}");
    assert!(condition["detail"].as_str().is_some_and(|detail| detail.contains("no room")), "{condition}");
}

/// The node as the primary describes it, once its `last_error` contains `text` (nothing, when that is empty).
async fn node_that_says(pair: &Pair, text: &str) -> Value {
    wait::until("the node's state follows", async || {
        let node = pair.primary.node(pair.node).await;
        let said = node["last_error"].as_str().expect("last_error");
        let as_told = if text.is_empty() { said.is_empty() } else { said.contains(text) };
        as_told.then_some(node)
    })
    .await
}

#[tokio::test]
async fn a_target_that_fails_shows_in_the_state_of_its_node_and_goes_from_it_without_a_click() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let interval = "/api/v1/admin/config/remote_node_health_test_interval_secs";
    admin.put(interval, json!({"value": ["1"]})).await.data();
    let base = pair.follower.objects("default", "");
    let aside = base.with_file_name("aside");
    std::fs::rename(&base, &aside).expect("move away");

    let node = node_that_says(&pair, "is gone; restore or mount it").await;
    assert_eq!(node["diagnosis"]["class"], "ingress_target_failed", "{node}");
    assert_eq!(node["capabilities"]["ingress_target"]["state"], "failed", "{node}");
    assert_eq!((&node["is_enabled"], &node["enrollment_status"]), (&json!(true), &json!("completed")));
    let targets = format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", pair.node);
    let target = admin.get(&targets).await.data()[0].clone();
    assert!(target["last_error"].as_str().is_some_and(|text| text.contains("is gone")), "{target}");
    assert_eq!(target["applied_revision"], target["desired_revision"], "{target}");
    let test = admin.post(&format!("/api/v1/admin/remote-nodes/{}/test", pair.node), json!({})).await;
    assert_eq!((test.status.as_u16(), test.error()), (412, "managed_ingress.default_error"), "{test:?}");

    std::fs::rename(&aside, &base).expect("move back");
    let node = node_that_says(&pair, "").await;
    assert!(node["diagnosis"].is_null(), "{node}");
    assert_eq!(admin.get(&targets).await.data()[0]["last_error"], "");

    let key = target["profile_key"].as_str().expect("key");
    admin.delete(&format!("{targets}/{key}")).await.data();
    let node = pair.primary.node(pair.node).await;
    assert_eq!(node["diagnosis"]["class"], "ingress_target_missing", "{node}");
}

#[tokio::test]
async fn a_target_that_is_not_the_default_says_in_the_list_that_its_directory_is_gone() {
    let enrolled = Enrolled::with(&[]).await;
    let spare = json!({"driver_type": "local", "name": "spare", "base_path": "spare", "max_file_size": 0});
    assert_eq!(enrolled.post("/ingress-profiles", &spare).await.data()["last_error"], "");
    let reason = async || {
        let targets = Answer::read(enrolled.call(Method::GET, "/ingress-profiles").await).await;
        let shown = targets.data().as_array().expect("targets").clone();
        assert_eq!(shown[0]["last_error"], "", "the default is well");
        shown[1]["last_error"].as_str().expect("last_error").to_owned()
    };
    assert_eq!(reason().await, "");
    let directory = enrolled.follower.objects("spare", "");
    let aside = directory.with_file_name("aside");
    std::fs::rename(&directory, &aside).expect("move away");
    assert!(reason().await.contains("spare"), "{}", reason().await);
    assert!(!directory.exists(), "looking makes nothing");
    std::fs::rename(&aside, &directory).expect("move back");
    assert_eq!(reason().await, "");
}
