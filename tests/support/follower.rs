//! A real follower, started the way a container starts it.

use std::path::Path;

use reqwest::StatusCode;

use super::client::Client;
use super::process::{Environment, Process, with_own_port};
use super::wait;

/// A running follower.
pub(crate) struct Follower {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(crate) client: Client,
}

/// What a follower under test is started with; `port` 0 is any.
pub(crate) fn environment(port: u16) -> Environment {
    [
        ("ASTER__SERVER__HOST", "127.0.0.1"),
        ("ASTER__SERVER__PORT", &port.to_string()),
        ("ASTER__SERVER__START_MODE", "follower"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same with the one-time variables.
pub(crate) fn bootstrap_environment(port: u16, master_url: &str, token: &str) -> Environment {
    let mut environment = environment(port);
    environment.insert("ASTER_BOOTSTRAP_REMOTE_MASTER_URL".into(), master_url.into());
    environment.insert("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN".into(), token.into());
    environment
}

impl Follower {
    /// Starts a follower without one-time variables and waits until it serves.
    pub(crate) async fn start(directory: &Path, port: u16) -> Self {
        Self::start_with(directory, &environment(port)).await
    }

    /// Starts a follower with `environment` and waits until it serves.
    pub(crate) async fn start_with(directory: &Path, environment: &Environment) -> Self {
        let process = Process::start(directory, &[], &with_own_port(environment));
        let url = format!("http://{}", process.address().await);
        let client = Client::new(url.clone());
        Self { process, url, client }
    }

    /// The port it serves on.
    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("port")
    }

    /// Status of `/health/ready`.
    pub(crate) async fn ready_status(&self) -> StatusCode {
        self.client.get("/health/ready").await.status
    }

    /// Waits until `/health/ready` is 200.
    pub(crate) async fn ready(&self) {
        wait::until("the follower is ready", async || (self.ready_status().await == 200).then_some(())).await;
    }

    /// Where objects of a target and namespace lie.
    pub(crate) fn objects(&self, base_path: &str, namespace: &str) -> std::path::PathBuf {
        self.process.directory().join("data/managed-ingress").join(base_path).join(namespace)
    }
}
