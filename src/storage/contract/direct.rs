//! The rules of uploads in parts, which every store has, and of presigned URLs, tried with a plain HTTP client where
//! browsers can reach the store.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Response, StatusCode};

use super::{assert_holds, body, key, keys, pattern, write};
use crate::storage::{
    ChosenPart, ErrorKind, ObjectStore, PartUpload, PresignedUrl, ResponseOverrides, StoredPart,
};

/// The smallest part that S3 takes in front of others.
const PART: usize = 5 * 1024 * 1024;
const LIFETIME: Duration = Duration::from_secs(60);

macro_rules! parts_suite {
    ($fixture:path) => {
        $crate::storage::contract::contract_suite! { @direct $fixture:
            parts_that_come_in_any_order_become_one_object
            a_completion_can_be_repeated
            a_completion_that_does_not_fit_changes_nothing
            an_aborted_upload_leaves_nothing
        }
    };
}
pub(crate) use parts_suite;

macro_rules! url_suite {
    ($fixture:path) => {
        $crate::storage::contract::contract_suite! { @direct $fixture:
            a_browser_writes_and_reads_an_object_by_url
            a_url_is_good_for_its_size_method_and_object_only
            a_browser_uploads_parts_by_url
            a_lifetime_that_no_verifier_takes_is_refused
        }
    };
}
pub(crate) use url_suite;

fn three_parts() -> [Bytes; 3] {
    [pattern(PART, 1), pattern(PART + 1, 2), pattern(777, 3)]
}

fn all(parts: &[Bytes]) -> Bytes {
    parts.concat().into()
}

async fn put(store: &dyn ObjectStore, upload: &PartUpload, number: u32, content: &Bytes) -> StoredPart {
    let size = content.len() as u64;
    let stored = store.put_part(upload, number, size, body(content, 300_007)).await.expect("part");
    assert_eq!((stored.number, stored.size), (number, size));
    assert!(stored.etag.is_some());
    stored
}

fn chosen(parts: &[StoredPart]) -> Vec<ChosenPart> {
    parts.iter().map(|part| ChosenPart { number: part.number, etag: part.etag.clone() }).collect()
}

pub(crate) async fn parts_that_come_in_any_order_become_one_object(store: &dyn ObjectStore) {
    let upload = store.begin_parts(&key("files/one")).await.expect("begin");
    assert_eq!(store.list_parts(&upload).await.expect("list"), []);
    let [first, second, third] = three_parts();
    put(store, &upload, 10, &third).await;
    put(store, &upload, 1, &second).await;
    // Replaced by one that is sent again.
    put(store, &upload, 1, &first).await;
    put(store, &upload, 2, &second).await;
    let listed = store.list_parts(&upload).await.expect("list");
    let sizes: Vec<(u32, u64)> = listed.iter().map(|part| (part.number, part.size)).collect();
    assert_eq!(sizes, [(1, PART as u64), (2, PART as u64 + 1), (10, 777)]);

    let content = all(&[first, second, third]);
    let mut parts = chosen(&listed);
    parts.reverse();
    let written = store.complete_parts(&upload, &parts, content.len() as u64).await.expect("complete");
    assert_eq!(written, content.len() as u64);
    assert_holds(store, "files/one", &content).await;
    assert_eq!(keys(store, None).await, ["files/one"]);
}

pub(crate) async fn a_completion_can_be_repeated(store: &dyn ObjectStore) {
    let upload = store.begin_parts(&key("one")).await.expect("begin");
    let content = pattern(777, 1);
    let parts = chosen(&[put(store, &upload, 1, &content).await]);
    for _ in 0..3 {
        assert_eq!(store.complete_parts(&upload, &parts, 777).await.expect("complete"), 777);
    }
    store.abort_parts(&upload).await.expect("abort of what is done");
    assert_holds(store, "one", &content).await;
}

pub(crate) async fn a_completion_that_does_not_fit_changes_nothing(store: &dyn ObjectStore) {
    let upload = store.begin_parts(&key("one")).await.expect("begin");
    let (first, last) = (pattern(PART, 1), pattern(777, 2));
    let stored = [put(store, &upload, 1, &first).await, put(store, &upload, 2, &last).await];
    let size = (PART + 777) as u64;
    let missing = [chosen(&stored), vec![ChosenPart { number: 3, etag: None }]].concat();
    let twice = [chosen(&stored), chosen(&stored)].concat();
    let cases: [(&[ChosenPart], u64, Option<ErrorKind>); 5] = [
        (&missing, size, Some(ErrorKind::NotFound)),
        (&twice, 2 * size, Some(ErrorKind::InvalidArgument)),
        (&[], 0, Some(ErrorKind::InvalidArgument)),
        // A follower has one answer for this and other faults.
        (&chosen(&stored), size - 1, None),
        (&chosen(&stored), size + 1, None),
    ];
    for (parts, size, kind) in cases {
        let error = store.complete_parts(&upload, parts, size).await.expect_err("does not fit");
        assert!(kind.is_none_or(|kind| kind == error.kind()), "{kind:?}: {error}");
    }
    assert_eq!(store.head(&key("one")).await.expect_err("no object").kind(), ErrorKind::NotFound);
    store.complete_parts(&upload, &chosen(&stored), size).await.expect("as it was");
    assert_holds(store, "one", &all(&[first, last])).await;
}

