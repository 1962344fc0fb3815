//! A primary and followers that come up from a declaration, as an orchestrator starts them: nobody calls an API.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::client::Client;
use super::follower;
use super::primary::{self, login};
use super::process::{Environment, Process};
use super::reserved::Reserved;
use super::wait;

pub(crate) const ADMIN: &str = "operator";
pub(crate) const PASSWORD: &str = "declared battery staple";
pub(crate) const TOKENS: [&str; 2] =
    ["tok-1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "tok-2_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"];

/// The places of a declared installation. Processes are started by the test.
pub(crate) struct Declared {
    pub(crate) primary_at: Reserved,
    pub(crate) followers_at: [Reserved; 2],
    pub(crate) primary_home: TempDir,
    pub(crate) follower_homes: [TempDir; 2],
}

impl Declared {
    /// Two followers with a local target each, a policy each, and a default group that sends everything to the first.
    pub(crate) fn new() -> Self {
        let dir = || TempDir::new().expect("dir");
        let declared = Self {
            primary_at: Reserved::new(),
            followers_at: [Reserved::new(), Reserved::new()],
            primary_home: dir(),
            follower_homes: [dir(), dir()],
        };
        declared.write(&declared.file(""));
        declared.write_secret("password", &format!("{PASSWORD}\n"));
        declared.write_secret("token-1", &format!("{}\n", TOKENS[0]));
        declared
    }

    /// The bootstrap file; `more` stands behind the second node.
    pub(crate) fn file(&self, more: &str) -> String {
        let [first, second] = self.followers_at.each_ref().map(Reserved::url);
        let token = TOKENS[1];
        format!(
            r#"
[[nodes]]
name = "follower-1"
namespace = "one"
base_url = "{first}"
token_file = "token-1"
[[nodes.targets]]
name = "data"
driver_type = "local"
base_path = "data"

[[nodes]]
name = "follower-2"
base_url = "{second}"
token = "{token}"
[[nodes.targets]]
name = "data"
driver_type = "local"
base_path = "data"
{more}
[[policies]]
name = "follower-1"
driver_type = "remote"
node = "follower-1"
options = {{ remote_upload_strategy = "relay_stream" }}

[[policies]]
name = "follower-2"
driver_type = "remote"
node = "follower-2"

[[groups]]
name = "everyone"
is_default = true
[[groups.rules]]
policy = "follower-1"
priority = 1
[[groups.rules]]
policy = "follower-2"
priority = 2
"#
        )
    }

    /// Replaces the bootstrap file.
    pub(crate) fn write(&self, text: &str) {
        self.write_secret("bootstrap.toml", text);
    }

    pub(crate) fn write_secret(&self, name: &str, text: &str) {
        std::fs::write(self.primary_home.path().join(name), text).expect("write");
    }

    /// What the primary is started with when nothing is declared.
    pub(crate) fn plain_environment(&self) -> Environment {
        primary::environment(self.primary_at.port())
    }

    /// The same with the bootstrap variables.
    pub(crate) fn environment(&self) -> Environment {
        let mut environment = self.plain_environment();
        environment.extend(
            [
                ("ASTER_BOOTSTRAP_ADMIN_USERNAME", ADMIN),
                ("ASTER_BOOTSTRAP_ADMIN_EMAIL", "operator@example.com"),
                ("ASTER_BOOTSTRAP_ADMIN_PASSWORD_FILE", "password"),
                ("ASTER_BOOTSTRAP_PUBLIC_SITE_URL", &self.primary_at.url()),
                ("ASTER_BOOTSTRAP_FILE", "bootstrap.toml"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        environment
    }

    /// Starts the primary with the bootstrap variables; it may not serve yet.
    pub(crate) fn start_primary(&self) -> Process {
        Process::start(self.primary_home.path(), &[], &self.environment())
    }

    /// Starts it without them.
    pub(crate) fn start_plain_primary(&self) -> Process {
        Process::start(self.primary_home.path(), &[], &self.plain_environment())
    }

    /// Starts follower 0 or 1 with its bootstrap variables.
    pub(crate) fn start_follower(&self, index: usize) -> Process {
        let port = self.followers_at[index].port();
        let environment = follower::bootstrap_environment(port, &self.primary_at.url(), TOKENS[index]);
        Process::start(self.follower_homes[index].path(), &[], &environment)
    }

    /// A client that is logged in as the declared administrator, once the primary serves.
    pub(crate) async fn log_in(&self, primary: &Process) -> Client {
        primary.address().await;
        login(&self.primary_at.url(), ADMIN, PASSWORD).await
    }

    /// Waits until everything declared is done.
    pub(crate) async fn satisfied(&self, admin: &Client) -> Value {
        wait::until("the declared bootstrap is satisfied", async || {
            let state = admin.get("/api/v1/admin/bootstrap").await.data().clone();
            (state["satisfied"] == true).then_some(state)
        })
        .await
    }

    /// Objects of a follower's local target and namespace.
    pub(crate) fn objects(&self, index: usize, namespace: &str) -> Vec<PathBuf> {
        let root = self.follower_homes[index].path().join("data/managed-ingress/data").join(namespace);
        let (mut found, mut open) = (Vec::new(), vec![root]);
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { open.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

/// Uploads `bytes` as `name`.
pub(crate) async fn upload(client: &Client, name: &str, bytes: &'static [u8]) -> Value {
    let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = client.request(reqwest::Method::POST, "/api/v1/files/upload").multipart(form);
    super::client::Answer::read(request.send().await.expect("reply")).await.data().clone()
}

/// Whether `text` stands in a file below `directory`, read as bytes.
pub(crate) fn files_with(directory: &Path, text: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if std::fs::read(&path).expect("file").windows(text.len()).any(|w| w == text.as_bytes()) {
                found.push(path);
            }
        }
    }
    found
}
