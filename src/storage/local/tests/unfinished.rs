//! What becomes of objects that are not whole: callers that go away, leftovers of a killed process, two stores on
//! one directory.

use std::fs;
use std::sync::mpsc;

use super::blocking::blocking;
use super::*;

#[tokio::test]
async fn a_failed_put_leaves_no_file_behind() {
    let (store, directory) = fresh();
    let base = directory.path().join("store");
    for size in [100, contract::LARGE] {
        let body = contract::body(&contract::pattern(size, 1), 5000);
        let outcome = store.put(&contract::key("a/object"), size as u64 + 1, body).await;
        assert_eq!(kind(outcome), ErrorKind::SizeMismatch);
        assert_eq!(unfinished(&base), Vec::<PathBuf>::new());
        assert!(!base.join("a").exists(), "not even a directory");
    }
}

#[tokio::test]
async fn a_dropped_put_leaves_no_file_behind() {
    let (store, directory) = fresh();
    let base = directory.path().join("store");
    let (body, stuck) = contract::stuck_body(contract::pattern(contract::LARGE, 1));
    let key = contract::key("object");
    tokio::select! {
        outcome = store.put(&key, contract::LARGE as u64 + 1, body) => panic!("the body never ends: {outcome:?}"),
        reached = stuck => reached.expect("the body was polled to its end"),
    }
    eventually("the unfinished object is removed", || unfinished(&base).is_empty()).await;
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_whose_caller_has_gone_is_not_placed() {
    let (store, directory) = fresh();
    let base = directory.path().join("store");
    let (started, start) = tokio::sync::oneshot::channel();
    let (go, gone) = mpsc::channel::<()>();
    let (report, outcome) = tokio::sync::oneshot::channel();
    let tree = store.site.tree().await.expect("tree");
    let work = blocking(move |caller| {
        let object = tree.stage().expect("unfinished object");
        let _ = started.send(());
        gone.recv().expect("the test goes on");
        let _ = report.send(tree.place(object, &contract::key("object"), caller));
        Ok(())
    });
    tokio::select! {
        _ = work => panic!("nobody told the work to go on"),
        ready = start => ready.expect("the work started"),
    }
    go.send(()).expect("the work waits");
    let outcome = outcome.await.expect("an outcome");
    assert_eq!(kind(outcome), ErrorKind::BodyInterrupted);
    assert_eq!(unfinished(&base), Vec::<PathBuf>::new());
    assert!(!base.join("object").exists());
}

#[tokio::test]
async fn leftovers_of_a_killed_process_are_swept_at_open() {
    let directory = tempfile::tempdir().expect("directory");
    let staging = directory.path().join(STAGING_DIR);
    fs::create_dir_all(staging.join("dead/nested")).expect("directory");
    for leftover in ["stray", "dead/0", "dead/nested/1"] {
        fs::File::create(staging.join(leftover)).expect("leftover");
    }
    std::os::unix::fs::symlink(directory.path(), staging.join("link")).expect("link");
    fs::File::create(directory.path().join("object")).expect("object");
    let store = LocalStore::open(directory.path(), Durability::Full).expect("store");
    assert_eq!(unfinished(directory.path()), Vec::<PathBuf>::new());
    assert!(!staging.join("dead").exists());
    assert_eq!(store.list_up_to(1000, None).await.expect("list"), ["object"]);
    drop(store);
    assert!(fs::read_dir(&staging).expect("staging").next().is_none(), "a closed store leaves nothing");
}

#[tokio::test]
async fn opening_a_directory_twice_does_not_sweep_what_is_being_written() {
    let (store, directory) = fresh();
    let base = directory.path().join("store");
    let content = contract::pattern(contract::LARGE, 1);
    let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
    let (stuck, reached) = contract::stuck_body(content.slice(..1_000_000));
    let rest = content.slice(1_000_000..);
    let body = futures_util::StreamExt::chain(
        futures_util::StreamExt::take(stuck, 1),
        futures_util::stream::once(async move {
            wait.await.expect("the test goes on");
            Ok(rest)
        }),
    );
    drop(reached);
    let key = contract::key("object");
    let write = store.put(&key, content.len() as u64, Box::pin(body));
    let open_again = async {
        eventually("the upload has begun", || !unfinished(&base).is_empty()).await;
        let second = LocalStore::open(&base, Durability::Full).expect("a second store");
        go_on.send(()).expect("the upload waits");
        second
    };
    let (written, second) = futures_util::join!(write, open_again);
    written.expect("the upload survives");
    assert!(contract::read(&second, "object").await.expect("object") == content);
}
