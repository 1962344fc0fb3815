//! A storage migration from the primary's disk to a follower, by a primary that is killed in the middle of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::doctor::{doctor_with, found, says};
use crate::support::client::Client;
use crate::support::declared::upload;
use crate::support::gateway::{Gateway, Side};
use crate::support::pair::{Pair, id};
use crate::support::primary::{self, Primary};
use crate::support::wait;

const OBJECTS: &str = "/api/v1/internal/storage/objects/";
const LOCAL: i64 = 1;
/// On a database that other primaries may use, nobody knows that a primary is dead before its leases are over: 30 s for a
/// task, and 20 s for an object, which the next round of the cleaner finds, at most 60 s later.
const TAKEN_OVER: Duration = Duration::from_secs(300);
const CONTENTS: [&[u8]; 5] = [b"one", b"two", &[7; 300_000], b"", b"five"];

async fn assert_readable(admin: &Client, files: &[i64]) {
    for (file, content) in files.iter().zip(CONTENTS) {
        let path = format!("/api/v1/files/{file}/download");
        let reply = admin.request(reqwest::Method::GET, &path).send().await.expect("reply");
        assert_eq!(reply.status(), 200, "file {file}");
        assert!(reply.bytes().await.expect("body") == content, "content of file {file}");
    }
}

async fn migration(admin: &Client, task: i64) -> Value {
    admin.get(&format!("/api/v1/tasks/{task}")).await.data().clone()
}

#[tokio::test]
async fn a_migration_survives_kills_at_both_ends_of_a_copy_and_leaves_nothing_unknown() {
    let mut pair = Pair::start().await;
    let gateway = Gateway::start(&pair.follower.url).await;
    let mut admin = pair.primary.admin.clone();
    pair.primary.patch_node(pair.node, json!({"base_url": gateway.url})).await;
    let me = id(admin.get("/api/v1/auth/me").await.data());
    let groups = admin.get("/api/v1/admin/policy-groups").await.data().clone();
    let items = groups["items"].as_array().expect("groups");
    let default = items.iter().find(|group| group["is_default"] == true).map(id).expect("default group");
    let user = format!("/api/v1/admin/users/{me}");
    admin.patch(&user, json!({"policy_group_id": default})).await.data();
    let mut files = Vec::new();
    for content in CONTENTS {
        files.push(id(&upload(&admin, "f", content).await));
    }
    assert_eq!(pair.stored_objects().len(), 0, "everything lies with the primary");
    let wanted = json!({"source_policy_id": LOCAL, "target_policy_id": pair.policy, "delete_source_after_success": true});
    let dry = admin.post("/api/v1/admin/storage-migrations/dry-run", wanted.clone()).await;
    let dry = dry.data();
    assert_eq!(
        (&dry["blobs"], &dry["enough_room"], &dry["can_start"]),
        (&json!(5), &json!(true), &json!(true)),
        "{dry}"
    );

    // The follower has a copy, and nobody heard of it.
    let mut gate = gateway.close(OBJECTS, Side::Answer);
    let task = id(admin.post("/api/v1/admin/storage-migrations", wanted).await.data());
    for next in [Some(Side::Request), None] {
        gate.reached().await;
        assert_eq!(migration(&admin, task).await["status"], "processing");
        pair.primary.process.kill().await;
        let closed = next.map(|side| gateway.close(OBJECTS, side));
        gate.open();
        pair.primary = Primary::start_again(pair.primary_home.path(), 0).await;
        admin = pair.primary.admin.clone();
        assert_readable(&admin, &files[..1]).await;
        let Some(closed) = closed else { break };
        gate = closed;
    }
    let done = wait::until_within(TAKEN_OVER, "the migration has succeeded", async || {
        let found = migration(&admin, task).await;
        assert_ne!(found["status"], "failed", "{found}");
        (found["status"] == "succeeded").then_some(found)
    })
    .await;
    assert_eq!(
        (&done["result"]["moved_blobs"], &done["result"]["failed_blobs"]),
        (&json!(5), &json!(0)),
        "{done}"
    );
    assert_eq!((&done["attempt_count"], &done["progress_percent"]), (&json!(3), &json!(100)), "{done}");
    assert_readable(&admin, &files).await;
    wait::until_within(TAKEN_OVER, "copies that nobody heard of are gone", async || {
        (pair.stored_objects().len() == 5).then_some(())
    })
    .await;
    pair.primary.set_site_url(&pair.primary.url).await;
    let (code, report) = doctor_with(pair.primary_home.path(), &primary::environment(0), &["--deep"]).await;
    assert_eq!(code, Some(0), "{report:#}");
    says(&report, "counts", &["ok: ", "5 blobs"]);
    says(&report, "objects", &["ok: ", "`Remote`", "all 5 blobs"]);
    assert!(found(&report, "objects").iter().all(|line| line.starts_with("ok: ")), "{report:#}");
}
