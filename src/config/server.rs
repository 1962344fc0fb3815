//! `[server]` and `[server.follower]`: where the process listens, what it is, how a follower stores.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::paths;
use super::reader::Reader;

const MIB: usize = 1024 * 1024;

/// The listener and the role.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// IP address or host name to listen on; an IPv6 address without brackets.
    pub host: String,
    /// TCP port; 0 lets the system choose a free one.
    pub port: u16,
    /// Worker threads; 0 means one for each CPU.
    pub workers: usize,
    /// What this process is.
    pub start_mode: StartMode,
    /// How long open requests may still run after a signal to stop.
    pub shutdown_grace: Duration,
    /// Settings only a follower uses.
    pub follower: FollowerConfig,
}

/// The two roles of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartMode {
    /// Serves people.
    Primary,
    /// Stores bytes for a primary.
    Follower,
}

/// How a follower stores and enrolls.
#[derive(Debug, Clone)]
pub struct FollowerConfig {
    /// Directory that holds every local ingress target; absolute.
    pub managed_ingress_local_root: PathBuf,
    /// What has reached the disk before a write is acknowledged.
    pub durability: Durability,
    /// Bytes for remembering nonces.
    pub replay_memory_bytes: usize,
    /// How long the start waits for an unreachable primary; zero tries once.
    pub enrollment_deadline: Duration,
    /// Bytes of a local target's file system that no PUT may use; 0 leaves it to the disk.
    pub reserved_free_bytes: u64,
    /// PEM file of the authorities that S3 targets trust instead of the system's; absolute.
    pub s3_ca_file: Option<PathBuf>,
    /// Longest silence of an S3 server.
    pub s3_silence: Duration,
}

/// What must be on the disk before a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Data and directory entry: an acknowledged object survives a power failure.
    Full,
    /// Whole or absent after a crash of the process; the last seconds may be lost with the power.
    Rename,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader<'_>, working_dir: &Path) -> Self {
        reader.section("server", "Where this process listens and which role it has.");
        Self {
            host: reader.text(
                "server.host",
                "127.0.0.1",
                "an IP address (IPv6 without brackets) or a host name, without port",
                host,
                "Address to listen on. 127.0.0.1 is reachable from this machine only, 0.0.0.0 from everywhere.",
            ),
            port: reader.integer(
                "server.port",
                3000,
                0..=u16::MAX,
                "TCP port to listen on. 0 takes any free port; the log says which.",
            ),
            workers: reader.integer(
                "server.workers",
                0,
                0..=1024,
                "Worker threads. 0 starts one for each CPU.",
            ),
            start_mode: reader.choice(
                "server.start_mode",
                [("primary", StartMode::Primary), ("follower", StartMode::Follower)],
                "Role of this process: a primary serves people, a follower stores objects for its primary.",
            ),
            shutdown_grace: reader.seconds(
                "server.shutdown_grace_secs",
                8,
                1..=3600,
                "Seconds that open requests may still take after TERM or INT before the process ends.",
            ),
            follower: FollowerConfig::read(reader, working_dir),
        }
    }
}

impl FollowerConfig {
    fn read(reader: &mut Reader<'_>, working_dir: &Path) -> Self {
        reader.section("server.follower", "Used by a follower only.");
        Self {
            managed_ingress_local_root: reader.text(
                "server.follower.managed_ingress_local_root",
                "managed-ingress",
                "a path; a relative one counts from data/ and must stay in the working directory",
                |given| paths::resolve(working_dir, given),
                "Directory below which every local ingress target keeps its objects.",
            ),
            durability: reader.choice(
                "server.follower.durability",
                [("full", Durability::Full), ("rename", Durability::Rename)],
                "When a stored object is acknowledged. full: data and directory entry are on the disk, so it survives a \
                 power failure. rename: faster; still whole or absent, but a power failure may take the last seconds.",
            ),
            replay_memory_bytes: reader.integer(
                "server.follower.replay_memory_bytes",
                32 * MIB,
                MIB..=4096 * MIB,
                "Bytes for remembering the nonces of signed requests. When they are used up, the oldest seconds are \
                 forgotten and requests signed that long ago are refused.",
            ),
            enrollment_deadline: reader.seconds(
                "server.follower.enrollment_deadline_secs",
                600,
                0..=86_400,
                "Seconds that the start keeps trying to enroll at a primary it cannot reach. 0 tries once.",
            ),
            reserved_free_bytes: reader.integer(
                "server.follower.reserved_free_bytes",
                0,
                0..=1_u64 << 50,
                "Bytes that stay free on the disk of a local target: an object that would use them is refused with 507 \
                 before it is read. 0 lets objects fill the disk.",
            ),
            s3_ca_file: reader.text(
                "server.follower.s3_ca_file",
                "",
                "empty, or a path; a relative one counts from data/ and must stay in the working directory",
                |given| if given.is_empty() { Ok(None) } else { paths::resolve(working_dir, given).map(Some) },
                "PEM file of the certificate authorities that S3 targets trust instead of the system's, for an S3 \
                 server with a certificate of its own.",
            ),
            s3_silence: reader.seconds(
                "server.follower.s3_silence_secs",
                30,
                1..=110,
                "Seconds that an S3 server may go without taking or sending a byte, or without answering, before the \
                 request fails. A primary waits 120 s for a follower.",
            ),
        }
    }
}

fn host(given: &str) -> Result<String, String> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    if given.parse::<IpAddr>().is_ok() || is_name(given) {
        return Ok(given.to_owned());
    }
    Err("not an address".to_owned())
}
