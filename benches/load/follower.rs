//! A follower of the build under measurement, started and enrolled the way a container does it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aster_drive::protocol::{STORAGE_PATH, SigningKey, random_token};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Outcome;
use super::connection::Connection;
use super::peer::{Access, Peer, Signer};
use super::process::Process;
use super::scripted_primary::ScriptedPrimary;

pub(super) const OBJECT_PATH: &str = "/api/v1/internal/storage/objects";

/// A running follower with one target.
pub(super) struct Follower {
    pub(super) peer: Arc<Peer>,
    signer: Signer,
    home: PathBuf,
    binary: PathBuf,
    durability: &'static str,
    _process: Process,
}

impl Follower {
    /// Starts `binary` with `home`, which is made, as its working directory, enrolls it and gives it a local target.
    pub(super) async fn start(
        binary: &Path,
        home: &Path,
        name: &'static str,
        durability: &'static str,
    ) -> Outcome<Self> {
        let target = json!({"driver_type": "local", "base_path": "bench"});
        Self::start_with(target, binary, home, name, durability).await
    }

    /// The same with another target, of which only what its driver needs is given.
    pub(super) async fn start_with(
        target: Value,
        binary: &Path,
        home: &Path,
        name: &'static str,
        durability: &'static str,
    ) -> Outcome<Self> {
        fs::create_dir_all(home)?;
        let access_key = random_token("rn_", 16).expose_secret().to_owned();
        let secret_key = random_token("rns_", 32);
        let primary = ScriptedPrimary::start(&access_key, secret_key.expose_secret()).await?;
        let token = random_token("enr_", 16);
        let mut process = Process::start(
            command(binary, home, durability)
                .env("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", primary.url())
                .env("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", token.expose_secret()),
        )?;
        let address = address(&mut process).await?;
        let key = SigningKey::new(secret_key.expose_secret());
        let signer = Signer { object_path: OBJECT_PATH, access_key, key };
        let peer = Arc::new(Peer::new(name, address, Access::Signed(signer.clone()), vec![process.id()]));
        create_target(&peer, target).await.map_err(|error| format!("{error}\n{}", process.last_lines()))?;
        let (home, binary) = (home.to_owned(), binary.to_owned());
        Ok(Self { peer, signer, home, binary, durability, _process: process })
    }

    /// Stops it, starts it again, and tells how long the start took until `/health` answered 200.
    pub(super) async fn restart(self) -> Outcome<(Self, Duration)> {
        let Self { peer, signer, home, binary, durability, _process } = self;
        drop(_process);
        let started = Instant::now();
        let mut process = Process::start(&mut command(&binary, &home, durability))?;
        let address = address(&mut process).await?;
        let access = Access::Signed(signer.clone());
        let peer = Arc::new(Peer::new(peer.name, address, access, vec![process.id()]));
        Connection::open(&peer).await?.call("GET", "/health", None).await?;
        let took = started.elapsed();
        Ok((Self { peer, signer, home, binary, durability, _process: process }, took))
    }
}

/// With an environment of its own, so that nothing set in the caller's shell changes what is measured.
pub(super) fn command(binary: &Path, home: &Path, durability: &str) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(home).env_clear().envs([
        ("ASTER__SERVER__HOST", "127.0.0.1"),
        ("ASTER__SERVER__PORT", "0"),
        ("ASTER__SERVER__START_MODE", "follower"),
        ("ASTER__SERVER__FOLLOWER__DURABILITY", durability),
    ]);
    command
}

pub(super) async fn address(process: &mut Process) -> Outcome<SocketAddr> {
    let text = process.text_after("startup complete - listening on ").await?;
    Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
}

/// What a primary does after an enrollment: it pushes the binding and an ingress target.
async fn create_target(peer: &Arc<Peer>, mut target: Value) -> Outcome<()> {
    let mut connection = Connection::open(peer).await?;
    let binding = json!({"name": "bench", "is_enabled": true});
    connection.call("PUT", &format!("{STORAGE_PATH}/binding"), Some(&binding)).await?;
    target["name"] = "bench".into();
    target["max_file_size"] = 0.into();
    target["is_default"] = true.into();
    let made = connection.call("POST", &format!("{STORAGE_PATH}/ingress-profiles"), Some(&target)).await?;
    // A target that could not be applied is answered with 201 all the same (wire contract §6).
    if made["last_error"] == "" && made["applied_revision"] == made["desired_revision"] {
        return Ok(());
    }
    Err(format!("the follower could not apply its target: {}", made["last_error"]).into())
}
