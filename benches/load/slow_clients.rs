//! Small requests while thousands of connections idle and hundreds trickle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::duel::{Effort, median};
use super::follower::Follower;
use super::peer::Peer;
use super::process::PATIENCE;
use super::report::{self, Table, verdict};
use super::round::{self, Verb, Work};
use super::{Bench, Outcome};

const IDLE: u64 = 2_000;
const TRICKLING: u64 = 200;
/// Pause between two bytes of a trickling client.
const PAUSE: Duration = Duration::from_secs(1);
/// Part of the undisturbed rate that must be left.
const AT_LEAST: f64 = 0.9;
const OBJECT_BYTES: u64 = 4096;

/// Measures and prints; fails only when a request fails.
pub(super) async fn measure(bench: &Bench) -> Outcome<bool> {
    let home = bench.directory().join("slow-clients");
    let follower = Follower::start(&bench.follower_binary, &home, "follower", "full").await?;
    let effort = Effort::new(bench.quick);
    let mut table =
        Table::new(["Work", "alone", "with 2,000 idle and 200 trickling clients", "ratio", "at least", ""]);
    for (name, verb) in
        [("GET 4 KiB, 16 connections", Verb::Get), ("PUT 4 KiB, 16 connections, full", Verb::Put)]
    {
        report::complain(name);
        let work = Work { verb, size: OBJECT_BYTES, connections: 16, objects: 1024 };
        work.prepare(&follower.peer).await?;
        let (mut alone, mut disturbed, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..effort.rounds {
            let first = round::run(&follower.peer, work, effort.duration).await?;
            let crowd = Crowd::gather(&follower.peer).await?;
            let second = round::run(&follower.peer, work, effort.duration).await?;
            crowd.disperse()?;
            ratios.push(second.rate / first.rate);
            alone.push(first.rate);
            disturbed.push(second.rate);
        }
        let ratio = median(&mut ratios);
        table.row([
            name.to_owned(),
            format!("{:.0}/s", median(&mut alone)),
            format!("{:.0}/s", median(&mut disturbed)),
            format!("{ratio:.2}"),
            format!("{AT_LEAST:.2}"),
            verdict(ratio >= AT_LEAST).to_owned(),
        ]);
    }
    table.print();
    Ok(true)
}

/// The clients that are in the way. They go when it is dropped.
struct Crowd {
    clients: JoinSet<Outcome<()>>,
    present: Arc<AtomicU64>,
}

impl Crowd {
    /// Returns once all are connected.
    async fn gather(peer: &Arc<Peer>) -> Outcome<Self> {
        let present = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for index in 0..IDLE + TRICKLING {
            let (peer, present) = (Arc::clone(peer), Arc::clone(&present));
            clients.spawn(async move {
                loop {
                    // A server may end a connection that only costs it; then the next one comes.
                    match index {
                        0..IDLE => idle(&peer, &present).await?,
                        _ => trickle(&peer, index % 2 == 0, &present).await?,
                    }
                }
            });
        }
        let mut crowd = Self { clients, present };
        tokio::time::timeout(PATIENCE, crowd.complete())
            .await
            .map_err(|_| "the clients cannot all connect")??;
        Ok(crowd)
    }

    async fn complete(&mut self) -> Outcome<()> {
        while self.present.load(Ordering::Relaxed) < IDLE + TRICKLING {
            if let Some(ended) = self.clients.try_join_next() {
                return ended?;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Checks that the crowd was there until the end: one that was thinned out proves nothing.
    fn disperse(mut self) -> Outcome<()> {
        if let Some(ended) = self.clients.try_join_next() {
            return ended?;
        }
        let present = self.present.load(Ordering::Relaxed);
        if present * 10 < (IDLE + TRICKLING) * 9 {
            return Err(format!("only {present} slow clients were left at the end").into());
        }
        Ok(())
    }
}

/// Counts a client while it is connected.
struct Present<'a>(&'a AtomicU64);

impl<'a> Present<'a> {
    fn enter(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One request, then nothing until the server ends the connection.
async fn idle(peer: &Arc<Peer>, present: &AtomicU64) -> Outcome<()> {
    let mut connection = Connection::open(peer).await?;
    connection.call("GET", "/health", None).await?;
    let _present = Present::enter(present);
    connection.ended().await
}

/// A signed PUT whose head, or whose body, comes byte by byte, until the server ends the connection.
async fn trickle(peer: &Arc<Peer>, head_too: bool, present: &AtomicU64) -> Outcome<()> {
    let mut request = Vec::new();
    let mut target = String::new();
    peer.aim(&mut target, "PUT", &format!("trickle/{}", uuid::Uuid::new_v4()))?;
    peer.write_head(&mut request, "PUT", &target, Some(OBJECT_BYTES));
    let head = request.len();
    request.resize(head + usize::try_from(OBJECT_BYTES)?, b'x');
    let mut stream = TcpStream::connect(peer.address).await?;
    stream.set_nodelay(true)?;
    let _present = Present::enter(present);
    let at_once = if head_too { 0 } else { head };
    if stream.write_all(&request[..at_once]).await.is_err() {
        return Ok(());
    }
    let mut reply = [0; 1024];
    for byte in &request[at_once..] {
        if stream.write_all(&[*byte]).await.is_err() {
            return Ok(());
        }
        // Any reply to half a request is a refusal; what is left would be wasted on it.
        if tokio::time::timeout(PAUSE, stream.read(&mut reply)).await.is_ok() {
            return Ok(());
        }
    }
    Ok(())
}
