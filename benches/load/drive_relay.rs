//! Bytes through a primary to its follower and back, beside the follower without the primary.

use std::time::{Duration, Instant};

use serde_json::json;

use super::body::Body;
use super::connection::Connection;
use super::drive::{Drive, Primary};
use super::duel::{Duel, Effort, median};
use super::memory::{Step, at_once};
use super::report::{self, Table, mib, verdict};
use super::round::{self, Verb, Work};
use super::rows::{Figure, MIB};
use super::{Bench, Outcome, compose};

/// Part of the follower's own rate that is to be reached.
const AT_LEAST: f64 = 0.80;
const ROWS: [(&str, Work); 2] = [
    ("relay: upload of 256 MiB", Work { verb: Verb::Put, size: 256 * MIB, connections: 1, objects: 2 }),
    ("relay: download of 256 MiB", Work { verb: Verb::Get, size: 256 * MIB, connections: 1, objects: 1 }),
];

pub(super) const UPLOADS: &str = "uploads of 4 KiB, 16 connections, SQLite";
const UPLOAD: Work = Work { verb: Verb::Upload, size: 4096, connections: 16, objects: u64::MAX };
const UPLOADS_PER_SECOND: f64 = 1_000.0;

pub(super) const COMPLETION: &str = "completing 256 chunks of 4 MiB on a follower";
const CHUNKS: u64 = 256;
/// Beyond what the follower needs to join them.
const ALLOWANCE_MS: f64 = 1_000.0;

pub(super) const MEMORY: &str =
    "primary's peak resident memory, 16 uploads then 16 downloads of 1 GiB at once";
const AT_ONCE: u64 = 16;
const MEMORY_BUDGET: u64 = 128 * MIB;

/// Prints the table; tells whether every request was answered as it must be.
pub(super) async fn rates(bench: &Bench) -> Outcome<bool> {
    if !ROWS.iter().any(|(name, _)| bench.wants(name)) {
        return Ok(true);
    }
    let drive = Drive::start(bench, "relay").await?;
    let effort = Effort::new(bench.quick);
    let mut table = Table::new([
        "Work",
        drive.follower.name,
        drive.primary.name,
        "ratio",
        "least – most",
        "at least",
        "",
        "servers' time per file",
    ]);
    let mut sound = true;
    for (name, work) in ROWS.iter().filter(|(name, _)| bench.wants(name)) {
        report::complain(name);
        match Duel::fight(&drive.follower, &drive.primary, *work, effort).await {
            Ok(duel) => table.row(cells(name, *work, &duel)),
            Err(error) => {
                sound = false;
                report::complain(&format!("{name}: {error}"));
                table.row([(*name).to_owned(), "failed".to_owned()]);
            }
        }
    }
    table.print();
    Ok(sound)
}

fn cells(name: &str, work: Work, duel: &Duel) -> [String; 8] {
    let [itself, through] = duel.medians(|sample| sample.rate * mib(work.size));
    let [follower, both] = duel.medians(|sample| sample.server_time.as_secs_f64() * 1e3);
    let [ratio, least, most] = duel.ratio();
    [
        name.to_owned(),
        format!("{itself:.0} MiB/s"),
        format!("{through:.0} MiB/s"),
        format!("{ratio:.2}"),
        format!("{least:.2} – {most:.2}"),
        format!("{AT_LEAST:.2}"),
        verdict(ratio >= AT_LEAST).to_owned(),
        format!("{follower:.0} : {both:.0} ms"),
    ]
}

/// New small files, to the follower and to the primary's own disk.
pub(super) async fn uploads(bench: &Bench) -> Outcome<Vec<(String, Figure)>> {
    let (remote, local) = (format!("{UPLOADS}, to a follower"), format!("{UPLOADS}, to the primary's disk"));
    let mut figures = Vec::new();
    if bench.wants(&remote) {
        let drive = Drive::start(bench, "uploads").await?;
        figures.push((remote, upload_rate(bench, &drive.primary).await?));
    }
    if bench.wants(&local) {
        let home = bench.directory().join("local-uploads");
        let primary = Primary::start(&bench.follower_binary, &home).await?;
        figures.push((local, upload_rate(bench, &primary.peer("primary", &[])).await?));
    }
    Ok(figures)
}

