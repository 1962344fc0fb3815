//! Migrations between two local policies, with the worker of the primary.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::primary::tests::{Session, Site, eventually};

const SOURCE: i64 = 1;

/// A second local policy; gives its id.
async fn target(admin: &Session, max_file_size: u64) -> i64 {
    let policy = json!({"name": "Target", "driver_type": "local", "base_path": "data/target",
                        "max_file_size": max_file_size});
    let (status, body) = admin.post("/admin/policies", policy).await;
    assert_eq!(status, 201, "{body}");
    body["data"]["id"].as_i64().expect("id")
}

/// Does `work` while the primary works on its tasks.
async fn beside<T>(site: &Site, work: impl Future<Output = T>) -> T {
    let (stop, stopped) = oneshot::channel::<()>();
    let background = site.primary.run_background(async move { drop(stopped.await) });
    let working = async {
        let done = work.await;
        drop(stop);
        done
    };
    tokio::join!(background, working).1
}

async fn ended(admin: &Session, id: i64) -> Value {
    eventually("the migration ends", async || {
        let task = admin.get(&format!("/tasks/{id}")).await.1["data"].clone();
        let open = ["pending", "processing", "retry"].iter().any(|open| task["status"] == *open);
        (!open).then_some(task)
    })
    .await
}

async fn start(admin: &Session, target: i64, delete: bool) -> i64 {
    let wanted = json!({"source_policy_id": SOURCE, "target_policy_id": target, "delete_source_after_success": delete});
    let (status, body) = admin.post("/admin/storage-migrations", wanted).await;
    assert_eq!(status, 201, "{body}");
    let task = &body["data"];
    assert_eq!(
        (&task["kind"], &task["target_policy_id"]),
        (&json!("storage_policy_migration"), &json!(target))
    );
    task["id"].as_i64().expect("id")
}

async fn readable(admin: &Session, files: &[(i64, &str)]) {
    for (id, content) in files {
        assert_eq!(admin.download(*id).await, content.as_bytes());
    }
}

async fn upload(admin: &Session, name: &str, content: &str) -> i64 {
    let (status, body) = admin.upload_bytes(name, content.as_bytes()).await;
    assert_eq!(status, 201, "{body}");
    body["data"]["id"].as_i64().expect("id")
}

/// Deletes a file for good; `left` blobs are there then.
async fn purge(site: &Site, admin: &Session, file: i64, left: i64) {
    for path in [format!("/files/{file}"), format!("/trash/file/{file}")] {
        assert_eq!(admin.delete(&path).await.0, 200, "{path}");
    }
    eventually("its blob is gone", async || (site.count("blobs").await == left).then_some(())).await;
}

async fn blobs_under(site: &Site, policy: i64) -> usize {
    site.primary.files.blobs_of(policy, 0, 1000).await.expect("blobs").len()
}

#[tokio::test]
async fn what_is_kept_at_the_source_stays_known_and_goes_with_its_blob_or_a_later_wish() {
    let (site, admin) = Site::with_admin().await;
    let (one, two) = (upload(&admin, "one", "first").await, upload(&admin, "two", "second").await);
    let to = target(&admin, 0).await;
    beside(
        &site,
        Box::pin(async {
            let task = ended(&admin, start(&admin, to, false).await).await;
            assert_eq!(
                (&task["status"], &task["result"]["moved_blobs"]),
                (&json!("succeeded"), &json!(2)),
                "{task}"
            );
            assert_eq!(
                (&task["progress_current"], &task["progress_percent"]),
                (&json!(11), &json!(100)),
                "{task}"
            );
            readable(&admin, &[(one, "first"), (two, "second")]).await;
            assert_eq!((blobs_under(&site, SOURCE).await, blobs_under(&site, to).await), (0, 2));
            assert_eq!((site.count("kept_objects").await, site.count("stray_objects").await), (2, 0));
            let (status, body) = admin.delete(&format!("/admin/policies/{SOURCE}")).await;
            assert_eq!(status, 409, "{body}");
            let unknown = site.primary.files.unknown_keys(&site.objects().await).await.expect("keys");
            assert_eq!(unknown, [""; 0], "kept objects are known");
            // Its content goes everywhere.
            purge(&site, &admin, one, 1).await;
            assert_eq!(site.count("kept_objects").await, 1);
            let task = ended(&admin, start(&admin, to, true).await).await;
            assert_eq!(task["result"]["released_source_objects"], 1, "{task}");
        }),
    )
    .await;
    assert_eq!(site.count("kept_objects").await, 0);
    let settle = std::time::Duration::ZERO;
    site.primary.files.clean_strays(&site.primary.policies, settle).await.expect("clean");
    assert_eq!((site.count("stray_objects").await, site.objects().await.len()), (0, 0));
    readable(&admin, &[(two, "second")]).await;
    assert!(site.primary.files.check_counts().await.expect("check").is_right());
}

