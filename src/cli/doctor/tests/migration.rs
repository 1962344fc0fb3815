//! Blobs that move from one policy to another.

use serde_json::json;

use super::{LOCAL, Stage, after_each_step, done, id};
use crate::primary::tests::eventually;

/// Works on the migration that there is, or on a new one, until it has ended or a step of it has failed.
async fn migrate(stage: &Stage) -> bool {
    let (admin, site) = (&stage.admin, &stage.site);
    let wanted = json!({"source_policy_id": LOCAL, "target_policy_id": stage.policies[1],
                        "delete_source_after_success": true});
    let (status, body) = admin.post("/admin/storage-migrations", wanted).await;
    let task = match status {
        201 => id(&body["data"]),
        // The one that was begun before a failure.
        409 => id(&done(admin.get("/admin/storage-migrations").await)["items"][0]),
        _ => return false,
    };
    let ended = eventually("the migration ends", async || {
        let task = done(admin.get(&format!("/tasks/{task}")).await);
        let state = task["status"].as_str().expect("status").to_owned();
        (!["pending", "processing", "retry"].contains(&&*state)).then_some(state)
    });
    let working = async {
        tokio::select! {
            state = ended => state == "succeeded",
            () = site.steps().reached() => false,
        }
    };
    Box::pin(site.migrating(working)).await
}

#[tokio::test]
async fn blobs_are_whole_at_one_policy_or_the_other_and_what_is_left_moves_later() {
    let prepare = async |stage: &Stage| {
        let first = stage.admin.file("first", None).await;
        stage.admin.file("second", None).await;
        done(stage.admin.post(&format!("/files/{first}/copy"), json!({"folder_id": null})).await);
    };
    Box::pin(after_each_step(Stage::with_target().await, prepare, async |stage, ()| migrate(stage).await))
        .await;
}
