//! The rules that every [`ObjectStore`] holds, as tests: one suite, run against each implementation with
//! [`contract_suite!`]. Kinds of error are asserted only where every implementation can tell them apart; what a wire
//! in between may blur is asserted as "refused, and nothing changed".

pub(crate) mod direct;

use std::future::pending;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future, stream};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::{BodyError, ByteStream, ErrorKind, ObjectStore, Result};
use crate::protocol::{ByteRange, ObjectKey};

/// More than any implementation moves in one piece, and not a multiple of anything.
pub(crate) const LARGE: usize = 3 * 1024 * 1024 + 4321;

/// Makes one test of each rule. `$fixture` is an async function that returns `(SharedStore, guard)`: an empty store,
/// and whatever must live as long.
macro_rules! contract_suite {
    ($fixture:path) => {
        $crate::storage::contract::contract_suite! { @ $fixture:
            a_written_object_reads_back_with_its_size_and_hash
            an_empty_object_is_an_object
            a_missing_object_is_not_found
            an_overwrite_replaces_the_whole_object
            bytes_behind_the_announced_size_are_not_content
            a_short_body_stores_nothing_and_keeps_the_old_object
            an_interrupted_body_stores_nothing_and_keeps_the_old_object
            a_dropped_put_stores_nothing_and_keeps_the_old_object
            concurrent_writers_of_one_key_leave_one_whole_winner
            ranges_are_exact_at_every_boundary
            a_range_behind_the_end_is_refused
            a_reader_gets_one_version_or_an_error_over_overwrite_and_delete
            deleting_is_idempotent
            a_listing_is_sorted_by_bytes
            a_prefix_is_whole_segments
            a_listing_over_the_bound_is_refused
            keys_of_any_text_survive
            compose_joins_the_parts_in_order_and_removes_them
            compose_takes_a_part_twice
            compose_replaces_its_target
            compose_joins_many_parts
            a_refused_compose_changes_nothing
        }
    };
    (@direct $fixture:path: $($rule:ident)*) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let (store, _guard) = $fixture().await;
                $crate::storage::contract::direct::$rule(&*store).await;
            }
        )*
    };
    (@ $fixture:path: $($rule:ident)*) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let (store, _guard) = $fixture().await;
                $crate::storage::contract::$rule(&*store).await;
            }
        )*
    };
}
pub(crate) use contract_suite;

/// A key from a text that is one.
pub(crate) fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect(text)
}

/// `size` bytes, different for each `seed`, in which no block equals the next.
pub(crate) fn pattern(size: usize, seed: u8) -> Bytes {
    (0..size).map(|i| (i as u8) ^ ((i >> 8) as u8).wrapping_mul(31) ^ ((i >> 16) as u8) ^ seed).collect()
}

/// `content` in pieces of `piece` bytes.
pub(crate) fn body(content: &Bytes, piece: usize) -> ByteStream {
    let pieces: Vec<_> = content.chunks(piece.max(1)).map(|part| Ok(content.slice_ref(part))).collect();
    Box::pin(stream::iter(pieces))
}

/// A body that yields `content` and then nothing more, ever; the receiver hears when that point is reached.
pub(crate) fn stuck_body(content: Bytes) -> (ByteStream, oneshot::Receiver<()>) {
    let (reached, stuck) = oneshot::channel();
    let tail = stream::once(async move {
        let _ = reached.send(());
        pending().await
    });
    (Box::pin(stream::iter([Ok(content)]).chain(tail)), stuck)
}

/// A body that must not be polled: all it yields is an error.
pub(crate) fn unwanted_body() -> ByteStream {
    Box::pin(stream::once(async { Err(BodyError::Interrupted("nobody should read this".into())) }))
}

/// Stores `content` under `name`.
pub(crate) async fn write(store: &dyn ObjectStore, name: &str, content: &Bytes) {
    store.put(&key(name), content.len() as u64, body(content, 70_000)).await.expect("put");
}

