//! The contract suite on directories, and what only a directory can get wrong.

mod cached;
mod confinement;
mod directories;
mod faults;
mod site;
mod unfinished;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use crate::storage::SharedStore;
use crate::storage::contract::{self, contract_suite};

/// A store in a fresh directory, and that directory.
fn fresh() -> (LocalStore, TempDir) {
    let directory = tempfile::tempdir().expect("directory");
    let store = LocalStore::open(&directory.path().join("store"), Durability::Full).expect("store");
    (store, directory)
}

async fn shared() -> (SharedStore, TempDir) {
    let (store, directory) = fresh();
    (Arc::new(store), directory)
}

async fn namespaced() -> (SharedStore, TempDir) {
    let directory = tempfile::tempdir().expect("directory");
    let namespace = Namespace::parse("mb_1").expect("namespace");
    let store = LocalStore::open_beneath(directory.path(), "x/y", Some(&namespace), Durability::Rename);
    (Arc::new(store.expect("store")), directory)
}

mod parts {
    use super::shared;
    use crate::storage::contract::direct::parts_suite;

    parts_suite!(shared);
}

#[tokio::test]
async fn a_directory_has_no_presigned_urls_and_says_what_to_do() {
    let (store, _guard) = shared().await;
    let lifetime = std::time::Duration::from_secs(60);
    let error = store.presign_put(&contract::key("a"), 1, lifetime).await.expect_err("no browser gets there");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("relay_stream"), "{error}");
}

mod full {
    super::contract_suite!(super::shared);
}

mod rename_only_in_a_namespace {
    super::contract_suite!(super::namespaced);
}

#[tokio::test]
async fn a_reader_keeps_its_version_over_overwrite_and_delete() {
    let (store, _directory) = fresh();
    contract::a_reader_keeps_its_version_over_overwrite_and_delete(&store).await;
}

/// All files that are not whole objects.
fn unfinished(base: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![base.join(STAGING_DIR)];
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { pending.push(path) } else { found.push(path) }
        }
    }
    found
}

/// Waits until `condition` holds; fails after a time no healthy run needs.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn kind<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorKind {
    outcome.expect_err("an error").kind()
}

async fn put(store: &LocalStore, key: &str, size: usize) -> Result<Stored> {
    let content = contract::pattern(size, 1);
    store.put(&contract::key(key), size as u64, contract::body(&content, 50_000)).await
}

#[tokio::test]
async fn objects_of_two_namespaces_share_a_base_and_do_not_meet() {
    let directory = tempfile::tempdir().expect("directory");
    let open = |name: &str| {
        let namespace = Namespace::parse(name).expect("namespace");
        LocalStore::open_beneath(directory.path(), "tenants/./a/", Some(&namespace), Durability::Rename)
            .expect("store")
    };
    let (one, two) = (open("one"), open("two"));
    put(&one, "object", 10).await.expect("put");
    assert_eq!(kind(two.head(&contract::key("object")).await), ErrorKind::NotFound);
    assert!(directory.path().join("tenants/a/one/object").is_file());
    assert!(directory.path().join("tenants/a/.aster-tmp").is_dir());
}

#[tokio::test]
async fn the_directory_of_unfinished_objects_is_out_of_reach() {
    let (store, _directory) = fresh();
    for key in [".aster-tmp", ".aster-tmp/object", ".ASTER-TMP/x", "base/below/.aster-tmp/x"] {
        assert_eq!(kind(put(&store, key, 10).await), ErrorKind::InvalidArgument, "{key}");
        let key = contract::key(key);
        assert_eq!(kind(store.head(&key).await), ErrorKind::NotFound);
        assert_eq!(kind(store.get(&key, None).await), ErrorKind::NotFound);
        assert_eq!(store.list_up_to(1000, Some(&key)).await.expect("list"), Vec::<String>::new());
        store.delete(&key).await.expect("delete");
        let parts = [contract::key("part")];
        assert_eq!(kind(store.compose(&key, &parts, 1).await), ErrorKind::InvalidArgument);
    }
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
}

#[tokio::test]
async fn errors_have_the_kind_a_caller_can_act_on() {
    let (store, _directory) = fresh();
    put(&store, "dir/object", 1000).await.expect("put");
    for size in [10, contract::LARGE] {
        assert_eq!(kind(put(&store, "dir", size).await), ErrorKind::Precondition);
        assert_eq!(kind(put(&store, "dir/object/below", size).await), ErrorKind::Precondition);
        assert_eq!(kind(put(&store, &"n".repeat(256), size).await), ErrorKind::InvalidArgument);
        let (key, body) = (contract::key("object"), contract::body(&contract::pattern(size, 1), 999));
        assert_eq!(kind(store.put(&key, size as u64 + 1, body).await), ErrorKind::SizeMismatch);
    }
    assert_eq!(kind(store.head(&contract::key(&"n".repeat(256))).await), ErrorKind::NotFound);
    put(&store, &"n".repeat(255), 10).await.expect("the longest name");
    let range = ByteRange::parse_header("bytes=1000-").expect("range");
    let outcome = store.get(&contract::key("dir/object"), Some(range)).await;
    assert_eq!(kind(outcome), ErrorKind::RangeNotSatisfiable);
    let (target, part) = (contract::key("target"), contract::key("dir/object"));
    let compose = async |parts: &[ObjectKey], size| kind(store.compose(&target, parts, size).await);
    assert_eq!(compose(std::slice::from_ref(&part), 999).await, ErrorKind::SizeMismatch);
    assert_eq!(compose(&[contract::key("missing")], 0).await, ErrorKind::NotFound);
    assert_eq!(compose(&[contract::key("dir")], 0).await, ErrorKind::NotFound);
    assert_eq!(compose(&[part, target.clone()], 1000).await, ErrorKind::InvalidArgument);
    assert_eq!(compose(&[], 0).await, ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_reopened_store_has_the_objects_of_before() {
    let (store, directory) = fresh();
    put(&store, "a/b", 10).await.expect("put");
    drop(store);
    let store = LocalStore::open(&directory.path().join("store"), Durability::Full).expect("store");
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), ["a/b"]);
}
