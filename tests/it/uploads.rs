//! Uploads in parts with real processes: through the primary and past it, killed in the middle, completed twice.

use std::collections::BTreeSet;
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::follower::Follower;
use crate::support::garage::{ACCESS_KEY, BUCKET, Garage, REGION, SECRET_KEY};
use crate::support::gateway::{Gateway, Side};
use crate::support::pair::Pair;
use crate::support::primary::Primary;
use crate::support::wait;

const UPLOAD: &str = "/api/v1/files/upload";
const CHUNK: usize = 64 * 1024;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

/// A pair whose policy cuts files into chunks of `chunk` bytes and takes them the way of `strategy`.
async fn pair_with(chunk: usize, strategy: &str) -> Pair {
    let pair = Pair::start().await;
    let options = json!({"remote_upload_strategy": strategy, "remote_download_strategy": strategy});
    let change = json!({"chunk_size": chunk, "options": options});
    pair.primary.admin.patch(&format!("/api/v1/admin/policies/{}", pair.policy), change).await.data();
    pair
}

async fn init(client: &Client, size: usize) -> Value {
    let body = json!({"filename": "f.bin", "total_size": size});
    client.post(&format!("{UPLOAD}/init"), body).await.data().clone()
}

fn id(begun: &Value) -> String {
    begun["upload_id"].as_str().expect("upload_id").to_owned()
}

async fn put_chunk(client: &Client, id: &str, number: usize, bytes: &[u8]) -> Answer {
    let request = client.request(Method::PUT, &format!("{UPLOAD}/{id}/{number}")).body(bytes.to_vec());
    Answer::read(request.send().await.expect("reply")).await
}

async fn progress(client: &Client, id: &str) -> Value {
    client.get(&format!("{UPLOAD}/{id}")).await.data().clone()
}

async fn complete(client: &Client, id: &str, body: Value) -> Answer {
    client.post(&format!("{UPLOAD}/{id}/complete"), body).await
}

async fn download(client: &Client, file: &Value) -> Vec<u8> {
    let path = format!("/api/v1/files/{}/download?relay=1", file["id"]);
    client.request(Method::GET, &path).send().await.expect("reply").bytes().await.expect("body").into()
}

/// Sends half of a chunk and no more.
fn half_of_a_chunk(client: &Client, id: &str, number: usize) -> tokio::task::JoinHandle<bool> {
    let half = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![7; CHUNK / 2]))]);
    let request = client
        .request(Method::PUT, &format!("{UPLOAD}/{id}/{number}"))
        .header("content-length", CHUNK)
        .body(reqwest::Body::wrap_stream(half.chain(stream::pending())));
    tokio::spawn(async move { request.send().await.is_ok_and(|reply| reply.status().is_success()) })
}

#[tokio::test]
async fn an_upload_goes_on_after_primary_and_follower_were_killed_in_the_middle() {
    let mut pair = pair_with(CHUNK, "relay_stream").await;
    let content = content(9 * CHUNK + 5);
    let chunks: Vec<&[u8]> = content.chunks(CHUNK).collect();
    let id = id(&init(&pair.primary.admin, content.len()).await);
    let client = pair.primary.admin.clone();
    let sent = join_all([7, 0, 9].map(|number| put_chunk(&client, &id, number, chunks[number]))).await;
    assert!(sent.iter().all(|answer| answer.status == 200), "{sent:?}");

    let cut = half_of_a_chunk(&client, &id, 3);
    assert_eq!(put_chunk(&client, &id, 4, chunks[4]).await.status, 200);
    let port = pair.follower.port();
    pair.follower.process.kill().await;
    assert!(!cut.await.expect("task"), "a chunk that its store has half of is not there");
    let refused = put_chunk(&client, &id, 8, chunks[8]).await;
    assert!(refused.message().contains("edge"), "the node is named: {refused:?}");
    pair.follower = Follower::start(pair.follower_home.path(), port).await;
    pair.follower.ready().await;
    assert_eq!(progress(&client, &id).await["chunks_on_disk"], json!([0, 4, 7, 9]));

    // The follower has the chunk, and the primary dies before it knows.
    let gateway = Gateway::start(&pair.follower.url).await;
    pair.primary.patch_node(pair.node, json!({"base_url": gateway.url})).await;
    let gate = gateway.close("/api/v1/internal/storage/objects/", Side::Answer);
    let (sender, upload, chunk) = (client.clone(), id.clone(), chunks[5].to_vec());
    let path = format!("{UPLOAD}/{upload}/5");
    let cut =
        tokio::spawn(async move { sender.request(Method::PUT, &path).body(chunk).send().await.is_ok() });
    gate.reached().await;
    pair.primary.process.kill().await;
    gate.open();
    assert!(!cut.await.expect("task"));
    pair.primary = Primary::start_again(pair.primary_home.path(), 0).await;
    pair.primary.patch_node(pair.node, json!({"base_url": pair.follower.url})).await;
    let client = pair.primary.admin.clone();
    let known = progress(&client, &id).await;
    assert_eq!((&known["status"], &known["chunks_on_disk"]), (&json!("uploading"), &json!([0, 4, 7, 9])));

    let missing = [8, 1, 6, 2, 5, 3];
    let sent = join_all(missing.map(|number| put_chunk(&client, &id, number, chunks[number]))).await;
    assert!(sent.iter().all(|answer| answer.status == 200), "{sent:?}");
    let file = complete(&client, &id, json!({})).await.data().clone();
    assert_eq!(download(&client, &file).await, content);
    assert_eq!(pair.stored_objects().len(), 1, "no part is left");
}