/// The content under `name`.
pub(crate) async fn read(store: &dyn ObjectStore, name: &str) -> Result<Bytes> {
    let reader = store.get(&key(name), None).await?;
    Ok(drain(reader.body).await.expect("a whole body"))
}

/// All bytes of a body.
pub(crate) async fn drain(body: ByteStream) -> std::result::Result<Bytes, BodyError> {
    body.try_fold(Vec::new(), |mut all, piece| {
        all.extend_from_slice(&piece);
        future::ready(Ok(all))
    })
    .await
    .map(Bytes::from)
}

async fn assert_holds(store: &dyn ObjectStore, name: &str, content: &Bytes) {
    assert!(read(store, name).await.expect(name) == content, "`{name}` has other content");
}

async fn assert_absent(store: &dyn ObjectStore, name: &str) {
    let error = store.head(&key(name)).await.expect_err("absent");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

async fn keys(store: &dyn ObjectStore, prefix: Option<&str>) -> Vec<String> {
    let prefix = prefix.map(key);
    store.list_up_to(1000, prefix.as_ref()).await.expect("list")
}

pub(crate) async fn a_written_object_reads_back_with_its_size_and_hash(store: &dyn ObjectStore) {
    for (size, piece) in [(1, 1), (5000, 7), (256 * 1024, 65_536), (256 * 1024 + 1, 65_536), (LARGE, 100_003)]
    {
        let content = pattern(size, 1);
        let stored = store.put(&key("a/b/object"), size as u64, body(&content, piece)).await.expect("put");
        assert_eq!(stored.size, size as u64);
        assert_eq!(stored.sha256, Some(hex::encode(Sha256::digest(&content))));
        let head = store.head(&key("a/b/object")).await.expect("head");
        assert_eq!(head.size, size as u64);
        let reader = store.get(&key("a/b/object"), None).await.expect("get");
        assert_eq!((reader.meta.size, reader.range), (size as u64, None));
        assert!(drain(reader.body).await.expect("body") == content, "{size} bytes differ");
    }
}

pub(crate) async fn an_empty_object_is_an_object(store: &dyn ObjectStore) {
    let stored = store.put(&key("empty"), 0, unwanted_body()).await.expect("put");
    assert_eq!(stored.sha256, Some(hex::encode(Sha256::digest([]))));
    assert_eq!(store.head(&key("empty")).await.expect("head").size, 0);
    assert_holds(store, "empty", &Bytes::new()).await;
    assert_eq!(keys(store, None).await, ["empty"]);
}

pub(crate) async fn a_missing_object_is_not_found(store: &dyn ObjectStore) {
    write(store, "there/object", &pattern(10, 1)).await;
    // The last two: a directory is no object, and nothing lies below an object.
    for name in ["missing", "there/missing", "no/such/path", "there", "there/object/below"] {
        assert_absent(store, name).await;
        let error = store.get(&key(name), None).await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}: {error}");
    }
}

pub(crate) async fn an_overwrite_replaces_the_whole_object(store: &dyn ObjectStore) {
    for (seed, size) in [(1, LARGE), (2, 100), (3, 0), (4, LARGE / 2)] {
        let content = pattern(size, seed);
        write(store, "object", &content).await;
        assert_holds(store, "object", &content).await;
    }
    assert_eq!(keys(store, None).await, ["object"]);
}

pub(crate) async fn bytes_behind_the_announced_size_are_not_content(store: &dyn ObjectStore) {
    for size in [0, 10, LARGE] {
        let content = pattern(size + 1000, 5);
        let stored = store.put(&key("object"), size as u64, body(&content, 999)).await.expect("put");
        assert_eq!(stored.size, size as u64);
        assert_holds(store, "object", &content.slice(..size)).await;
    }
}

pub(crate) async fn a_short_body_stores_nothing_and_keeps_the_old_object(store: &dyn ObjectStore) {
    let old = pattern(2000, 1);
    write(store, "old", &old).await;
    for size in [100, LARGE] {
        let content = pattern(size, 2);
        for name in ["old", "new"] {
            store.put(&key(name), size as u64 + 1, body(&content, 5000)).await.expect_err("short");
        }
        store.put(&key("new"), size as u64, Box::pin(stream::empty())).await.expect_err("no body");
    }
    assert_holds(store, "old", &old).await;
    assert_eq!(keys(store, None).await, ["old"]);
}

