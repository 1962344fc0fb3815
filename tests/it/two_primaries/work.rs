//! What two primaries share out between them, or do once: downloads of a share, tasks, the rest of an upload; and what the
//! second finishes when the first is killed.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

use super::{Installation, content, environment};
use crate::doctor::{doctor_with, found, says};
use crate::support::client::{Answer, Client};
use crate::support::declared::upload;
use crate::support::gateway::{Gateway, Side};
use crate::support::pair::id;
use crate::support::wait;

/// A killed primary's lease of a task lasts 30 s; its object is taken for nobody's after 20 s, and found by the next round
/// of the cleaner, at most 60 s later.
const TAKEN_OVER: Duration = Duration::from_secs(150);
/// Where the migrations write to, at the follower.
const MOVED: &str = "/api/v1/internal/storage/objects/moved/";

#[tokio::test]
async fn a_limit_on_downloads_holds_at_both_primaries_together() {
    const LIMIT: usize = 7;
    let site = Installation::start().await;
    let whole = vec![7; 200_000];
    let file = upload(&site.first.admin, "shared.bin", &[7; 200_000]).await;
    let share = json!({"target": {"type": "file", "id": file["id"]}, "max_downloads": LIMIT});
    let share = site.second.admin.post("/api/v1/shares", share).await.data().clone();
    let path = format!("/api/v1/s/{}/download", share["token"].as_str().expect("token"));
    let guests = [&site.first.url, &site.second.url].map(|url| Client::new(url.clone()));
    let all = join_all((0..60).map(|number: usize| {
        let request = guests[number % 2].request(Method::GET, &path);
        async move {
            let reply = request.send().await.expect("reply");
            (reply.status().as_u16(), reply.bytes().await.expect("body"))
        }
    }))
    .await;
    let given = all.iter().filter(|(status, body)| *status == 200 && *body == whole).count();
    let refused = all.iter().filter(|(status, _)| *status == 403).count();
    assert_eq!((given, refused), (LIMIT, 60 - LIMIT));
    for primary in [&site.first, &site.second] {
        let shares = primary.admin.get("/api/v1/shares").await.data().clone();
        let seen = &shares["items"][0];
        assert_eq!(
            (&seen["download_count"], &seen["remaining_downloads"], &seen["status"]),
            (&json!(LIMIT), &json!(0), &json!("exhausted"))
        );
    }
}

#[tokio::test]
async fn an_upload_goes_on_at_the_second_primary_when_the_first_is_killed() {
    const CHUNK: usize = 64 * 1024;
    let mut site = Installation::start().await;
    let policy = policy_named(&site.second.admin, "Remote").await;
    let change = json!({"chunk_size": CHUNK});
    site.second.admin.patch(&format!("/api/v1/admin/policies/{policy}"), change).await.data();
    let whole: Vec<u8> = (0..5 * CHUNK + 9).map(|n| (n % 251) as u8).collect();
    let begun = json!({"filename": "both.bin", "total_size": whole.len()});
    let begun = site.first.admin.post("/api/v1/files/upload/init", begun).await.data().clone();
    let path = format!("/api/v1/files/upload/{}", begun["upload_id"].as_str().expect("upload_id"));
    let send = async |client: &Client, number: usize| {
        let chunk = whole.chunks(CHUNK).nth(number).expect("a chunk").to_vec();
        let request = client.request(Method::PUT, &format!("{path}/{number}")).body(chunk);
        Answer::read(request.send().await.expect("reply")).await.data().clone()
    };
    for number in [4, 0, 2] {
        send(&site.first.admin, number).await;
    }
    site.first.process.kill().await;
    let known = site.second.admin.get(&path).await.data().clone();
    assert_eq!(known["chunks_on_disk"], json!([0, 2, 4]), "{known}");
    for number in [1, 3, 5] {
        send(&site.second.admin, number).await;
    }
    let file = site.second.admin.post(&format!("{path}/complete"), json!({})).await.data().clone();
    assert_eq!(content(&site.second.admin, &file).await, (200, whole));
}