#[tokio::test]
async fn two_completions_at_once_make_one_file_and_are_quick() {
    let pair = pair_with(CHUNK, "relay_stream").await;
    let client = &pair.primary.admin;
    let content = content(256 * CHUNK);
    let id = id(&init(client, content.len()).await);
    let (next, all) = (&id, content.chunks(CHUNK).enumerate());
    let sent = stream::iter(all).map(|(number, chunk)| put_chunk(client, next, number, chunk));
    let sent: Vec<Answer> = sent.buffer_unordered(16).collect().await;
    assert!(sent.iter().all(|answer| answer.status == 200));
    assert_eq!(pair.stored_objects().len(), 256);
    let started = Instant::now();
    let (one, two) = tokio::join!(complete(client, &id, json!({})), complete(client, &id, json!({})));
    eprintln!("256 chunks of {CHUNK} bytes on a follower were completed in {:?}", started.elapsed());
    for answer in [&one, &two] {
        assert!(answer.status == 201 || (answer.status == 202 && answer.body["code"] == 3011), "{answer:?}");
    }
    let file = complete(client, &id, json!({})).await.data().clone();
    assert_eq!(download(client, &file).await, content);
    assert_eq!(pair.stored_objects().len(), 1);
    let me = client.get("/api/v1/auth/me").await;
    assert_eq!(me.data()["storage_used"], content.len());
}

#[tokio::test]
async fn a_primary_that_died_while_the_store_joined_the_parts_is_followed_by_the_next_call() {
    let mut pair = pair_with(CHUNK, "relay_stream").await;
    let content = content(3 * CHUNK);
    let client = pair.primary.admin.clone();
    let id = id(&init(&client, content.len()).await);
    for (number, chunk) in content.chunks(CHUNK).enumerate() {
        assert_eq!(put_chunk(&client, &id, number, chunk).await.status, 200);
    }
    let gateway = Gateway::start(&pair.follower.url).await;
    pair.primary.patch_node(pair.node, json!({"base_url": gateway.url})).await;
    let gate = gateway.close("/api/v1/internal/storage/compose", Side::Answer);
    let path = format!("{UPLOAD}/{id}/complete");
    let cut = tokio::spawn(async move { client.request(Method::POST, &path).send().await.is_ok() });
    gate.reached().await;
    pair.primary.process.kill().await;
    gate.open();
    assert!(!cut.await.expect("task"));
    assert_eq!(pair.stored_objects().len(), 1, "the follower has joined them");

    // However long the start takes, the lease stands until we have looked.
    let lease_until = |change: &str| {
        let statement = format!("UPDATE upload_sessions SET lease_until = lease_until {change} 600000");
        database::execute(pair.primary_home.path(), &statement);
    };
    lease_until("+");
    let primary = Primary::start_again(pair.primary_home.path(), 0).await;
    let client = primary.admin.clone();
    assert_eq!(progress(&client, &id).await["status"], "assembling");
    let early = complete(&client, &id, json!({})).await;
    assert_eq!((early.status.as_u16(), &early.body["code"]), (202, &json!(3011)), "{early:?}");
    lease_until("-");
    let file = wait::until("the lease is over", async || {
        let answer = complete(&client, &id, json!({})).await;
        (answer.status != 202).then(|| answer.data().clone())
    })
    .await;
    assert_eq!(download(&client, &file).await, content);
    assert_eq!(pair.stored_objects().len(), 1);
}

