//! Compose of many parts, beside `cp` of as many bytes on the same disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aster_drive::protocol::STORAGE_PATH;
use serde_json::json;

use super::body::Body;
use super::connection::Connection;
use super::duel::{Effort, median};
use super::follower::Follower;
use super::rows::Figure;
use super::{Bench, Outcome, report};

pub(super) const NAME: &str = "compose of 64 × 4 MiB, full";
const PARTS: u64 = 64;
pub(super) const PART_BYTES: u64 = 4 * 1024 * 1024;
const TARGET: &str = "compose/whole";

/// `None` when the row is not asked for.
pub(super) async fn measure(bench: &Bench) -> Outcome<Option<Figure>> {
    if !bench.wants(NAME) {
        return Ok(None);
    }
    report::complain(NAME);
    let home = bench.directory().join("compose");
    let follower = Follower::start(&bench.follower_binary, &home, "follower", "full").await?;
    let original = home.join("original");
    write_whole(&original)?;
    let mut connection = Connection::open(&follower.peer).await?;
    let (mut copies, mut composes) = (Vec::new(), Vec::new());
    for _ in 0..Effort::new(bench.quick).rounds {
        copies.push(copy(&original, &home.join("copy"))?.as_secs_f64() * 1e3);
        composes.push(compose(&mut connection, PARTS).await?.as_secs_f64() * 1e3);
    }
    let (copied, composed) = (median(&mut copies), median(&mut composes));
    Ok(Some(Figure {
        measured: format!("{composed:.0} ms"),
        target: format!("cp of 256 MiB: {copied:.0} ms"),
        met: composed <= copied,
    }))
}

fn whole() -> Body {
    Body::new(0, PARTS * PART_BYTES)
}

fn write_whole(path: &Path) -> Outcome<()> {
    let mut file = File::create(path)?;
    let mut written = 0;
    while written < whole().length {
        let piece = whole().piece(written);
        file.write_all(piece)?;
        written += piece.len() as u64;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome<Duration> {
    rustix::fs::sync();
    let started = Instant::now();
    let status = Command::new("cp").arg(from).arg(to).status()?;
    let took = started.elapsed();
    std::fs::remove_file(to)?;
    if status.success() { Ok(took) } else { Err(format!("cp ended with {status}").into()) }
}

/// Stores `parts` parts and tells how long joining them took.
pub(super) async fn compose(connection: &mut Connection, parts: u64) -> Outcome<Duration> {
    let whole = Body::new(0, parts * PART_BYTES);
    let keys: Vec<String> = (1..=parts).map(|number| format!("uploads/compose/parts/{number}")).collect();
    for (index, key) in (0..).zip(&keys) {
        connection.put(key, whole.part(index * PART_BYTES, PART_BYTES)).await?;
    }
    let size = whole.length;
    let request = json!({"target_key": TARGET, "part_keys": keys, "expected_size": size});
    rustix::fs::sync();
    let started = Instant::now();
    let reply = connection.call("POST", &format!("{STORAGE_PATH}/compose"), Some(&request)).await?;
    let took = started.elapsed();
    if reply["bytes_written"] != size {
        return Err(format!("compose wrote {} bytes instead of {size}", reply["bytes_written"]).into());
    }
    connection.get(TARGET, whole).await?;
    connection.delete(TARGET).await?;
    Ok(took)
}