pub(crate) async fn an_interrupted_body_stores_nothing_and_keeps_the_old_object(store: &dyn ObjectStore) {
    let old = pattern(2000, 1);
    write(store, "old", &old).await;
    for size in [100, LARGE] {
        for name in ["old", "new"] {
            let cut = stream::once(async { Err(BodyError::Interrupted("cable pulled".into())) });
            let interrupted = body(&pattern(size, 2), 5000).chain(cut);
            let error = store.put(&key(name), size as u64 + 1, Box::pin(interrupted)).await;
            error.expect_err("interrupted");
        }
    }
    assert_holds(store, "old", &old).await;
    assert_eq!(keys(store, None).await, ["old"]);
}

pub(crate) async fn a_dropped_put_stores_nothing_and_keeps_the_old_object(store: &dyn ObjectStore) {
    let old = pattern(2000, 1);
    write(store, "old", &old).await;
    for size in [100, LARGE] {
        for name in ["old", "new"] {
            let (body, stuck) = stuck_body(pattern(size, 2));
            let name = key(name);
            tokio::select! {
                outcome = store.put(&name, size as u64 + 1, body) => panic!("the body never ends: {outcome:?}"),
                reached = stuck => reached.expect("the body was polled to its end"),
            }
        }
    }
    assert_holds(store, "old", &old).await;
    assert_eq!(keys(store, None).await, ["old"]);
}

pub(crate) async fn concurrent_writers_of_one_key_leave_one_whole_winner(store: &dyn ObjectStore) {
    for size in [1000, LARGE] {
        let contents: Vec<Bytes> = (0..8).map(|seed| pattern(size + usize::from(seed), seed)).collect();
        let target = key("contended/object");
        let writers =
            contents.iter().map(|content| store.put(&target, content.len() as u64, body(content, 60_000)));
        for outcome in future::join_all(writers).await {
            outcome.expect("every writer succeeds");
        }
        let winner = read(store, "contended/object").await.expect("a winner");
        assert!(contents.contains(&winner), "the object is a mixture");
    }
    assert_eq!(keys(store, None).await, ["contended/object"]);
}

pub(crate) async fn ranges_are_exact_at_every_boundary(store: &dyn ObjectStore) {
    const PIECE: u64 = 512 * 1024;
    let size = LARGE as u64;
    let content = pattern(LARGE, 9);
    write(store, "object", &content).await;
    let mut headers = vec![
        "0-0".to_owned(),
        "0-".to_owned(),
        "-1".to_owned(),
        format!("-{size}"),
        format!("-{}", size + 9),
    ];
    for edge in [1, PIECE / 2, PIECE, 2 * PIECE, size - 1] {
        headers.push(format!("0-{}", edge - 1));
        headers.push(format!("0-{edge}"));
        headers.push(format!("{}-{edge}", edge - 1));
        headers.push(format!("{edge}-"));
        headers.push(format!("{edge}-{}", edge + PIECE));
        headers.push(format!("-{edge}"));
    }
    for header in headers {
        let range = ByteRange::parse_header(&format!("bytes={header}")).expect("range");
        let expected = range.resolve(size).expect("satisfiable");
        let reader = store.get(&key("object"), Some(range)).await.expect("get");
        assert_eq!((reader.meta.size, reader.range), (size, Some(expected)), "{header}");
        let body = drain(reader.body).await.expect("body");
        let slice = content.slice(expected.start as usize..=expected.end as usize);
        assert!(body == slice, "range {header}: {} bytes for {}", body.len(), slice.len());
    }
}