/// Sends bytes to a presigned URL as a browser does from a page of `origin`; gives the ETag that the page may read.
async fn browser_put(url: &str, origin: &str, bytes: &[u8]) -> String {
    let request = reqwest::Client::new().put(url).header("origin", origin).body(bytes.to_vec());
    let reply = request.send().await.expect("reply");
    assert_eq!(reply.status(), 200, "{:?}", reply.text().await);
    assert_eq!(reply.headers()["access-control-allow-origin"], origin);
    let exposed =
        reply.headers()["access-control-expose-headers"].to_str().expect("text").to_ascii_lowercase();
    assert!(exposed.contains("etag"), "{exposed}");
    reply.headers()["etag"].to_str().expect("text").to_owned()
}

/// Sends a file in parts past the primary, and gives it.
async fn send_past_the_primary(pair: &Pair, content: &[u8], chunk: usize) -> Value {
    let client = &pair.primary.admin;
    let begun = init(client, content.len()).await;
    assert_eq!(begun["mode"], "presigned_multipart", "{begun}");
    let id = id(&begun);
    let numbers: Vec<usize> = (1..=content.len().div_ceil(chunk)).collect();
    let urls = client.post(&format!("{UPLOAD}/{id}/presign-parts"), json!({"part_numbers": numbers})).await;
    let mut parts = Vec::new();
    for (number, bytes) in (1..).zip(content.chunks(chunk)) {
        let url = urls.data()[number.to_string()].as_str().expect("a URL");
        let etag = browser_put(url, &pair.primary.url, bytes).await;
        parts.push(json!({"part_number": number, "etag": etag}));
        let known = progress(client, &id).await;
        assert_eq!((&known["status"], &known["received_count"]), (&json!("presigned"), &json!(number)));
        if number == 1 {
            let early = complete(client, &id, json!({"parts": parts})).await;
            assert_eq!((early.status.as_u16(), early.message().contains("parts")), (400, true), "{early:?}");
        }
    }
    complete(client, &id, json!({"parts": parts})).await.data().clone()
}

#[tokio::test]
async fn a_browser_sends_and_fetches_past_the_primary() {
    let pair = pair_with(CHUNK, "presigned").await;
    let client = &pair.primary.admin;
    let small = content(1000);
    let begun = init(client, small.len()).await;
    assert_eq!(begun["mode"], "presigned", "{begun}");
    let url = begun["presigned_url"].as_str().expect("a URL").to_owned();
    let early = complete(client, &id(&begun), json!({})).await;
    assert_eq!(early.status, 409, "{early:?}");
    browser_put(&url, &pair.primary.url, &small).await;
    let file = complete(client, &id(&begun), json!({})).await.data().clone();
    assert_eq!(download(client, &file).await, small);
    assert_eq!(pair.stored_objects().len(), 1);
    // The URL still works, and what it writes is not the file's.
    browser_put(&url, &pair.primary.url, &vec![7; small.len()]).await;
    assert_eq!(download(client, &file).await, small);

    let large = content(3 * CHUNK + 9);
    let file = send_past_the_primary(&pair, &large, CHUNK).await;
    assert_eq!(download(client, &file).await, large);

    let path = format!("/api/v1/files/{}/download", file["id"]);
    let reply = client.request(Method::GET, &path).send().await.expect("reply");
    assert_eq!(reply.status(), 302);
    let location = reply.headers()["location"].to_str().expect("text").to_owned();
    assert!(location.starts_with(&pair.follower.url), "{location}");
    let fetched =
        reqwest::Client::new().get(&location).header("range", "bytes=5-9").send().await.expect("reply");
    assert_eq!(
        fetched.headers()["content-disposition"],
        "attachment; filename=\"f (1).bin\"; filename*=UTF-8''f%20%281%29.bin"
    );
    assert_eq!(
        (fetched.status().as_u16(), fetched.bytes().await.expect("body").as_ref()),
        (206, &large[5..10])
    );
    for (method, query) in [(Method::HEAD, ""), (Method::GET, "?inline=1"), (Method::GET, "?relay=1")] {
        let reply = client.request(method.clone(), &format!("{path}{query}")).send().await.expect("reply");
        assert_eq!(reply.status(), 200, "{method} {query}");
    }

    let relayed = json!({"filename": "f", "total_size": large.len(), "relay": true});
    assert_eq!(client.post(&format!("{UPLOAD}/init"), relayed).await.data()["mode"], "chunked");
    let direct = json!({"filename": "f", "total_size": 10, "relay": true});
    assert_eq!(client.post(&format!("{UPLOAD}/init"), direct).await.data()["mode"], "direct");
}

