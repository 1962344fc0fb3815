//! `aster_drive`: a drive for people (the primary) whose bytes live on storage nodes (followers).
//!
//! The modules form floors; a module uses only floors below its own. `tests/it/architecture.rs` holds this.

/// Settings from `config.toml`, `ASTER__…` and the one-time `ASTER_BOOTSTRAP_…` variables.
pub mod config;
/// The wire between primary and follower: types, signing, keys, capabilities. No I/O, no framework.
pub mod protocol;

/// Database pools, migrations, transactions.
pub mod db;
/// What both servers share: listener, drain, envelope, request id, extractors, health.
pub mod http;
/// Where objects live: the `ObjectStore` trait with its local and remote implementations.
pub mod storage;

/// Background work: queue, lease, retry, progress. Knows no concrete task.
pub mod tasks;

/// The role with the bytes: binding, caller check, ingress targets, objects.
pub mod follower;
/// The role with the people: accounts, settings, nodes, policies, files.
pub mod primary;

/// The command line.
pub mod cli;
/// The start of a process: environment → configuration → enroll → re-exec → serve; signals, drain.
pub mod entrypoint;
