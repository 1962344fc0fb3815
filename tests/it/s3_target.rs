//! A follower whose ingress target is a bucket, with real processes from the browser's end to a real S3 server.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::garage::{ACCESS_KEY, BUCKET, Garage, REGION, SECRET_KEY};
use crate::support::pair::{Pair, id};

/// More than travels in one request to the bucket.
const LARGE: usize = 20 * 1024 * 1024 + 7;

fn bucket(endpoint: &str) -> Value {
    json!({"driver_type": "s3", "name": "bucket", "endpoint": endpoint, "bucket": BUCKET, "base_path": "aster",
        "region": REGION, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "max_file_size": 0, "is_default": true})
}

#[tokio::test]
async fn files_go_to_a_bucket_and_come_back() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let mut pair = Pair::start().await;
    let admin = pair.primary.admin.clone();
    let path = format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", pair.node);
    let target = admin.post(&path, bucket(garage.endpoint())).await;
    assert_eq!(target.data()["last_error"], "", "{target:?}");
    assert!(!target.body.to_string().contains(SECRET_KEY), "{target:?}");

    let content: Vec<u8> = (0..LARGE).map(|n| (n % 251) as u8).collect();
    let file = upload(&pair, content.clone()).await;
    assert!(pair.stored_objects().is_empty(), "nothing lies on the follower's own disk");
    let part = download(&pair, file, Some("bytes=9000000-9000009")).await;
    assert_eq!(part, content[9_000_000..=9_000_009]);

    // Keys and place survive a restart of the follower, sealed.
    let port = pair.follower.port();
    assert!(pair.follower.process.stop().await.success());
    pair.follower = crate::support::follower::Follower::start(pair.follower_home.path(), port).await;
    assert_eq!(download(&pair, file, None).await, content);
    admin.delete_for_good(file).await;
}

#[tokio::test]
async fn a_wrong_key_is_said_in_the_target_and_the_old_default_can_be_taken_again() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let pair = Pair::start().await;
    let admin = &pair.primary.admin;
    let path = format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", pair.node);
    let mut wrong = bucket(garage.endpoint());
    wrong["secret_key"] = json!("0".repeat(64));
    let target = admin.post(&path, wrong).await;
    let reason = target.data()["last_error"].as_str().expect("last_error");
    assert!(reason.contains(BUCKET) && !reason.is_empty(), "{reason}");
    let ready = pair.follower.client.get("/health/ready").await;
    assert_eq!(ready.data()["ingress_target"], "failed", "{ready:?}");

    let targets = admin.get(&path).await;
    let local = targets.data().as_array().expect("targets").iter().find(|t| t["driver_type"] == "local");
    let key = local.expect("the local target")["profile_key"].as_str().expect("key").to_owned();
    admin.patch(&format!("{path}/{key}"), json!({"is_default": true})).await.data();
    upload(&pair, b"back on the disk".to_vec()).await;
    assert_eq!(pair.stored_objects().len(), 1);
}

async fn upload(pair: &Pair, bytes: Vec<u8>) -> i64 {
    let form = Form::new().part("file", Part::bytes(bytes).file_name("file.bin"));
    let request = pair.primary.admin.request(Method::POST, "/api/v1/files/upload").multipart(form);
    id(Answer::read(request.send().await.expect("reply")).await.data())
}

async fn download(pair: &Pair, file: i64, range: Option<&str>) -> Vec<u8> {
    let mut request = pair.primary.admin.request(Method::GET, &format!("/api/v1/files/{file}/download"));
    if let Some(range) = range {
        request = request.header("range", range);
    }
    request.send().await.expect("reply").bytes().await.expect("body").into()
}