#[tokio::test]
async fn a_cancelled_upload_leaves_nothing_on_the_follower() {
    let pair = pair_with(CHUNK, "presigned").await;
    let client = &pair.primary.admin;
    let begun = id(&init(client, 3 * CHUNK).await);
    let urls = client.post(&format!("{UPLOAD}/{begun}/presign-parts"), json!({"part_numbers": [2]})).await;
    browser_put(urls.data()["2"].as_str().expect("a URL"), &pair.primary.url, &content(CHUNK)).await;
    let relayed = json!({"filename": "f", "total_size": 3 * CHUNK, "relay": true});
    let relayed = id(client.post(&format!("{UPLOAD}/init"), relayed).await.data());
    assert_eq!(put_chunk(client, &relayed, 1, &content(CHUNK)).await.status, 200);
    assert_eq!(pair.stored_objects().len(), 2);
    let open = client.get(&format!("{UPLOAD}/sessions")).await;
    let open: BTreeSet<String> = open.data().as_array().expect("list").iter().map(id).collect();
    assert_eq!(open, BTreeSet::from([begun.clone(), relayed.clone()]));
    for upload in [&begun, &relayed] {
        client.delete(&format!("{UPLOAD}/{upload}")).await.data();
        assert_eq!(client.get(&format!("{UPLOAD}/{upload}")).await.status, 404);
    }
    // At once, unless the store takes long.
    wait::until_equal("parts on the follower", &[""; 0], async || {
        pair.stored_objects().iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
    })
    .await;
}

#[tokio::test]
async fn parts_go_to_a_followers_bucket_and_become_one_object_there() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let chunk = 5 * 1024 * 1024;
    let pair = pair_with(chunk, "presigned").await;
    let target = json!({"driver_type": "s3", "name": "bucket", "endpoint": garage.endpoint(), "bucket": BUCKET,
        "base_path": "aster", "region": REGION, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "max_file_size": 0,
        "is_default": true});
    let path = format!("/api/v1/admin/remote-nodes/{}/ingress-profiles", pair.node);
    assert_eq!(pair.primary.admin.post(&path, target).await.data()["last_error"], "");
    let content = content(2 * chunk + 7);
    let file = send_past_the_primary(&pair, &content, chunk).await;
    assert_eq!(download(&pair.primary.admin, &file).await, content);
    assert!(pair.stored_objects().is_empty());
}

#[tokio::test]
async fn a_bucket_of_the_primary_takes_parts_both_ways_and_keeps_none() {
    let garage = tokio::task::spawn_blocking(Garage::start).await.expect("garage");
    let home = tempfile::TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let client = &primary.admin;
    let policy = json!({"name": "Bucket", "driver_type": "s3", "endpoint": garage.endpoint(), "bucket": BUCKET,
        "base_path": "drive", "region": REGION, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY,
        "options": {"s3_upload_strategy": "presigned"}});
    let policy = client.post("/api/v1/admin/policies", policy).await.data()["id"].clone();
    let rules = json!({"items": [{"policy_id": policy, "priority": 1}]});
    client.patch("/api/v1/admin/policy-groups/1", rules).await.data();
    let chunk = 5 * 1024 * 1024;
    let content = content(chunk + 7);

    let begun = json!({"filename": "f", "total_size": content.len(), "relay": true});
    let relayed = id(client.post(&format!("{UPLOAD}/init"), begun).await.data());
    for (number, bytes) in content.chunks(chunk).enumerate() {
        assert_eq!(put_chunk(client, &relayed, number, bytes).await.status, 200);
    }
    let file = complete(client, &relayed, json!({})).await.data().clone();
    assert_eq!(download(client, &file).await, content);

    let direct = id(&init(client, content.len()).await);
    let urls =
        client.post(&format!("{UPLOAD}/{direct}/presign-parts"), json!({"part_numbers": [1, 2]})).await;
    let mut parts = Vec::new();
    for (number, bytes) in (1..).zip(content.chunks(chunk)) {
        let url = urls.data()[number.to_string()].as_str().expect("a URL").to_owned();
        let reply = reqwest::Client::new().put(url).body(bytes.to_vec()).send().await.expect("reply");
        let etag = reply.headers()["etag"].to_str().expect("text");
        parts.push(json!({"part_number": number, "etag": etag}));
    }
    let mut wrong = parts.clone();
    wrong[1]["etag"] = json!("0".repeat(32));
    assert_eq!(complete(client, &direct, json!({"parts": wrong})).await.status, 409);
    let file = complete(client, &direct, json!({"parts": parts})).await.data().clone();
    assert_eq!(download(client, &file).await, content);

    let cancelled = id(&init(client, content.len()).await);
    client.delete(&format!("{UPLOAD}/{cancelled}")).await.data();
    wait::until_equal("unfinished uploads in the bucket", &0, async || garage.unfinished_uploads()).await;
}