pub(crate) async fn a_range_behind_the_end_is_refused(store: &dyn ObjectStore) {
    write(store, "object", &pattern(10, 1)).await;
    write(store, "empty", &Bytes::new()).await;
    for (name, header) in [("object", "10-"), ("object", "11-20"), ("empty", "0-"), ("empty", "-1")] {
        let range = ByteRange::parse_header(&format!("bytes={header}")).expect("range");
        store.get(&key(name), Some(range)).await.expect_err(header);
    }
}

/// Some servers break a body off whose version is gone (garage does, now and then); nobody may take that for the object.
pub(crate) async fn a_reader_gets_one_version_or_an_error_over_overwrite_and_delete(store: &dyn ObjectStore) {
    for (content, read) in overtaken_readers(store).await {
        assert!(read.is_none_or(|read| read == content), "neither this version nor an error");
    }
}

/// Of stores that hold a version for its readers.
pub(crate) async fn a_reader_keeps_its_version_over_overwrite_and_delete(store: &dyn ObjectStore) {
    for (content, read) in overtaken_readers(store).await {
        assert!(read.expect("a whole body") == content, "not this version");
    }
}

/// A reader from before an overwrite and one from before a delete: the content at that time, and what was read after.
async fn overtaken_readers(store: &dyn ObjectStore) -> [(Bytes, Option<Bytes>); 2] {
    let first = pattern(LARGE, 1);
    write(store, "object", &first).await;
    let before_overwrite = store.get(&key("object"), None).await.expect("get");
    let second = pattern(LARGE, 2);
    write(store, "object", &second).await;
    let before_delete = store.get(&key("object"), None).await.expect("get");
    store.delete(&key("object")).await.expect("delete");
    assert_absent(store, "object").await;
    [(first, drain(before_overwrite.body).await.ok()), (second, drain(before_delete.body).await.ok())]
}

pub(crate) async fn deleting_is_idempotent(store: &dyn ObjectStore) {
    write(store, "a/object", &pattern(10, 1)).await;
    write(store, "a/other", &pattern(10, 1)).await;
    // Directories are no objects, and nothing lies below an object: there is nothing to remove.
    for name in ["missing", "a/missing", "no/such/path", "a", "a/other/below"] {
        store.delete(&key(name)).await.expect(name);
    }
    store.delete(&key("a/object")).await.expect("delete");
    store.delete(&key("a/object")).await.expect("delete again");
    assert_eq!(keys(store, None).await, ["a/other"]);
}

pub(crate) async fn a_listing_is_sorted_by_bytes(store: &dyn ObjectStore) {
    let mut expected = vec!["b", "a/z", "a-", "a/b/c", "a0", "B", "ä", "a/b.c", "z/deep/er/still/object"];
    assert_eq!(keys(store, None).await, Vec::<String>::new());
    for name in &expected {
        write(store, name, &pattern(1, 1)).await;
    }
    expected.sort_unstable();
    assert_eq!(keys(store, None).await, expected);
}

pub(crate) async fn a_listing_over_the_bound_is_refused(store: &dyn ObjectStore) {
    for name in ["a/1", "a/2", "b"] {
        write(store, name, &pattern(1, 1)).await;
    }
    assert_eq!(store.list_up_to(3, None).await.expect("within"), ["a/1", "a/2", "b"]);
    let error = store.list_up_to(2, None).await.expect_err("one more");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    assert_eq!(store.list_up_to(2, Some(&key("a"))).await.expect("within"), ["a/1", "a/2"]);
}

pub(crate) async fn a_prefix_is_whole_segments(store: &dyn ObjectStore) {
    for name in ["L/a", "L/b/c", "L2/z", "Lx"] {
        write(store, name, &pattern(1, 1)).await;
    }
    for (prefix, expected) in [
        ("L", vec!["L/a", "L/b/c"]),
        ("L/", vec!["L/a", "L/b/c"]),
        ("L/b", vec!["L/b/c"]),
        ("Lx", vec!["Lx"]),
        ("L/a", vec!["L/a"]),
        ("l", vec![]),
        ("L/missing", vec![]),
        ("no/such/path", vec![]),
        ("Lx/below", vec![]),
    ] {
        assert_eq!(keys(store, Some(prefix)).await, expected, "{prefix}");
    }
}

