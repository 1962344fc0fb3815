//! A million signed reads as fast as they go: none may be refused, and no replay accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::body::Body;
use super::connection::Connection;
use super::crew;
use super::follower::Follower;
use super::peer::Peer;
use super::report::{Table, mib, verdict};
use super::{Bench, Outcome};

const REQUESTS: u64 = 1_000_000;
const QUICK_REQUESTS: u64 = 100_000;
const REPLAYED: u64 = 1_000;
const CONNECTIONS: u64 = 16;
const OBJECTS: u64 = 1024;
const OBJECT_BYTES: u64 = 1024;
/// Pause between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(100);
/// What the follower may use for nonces when nothing is configured (`server.follower.replay_memory_bytes`).
const REPLAY_BUDGET: u64 = 32 * 1024 * 1024;
/// The kernel counts pages in batches, so less than this is no growth.
const NO_GROWTH: u64 = 1024 * 1024;
/// Status of a request whose nonce was seen before (wire contract §3).
const REFUSED: u16 = 401;

/// Measures and prints; tells whether all requests were answered, and all replays refused.
pub(super) async fn measure(bench: &Bench) -> Outcome<bool> {
    let home = bench.directory().join("sustained");
    let follower = Follower::start(&bench.follower_binary, &home, "follower", "full").await?;
    let peer = &follower.peer;
    store(peer).await?;
    let total = if bench.quick { QUICK_REQUESTS } else { REQUESTS };
    let before = peer.usage()?.resident;
    let started = Instant::now();
    let (sample, memory) = read_all(peer, total).await?;
    let took = started.elapsed();
    let accepted = replay(peer, &sample).await?;
    print(&Finding { total, took, replayed: sample.len(), accepted, before, memory });
    Ok(accepted == 0)
}

fn key(index: u64) -> String {
    format!("sustained/{index}")
}

async fn store(peer: &Arc<Peer>) -> Outcome<()> {
    let mut connection = Connection::open(peer).await?;
    for index in 0..OBJECTS {
        connection.put(&key(index), Body::new(index, OBJECT_BYTES)).await?;
    }
    Ok(())
}

/// Resident memory at some moments, with the number of requests sent until then.
type Memory = Vec<(u64, u64)>;

async fn read_all(peer: &Arc<Peer>, total: u64) -> Outcome<(Vec<Vec<u8>>, Memory)> {
    let sent = Arc::new(AtomicU64::new(0));
    let mut reading = tokio::task::spawn_blocking({
        let (peer, sent) = (Arc::clone(peer), Arc::clone(&sent));
        move || {
            crew::run(CONNECTIONS, move |_| {
                let (peer, sent) = (Arc::clone(&peer), Arc::clone(&sent));
                async move { read_share(&peer, &sent, total).await }
            })
        }
    });
    let mut memory = Memory::new();
    let samples = loop {
        memory.push((sent.load(Ordering::Relaxed).min(total), peer.usage()?.resident));
        tokio::select! {
            samples = &mut reading => break samples??,
            () = tokio::time::sleep(PAUSE) => {}
        }
    };
    memory.push((total, peer.usage()?.resident));
    Ok((samples.into_iter().flatten().collect(), memory))
}

/// Takes one request after another from the common count; gives those to be replayed.
async fn read_share(peer: &Arc<Peer>, sent: &AtomicU64, total: u64) -> Outcome<Vec<Vec<u8>>> {
    let mut connection = Connection::open(peer).await?;
    let mut sample = Vec::new();
    loop {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        if number >= total {
            return Ok(sample);
        }
        let index = number % OBJECTS;
        let body = Body::new(index, OBJECT_BYTES);
        if number.is_multiple_of(total / REPLAYED) {
            sample.push(connection.get_keeping_request(&key(index), body).await?);
        } else {
            connection.get(&key(index), body).await?;
        }
    }
}

/// How many replays were not refused.
async fn replay(peer: &Arc<Peer>, sample: &[Vec<u8>]) -> Outcome<usize> {
    let mut connection = Connection::open(peer).await?;
    let mut accepted = 0;
    for request in sample {
        accepted += usize::from(connection.replay(request).await? != REFUSED);
    }
    Ok(accepted)
}

struct Finding {
    total: u64,
    took: Duration,
    replayed: usize,
    accepted: usize,
    before: u64,
    memory: Memory,
}

fn print(finding: &Finding) {
    let Finding { total, took, replayed, accepted, before, memory } = finding;
    let at = |requests: u64| {
        memory
            .iter()
            .find(|(sent, _)| *sent >= requests)
            .or(memory.last())
            .map_or(0, |(_, resident)| *resident)
    };
    let (half, end) = (at(total / 2), at(*total));
    let (growth, used) = (end.saturating_sub(half), end.saturating_sub(*before));
    let mut table = Table::new(["Sustained load", "measured", "target", ""]);
    table.row([
        format!("{total} signed GETs of 1 KiB, {CONNECTIONS} connections"),
        format!("{:.0}/s for {:.0} s", *total as f64 / took.as_secs_f64(), took.as_secs_f64()),
        "none refused".to_owned(),
        verdict(true).to_owned(),
    ]);
    table.row([
        format!("{replayed} of them sent again"),
        format!("{} refused", replayed - accepted),
        "all refused".to_owned(),
        verdict(*accepted == 0).to_owned(),
    ]);
    table.row([
        "resident memory, growth since the first request".to_owned(),
        format!("{:.1} MiB (from {:.1} to {:.1})", mib(used), mib(*before), mib(end)),
        format!("replay memory: {:.0} MiB", mib(REPLAY_BUDGET)),
        verdict(used <= REPLAY_BUDGET).to_owned(),
    ]);
    table.row([
        "resident memory, growth over the second half".to_owned(),
        format!("{:.1} MiB", mib(growth)),
        "none".to_owned(),
        verdict(growth < NO_GROWTH).to_owned(),
    ]);
    table.print();
}