async fn upload_rate(bench: &Bench, peer: &std::sync::Arc<super::peer::Peer>) -> Outcome<Figure> {
    report::complain(UPLOADS);
    let effort = Effort::new(bench.quick);
    let (mut rates, mut servers, mut clients) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let sample = round::run(peer, UPLOAD, effort.duration).await?;
        rates.push(sample.rate);
        servers.push(sample.server_time.as_secs_f64() * 1e6);
        clients.push(sample.client_time.as_secs_f64() * 1e6);
    }
    let rate = median(&mut rates);
    let (server, client) = (median(&mut servers), median(&mut clients));
    let (least, most) = (rates[0], rates[rates.len() - 1]);
    Ok(Figure {
        measured: format!(
            "{rate:.0}/s ({least:.0} – {most:.0}; servers {server:.0} µs, client {client:.0} µs each)"
        ),
        target: format!("at least {UPLOADS_PER_SECOND:.0}/s"),
        met: rate >= UPLOADS_PER_SECOND,
    })
}

/// `complete` of an upload through the primary, beside the same parts joined by the follower when it is asked directly.
pub(super) async fn completion(bench: &Bench) -> Outcome<Option<(String, Figure)>> {
    if !bench.wants(COMPLETION) {
        return Ok(None);
    }
    report::complain(COMPLETION);
    let drive = Drive::start(bench, "completion").await?;
    let mut straight = Connection::open(&drive.follower).await?;
    let mut through = Connection::open(&drive.primary).await?;
    let (mut joins, mut completions) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        joins.push(compose::compose(&mut straight, CHUNKS).await?.as_secs_f64() * 1e3);
        completions.push(complete(&mut through).await?.as_secs_f64() * 1e3);
    }
    let (joined, completed) = (median(&mut joins), median(&mut completions));
    Ok(Some((
        COMPLETION.to_owned(),
        Figure {
            measured: format!("{completed:.0} ms"),
            target: format!("under 1,000 ms and the follower's compose: {joined:.0} ms"),
            met: completed < ALLOWANCE_MS + joined,
        },
    )))
}

async fn complete(connection: &mut Connection) -> Outcome<Duration> {
    const UPLOAD: &str = "/api/v1/files/upload";
    let whole = Body::new(0, CHUNKS * compose::PART_BYTES);
    let wanted = json!({"filename": "whole", "total_size": whole.length});
    let begun = connection.call("POST", &format!("{UPLOAD}/init"), Some(&wanted)).await?;
    if begun["total_chunks"] != CHUNKS {
        return Err(format!("another plan: {begun}").into());
    }
    let path = format!("{UPLOAD}/{}", begun["upload_id"].as_str().ok_or("no upload_id")?);
    for number in 0..CHUNKS {
        let chunk = whole.part(number * compose::PART_BYTES, compose::PART_BYTES);
        connection.put_to(&format!("{path}/{number}"), chunk).await?;
    }
    tokio::task::spawn_blocking(rustix::fs::sync).await?;
    let started = Instant::now();
    let file = connection.call("POST", &format!("{path}/complete"), Some(&json!({}))).await?;
    let took = started.elapsed();
    if file["size"] != whole.length {
        return Err(format!("another file: {file}").into());
    }
    let id = super::connection::id_of(&file)?;
    connection.call("DELETE", &format!("/api/v1/files/{id}"), None).await?;
    connection.call("DELETE", &format!("/api/v1/trash/file/{id}"), None).await?;
    Ok(took)
}

/// The most memory that the primary takes.
pub(super) async fn memory(bench: &Bench) -> Outcome<Option<(String, Figure)>> {
    if !bench.wants(MEMORY) {
        return Ok(None);
    }
    report::complain(MEMORY);
    let drive = Drive::start(bench, "memory").await?;
    let bytes = if bench.quick { 256 * MIB } else { 1024 * MIB };
    let before = drive.alone.usage()?.peak_resident;
    at_once(&drive.primary, Step::Put, (AT_ONCE, bytes)).await?;
    let after_uploads = drive.alone.usage()?.peak_resident;
    at_once(&drive.primary, Step::Get, (AT_ONCE, bytes)).await?;
    let peak = drive.alone.usage()?.peak_resident;
    at_once(&drive.primary, Step::Delete, (AT_ONCE, bytes)).await?;
    let shorter = if bench.quick { ", of 256 MiB only" } else { "" };
    Ok(Some((
        MEMORY.to_owned(),
        Figure {
            measured: format!(
                "{:.1} MiB ({:.1} idle, {:.1} after the uploads{shorter})",
                mib(peak),
                mib(before),
                mib(after_uploads)
            ),
            target: format!("at most {:.0} MiB", mib(MEMORY_BUDGET)),
            met: peak <= MEMORY_BUDGET,
        },
    )))
}
