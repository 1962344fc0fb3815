//! Disks that fill up, turn read-only or vanish, and files that change under a reader.

use std::fs;
use std::process::Command;

use super::*;

/// A small file system of its own, if this machine lets us mount one.
struct SmallDisk {
    mount_point: TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let mount_point = tempfile::tempdir().expect("directory");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(mount_point.path())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("skipped: mounting a tmpfs is not allowed here");
            return None;
        }
        Some(Self { mount_point })
    }

    fn path(&self) -> &Path {
        self.mount_point.path()
    }

    fn remount(&self, option: &str) {
        let status = Command::new("mount").args(["-o", option]).arg(self.path()).status().expect("mount");
        assert!(status.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l"]).arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_found_before_the_body_is_read_and_keeps_its_objects() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = LocalStore::open(disk.path(), Durability::Full).expect("store");
    put(&store, "object", 100).await.expect("put");
    let outcome = store.put(&contract::key("object"), 3_000_000, contract::unwanted_body()).await;
    assert_eq!(kind(outcome), ErrorKind::Full);
    let mut stored = 0;
    let failure = loop {
        match put(&store, &format!("small/{stored}"), 200_000).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
        assert!(stored < 20, "2 MiB cannot hold this");
    };
    assert_eq!(failure.kind(), ErrorKind::Full, "{failure}");
    assert_eq!(unfinished(disk.path()), Vec::<PathBuf>::new());
    assert_eq!(store.list_up_to(1000, None).await.expect("list").len(), stored + 1);
    let parts: Vec<_> = (0..stored).map(|n| contract::key(&format!("small/{n}"))).collect();
    let outcome = store.compose(&contract::key("object"), &parts, 200_000 * stored as u64).await;
    assert_eq!(kind(outcome), ErrorKind::Full);
    assert_eq!(store.head(&contract::key("object")).await.expect("untouched").size, 100);
    assert_eq!(store.list_up_to(1000, None).await.expect("list").len(), stored + 1);
}

#[tokio::test]
async fn a_read_only_disk_serves_and_refuses_to_write() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = LocalStore::open(disk.path(), Durability::Full).expect("store");
    put(&store, "object", 100).await.expect("put");
    disk.remount("remount,ro");
    for size in [10, contract::LARGE / 4] {
        assert_eq!(kind(put(&store, "new", size).await), ErrorKind::Permission);
    }
    assert_eq!(kind(store.delete(&contract::key("object")).await), ErrorKind::Permission);
    contract::read(&store, "object").await.expect("read");
    disk.remount("remount,rw");
    put(&store, "new", 10).await.expect("it recovers by itself");
}

#[tokio::test]
async fn a_removed_root_is_misconfigured_and_not_a_missing_object() {
    let (store, directory) = fresh();
    put(&store, "a/object", 10).await.expect("put");
    fs::remove_dir_all(directory.path().join("store")).expect("remove");
    let key = contract::key("a/object");
    for size in [10, contract::LARGE] {
        assert_eq!(kind(put(&store, "a/object", size).await), ErrorKind::Misconfigured);
    }
    assert_eq!(kind(store.get(&key, None).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.head(&key).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.delete(&key).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.list_up_to(1000, None).await), ErrorKind::Misconfigured);
    assert_eq!(kind(store.list_up_to(1000, Some(&key)).await), ErrorKind::Misconfigured);
    let (target, parts) = (contract::key("target"), [key]);
    assert_eq!(kind(store.compose(&target, &parts, 10).await), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_file_that_shrinks_under_a_reader_ends_the_body_with_an_error() {
    let (store, directory) = fresh();
    put(&store, "object", contract::LARGE).await.expect("put");
    let reader = store.get(&contract::key("object"), None).await.expect("get");
    let file = fs::OpenOptions::new().write(true).open(directory.path().join("store/object")).expect("file");
    file.set_len(1_000_000).expect("truncate");
    contract::drain(reader.body).await.expect_err("a short body must not look complete");
}
