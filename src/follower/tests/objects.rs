//! The object operations: §5 of the wire contract.

use std::time::{Duration, Instant};

use serde_json::json;

use super::support::Node;

const HASH_OF_HELLO: &str = "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"";

#[tokio::test]
async fn an_object_is_stored_read_described_listed_and_removed() {
    let node = Node::ready().await;
    let put = node.put("dir/hello%20%3F.txt", b"hello").await;
    assert_eq!((put.status, put.header("etag")), (200, Some(HASH_OF_HELLO)));
    assert_eq!(put.body, br#"{"code":0,"msg":""}"#);
    assert_eq!(std::fs::read(node.file("store", "dir/hello ?.txt")).expect("file"), b"hello");

    let get = node.get("/objects/dir/hello%20%3F.txt").await;
    assert_eq!((get.status, get.body.as_slice()), (200, &b"hello"[..]));
    for (name, value) in [
        ("content-length", Some("5")),
        ("content-type", Some("application/octet-stream")),
        ("accept-ranges", Some("bytes")),
        ("content-encoding", Some("identity")),
        ("content-range", None),
        ("etag", None),
    ] {
        assert_eq!(get.header(name), value, "{name}");
    }
    let head = node.signed("HEAD", "/objects/dir/hello%20%3F.txt").send().await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("5")));
    assert_eq!(head.header("content-type"), None);
    let metadata = node.get("/objects/dir/hello%20%3F.txt/metadata").await;
    assert_eq!(metadata.data(), json!({"size": 5, "content_type": null}));
    assert_eq!(node.get("/objects?prefix=dir").await.data(), json!({"items": ["dir/hello ?.txt"]}));
    assert_eq!(node.get("/objects?prefix=di").await.data(), json!({"items": []}));

    for _ in 0..2 {
        let gone = node.signed("DELETE", "/objects/dir/hello%20%3F.txt").send().await;
        assert_eq!((gone.status, gone.body.as_slice()), (200, &br#"{"code":0,"msg":""}"#[..]));
    }
    assert_eq!(node.get("/objects").await.data(), json!({"items": []}));
}

#[tokio::test]
async fn an_absent_object_is_404_on_every_reading_verb() {
    let node = Node::ready().await;
    node.get("/objects/a").await.assert_failure(404, 1001, "not_found");
    node.get("/objects/a?offset=1").await.assert_failure(404, 1001, "not_found");
    node.get("/objects/a/metadata").await.assert_failure(404, 1001, "not_found");
    assert_eq!(node.signed("HEAD", "/objects/a").send().await.status, 404);
}

#[tokio::test]
async fn an_empty_object_and_a_key_named_metadata_are_objects() {
    let node = Node::ready().await;
    assert_eq!(node.put("empty", b"").await.status, 200);
    let empty = node.get("/objects/empty").await;
    assert_eq!((empty.status, empty.header("content-length")), (200, Some("0")));
    node.get("/objects/empty?offset=0").await.assert_failure(400, 1000, "bad_request");
    assert_eq!(node.put("metadata", b"m").await.status, 200);
    assert_eq!(node.get("/objects/metadata").await.body, b"m");
    assert_eq!(node.signed("HEAD", "/objects/metadata").send().await.header("content-length"), Some("1"));
}

#[tokio::test]
async fn ranges_are_206_in_both_spellings_and_bad_ones_are_400() {
    let node = Node::ready().await;
    assert_eq!(node.put("d", b"0123456789").await.status, 200);
    for (query, header, body, range) in [
        ("?offset=2&length=3", None, "234", "bytes 2-4/10"),
        ("?offset=8&length=9", None, "89", "bytes 8-9/10"),
        ("?offset=0", None, "0123456789", "bytes 0-9/10"),
        ("", Some("bytes=-3"), "789", "bytes 7-9/10"),
        ("", Some("bytes=9-"), "9", "bytes 9-9/10"),
        ("?offset=2", Some("bytes=0-1"), "01", "bytes 0-1/10"),
    ] {
        let mut call = node.signed("GET", &format!("/objects/d{query}"));
        if let Some(header) = header {
            call = call.header("range", header);
        }
        let answer = call.send().await;
        assert_eq!((answer.status, answer.body.as_slice()), (206, body.as_bytes()), "{query} {header:?}");
        assert_eq!(answer.header("content-range"), Some(range));
        assert_eq!(answer.header("content-length"), Some(body.len().to_string().as_str()));
    }
    for query in ["?length=0", "?offset=10", "?offset=-1", "?length=x", "?offset=1&offset=2"] {
        node.get(&format!("/objects/d{query}")).await.assert_failure(400, 1000, "bad_request");
    }
    for header in ["bytes=5-4", "bytes=10-", "bytes=-0", "bytes=0-1,3-4", "lines=1-2", "x"] {
        let answer = node.signed("GET", "/objects/d").header("range", header).send().await;
        answer.assert_failure(400, 1000, "bad_request");
    }
}

#[tokio::test]
async fn response_overrides_set_headers_and_cannot_break_them() {
    let node = Node::ready().await;
    assert_eq!(node.put("d", b"x").await.status, 200);
    let query = "?response-content-type=text%2Fplain&response-cache-control=no-store&response-content-disposition=attachment%3B+filename%3D%22a%C3%BC.txt%22";
    let call = node.signed("GET", &format!("/objects/d{query}"));
    let answer = call.send().await;
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"aü.txt\""));
    let split = node.get("/objects/d?response-content-type=a%0D%0Ax%3A+y").await;
    split.assert_failure(400, 1000, "bad_request");
    assert!(split.message().contains("response-content-type"));
}

