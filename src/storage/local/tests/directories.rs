//! Directories come with the first object in them and go with the last.

use std::fs;

use futures_util::future::join_all;

use super::*;

/// All directories below `root` but those of unfinished objects.
fn directories(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).expect("directory") {
            let path = entry.expect("entry").path();
            if path.is_dir() && !path.ends_with(STAGING_DIR) {
                found.push(path.strip_prefix(root).expect("below").to_owned());
                pending.push(path);
            }
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_delete_takes_the_directories_that_are_empty_after_it() {
    let directory = tempfile::tempdir().expect("directory");
    let namespace = Namespace::parse("mb_1").expect("namespace");
    let open = |durability| LocalStore::open_beneath(directory.path(), "x", Some(&namespace), durability);
    for durability in [Durability::Rename, Durability::Full] {
        let store = open(durability).expect("store");
        for name in ["a/b/c/object", "a/b/other", "a/z"] {
            put(&store, name, 10).await.expect("put");
        }
        let root = directory.path().join("x/mb_1");
        for (name, left) in [
            ("a/b/c/object", vec!["a", "a/b"]),
            ("a/b/other", vec!["a"]),
            ("a/missing", vec!["a"]),
            ("a/z", vec![]),
        ] {
            store.delete(&contract::key(name)).await.expect("delete");
            let left: Vec<_> = left.into_iter().map(PathBuf::from).collect();
            assert_eq!(directories(&root), left, "after {name}");
        }
        assert!(root.is_dir(), "the namespace stays");
    }
}

#[tokio::test]
async fn a_compose_takes_the_directories_of_its_parts() {
    let (store, directory) = fresh();
    let root = directory.path().join("store");
    for name in ["parts/1/part", "parts/2/part", "parts/2/other"] {
        put(&store, name, 10).await.expect("put");
    }
    let parts = [contract::key("parts/1/part"), contract::key("parts/2/part")];
    store.compose(&contract::key("target"), &parts, 20).await.expect("compose");
    assert_eq!(directories(&root), ["parts", "parts/2"].map(PathBuf::from));
}

#[tokio::test]
async fn a_delete_does_not_take_a_directory_behind_a_link() {
    let (store, directory) = fresh();
    let root = directory.path().join("store");
    put(&store, "real/object", 10).await.expect("put");
    std::os::unix::fs::symlink("real", root.join("link")).expect("link");
    store.delete(&contract::key("link/object")).await.expect("delete");
    assert!(root.join("link").is_symlink() && root.join("real").is_dir());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_and_deletes_in_the_same_directories_do_not_disturb_each_other() {
    let (store, directory) = fresh();
    let root = directory.path().join("store");
    let tasks = (0..16).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..100 {
                // Every directory on the way is somebody else's, too.
                let name = format!("a/{}/{}/{task}", round % 2, task % 3);
                let key = contract::key(&name);
                put(&store, &name, 10).await.expect("put");
                assert_eq!(store.head(&key).await.expect("it is there").size, 10);
                if round % 10 == 0 {
                    let target = contract::key(&format!("a/composed/{task}"));
                    store.compose(&target, &[key], 10).await.expect("compose");
                    store.delete(&target).await.expect("delete");
                } else {
                    store.delete(&key).await.expect("delete");
                }
            }
        })
    });
    for outcome in join_all(tasks).await {
        outcome.expect("task");
    }
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
    assert_eq!(directories(&root), Vec::<PathBuf>::new());
}
