//! Reads from the page cache, from the disk, and from both at once.

use std::fs::File;
use std::io::IoSliceMut;
use std::num::NonZeroU64;

use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};

use super::*;

/// Whether the file system can say "not cached" instead of waiting.
fn tells_what_is_cached(file: &File) -> bool {
    preadv2(file, &mut [IoSliceMut::new(&mut [0])], 0, ReadWriteFlags::NOWAIT).is_ok()
}

#[test]
fn a_cached_object_is_read_while_the_blocking_pool_is_taken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .expect("runtime");
    runtime.block_on(async {
        let (store, directory) = fresh();
        for (name, size) in [("a/small", 4096), ("a/large", contract::LARGE)] {
            put(&store, name, size).await.expect("put");
            contract::read(&store, name).await.expect("this caches it");
        }
        if !tells_what_is_cached(&File::open(directory.path().join("store/a/large")).expect("file")) {
            eprintln!("skipped: this file system cannot tell what is cached");
            return;
        }
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let taken = tokio::task::spawn_blocking(move || wait.recv());
        let reads = async {
            for (name, size) in [("a/small", 4096), ("a/large", contract::LARGE)] {
                assert_eq!(store.head(&contract::key(name)).await.expect(name).size, size as u64);
                assert!(contract::read(&store, name).await.expect(name) == contract::pattern(size, 1));
            }
        };
        tokio::time::timeout(Duration::from_secs(120), reads).await.expect("no read waits for the pool");
        release.send(()).expect("still taken");
        taken.await.expect("task").expect("released");
    });
}

#[tokio::test]
async fn an_object_that_is_partly_cached_reads_back_whole() {
    let (store, directory) = fresh();
    let content = contract::pattern(contract::LARGE, 1);
    put(&store, "object", contract::LARGE).await.expect("put");
    let file = File::open(directory.path().join("store/object")).expect("file");
    for (from, length) in [(0, 4096), (200_000, 300_000), (1_000_000, 0), (0, 0)] {
        fadvise(&file, from, NonZeroU64::new(length), Advice::DontNeed).expect("advice");
        assert!(contract::read(&store, "object").await.expect("read") == content, "{from} {length}");
    }
}
