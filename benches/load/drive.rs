//! A primary with one follower, set up as an administrator does it, and the figures of the drive.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use aster_drive::protocol::{REDEEM_PATH, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::connection::id_of;
use super::follower::{self, OBJECT_PATH};
use super::peer::{Access, DriveAccess, Peer, Signer};
use super::process::Process;
use super::report::{self, Table, verdict};
use super::rows::Figure;
use super::{Bench, Outcome, drive_names, drive_relay};

const ADMIN: &str = "bench";
const PASSWORD: &str = "a password for the bench";

/// Measures and prints everything; tells whether every request was answered as it must be.
pub(super) async fn measure(bench: &Bench) -> Outcome<bool> {
    let mut sound = drive_relay::rates(bench).await?;
    let mut table = Table::new(["Work", "measured", "target", ""]);
    sound &= print(&mut table, drive_relay::UPLOADS, drive_relay::uploads(bench).await);
    for (name, outcome) in [
        (drive_relay::COMPLETION, drive_relay::completion(bench).await),
        (drive_relay::MEMORY, drive_relay::memory(bench).await),
    ] {
        sound &= print(&mut table, name, outcome.map(|figure| figure.into_iter().collect()));
    }
    sound &= print(&mut table, drive_names::NAME, drive_names::measure(bench).await);
    table.print();
    Ok(sound)
}

/// `figures` may bring names of their own.
fn print(table: &mut Table, name: &str, figures: Outcome<Vec<(String, Figure)>>) -> bool {
    match figures {
        Ok(figures) => {
            for (name, figure) in figures {
                table.row([name, figure.measured, figure.target, verdict(figure.met).to_owned()]);
            }
            true
        }
        Err(error) => {
            report::complain(&format!("{name}: {error}"));
            table.row([name.to_owned(), "failed".to_owned(), String::new(), String::new()]);
            false
        }
    }
}

/// A running primary, with an administrator who is logged in.
pub(super) struct Primary {
    url: String,
    token: String,
    http: reqwest::Client,
    process: Process,
    address: std::net::SocketAddr,
}

impl Primary {
    /// Starts `binary` with `home`, which is made, as its working directory.
    pub(super) async fn start(binary: &Path, home: &Path) -> Outcome<Self> {
        fs::create_dir_all(home)?;
        let mut process = Process::start(Command::new(binary).current_dir(home).env_clear().envs([
            ("ASTER__SERVER__HOST", "127.0.0.1"),
            ("ASTER__SERVER__PORT", "0"),
            ("ASTER__SERVER__START_MODE", "primary"),
            ("ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES", "true"),
        ]))?;
        let address = follower::address(&mut process).await?;
        let url = format!("http://{address}");
        let http = reqwest::Client::builder().no_proxy().build()?;
        let mut primary = Self { url, token: String::new(), http, process, address };
        let setup = json!({"username": ADMIN, "email": "bench@example.org", "password": PASSWORD});
        primary.call(Method::POST, "/auth/setup", setup).await?;
        primary.log_in().await?;
        // Longer than any run of the bench.
        let value = json!({"value": "86400"});
        primary.call(Method::PUT, "/admin/config/auth_access_token_ttl_secs", value).await?;
        primary.log_in().await?;
        // What is overwritten goes at once, as it does at a follower.
        primary.call(Method::PUT, "/admin/config/max_versions_per_file", json!({"value": "0"})).await?;
        let site = json!({"value": [primary.url]});
        primary.call(Method::PUT, "/admin/config/public_site_url", site).await?;
        Ok(primary)
    }

    async fn log_in(&mut self) -> Outcome<()> {
        let login = json!({"identifier": ADMIN, "password": PASSWORD});
        let reply = self.http.post(format!("{}/api/v1/auth/login", self.url)).json(&login).send().await?;
        let token = reply.cookies().find(|cookie| cookie.name() == "aster_access");
        token.ok_or("no access token")?.value().clone_into(&mut self.token);
        Ok(())
    }

