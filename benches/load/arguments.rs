//! The command line of the bench.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures a follower beside nginx, and a primary beside its follower, on this machine.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) mode: Option<Mode>,
    /// 3 rounds of 1 s and smaller totals, for a first impression
    #[arg(long, global = true)]
    pub(super) quick: bool,
    /// Existing directory whose disk is measured; everything written there is removed at the end
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// Only the rows whose name contains TEXT
    #[arg(long, global = true, value_name = "TEXT")]
    pub(super) only: Option<String>,
    /// Another build of aster_drive than the one just made
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) follower: Option<PathBuf>,
    /// A second nginx in place of the follower: ratios far from 1 show how much this machine wavers
    #[arg(long, global = true)]
    pub(super) nginx_only: bool,
    /// Given by `cargo bench`
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Mode {
    /// The table of ratios to nginx, compose, memory and start (the default)
    Table,
    /// A million signed reads without a pause, then replays of a sample
    Sustained,
    /// Small requests while thousands of connections idle or trickle
    SlowClients,
    /// A primary with a follower: relays beside the follower itself, small uploads, lists, search, completion, memory
    Drive,
}
