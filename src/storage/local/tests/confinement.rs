//! Nothing outside the root is read or written, and nothing but regular files is an object.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// A store beside a directory `outside` that holds the object `secret`.
struct Beside {
    store: LocalStore,
    root: PathBuf,
    outside: PathBuf,
    _directory: TempDir,
}

async fn beside() -> Beside {
    let (store, directory) = fresh();
    let (root, outside) = (directory.path().join("store"), directory.path().join("outside"));
    put(&LocalStore::open(&outside, Durability::Rename).expect("store"), "secret", 10).await.expect("put");
    Beside { store, root, outside, _directory: directory }
}

fn outside_names(beside: &Beside) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&beside.outside)
        .expect("outside")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("name"))
        .filter(|name| name != STAGING_DIR)
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_directory_link_that_leaves_the_root_is_not_followed() {
    let beside = beside().await;
    symlink(&beside.outside, beside.root.join("absolute")).expect("link");
    symlink("../outside", beside.root.join("relative")).expect("link");
    for link in ["absolute", "relative"] {
        let (secret, link) = (contract::key(&format!("{link}/secret")), contract::key(link));
        assert_eq!(kind(beside.store.get(&secret, None).await), ErrorKind::Permission);
        assert_eq!(kind(beside.store.head(&secret).await), ErrorKind::Permission);
        assert_eq!(kind(beside.store.delete(&secret).await), ErrorKind::Permission);
        assert_eq!(kind(beside.store.list_up_to(1000, Some(&secret)).await), ErrorKind::Permission);
        assert_eq!(beside.store.list_up_to(1000, Some(&link)).await.expect("list"), Vec::<String>::new());
        for size in [10, contract::LARGE] {
            assert_eq!(kind(put(&beside.store, secret.as_str(), size).await), ErrorKind::Permission);
            let below = format!("{link}/new/object");
            assert_eq!(kind(put(&beside.store, &below, size).await), ErrorKind::Permission);
        }
        let target = contract::key("target");
        let parts = [secret];
        assert_eq!(kind(beside.store.compose(&target, &parts, 10).await), ErrorKind::Permission);
    }
    assert_eq!(beside.store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
    assert_eq!(outside_names(&beside), ["secret"]);
    assert_eq!(unfinished(&beside.root), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_file_link_that_leaves_the_root_is_not_followed() {
    let beside = beside().await;
    let link = beside.root.join("link");
    symlink(beside.outside.join("secret"), &link).expect("link");
    let key = contract::key("link");
    assert_eq!(kind(beside.store.get(&key, None).await), ErrorKind::Permission);
    assert_eq!(kind(beside.store.head(&key).await), ErrorKind::Permission);
    assert_eq!(beside.store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
    // A write or delete of the key concerns the link, never the file behind it.
    put(&beside.store, "link", 20).await.expect("put");
    assert!(link.symlink_metadata().expect("object").is_file());
    fs::remove_file(&link).expect("remove");
    symlink(beside.outside.join("secret"), &link).expect("link");
    beside.store.delete(&key).await.expect("delete");
    assert!(link.symlink_metadata().is_err());
    assert_eq!(fs::metadata(beside.outside.join("secret")).expect("secret").len(), 10);
}

#[tokio::test]
async fn a_link_within_the_root_is_followed_but_not_listed() {
    let beside = beside().await;
    put(&beside.store, "real/object", 10).await.expect("put");
    symlink("real", beside.root.join("dir")).expect("link");
    symlink("real/object", beside.root.join("file")).expect("link");
    for name in ["dir/object", "file"] {
        assert_eq!(beside.store.head(&contract::key(name)).await.expect(name).size, 10);
        contract::read(&beside.store, name).await.expect(name);
    }
    put(&beside.store, "dir/new/object", 10).await.expect("put");
    assert_eq!(beside.store.list_up_to(1000, None).await.expect("list"), ["real/new/object", "real/object"]);
}

#[tokio::test]
async fn broken_and_looping_links_are_errors_and_end() {
    let beside = beside().await;
    symlink("nowhere", beside.root.join("broken")).expect("link");
    symlink("loop", beside.root.join("loop")).expect("link");
    assert_eq!(kind(put(&beside.store, "broken/object", 10).await), ErrorKind::Precondition);
    assert_eq!(kind(put(&beside.store, "loop/object", 10).await), ErrorKind::Permission);
    assert_eq!(kind(beside.store.head(&contract::key("broken/object")).await), ErrorKind::NotFound);
    assert_eq!(kind(beside.store.head(&contract::key("loop/object")).await), ErrorKind::Permission);
}

#[tokio::test]
async fn what_is_no_regular_file_is_no_object_and_never_blocks() {
    let beside = beside().await;
    let fifo = beside.root.join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("fifo");
    let _socket = std::os::unix::net::UnixListener::bind(beside.root.join("socket")).expect("socket");
    for name in ["fifo", "socket", "fifo/below"] {
        let key = contract::key(name);
        assert_eq!(kind(beside.store.get(&key, None).await), ErrorKind::NotFound, "{name}");
        assert_eq!(kind(beside.store.head(&key).await), ErrorKind::NotFound, "{name}");
        let target = contract::key("target");
        assert_eq!(kind(beside.store.compose(&target, &[key], 0).await), ErrorKind::NotFound, "{name}");
    }
    assert_eq!(beside.store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
}

#[tokio::test]
async fn names_that_no_key_can_spell_are_not_listed() {
    use std::os::unix::ffi::OsStrExt;
    let beside = beside().await;
    for name in [b"back\\slash".as_slice(), b"not-utf8-\xff"] {
        fs::File::create(beside.root.join(std::ffi::OsStr::from_bytes(name))).expect("file");
    }
    assert_eq!(beside.store.list_up_to(1000, None).await.expect("list"), Vec::<String>::new());
}

#[test]
fn a_base_path_cannot_leave_the_root() {
    let directory = tempfile::tempdir().expect("directory");
    let (root, outside) = (directory.path().join("root"), directory.path().join("outside"));
    fs::create_dir_all(root.join("inside")).expect("directory");
    fs::create_dir(&outside).expect("directory");
    symlink(&outside, root.join("out")).expect("link");
    symlink("inside", root.join("in")).expect("link");
    fs::File::create(root.join("file")).expect("file");
    let open = |base: &str| LocalStore::open_beneath(&root, base, None, Durability::Full);
    for base in
        ["/etc", "\\etc", "..", "a/../..", "out", "out/deeper", "file", "file/below", "a/.aster-tmp/b", "\0"]
    {
        let error = open(base).expect_err(base);
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{base}: {error}");
        if !base.contains('\0') {
            assert!(error.to_string().contains(base), "{error}");
        }
    }
    assert!(fs::read_dir(&outside).expect("outside").next().is_none());
    for base in ["", ".", "a/b", "in"] {
        open(base).expect(base);
    }
    assert!(root.join("inside/.aster-tmp").is_dir());
    assert!(root.join("a/b/.aster-tmp").is_dir());
}