#[tokio::test]
async fn tasks_are_done_once_and_those_of_a_killed_primary_by_the_other() {
    let mut site = Installation::start().await;
    let gateway = Gateway::start(&site.follower.url).await;
    site.first.patch_node(site.node, json!({"base_url": gateway.url})).await;
    let (files, sources) = files_under_policies(&site).await;
    let target = policy(&site, "moved").await;
    // As many are worked on as there are primaries: each takes one migration at a time, and stands before the gate.
    let gate = gateway.close(MOVED, Side::Answer);
    let mut tasks = Vec::new();
    for source in &sources {
        let wanted = json!({"source_policy_id": source, "target_policy_id": target, "delete_source_after_success": true});
        tasks.push(id(site.second.admin.post("/api/v1/admin/storage-migrations", wanted).await.data()));
    }
    wait::until("both primaries work", async || {
        let found = migrations(&site.second.admin).await;
        (with_status(&found, "processing") == 2).then_some(())
    })
    .await;
    gate.reached().await;
    site.first.process.kill().await;
    gate.open();
    let admin = &site.second.admin;
    let ended = wait::until_within(TAKEN_OVER, "all migrations have succeeded", async || {
        let found = migrations(admin).await;
        assert_eq!(with_status(&found, "failed"), 0, "{found:?}");
        (with_status(&found, "succeeded") == tasks.len()).then_some(found)
    })
    .await;
    let mut attempts: Vec<i64> =
        ended.iter().map(|task| task["attempt_count"].as_i64().expect("attempts")).collect();
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 1, 1, 2], "one was taken over, and nothing was done twice");
    let moved: i64 = ended.iter().map(|task| task["result"]["moved_blobs"].as_i64().expect("moved")).sum();
    assert_eq!(moved, 8, "{ended:?}");
    for (file, expected) in &files {
        assert_eq!(content(admin, file).await, (200, expected.clone()));
    }
    upkeep_was_asked_for_once(admin).await;
    nothing_unknown_stays(&site, 8).await;
}

/// Two files under each of four policies, and the policies.
async fn files_under_policies(site: &Installation) -> (Vec<(Value, Vec<u8>)>, Vec<i64>) {
    const CONTENTS: [&[u8]; 8] = [b"1", b"two", b"three", &[4; 200_000], b"", b"six", &[7; 3_000], b"8"];
    let admin = &site.first.admin;
    let groups = admin.get("/api/v1/admin/policy-groups").await.data()["items"].clone();
    let group = groups.as_array().expect("items").iter().find(|group| group["name"] == "Remote Test Group");
    let group = format!("/api/v1/admin/policy-groups/{}", id(group.expect("the group")));
    let (mut files, mut sources) = (Vec::new(), Vec::new());
    for (number, pair) in CONTENTS.chunks(2).enumerate() {
        let source = policy(site, &format!("source-{number}")).await;
        let rules =
            json!({"items": [{"policy_id": source, "priority": 1, "min_file_size": 0, "max_file_size": 0}]});
        admin.patch(&group, rules).await.data();
        for content in pair {
            files.push((upload(admin, "f", content).await, content.to_vec()));
        }
        sources.push(source);
    }
    (files, sources)
}

/// A policy on the follower with a directory of its own.
async fn policy(site: &Installation, name: &str) -> i64 {
    let policy =
        json!({"name": name, "driver_type": "remote", "remote_node_id": site.node, "base_path": name});
    id(site.first.admin.post("/api/v1/admin/policies", policy).await.data())
}

async fn policy_named(admin: &Client, name: &str) -> i64 {
    let policies = admin.get("/api/v1/admin/policies").await.data()["items"].clone();
    let found = policies.as_array().expect("items").iter().find(|policy| policy["name"] == name).map(id);
    found.expect("the policy")
}

async fn migrations(admin: &Client) -> Vec<Value> {
    let found = admin.get("/api/v1/admin/storage-migrations").await;
    found.data()["items"].as_array().expect("items").clone()
}

fn with_status(tasks: &[Value], status: &str) -> usize {
    tasks.iter().filter(|task| task["status"] == status).count()
}

/// Both primaries began at the same moment, and each kind of upkeep was due.
async fn upkeep_was_asked_for_once(admin: &Client) {
    let all = admin.get("/api/v1/admin/tasks?limit=100").await.data()["items"].clone();
    let kinds = |task: &Value| task["kind"].as_str().expect("kind").to_owned();
    let mut kinds: Vec<String> = all.as_array().expect("items").iter().map(kinds).collect();
    kinds.retain(|kind| kind != "storage_policy_migration");
    let asked = kinds.len();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(asked >= 7, "{kinds:?}");
    assert_eq!(kinds.len(), asked, "a kind was asked for twice: {all}");
}

/// The sources are empty, and so is what the killed primary left at the target.
async fn nothing_unknown_stays(site: &Installation, blobs: usize) {
    wait::until_within(TAKEN_OVER, "what nobody refers to is gone", async || {
        (objects(site) == blobs).then_some(())
    })
    .await;
    site.second.set_site_url(&site.second.url).await;
    let environment = environment(&site.postgres.url);
    let (_, report) = doctor_with(site.homes[1].path(), &environment, &["--deep"]).await;
    says(&report, "counts", &["ok: ", &format!("{blobs} blobs")]);
    says(&report, "objects", &["ok: ", "`moved`", &format!("all {blobs} blobs")]);
    assert!(found(&report, "objects").iter().all(|line| line.starts_with("ok: ")), "{report:#}");
}

/// How many there are at the follower.
fn objects(site: &Installation) -> usize {
    let (mut found, mut open) = (0, vec![site.follower.objects("default", "home")]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { found += 1 }
        }
    }
    found
}