#[tokio::test]
async fn a_blob_that_cannot_be_moved_is_told_and_does_not_stop_the_others() {
    let (site, admin) = Site::with_admin().await;
    let large = upload(&admin, "large", "far too large").await;
    let lost = upload(&admin, "lost", "lost").await;
    let bad = upload(&admin, "bad", "bad!").await;
    let good = upload(&admin, "good", "good").await;
    let to = target(&admin, 8).await;
    let blobs = site.primary.files.blobs_of(SOURCE, 0, 10).await.expect("blobs");
    let store = site.store().await;
    store.delete(&crate::primary::files::key_of(&blobs[1]).expect("key")).await.expect("delete");
    let other = Box::pin(futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"dab!"))]));
    store.put(&crate::primary::files::key_of(&blobs[2]).expect("key"), 4, other).await.expect("put");
    let wanted = json!({"source_policy_id": SOURCE, "target_policy_id": to});
    let (_, dry) = admin.post("/admin/storage-migrations/dry-run", wanted).await;
    let dry = &dry["data"];
    assert_eq!((&dry["blobs"], &dry["bytes"], &dry["oversized_blobs"]), (&json!(4), &json!(25), &json!(1)));
    assert_eq!((&dry["can_start"], &dry["enough_room"]), (&json!(false), &json!(true)), "{dry}");
    beside(
        &site,
        Box::pin(async {
            let id = start(&admin, to, true).await;
            let task = ended(&admin, id).await;
            assert_eq!((&task["status"], &task["can_retry"]), (&json!("failed"), &json!(true)), "{task}");
            let result = &task["result"];
            assert_eq!((&result["moved_blobs"], &result["failed_blobs"]), (&json!(1), &json!(3)), "{task}");
            let told = |at: usize| result["failures"][at]["message"].as_str().expect("message").to_owned();
            assert!(told(0).contains("takes at most 8"), "{task}");
            assert!(told(2).contains("does not have the content"), "{task}");
            readable(&admin, &[(large, "far too large"), (good, "good")]).await;
            assert_eq!(site.count("kept_objects").await, 1, "the source is released when all have moved");
            assert_eq!(
                admin.patch(&format!("/admin/policies/{to}"), json!({"max_file_size": 0})).await.0,
                200
            );
            purge(&site, &admin, lost, 3).await;
            purge(&site, &admin, bad, 2).await;
            let (status, body) =
                admin.post(&format!("/admin/storage-migrations/{id}/resume"), json!({})).await;
            assert_eq!(status, 200, "{body}");
            let task = ended(&admin, id).await;
            assert_eq!(
                (&task["status"], &task["result"]["moved_blobs"]),
                (&json!("succeeded"), &json!(2)),
                "{task}"
            );
            assert_eq!(task["result"]["released_source_objects"], 2, "{task}");
        }),
    )
    .await;
    readable(&admin, &[(large, "far too large"), (good, "good")]).await;
}

#[tokio::test]
async fn a_migration_that_makes_no_sense_is_refused_with_the_reason() {
    let (site, admin) = Site::with_admin().await;
    let to = target(&admin, 0).await;
    for path in ["/admin/storage-migrations", "/admin/storage-migrations/dry-run"] {
        let wish = |target: i64| json!({"source_policy_id": SOURCE, "target_policy_id": target});
        let (status, body) = admin.post(path, wish(SOURCE)).await;
        assert_eq!(status, 400, "{body}");
        assert!(body["msg"].as_str().is_some_and(|text| text.contains("target_policy_id")), "{body}");
        assert_eq!(admin.post(path, wish(99)).await.0, 404);
        let (status, body) = admin.post(path, json!({"source_policy_id": "x"})).await;
        assert_eq!(status, 400, "{body}");
        assert!(body["msg"].as_str().is_some_and(|text| text.contains("source_policy_id")), "{body}");
    }
    let id = start(&admin, to, false).await;
    let (status, body) = admin
        .post("/admin/storage-migrations", json!({"source_policy_id": SOURCE, "target_policy_id": to}))
        .await;
    assert_eq!(status, 409, "{body}");
    let (status, body) = admin.post(&format!("/admin/storage-migrations/{id}/resume"), json!({})).await;
    assert_eq!(status, 409, "it is not over: {body}");
    assert_eq!(admin.post("/admin/storage-migrations/99/resume", json!({})).await.0, 404);
    let (_, list) = admin.get("/admin/storage-migrations").await;
    assert_eq!((&list["data"]["total"], &list["data"]["items"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(site.count("tasks").await, 1);
}