#[tokio::test]
async fn hostile_keys_are_refused_or_harmless() {
    let node = Node::ready().await;
    for key in ["..", "a/../../b", "a%2F..%2Fb", "%2e%2e/b", "..%5Cb", "a%00b", "%ff", "", "./", "/"] {
        let answer = node.put(key, b"x").await;
        answer.assert_failure(400, 1000, "bad_request");
    }
    assert_eq!(node.put("%252e%252e/b", b"x").await.status, 200);
    assert_eq!(node.put("/abs//b/./c", b"x").await.status, 200);
    assert_eq!(node.put("win%5Cpath", b"x").await.status, 200);
    let items = json!({"items": ["%2e%2e/b", "abs/b/c", "win/path"]});
    assert_eq!(node.get("/objects").await.data(), items);
    node.get("/objects?prefix=..").await.assert_failure(400, 1000, "bad_request");

    let outside = node.dir.path().join("outside");
    std::fs::create_dir(&outside).expect("directory");
    std::os::unix::fs::symlink(&outside, node.file("store", "link")).expect("link");
    let answer = node.put("link/x", b"x").await;
    assert!(answer.status >= 400, "{answer:?}");
    assert_eq!(std::fs::read_dir(&outside).expect("directory").count(), 0);
}

#[tokio::test]
async fn a_put_needs_a_length_and_keeps_to_the_limit() {
    let node = Node::enrolled().await;
    node.add_target("main", "store", 4).await;
    let chunked = node.signed("PUT", "/objects/a").header("transfer-encoding", "chunked");
    chunked.raw_body(b"1\r\nx\r\n0\r\n\r\n").send().await.assert_failure(400, 1000, "bad_request");
    node.signed("PUT", "/objects/a").send().await.assert_failure(400, 1000, "bad_request");
    // The answer comes although the announced body never does.
    let large = node.signed("PUT", "/objects/a").header("content-length", "5");
    large.send().await.assert_failure(400, 3001, "file.too_large");
    assert_eq!(node.put("a", b"four").await.status, 200);
    assert_eq!(node.get("/objects").await.data(), json!({"items": ["a"]}));
}

#[tokio::test]
async fn bytes_behind_the_announced_length_are_not_part_of_the_object() {
    let node = Node::ready().await;
    let long = node.signed("PUT", "/objects/a").header("content-length", "3").raw_body(b"abcdef");
    assert_eq!(long.send().await.status, 200);
    assert_eq!(node.get("/objects/a").await.body, b"abc");
}

