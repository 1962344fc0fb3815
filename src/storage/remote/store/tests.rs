//! The client and the store against followers that say right and wrong things on a real socket.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::scripted::{Said, ScriptedFollower, Seen};
use super::*;
use crate::protocol::{
    BindingUpdate, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, SignedFields, SigningKey,
};
use crate::storage::BodyError;

const S: &str = "/api/v1/internal/storage";

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("key")
}

fn body(text: &'static str) -> ByteStream {
    Box::pin(stream::iter([Ok(Bytes::from_static(text.as_bytes()))]))
}

fn store(follower: &ScriptedFollower) -> RemoteStore {
    RemoteStore::new("edge", follower.client("/prefix"), "/base/").expect("store")
}

fn is_signed(seen: &Seen) -> bool {
    let fields = SignedFields {
        method: &seen.method,
        target: &seen.target,
        timestamp: seen.header(HEADER_TIMESTAMP).expect("timestamp"),
        nonce: seen.header(HEADER_NONCE).expect("nonce"),
        content_length: seen.header("content-length").map(|text| text.parse().expect("number")),
    };
    SigningKey::new("rns_test").verifies(&fields, seen.header(HEADER_SIGNATURE).expect("signature"))
}

fn ranged(start: u64, length: u64) -> Option<ByteRange> {
    Some(ByteRange::From { start, length: NonZeroU64::new(length) })
}

async fn kind_of_get(said: &'static str) -> ErrorKind {
    let follower = ScriptedFollower::start(move |_| Said::raw(said).then_hang_up()).await;
    store(&follower).get(&key("a"), None).await.expect_err("no object").kind()
}