pub(crate) async fn keys_of_any_text_survive(store: &dyn ObjectStore) {
    let segment = "s".repeat(255);
    let mut names = vec![
        " leading and trailing ".to_owned(),
        "50% + ?query=1#fragment&x".to_owned(),
        "%2e%2e/%2F".to_owned(),
        "文件/ü/\u{1f600}/\u{7f}\n\t".to_owned(),
        "...hidden/.dot/..two".to_owned(),
        format!("{segment}/{segment}/{segment}/{segment}"),
        vec!["d"; 512].join("/"),
    ];
    for (seed, name) in names.iter().enumerate() {
        write(store, name, &pattern(20, seed as u8)).await;
    }
    for (seed, name) in names.iter().enumerate() {
        assert_holds(store, name, &pattern(20, seed as u8)).await;
    }
    names.sort_unstable();
    assert_eq!(keys(store, None).await, names);
}

async fn compose(store: &dyn ObjectStore, target: &str, parts: &[&str], size: usize) -> Result<u64> {
    let parts: Vec<ObjectKey> = parts.iter().map(|part| key(part)).collect();
    store.compose(&key(target), &parts, size as u64).await
}

pub(crate) async fn compose_joins_the_parts_in_order_and_removes_them(store: &dyn ObjectStore) {
    let (first, second, third) = (pattern(LARGE, 1), pattern(0, 2), pattern(777, 3));
    for (name, content) in [("p/2", &first), ("p/10", &second), ("p/1", &third)] {
        write(store, name, content).await;
    }
    let written = compose(store, "new/target", &["p/2", "p/10", "p/1"], LARGE + 777).await;
    assert_eq!(written.expect("compose"), (LARGE + 777) as u64);
    assert_holds(store, "new/target", &[first, second, third].concat().into()).await;
    assert_eq!(keys(store, None).await, ["new/target"]);
}

pub(crate) async fn compose_takes_a_part_twice(store: &dyn ObjectStore) {
    let part = pattern(1000, 1);
    write(store, "part", &part).await;
    compose(store, "target", &["part", "part", "part"], 3000).await.expect("compose");
    assert_holds(store, "target", &part.repeat(3).into()).await;
    assert_eq!(keys(store, None).await, ["target"]);
}

pub(crate) async fn compose_replaces_its_target(store: &dyn ObjectStore) {
    let part = pattern(1000, 1);
    write(store, "target", &pattern(LARGE, 2)).await;
    write(store, "part", &part).await;
    compose(store, "target", &["part"], 1000).await.expect("compose");
    assert_holds(store, "target", &part).await;
}

pub(crate) async fn compose_joins_many_parts(store: &dyn ObjectStore) {
    let names: Vec<String> = (0..300).map(|n| format!("parts/{n}")).collect();
    let mut expected = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let part = pattern(100 + n, n as u8);
        write(store, name, &part).await;
        expected.extend_from_slice(&part);
    }
    let parts: Vec<&str> = names.iter().map(String::as_str).collect();
    compose(store, "target", &parts, expected.len()).await.expect("compose");
    assert_holds(store, "target", &expected.into()).await;
    assert_eq!(keys(store, None).await, ["target"]);
}

pub(crate) async fn a_refused_compose_changes_nothing(store: &dyn ObjectStore) {
    let (old, part) = (pattern(50, 1), pattern(1000, 2));
    write(store, "old", &old).await;
    write(store, "part", &part).await;
    for target in ["old", "new"] {
        compose(store, target, &["part"], 999).await.expect_err("fewer bytes announced");
        compose(store, target, &["part"], 1001).await.expect_err("more bytes announced");
        compose(store, target, &["part", "missing"], 1000).await.expect_err("a part is missing");
        compose(store, target, &[], 0).await.expect_err("no parts");
        compose(store, target, &["part", target], 1050).await.expect_err("the target is a part");
    }
    assert_holds(store, "old", &old).await;
    assert_holds(store, "part", &part).await;
    assert_eq!(keys(store, None).await, ["old", "part"]);
}