#[tokio::test]
async fn a_sender_that_goes_away_leaves_nothing_and_replaces_nothing() {
    let node = Node::ready().await;
    assert_eq!(node.put("a", b"old").await.status, 200);
    for key in ["a", "b"] {
        let call = node.signed("PUT", &format!("/objects/{key}")).header("content-length", "9");
        let call = call.raw_body(b"short");
        drop(call.start(&call.all_headers()).await);
    }
    let staging = node.config.server.follower.managed_ingress_local_root.join("store/.aster-tmp");
    let deadline = Instant::now() + Duration::from_secs(120);
    while unfinished(&staging) > 0 {
        assert!(Instant::now() < deadline, "unfinished objects stay");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(node.get("/objects").await.data(), json!({"items": ["a"]}));
    assert_eq!(node.get("/objects/a").await.body, b"old");
}

fn unfinished(staging: &std::path::Path) -> usize {
    let directories = std::fs::read_dir(staging).expect("staging").flatten();
    directories.filter_map(|entry| std::fs::read_dir(entry.path()).ok()).map(Iterator::count).sum()
}

#[tokio::test]
async fn parts_are_composed_in_order_and_removed() {
    let node = Node::ready().await;
    for (key, body) in [("p/1", "one-"), ("p/2", "two"), ("t", "old")] {
        assert_eq!(node.put(key, body.as_bytes()).await.status, 200);
    }
    let compose = |body| node.signed("POST", "/compose").json(&body);
    for (body, status, code, text) in [
        (json!({"target_key": "t", "part_keys": [], "expected_size": 0}), 400, 1000, "bad_request"),
        (json!({"target_key": "t", "part_keys": ["p/1"], "expected_size": -1}), 400, 1000, "bad_request"),
        (json!({"target_key": "..", "part_keys": ["p/1"], "expected_size": 4}), 400, 1000, "bad_request"),
        (json!({"target_key": "t", "part_keys": ["../p"], "expected_size": 4}), 400, 1000, "bad_request"),
        (json!({"target_key": "t", "part_keys": ["t"], "expected_size": 3}), 400, 1000, "bad_request"),
        (json!({"target_key": "t", "part_keys": ["p/1"], "expected_size": 5}), 500, 4001, "storage.unknown"),
        (
            json!({"target_key": "t", "part_keys": ["p/1", "p/9"], "expected_size": 4}),
            500,
            4007,
            "storage.not_found",
        ),
    ] {
        compose(body).send().await.assert_failure(status, code, text);
    }
    assert_eq!(node.get("/objects").await.data(), json!({"items": ["p/1", "p/2", "t"]}));
    assert_eq!(node.get("/objects/t").await.body, b"old");

    let done = compose(json!({"target_key": "t", "part_keys": ["p/1", "p/2"], "expected_size": 7}));
    assert_eq!(done.send().await.data(), json!({"bytes_written": 7}));
    assert_eq!(node.get("/objects/t").await.body, b"one-two");
    assert_eq!(node.get("/objects").await.data(), json!({"items": ["t"]}));
}

#[tokio::test]
async fn the_number_of_parts_is_bounded_by_the_json_only() {
    let node = Node::ready().await;
    assert_eq!(node.put("p", b"x").await.status, 200);
    let body = json!({"target_key": "t", "part_keys": vec!["p"; 12_000], "expected_size": 12_000});
    let answer = node.signed("POST", "/compose").json(&body).send().await;
    assert_eq!(answer.data(), json!({"bytes_written": 12_000}), "{answer:?}");
}

#[tokio::test]
async fn a_compose_above_the_limit_is_refused() {
    let node = Node::enrolled().await;
    node.add_target("main", "store", 4).await;
    let body = json!({"target_key": "t", "part_keys": ["p"], "expected_size": 5});
    let answer = node.signed("POST", "/compose").json(&body).send().await;
    answer.assert_failure(400, 3001, "file.too_large");
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_refused_by_field_and_too_much_of_it_by_size() {
    let node = Node::ready().await;
    for (body, field) in [
        (json!({"part_keys": ["a"], "expected_size": 1}), "target_key"),
        (json!({"target_key": "t", "part_keys": "a", "expected_size": 1}), "part_keys"),
        (json!({"target_key": "t", "part_keys": ["a"], "expected_size": "1"}), "expected_size"),
    ] {
        let answer = node.signed("POST", "/compose").json(&body).send().await;
        answer.assert_failure(400, 1000, "bad_request");
        assert!(answer.message().contains(field), "{answer:?}");
    }
    let wrong_type = node.signed("POST", "/compose").text("text/plain", "{}").send().await;
    wrong_type.assert_failure(400, 1000, "bad_request");
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    let large = node.signed("POST", "/compose").text("application/json", &large).send().await;
    assert_eq!(large.status, 413, "{large:?}");
}

#[tokio::test]
async fn large_objects_stream_both_ways() {
    let node = Node::ready().await;
    let body: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(node.put("large", &body).await.status, 200);
    assert!(node.get("/objects/large").await.body == body);
    let part = node.get("/objects/large?offset=4000000&length=700000").await;
    assert!(part.body == body[4_000_000..4_700_000]);
}