/// What is signed must be what stands on the request line and in the headers, for every verb: with and without body.
#[tokio::test]
async fn every_request_is_signed_over_what_is_really_sent() {
    let follower = ScriptedFollower::start(|seen| match seen.method.as_str() {
        "GET" if seen.target.contains("/metadata") => {
            Said::json(200, r#"{"code":0,"msg":"","data":{"size":3,"content_type":null}}"#)
        }
        "GET" if seen.target.contains("?prefix=") => {
            Said::json(200, r#"{"code":0,"msg":"","data":{"items":[]}}"#)
        }
        "GET" => Said::reply(200, "", "abc"),
        "POST" => Said::json(200, r#"{"code":0,"msg":"","data":{"bytes_written":3}}"#),
        _ => Said::done(),
    })
    .await;
    let (store, name) = (store(&follower), key("dir/ü file?.txt"));
    store.put(&name, 3, body("abc")).await.expect("put");
    store.put(&name, 0, body("")).await.expect("empty put");
    let read = store.get(&name, None).await.expect("get").body.try_collect::<Vec<_>>().await.expect("body");
    assert_eq!(read.concat(), b"abc");
    store.head(&name).await.expect("head");
    store.list_up_to(1000, Some(&key("a b"))).await.expect("list");
    store.compose(&key("t"), &[key("p")], 3).await.expect("compose");
    store.delete(&name).await.expect("delete");
    let update = BindingUpdate { name: "n".into(), is_enabled: false };
    follower.client("").push_binding(&update).await.expect("push");

    let object = format!("/prefix{S}/objects/base/dir/%C3%BC%20file%3F.txt");
    let seen = follower.seen();
    let lines: Vec<_> =
        seen.iter().map(|s| (s.method.as_str(), s.target.as_str(), s.header("content-length"))).collect();
    let binding = format!("{S}/binding");
    let compose = format!("/prefix{S}/compose");
    let list = format!("/prefix{S}/objects?prefix=base%2Fa+b");
    let metadata = format!("{object}/metadata");
    assert_eq!(
        lines,
        [
            ("PUT", &*object, Some("3")),
            ("PUT", &*object, Some("0")),
            ("GET", &*object, None),
            ("GET", &*metadata, None),
            ("GET", &*list, None),
            ("POST", &*compose, Some("64")),
            ("DELETE", &*object, None),
            ("PUT", &*binding, Some("31")),
        ]
    );
    assert!(seen.iter().all(is_signed));
    assert!(seen.iter().all(|s| s.header("transfer-encoding").is_none()));
    let mut nonces: Vec<_> = seen.iter().map(|s| s.header(HEADER_NONCE)).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), seen.len(), "a nonce was used twice");
}

#[tokio::test]
async fn the_checksum_of_a_put_is_what_the_follower_says() {
    let hash = "0f".repeat(32);
    let etag = format!("ETag: \"{hash}\"\r\n");
    let follower = ScriptedFollower::start(move |_| Said::reply(200, &etag, r#"{"code":0,"msg":""}"#)).await;
    let stored = store(&follower).put(&key("a"), 3, body("abc")).await.expect("put");
    assert_eq!(stored, Stored { size: 3, sha256: Some(hash) });
    let follower =
        ScriptedFollower::start(|_| Said::reply(200, "ETag: \"abc\"\r\n", r#"{"code":0,"msg":""}"#)).await;
    let refused = store(&follower).put(&key("a"), 3, body("abc")).await.expect_err("no SHA-256");
    assert_eq!(refused.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_body_that_is_too_short_or_breaks_is_not_the_followers_fault() {
    let follower = ScriptedFollower::start(|_| Said::done()).await;
    let store = store(&follower);
    let short = store.put(&key("a"), 5, body("abc")).await.expect_err("short");
    assert_eq!(short.kind(), ErrorKind::SizeMismatch);
    let gone = stream::iter([
        Ok(Bytes::from_static(b"ab")),
        Err(BodyError::Interrupted("the browser was closed".into())),
    ]);
    let gone = store.put(&key("a"), 5, Box::pin(gone)).await.expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::BodyInterrupted);
    assert!(follower.seen().is_empty(), "a part of a body must not look like a whole request");
}

#[tokio::test]
async fn a_part_is_asked_for_by_query_and_compared_with_what_comes() {
    let follower = ScriptedFollower::start(|seen| {
        if seen.target.ends_with("/metadata") {
            return Said::json(200, r#"{"code":0,"msg":"","data":{"size":10,"content_type":null}}"#);
        }
        match seen.target.split_once('?').map(|(_, query)| query) {
            Some("offset=7&length=5") => Said::reply(206, "Content-Range: bytes 7-9/10\r\n", "789"),
            Some("offset=8&length=2") => Said::reply(206, "Content-Range: bytes 8-9/10\r\n", "89"),
            Some("offset=2&length=2") => Said::reply(206, "Content-Range: bytes 0-1/10\r\n", "01"),
            Some("offset=3&length=1") => Said::reply(200, "", "0123456789"),
            _ => Said::json(400, r#"{"code":1000,"msg":"bad range"}"#),
        }
    })
    .await;
    let store = store(&follower);
    let part = store.get(&key("a"), ranged(7, 5)).await.expect("part");
    assert_eq!((part.meta.size, part.range.map(|r| (r.start, r.end))), (10, Some((7, 9))));
    assert_eq!(part.body.try_collect::<Vec<_>>().await.expect("body").concat(), b"789");
    let last = NonZeroU64::new(2).map(ByteRange::Last);
    let part = store.get(&key("a"), last).await.expect("last");
    assert_eq!(part.body.try_collect::<Vec<_>>().await.expect("body").concat(), b"89");
    for (start, expected) in
        [(2, ErrorKind::Misconfigured), (3, ErrorKind::Misconfigured), (10, ErrorKind::RangeNotSatisfiable)]
    {
        let length = if start == 3 { 1 } else { 2 };
        let error = store.get(&key("a"), ranged(start, length)).await.expect_err("wrong part");
        assert_eq!(error.kind(), expected, "{start}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_never_looks_complete() {
    let follower = ScriptedFollower::start(|_| {
        Said::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").then_hang_up()
    })
    .await;
    let mut body = store(&follower).get(&key("a"), None).await.expect("head").body;
    let mut last = None;
    while let Some(piece) = body.next().await {
        last = Some(piece.is_err());
    }
    assert_eq!(last, Some(true));
}

#[tokio::test]
async fn foreign_answers_are_errors_of_the_right_kind() {
    let table = [
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            ErrorKind::Misconfigured,
        ),
        ("HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", ErrorKind::Unknown),
        ("HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops", ErrorKind::Transient),
        ("HTTP/1.1 502 X\r\nContent-Length: 6\r\n\r\n<html>", ErrorKind::Transient),
        ("HTTP/1.1 404 X\r\nContent-Length: 25\r\n\r\n{\"code\":1001,\"msg\":\"gone\"}", ErrorKind::NotFound),
        ("not http at all\r\n\r\n", ErrorKind::Transient),
    ];
    for (said, expected) in table {
        assert_eq!(kind_of_get(said).await, expected, "{said}");
    }
}

#[tokio::test]
async fn a_json_answer_larger_than_its_limit_is_refused_without_being_read() {
    let follower = ScriptedFollower::start(|_| {
        let mut huge = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n".to_vec();
        huge.extend(std::iter::repeat_n(b' ', 2 * 1024 * 1024));
        Said::raw(huge)
    })
    .await;
    let error = store(&follower).head(&key("a")).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn all_forms_of_not_there_count_as_deleted_but_only_from_a_follower() {
    let table = [
        (200, r#"{"code":0,"msg":""}"#, true),
        (404, r#"{"code":1001,"msg":"x"}"#, true),
        (500, r#"{"code":4007,"msg":"x"}"#, true),
        (404, "<html>", false),
        (500, r#"{"code":4001,"msg":"x"}"#, false),
    ];
    for (status, answer, deleted) in table {
        let follower = ScriptedFollower::start(move |_| Said::json(status, answer)).await;
        assert_eq!(store(&follower).delete(&key("a")).await.is_ok(), deleted, "{status} {answer}");
    }
}

#[tokio::test]
async fn a_listing_holds_only_whole_segments_below_the_base() {
    let follower = ScriptedFollower::start(|seen| match seen.target.contains("file") {
        false => Said::json(
            200,
            r#"{"code":0,"msg":"","data":{"items":["base/L2/z","base/L/b","base/L/a","base2/L/c","other","base/Lx"]}}"#,
        ),
        true if seen.target.ends_with("/metadata") => {
            Said::json(200, r#"{"code":0,"msg":"","data":{"size":1,"content_type":null}}"#)
        }
        true => Said::json(500, r#"{"code":4007,"msg":"not a directory"}"#),
    })
    .await;
    let store = store(&follower);
    assert_eq!(store.list_up_to(1000, Some(&key("L"))).await.expect("list"), ["L/a", "L/b"]);
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), ["L/a", "L/b", "L2/z", "Lx"]);
    assert_eq!(store.list_up_to(1000, Some(&key("file"))).await.expect("list"), ["file"]);
}

#[tokio::test]
async fn a_read_that_meets_a_dead_connection_is_sent_once_more_and_a_write_is_not() {
    let count = AtomicUsize::new(0);
    let follower = ScriptedFollower::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 | 2 => Said::raw("").then_hang_up(),
        _ => Said::json(200, r#"{"code":0,"msg":"","data":{"size":3,"content_type":null}}"#),
    })
    .await;
    let store = store(&follower);
    assert_eq!(store.head(&key("a")).await.expect("second try").size, 3);
    assert_eq!(follower.seen().len(), 2);
    assert!(store.put(&key("a"), 3, body("abc")).await.is_err());
    assert_eq!(follower.seen().len(), 3);
}

#[tokio::test]
async fn a_compose_onto_one_of_its_parts_is_refused_before_anything_is_sent() {
    let follower = ScriptedFollower::start(|_| Said::done()).await;
    let error = store(&follower).compose(&key("a"), &[key("b"), key("a")], 2).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(follower.seen().is_empty());
}
