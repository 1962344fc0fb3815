//! A listing of 100,000 objects in one directory: complete, in order, and without the answer ever being in memory.

use std::fs::File;

use crate::support::enrolled::{BASE_PATH, Enrolled};

const OBJECTS: usize = 100_000;
/// The names take 10 MiB, and 13 with their places in memory. The answer alone, held whole, would make it 23.
const GROWTH_LIMIT: u64 = 18 * 1024 * 1024;

fn name(n: usize) -> String {
    format!("{n:06}-{}", "x".repeat(93))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_a_hundred_thousand_objects_lists_without_being_held_twice() {
    let enrolled = Enrolled::with(&[]).await;
    assert_eq!(enrolled.put("small/object", "x").await.status, 200);
    let objects = enrolled.home.path().join("data/managed-ingress").join(BASE_PATH).join(&enrolled.namespace);
    std::fs::create_dir(objects.join("large")).expect("directory");
    for n in 0..OBJECTS {
        File::create(objects.join("large").join(name(n))).expect("object");
    }
    // Whatever a first listing needs once is there after this one.
    assert_eq!(enrolled.list_below("small").await, ["small/object"]);
    let before = enrolled.follower.process.peak_resident_bytes();

    let listed = enrolled.list_below("large").await;

    let growth = enrolled.follower.process.peak_resident_bytes() - before;
    let expected = (0..OBJECTS).map(|n| format!("large/{}", name(n)));
    assert!(listed.into_iter().eq(expected), "not exactly the objects, in the order of their keys");
    eprintln!("resident memory grew by {} KiB", growth / 1024);
    assert!(growth < GROWTH_LIMIT, "resident memory grew by {} KiB", growth / 1024);
}
