//! The most memory a follower takes while many large objects travel at once.

use std::sync::Arc;

use super::body::Body;
use super::connection::Connection;
use super::crew;
use super::follower::Follower;
use super::peer::Peer;
use super::report::mib;
use super::rows::Figure;
use super::{Bench, Outcome, bucket, report};

const AT_ONCE: u64 = 32;
const OBJECT_BYTES: u64 = 256 * 1024 * 1024;

/// One row.
pub(super) struct Row {
    pub(super) name: &'static str,
    budget: u64,
    in_bucket: bool,
}

/// Objects on the local disk.
pub(super) const LOCAL: Row = Row {
    name: "peak resident memory, 32 PUT then 32 GET of 256 MiB at once",
    budget: 64 * 1024 * 1024,
    in_bucket: false,
};
/// Objects in a bucket, whose parts have to be in memory to be sent again.
pub(super) const BUCKET: Row = Row {
    name: "peak resident memory, the same with an S3 target",
    budget: 256 * 1024 * 1024,
    in_bucket: true,
};

/// `None` when the row is not asked for.
pub(super) async fn measure(bench: &Bench, row: &Row) -> Outcome<Option<Figure>> {
    if !bench.wants(row.name) {
        return Ok(None);
    }
    report::complain(row.name);
    // What the row before left to be written must not stall the server of this one.
    tokio::task::spawn_blocking(rustix::fs::sync).await?;
    let (_garage, follower) = if row.in_bucket {
        let garage = bucket::start_server().await?;
        let follower = bucket::start_follower(bench, &garage, "memory-bucket").await?;
        (Some(garage), follower)
    } else {
        let home = bench.directory().join("memory");
        (None, Follower::start(&bench.follower_binary, &home, "follower", "full").await?)
    };
    let before = follower.peer.usage()?.peak_resident;
    let load = (AT_ONCE, OBJECT_BYTES);
    at_once(&follower.peer, Step::Put, load).await?;
    let after_puts = follower.peer.usage()?.peak_resident;
    at_once(&follower.peer, Step::Get, load).await?;
    let peak = follower.peer.usage()?.peak_resident;
    at_once(&follower.peer, Step::Delete, load).await?;
    Ok(Some(Figure {
        measured: format!(
            "{:.1} MiB ({:.1} idle, {:.1} after the PUTs)",
            mib(peak),
            mib(before),
            mib(after_puts)
        ),
        target: format!("at most {:.0} MiB", mib(row.budget)),
        met: peak <= row.budget,
    }))
}

/// What is done with each object.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Put,
    Get,
    Delete,
}

/// Does the same with `count` objects of `bytes` each, all at once.
pub(super) async fn at_once(peer: &Arc<Peer>, step: Step, (count, bytes): (u64, u64)) -> Outcome<()> {
    let peer = Arc::clone(peer);
    let work = move |index| {
        let peer = Arc::clone(&peer);
        async move {
            let mut connection = Connection::open(&peer).await?;
            let (key, body) = (format!("memory/{index}"), Body::new(index, bytes));
            match step {
                Step::Put => connection.put(&key, body).await,
                Step::Get => connection.get(&key, body).await,
                Step::Delete => connection.delete(&key).await,
            }
        }
    };
    tokio::task::spawn_blocking(move || crew::run(count, work)).await??;
    Ok(())
}
