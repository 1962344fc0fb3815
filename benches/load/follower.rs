//! A follower of the build under measurement, started and enrolled the way a container does it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aster_drive::protocol::{STORAGE_PATH, SigningKey, random_token};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Outcome;
use super::connection::Connection;
use super::peer::{Peer, Signer};
use super::process::Process;
use super::scripted_primary::ScriptedPrimary;

const OBJECT_PATH: &str = "/api/v1/internal/storage/objects";

/// A running follower with a local target.
pub(super) struct Follower {
    pub(super) peer: Arc<Peer>,
    home: PathBuf,
    binary: PathBuf,
    durability: &'static str,
    _process: Process,
}

impl Follower {
    /// Starts `binary` with `home`, which is made, as its working directory, enrolls it and gives it a target.
    pub(super) async fn start(
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
        let signer = Signer { access_key, key };
        let peer = Arc::new(Peer::new(name, address, OBJECT_PATH, Some(signer), vec![process.id()]));
        create_target(&peer).await.map_err(|error| format!("{error}\n{}", process.last_lines()))?;
        Ok(Self { peer, home: home.to_owned(), binary: binary.to_owned(), durability, _process: process })
    }

    /// Stops it, starts it again, and tells how long the start took until `/health` answered 200.
    pub(super) async fn restart(self) -> Outcome<(Self, Duration)> {
        let Self { peer, home, binary, durability, _process } = self;
        drop(_process);
        let started = Instant::now();
        let mut process = Process::start(&mut command(&binary, &home, durability))?;
        let address = address(&mut process).await?;
        let signer =
            peer.signer.as_ref().map(|s| Signer { access_key: s.access_key.clone(), key: s.key.clone() });
        let peer = Arc::new(Peer::new(peer.name, address, OBJECT_PATH, signer, vec![process.id()]));
        Connection::open(&peer).await?.call("GET", "/health", None).await?;
        let took = started.elapsed();
        Ok((Self { peer, home, binary, durability, _process: process }, took))
    }
}

/// With an environment of its own, so that nothing set in the caller's shell changes what is measured.
fn command(binary: &Path, home: &Path, durability: &str) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(home).env_clear().envs([
        ("ASTER__SERVER__HOST", "127.0.0.1"),
        ("ASTER__SERVER__PORT", "0"),
        ("ASTER__SERVER__START_MODE", "follower"),
        ("ASTER__SERVER__FOLLOWER__DURABILITY", durability),
    ]);
    command
}

async fn address(process: &mut Process) -> Outcome<SocketAddr> {
    let text = process.text_after("startup complete - listening on ").await?;
    Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
}

/// What a primary does after an enrollment: it pushes the binding and an ingress target.
async fn create_target(peer: &Arc<Peer>) -> Outcome<()> {
    let mut connection = Connection::open(peer).await?;
    let binding = json!({"name": "bench", "is_enabled": true});
    connection.call("PUT", &format!("{STORAGE_PATH}/binding"), Some(&binding)).await?;
    let target = json!({
        "driver_type": "local", "name": "bench", "base_path": "bench", "max_file_size": 0, "is_default": true,
    });
    let made = connection.call("POST", &format!("{STORAGE_PATH}/ingress-profiles"), Some(&target)).await?;
    // A target that could not be applied is answered with 201 all the same (wire contract §6).
    if made["last_error"] == "" && made["applied_revision"] == made["desired_revision"] {
        return Ok(());
    }
    Err(format!("the follower could not apply its target: {}", made["last_error"]).into())
}
