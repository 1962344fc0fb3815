//! The table: which work, and how much of nginx's rate the follower should reach.

use std::sync::Arc;

use super::duel::{Duel, Effort};
use super::follower::Follower;
use super::nginx::Nginx;
use super::peer::Peer;
use super::report::{self, Table, mib, verdict};
use super::round::{Verb, Work};
use super::{Bench, Outcome, bucket, compose, memory, start};

const KIB: u64 = 1024;
pub(super) const MIB: u64 = 1024 * KIB;

/// Which follower a row asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    Full,
    Rename,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    name: &'static str,
    work: Work,
    durability: Durability,
    /// Part of nginx's rate that is to be reached.
    at_least: f64,
}

const fn row(
    name: &'static str,
    verb: Verb,
    [size, connections, objects]: [u64; 3],
    durability: Durability,
    at_least: f64,
) -> Row {
    Row { name, work: Work { verb, size, connections, objects }, durability, at_least }
}

const ROWS: [Row; 8] = [
    row("GET 4 KiB, 16 connections", Verb::Get, [4 * KIB, 16, 1024], Durability::Full, 0.75),
    row("HEAD 4 KiB, 16 connections", Verb::Head, [4 * KIB, 16, 1024], Durability::Full, 0.75),
    row("PUT 4 KiB, 16 connections, rename", Verb::Put, [4 * KIB, 16, 1024], Durability::Rename, 0.40),
    row("PUT 4 KiB, 16 connections, full", Verb::Put, [4 * KIB, 16, 1024], Durability::Full, 0.20),
    row("GET 1 MiB, 4 connections", Verb::Get, [MIB, 4, 64], Durability::Full, 0.75),
    row("PUT 1 MiB, 4 connections, full", Verb::Put, [MIB, 4, 64], Durability::Full, 0.70),
    row("GET 256 MiB, 1 connection", Verb::Get, [256 * MIB, 1, 1], Durability::Full, 0.80),
    row("PUT 256 MiB, 1 connection, full", Verb::Put, [256 * MIB, 1, 2], Durability::Full, 1.00),
];

/// The servers of the table, side by side below one directory.
struct Field {
    nginx: Nginx,
    full: Side,
    rename: Side,
}

/// What is measured: a follower, or another nginx to check the bench itself.
enum Side {
    Follower(Box<Follower>),
    Nginx(Nginx),
}

impl Side {
    async fn start(bench: &Bench, durability: &'static str) -> Outcome<Self> {
        let home = bench.directory().join(durability);
        if bench.nginx_only {
            return Ok(Self::Nginx(Nginx::start("nginx again", &home).await?));
        }
        let follower = Follower::start(&bench.follower_binary, &home, "follower", durability).await?;
        Ok(Self::Follower(Box::new(follower)))
    }

    fn peer(&self) -> &Arc<Peer> {
        match self {
            Self::Follower(follower) => &follower.peer,
            Self::Nginx(nginx) => &nginx.peer,
        }
    }
}

/// Measures and prints everything; tells whether every request was answered as it must be.
pub(super) async fn measure(bench: &Bench) -> Outcome<bool> {
    let mut sound = true;
    if ROWS.iter().any(|row| bench.wants(row.name)) {
        sound &= beside_nginx(bench).await?;
    }
    if !bench.nginx_only {
        sound &= bucket::measure(bench).await?;
        sound &= alone(bench).await;
    }
    Ok(sound)
}

async fn beside_nginx(bench: &Bench) -> Outcome<bool> {
    let field = Field {
        nginx: Nginx::start("nginx", &bench.directory().join("nginx")).await?,
        full: Side::start(bench, "full").await?,
        rename: Side::start(bench, "rename").await?,
    };
    let sound = rates(bench, &field).await;
    resident(&field)?;
    Ok(sound)
}

async fn rates(bench: &Bench, field: &Field) -> bool {
    let effort = Effort::new(bench.quick);
    let mut table = Table::new([
        "Work",
        field.nginx.peer.name,
        field.full.peer().name,
        "ratio",
        "least – most",
        "at least",
        "",
        "server time per request",
        "client time per request",
    ]);
    let mut sound = true;
    for row in ROWS.iter().filter(|row| bench.wants(row.name)) {
        report::complain(row.name);
        let side = if row.durability == Durability::Full { &field.full } else { &field.rename };
        match Duel::fight(&field.nginx.peer, side.peer(), row.work, effort).await {
            Ok(duel) => table.row(row.cells(&duel)),
            Err(error) => {
                sound = false;
                report::complain(&format!("{}: {error}", row.name));
                table.row([row.name.to_owned(), "failed".to_owned()]);
            }
        }
    }
    report::say(&format!("{} rounds of {} s each, medians\n", effort.rounds, effort.duration.as_secs()));
    table.print();
    sound
}

impl Row {
    fn cells(&self, duel: &Duel) -> [String; 9] {
        let [measure, follower] = duel.medians(|sample| sample.rate).map(|rate| self.show_rate(rate));
        let [median, least, most] = duel.ratio();
        let server = duel.medians(|sample| sample.server_time.as_secs_f64());
        let client = duel.medians(|sample| sample.client_time.as_secs_f64());
        [
            self.name.to_owned(),
            measure,
            follower,
            format!("{median:.2}"),
            format!("{least:.2} – {most:.2}"),
            format!("{:.2}", self.at_least),
            verdict(median >= self.at_least).to_owned(),
            show_times(server),
            show_times(client),
        ]
    }

    fn show_rate(&self, rate: f64) -> String {
        if self.work.size < MIB {
            format!("{rate:.0}/s")
        } else {
            format!("{:.0} MiB/s", rate * mib(self.work.size))
        }
    }
}

fn show_times([measure, follower]: [f64; 2]) -> String {
    if follower < 0.001 {
        format!("{:.1} : {:.1} µs", measure * 1e6, follower * 1e6)
    } else {
        format!("{:.2} : {:.2} ms", measure * 1e3, follower * 1e3)
    }
}

fn resident(field: &Field) -> Outcome<()> {
    let mut table = Table::new(["Resident memory after these rows", "now", "peak"]);
    for (name, peer) in
        [(field.nginx.peer.name, &field.nginx.peer), (field.full.peer().name, field.full.peer())]
    {
        let usage = peer.usage()?;
        let shown = |bytes: u64| format!("{:.1} MiB", mib(bytes));
        table.row([name.to_owned(), shown(usage.resident), shown(usage.peak_resident)]);
    }
    table.print();
    Ok(())
}

/// The rows that are no rates.
async fn alone(bench: &Bench) -> bool {
    let mut table = Table::new(["Work", "measured", "target", ""]);
    let mut sound = true;
    for (name, outcome) in [
        (compose::NAME, compose::measure(bench).await),
        (memory::LOCAL.name, memory::measure(bench, &memory::LOCAL).await),
        (memory::BUCKET.name, memory::measure(bench, &memory::BUCKET).await),
        (start::NAME, start::measure(bench).await),
    ] {
        match outcome {
            Ok(Some(figure)) => {
                let met = verdict(figure.met).to_owned();
                table.row([name.to_owned(), figure.measured, figure.target, met]);
            }
            Ok(None) => {}
            Err(error) => {
                sound = false;
                report::complain(&format!("{name}: {error}"));
                table.row([name.to_owned(), "failed".to_owned()]);
            }
        }
    }
    table.print();
    sound
}

/// One figure that stands alone.
pub(super) struct Figure {
    pub(super) measured: String,
    pub(super) target: String,
    pub(super) met: bool,
}
