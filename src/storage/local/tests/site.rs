//! A root that goes away, comes back or is replaced, and the space it has.

use std::fs;

use super::*;

/// Calls `head` until it gives what is expected.
async fn head_becomes(store: &LocalStore, expected: std::result::Result<u64, ErrorKind>) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let key = contract::key("a/object");
    loop {
        let found = store.head(&key).await.map(|meta| meta.size).map_err(|error| error.kind());
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_directory_that_is_moved_away_is_missed_and_found_when_it_is_back() {
    let (store, directory) = fresh();
    let (root, away) = (directory.path().join("store"), directory.path().join("away"));
    put(&store, "a/object", 10).await.expect("put");
    fs::rename(&root, &away).expect("move");
    head_becomes(&store, Err(ErrorKind::Misconfigured)).await;
    let key = contract::key("a/object");
    assert_eq!(kind(put(&store, "a/object", 20).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.delete(&key).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.list_up_to(10, None).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.capacity().await), ErrorKind::Misconfigured);
    assert!(!root.exists(), "a lost directory is not made anew");
    fs::rename(&away, &root).expect("move back");
    head_becomes(&store, Ok(10)).await;
    put(&store, "a/object", 20).await.expect("it recovers by itself");
}

#[tokio::test]
async fn a_directory_of_the_same_name_takes_the_place_of_the_old_one() {
    let (store, directory) = fresh();
    let (root, away) = (directory.path().join("store"), directory.path().join("away"));
    put(&store, "a/object", 10).await.expect("put");
    fs::rename(&root, &away).expect("move");
    fs::create_dir_all(root.join("a")).expect("another root");
    fs::copy(away.join("a/object"), root.join("a/object")).expect("copy");
    fs::OpenOptions::new().append(true).open(root.join("a/object")).expect("open").set_len(33).expect("grow");
    head_becomes(&store, Ok(33)).await;
    put(&store, "b", 10).await.expect("put");
    assert!(root.join("b").is_file() && !away.join("b").exists());
}

#[tokio::test]
async fn a_directory_that_is_removed_and_made_again_is_used() {
    let (store, directory) = fresh();
    let root = directory.path().join("store");
    put(&store, "a/object", 10).await.expect("put");
    fs::remove_dir_all(&root).expect("remove");
    head_becomes(&store, Err(ErrorKind::Misconfigured)).await;
    fs::create_dir(&root).expect("make");
    head_becomes(&store, Err(ErrorKind::NotFound)).await;
    put(&store, "a/object", 10).await.expect("put");
}

#[tokio::test]
async fn an_empty_mount_point_is_not_taken_for_the_target() {
    let directory = tempfile::tempdir().expect("directory");
    let root = directory.path().join("root");
    let namespace = Namespace::parse("mb_1").expect("namespace");
    let store = LocalStore::open_beneath(&root, "base", Some(&namespace), Durability::Full).expect("store");
    put(&store, "a/object", 10).await.expect("put");
    fs::rename(&root, directory.path().join("unmounted")).expect("move");
    fs::create_dir(&root).expect("mount point");
    head_becomes(&store, Err(ErrorKind::Misconfigured)).await;
    assert!(fs::read_dir(&root).expect("root").next().is_none(), "nothing is made there");
}

#[tokio::test]
async fn the_reserve_is_refused_before_the_body_is_read() {
    let (store, _directory) = fresh();
    let capacity = store.capacity().await.expect("capacity").expect("known");
    assert!(capacity.free_bytes > 0 && capacity.total_bytes > capacity.free_bytes, "{capacity:?}");
    put(&store, "object", 100).await.expect("no reserve");
    let tight = store.clone().with_reserved_free_bytes(capacity.total_bytes);
    for size in [1, contract::LARGE as u64] {
        let outcome = tight.put(&contract::key("object"), size, contract::unwanted_body()).await;
        assert_eq!(kind(outcome), ErrorKind::Full);
    }
    contract::read(&tight, "object").await.expect("reads need no space");
    put(&tight.with_reserved_free_bytes(1), "object", contract::LARGE).await.expect("enough is free");
}
