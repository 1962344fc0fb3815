//! Copies, the trash, and what comes back from there.

use serde_json::json;

use super::{Stage, after_each_step, done};

/// A folder with a file that has a version, one that shares its content with a copy outside, and a folder; gives its id.
async fn tree(stage: &Stage) -> i64 {
    let admin = &stage.admin;
    let folder = admin.folder("a", None).await;
    let inner = admin.folder("b", Some(folder)).await;
    let versioned = admin.file("versioned", Some(folder)).await;
    done(admin.replace(versioned, "newer", None).await);
    let shared = admin.file("shared", Some(inner)).await;
    done(admin.post(&format!("/files/{shared}/copy"), json!({"folder_id": null})).await);
    folder
}

async fn trashed_tree(stage: &Stage) -> i64 {
    let folder = tree(stage).await;
    done(stage.admin.delete(&format!("/folders/{folder}")).await);
    folder
}

/// A file in the trash whose name another one has taken; gives its id.
async fn trashed_file(stage: &Stage) -> i64 {
    let file = stage.admin.file("f", None).await;
    done(stage.admin.delete(&format!("/files/{file}")).await);
    stage.admin.file("f", None).await;
    file
}

#[tokio::test]
async fn a_copy_of_a_file_is_there_or_not() {
    let prepare = async |stage: &Stage| stage.admin.file("f", None).await;
    after_each_step(Stage::new().await, prepare, async |stage, file| {
        stage.admin.post(&format!("/files/{file}/copy"), json!({"folder_id": null})).await.0 == 201
    })
    .await;
}

#[tokio::test]
async fn a_copy_of_a_folder_is_there_whole_or_not_at_all() {
    after_each_step(Stage::new().await, tree, async |stage, folder| {
        stage.admin.post(&format!("/folders/{folder}/copy"), json!({"parent_id": null})).await.0 == 201
    })
    .await;
}

#[tokio::test]
async fn a_deleted_folder_is_in_the_trash_whole_or_where_it_was() {
    after_each_step(Stage::new().await, tree, async |stage, folder| {
        stage.admin.delete(&format!("/folders/{folder}")).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_deleted_file_is_in_the_trash_or_where_it_was() {
    let prepare = async |stage: &Stage| stage.admin.file("f", None).await;
    after_each_step(Stage::new().await, prepare, async |stage, file| {
        stage.admin.delete(&format!("/files/{file}")).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_folder_comes_back_whole_or_stays_in_the_trash() {
    after_each_step(Stage::new().await, trashed_tree, async |stage, folder| {
        stage.admin.post(&format!("/trash/folder/{folder}/restore"), json!({})).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_file_comes_back_under_another_name_or_stays_in_the_trash() {
    after_each_step(Stage::new().await, trashed_file, async |stage, file| {
        stage.admin.post(&format!("/trash/file/{file}/restore"), json!({})).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_file_goes_for_good_or_stays_in_the_trash() {
    after_each_step(Stage::new().await, trashed_file, async |stage, file| {
        stage.admin.delete(&format!("/trash/file/{file}")).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn a_folder_goes_for_good_with_what_only_it_has() {
    after_each_step(Stage::new().await, trashed_tree, async |stage, folder| {
        stage.admin.delete(&format!("/trash/folder/{folder}")).await.0 == 200
    })
    .await;
}

#[tokio::test]
async fn an_emptied_trash_is_empty_or_as_it_was() {
    let prepare = async |stage: &Stage| {
        trashed_tree(stage).await;
        trashed_file(stage).await
    };
    after_each_step(Stage::new().await, prepare, async |stage, _| {
        stage.admin.delete("/trash").await.0 == 200 && stage.site.remove_marked().await
    })
    .await;
}
