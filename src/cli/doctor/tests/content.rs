//! New content, and contents before it.

use serde_json::json;

use super::{Stage, after_each_step, done, id, list};

#[tokio::test]
async fn an_upload_is_there_whole_or_not_at_all() {
    let prepare = async |stage: &Stage| stage.admin.file("other", None).await;
    after_each_step(Stage::new().await, prepare, async |stage, _| {
        stage.admin.upload_bytes("f", b"content").await.0 == 201
    })
    .await;
}

#[tokio::test]
async fn content_takes_the_place_of_another_whole_or_not_at_all() {
    let stage = Stage::new().await;
    done(stage.admin.put("/admin/config/max_versions_per_file", json!({"value": "1"})).await);
    let prepare = async |stage: &Stage| {
        let file = stage.admin.file("f", None).await;
        done(stage.admin.replace(file, "second", None).await);
        file
    };
    // The first content goes for good.
    after_each_step(stage, prepare, async |stage, file| {
        stage.admin.replace(*file, "the third", None).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn an_upload_in_chunks_is_there_whole_or_not_at_all() {
    let stage = Stage::new().await;
    stage.site.execute("UPDATE storage_policies SET chunk_size = 10").await;
    let content = "an upload in three chunks";
    let act = async |stage: &Stage, (): &()| {
        let wanted = json!({"filename": "f", "total_size": content.len()});
        let (status, begun) = stage.admin.init(wanted).await;
        if status != 201 {
            return false;
        }
        let upload = begun["data"]["upload_id"].as_str().expect("upload_id");
        for (number, chunk) in content.as_bytes().chunks(10).enumerate() {
            if stage.admin.put_chunk(upload, number, chunk).await.0 != 200 {
                return false;
            }
        }
        stage.admin.complete(upload).await.0 == 201
    };
    after_each_step(stage, async |_| (), act).await;
}

#[tokio::test]
async fn an_upload_that_is_cancelled_leaves_nothing() {
    let stage = Stage::new().await;
    stage.site.execute("UPDATE storage_policies SET chunk_size = 10").await;
    let prepare = async |stage: &Stage| {
        let upload = stage.admin.begun("f", 25).await;
        done(stage.admin.put_chunk(&upload, 1, b"ten bytes.").await);
        upload
    };
    after_each_step(stage, prepare, async |stage, upload| {
        // Afterwards it has expired.
        matches!(stage.admin.delete(&format!("/files/upload/{upload}")).await.0, 200 | 404)
    })
    .await;
}

/// A file with two versions; gives it and the older one.
async fn with_versions(stage: &Stage) -> (i64, i64) {
    let file = stage.admin.file("f", None).await;
    for content in ["second", "the third"] {
        done(stage.admin.replace(file, content, None).await);
    }
    let versions = done(stage.admin.get(&format!("/files/{file}/versions")).await);
    (file, id(list(&versions).last().expect("a version")))
}

#[tokio::test]
async fn a_version_comes_back_or_stays() {
    after_each_step(Stage::new().await, with_versions, async |stage, (file, version)| {
        let path = format!("/files/{file}/versions/{version}/restore");
        stage.admin.post(&path, json!({})).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_version_goes_or_stays() {
    after_each_step(Stage::new().await, with_versions, async |stage, (file, version)| {
        stage.admin.delete(&format!("/files/{file}/versions/{version}")).await.0 == 200
    })
    .await;
}