    /// The `data` of a call that must succeed.
    pub(super) async fn call(&self, method: Method, path: &str, body: Value) -> Outcome<Value> {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url)).json(&body);
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let reply = request.send().await?;
        let status = reply.status();
        let mut answer: Value = reply.json().await?;
        if !status.is_success() {
            return Err(format!("{path} was answered with {status}: {answer}").into());
        }
        Ok(answer["data"].take())
    }

    /// The primary as a server under load; `also` are the processes that work for it.
    pub(super) fn peer(&self, name: &'static str, also: &[u32]) -> Arc<Peer> {
        let mut processes = vec![self.process.id()];
        processes.extend(also);
        Arc::new(Peer::new(name, self.address, Access::Drive(DriveAccess::new(&self.token)), processes))
    }
}

/// Both, enrolled, with everything of the administrator going to the follower.
pub(super) struct Drive {
    /// The primary, and what it costs at both.
    pub(super) primary: Arc<Peer>,
    /// The primary alone.
    pub(super) alone: Arc<Peer>,
    /// The follower, asked without the primary.
    pub(super) follower: Arc<Peer>,
    _primary: Primary,
    _follower: Process,
}

impl Drive {
    /// Starts both with the defaults of the program.
    pub(super) async fn start(bench: &Bench, name: &str) -> Outcome<Self> {
        let home = bench.directory().join(name);
        let primary = Primary::start(&bench.follower_binary, &home.join("primary")).await?;
        let node = json!({"name": "edge", "namespace": "home", "base_url": ""});
        let node = id_of(&primary.call(Method::POST, "/admin/remote-nodes", node).await?)?;
        let path = format!("/admin/remote-nodes/{node}");
        let token = primary.call(Method::POST, &format!("{path}/enrollment-token"), json!({})).await?;
        let token = token["token"].as_str().ok_or("no token")?.to_owned();
        // A redeem may be repeated until it is acknowledged, and gives the same keys: so they are ours, too.
        let redeem = REDEEM_PATH.strip_prefix("/api/v1").ok_or("another prefix")?;
        let keys = primary.call(Method::POST, redeem, json!({"token": token})).await?;
        let follower_home = home.join("follower");
        fs::create_dir_all(&follower_home)?;
        let mut process = Process::start(
            follower::command(&bench.follower_binary, &follower_home, "full")
                .env("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", &primary.url)
                .env("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", &token),
        )?;
        let address = follower::address(&mut process).await?;
        let base = json!({"base_url": format!("http://{address}")});
        primary.call(Method::PATCH, &path, base).await?;
        primary.call(Method::POST, &format!("{path}/test"), json!({})).await?;
        let target = json!({"driver_type": "local", "name": "bench", "base_path": "bench", "max_file_size": 0, "is_default": true});
        primary.call(Method::POST, &format!("{path}/ingress-profiles"), target).await?;
        route(&primary, node).await?;
        let text = |name: &str| keys[name].as_str().ok_or("no keys").map(str::to_owned);
        let key = SigningKey::new(&text("secret_key")?);
        let signer = Signer { object_path: OBJECT_PATH, access_key: text("access_key")?, key };
        let pid = process.id();
        let follower = Peer::new("the follower itself", address, Access::Signed(signer), vec![pid]);
        Ok(Self {
            primary: primary.peer("through the primary", &[pid]),
            alone: primary.peer("primary", &[]),
            follower: Arc::new(follower),
            _primary: primary,
            _follower: process,
        })
    }
}

/// Sends everything of the administrator to the node.
async fn route(primary: &Primary, node: i64) -> Outcome<()> {
    let policy = json!({"name": "Remote", "driver_type": "remote", "remote_node_id": node, "base_path": "store",
                        "chunk_size": super::compose::PART_BYTES});
    let policy = id_of(&primary.call(Method::POST, "/admin/policies", policy).await?)?;
    let rules = json!([{"policy_id": policy, "priority": 1, "min_file_size": 0, "max_file_size": 0}]);
    let group = json!({"name": "Remote", "items": rules});
    let group = id_of(&primary.call(Method::POST, "/admin/policy-groups", group).await?)?;
    primary.call(Method::PATCH, "/admin/users/1", json!({"policy_group_id": group})).await?;
    Ok(())
}