pub(crate) async fn an_aborted_upload_leaves_nothing(store: &dyn ObjectStore) {
    write(store, "other", &pattern(10, 9)).await;
    let upload = store.begin_parts(&key("one")).await.expect("begin");
    let stored = put(store, &upload, 1, &pattern(777, 1)).await;
    for _ in 0..2 {
        store.abort_parts(&upload).await.expect("abort");
    }
    let error = store.complete_parts(&upload, &chosen(&[stored]), 777).await.expect_err("aborted");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert_eq!(keys(store, None).await, ["other"]);
}

async fn send(url: &PresignedUrl, content: &Bytes) -> Response {
    Client::new().put(url.as_str()).body(content.clone()).send().await.expect("an answer")
}

pub(crate) async fn a_browser_writes_and_reads_an_object_by_url(store: &dyn ObjectStore) {
    let content = pattern(100_001, 1);
    let name = "files/a b%+?ü";
    let url = store.presign_put(&key(name), content.len() as u64, LIFETIME).await.expect("presign");
    let reply = send(&url, &content).await;
    assert_eq!(reply.status(), StatusCode::OK, "{:?}", reply.text().await);
    assert!(reply.headers().contains_key("etag"));
    assert_holds(store, name, &content).await;

    let overrides = ResponseOverrides {
        cache_control: Some("private, max-age=0, must-revalidate".into()),
        content_disposition: Some("attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%BC.txt".into()),
        content_type: Some("text/plain; charset=utf-8".into()),
    };
    let url = store.presign_get(&key(name), &overrides, LIFETIME).await.expect("presign");
    let reply = Client::new().get(url.as_str()).send().await.expect("an answer");
    assert_eq!(reply.status(), StatusCode::OK);
    for (header, wanted) in [
        ("cache-control", overrides.cache_control),
        ("content-disposition", overrides.content_disposition),
        ("content-type", overrides.content_type),
    ] {
        assert_eq!(reply.headers().get(header).and_then(|v| v.to_str().ok()), wanted.as_deref());
    }
    assert_eq!(reply.bytes().await.expect("body"), content);
    let part = Client::new().get(url.as_str()).header("range", "bytes=7-9").send().await.expect("an answer");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.bytes().await.expect("body"), content[7..=9]);
}

pub(crate) async fn a_url_is_good_for_its_size_method_and_object_only(store: &dyn ObjectStore) {
    let content = pattern(1000, 1);
    let url = store.presign_put(&key("one"), 1000, LIFETIME).await.expect("presign");
    for other in [pattern(999, 1), pattern(1001, 1)] {
        let reply = send(&url, &other).await;
        assert!(reply.status().is_client_error(), "{}", reply.status());
    }
    let get = Client::new().get(url.as_str()).send().await.expect("an answer");
    assert!(get.status().is_client_error(), "{}", get.status());
    let elsewhere = url.as_str().replacen("/one?", "/two?", 1);
    let elsewhere = Client::new().put(elsewhere).body(content.clone()).send().await.expect("an answer");
    assert!(elsewhere.status().is_client_error(), "{}", elsewhere.status());
    assert_eq!(keys(store, None).await, [""; 0]);
    assert_eq!(send(&url, &content).await.status(), StatusCode::OK);
}

pub(crate) async fn a_browser_uploads_parts_by_url(store: &dyn ObjectStore) {
    let upload = store.begin_parts(&key("files/one")).await.expect("begin");
    let contents = three_parts();
    let mut parts = Vec::new();
    for (content, number) in contents.iter().zip(1..) {
        let size = content.len() as u64;
        let url = store.presign_part(&upload, number, size, LIFETIME).await.expect("presign");
        let reply = send(&url, content).await;
        assert_eq!(reply.status(), StatusCode::OK);
        let etag = reply.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        assert!(etag.is_some());
        parts.push(ChosenPart { number, etag });
    }
    let whole = all(&contents);
    store.complete_parts(&upload, &parts, whole.len() as u64).await.expect("complete");
    assert_holds(store, "files/one", &whole).await;
    assert_eq!(keys(store, None).await, ["files/one"]);
}

pub(crate) async fn a_lifetime_that_no_verifier_takes_is_refused(store: &dyn ObjectStore) {
    for lifetime in [Duration::ZERO, Duration::from_secs(8 * 24 * 3600)] {
        let get = store.presign_get(&key("one"), &ResponseOverrides::default(), lifetime).await;
        assert_eq!(get.expect_err("refused").kind(), ErrorKind::InvalidArgument);
        let put = store.presign_put(&key("one"), 1, lifetime).await;
        assert_eq!(put.expect_err("refused").kind(), ErrorKind::InvalidArgument);
    }
}
