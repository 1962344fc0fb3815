//! A shared folder whose files lie on a real follower, opened by somebody without an account.

use futures_util::future::join_all;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::support::client::{Answer, Client};
use crate::support::pair::{Pair, id};

#[tokio::test]
async fn a_stranger_with_the_password_opens_a_shared_folder_and_five_of_forty_downloads_succeed() {
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let folder = admin.post("/api/v1/folders", json!({"name": "Photos", "parent_id": null})).await;
    let folder = id(folder.data());
    let content = vec![7; 300_000];
    let form = Form::new().part("file", Part::bytes(content.clone()).file_name("beach.jpg"));
    let path = format!("/api/v1/files/upload?folder_id={folder}");
    let file = admin.request(Method::POST, &path).multipart(form).send().await.expect("reply");
    let file = id(Answer::read(file).await.data());
    assert_eq!(pair.stored_objects().len(), 1, "on the follower");

    let share =
        json!({"target": {"type": "folder", "id": folder}, "password": "open sesame", "max_downloads": 5});
    let share = admin.post("/api/v1/shares", share).await;
    let base = format!("/api/v1/s/{}", share.data()["token"].as_str().expect("token"));
    let mut guest = Client::new(pair.primary.url.clone());
    guest.http = reqwest::Client::builder().cookie_store(true).no_proxy().build().expect("client");
    assert_eq!(guest.get(&format!("{base}/content")).await.status, 403);
    guest.post(&format!("{base}/verify"), json!({"password": "open sesame"})).await.data();
    let listed = guest.get(&format!("{base}/content")).await;
    assert_eq!(listed.data()["files"][0]["name"], "beach.jpg");

    let download = format!("{base}/files/{file}/download");
    let all = join_all((0..40).map(|_| async {
        let reply = guest.request(Method::GET, &download).send().await.expect("reply");
        (reply.status().as_u16(), reply.bytes().await.expect("body"))
    }));
    let all = all.await;
    let whole = all.iter().filter(|(status, body)| *status == 200 && *body == content).count();
    let refused = all.iter().filter(|(status, _)| *status == 403).count();
    assert_eq!((whole, refused), (5, 35));
    let share = admin.get("/api/v1/shares").await;
    assert_eq!(share.data()["items"][0]["remaining_downloads"], 0);
    assert_eq!(share.data()["items"][0]["status"], "exhausted");
}
