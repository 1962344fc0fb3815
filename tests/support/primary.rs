//! A real primary with an administrator.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::client::Client;
use super::process::{Environment, Process, with_own_port};

pub(crate) const ADMIN: &str = "admin";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running primary and a client that is logged in as administrator.
pub(crate) struct Primary {
    pub(crate) process: Process,
    pub(crate) url: String,
    pub(crate) admin: Client,
}

/// What a primary under test is started with; `port` 0 is any.
pub(crate) fn environment(port: u16) -> Environment {
    [
        ("ASTER__SERVER__HOST", "127.0.0.1"),
        ("ASTER__SERVER__PORT", &port.to_string()),
        ("ASTER__SERVER__START_MODE", "primary"),
        ("ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

impl Primary {
    /// Starts a fresh primary in `directory` on any port, with an administrator and a public site URL.
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, &environment(0)).await
    }

    /// Starts a fresh primary with `environment`.
    pub(crate) async fn start_with(directory: &Path, environment: &Environment) -> Self {
        let mut primary = Self::launch(directory, environment).await;
        let setup = json!({"username": ADMIN, "email": "admin@example.com", "password": PASSWORD});
        primary.admin.post("/api/v1/auth/setup", setup).await.data();
        primary.admin = login(&primary.url, ADMIN, PASSWORD).await;
        primary.set_site_url(&primary.url).await;
        primary
    }

    /// Starts again what an earlier primary left in `directory`.
    pub(crate) async fn start_again(directory: &Path, port: u16) -> Self {
        let mut primary = Self::launch(directory, &environment(port)).await;
        primary.admin = login(&primary.url, ADMIN, PASSWORD).await;
        primary
    }

    async fn launch(directory: &Path, environment: &Environment) -> Self {
        let process = Process::start(directory, &[], &with_own_port(environment));
        let url = format!("http://{}", process.address().await);
        let admin = Client::new(url.clone());
        Self { process, url, admin }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("address")
    }

    /// Makes `url` the first public site URL.
    pub(crate) async fn set_site_url(&self, url: &str) {
        self.admin.put("/api/v1/admin/config/public_site_url", json!({"value": [url]})).await.data();
    }

    /// Creates a node and gives its id.
    pub(crate) async fn create_node(&self, name: &str, namespace: &str, base_url: &str) -> i64 {
        let body = json!({"name": name, "namespace": namespace, "base_url": base_url});
        let node = self.admin.post("/api/v1/admin/remote-nodes", body).await;
        node.data()["id"].as_i64().expect("id")
    }

    /// Makes an enrollment token for a node.
    pub(crate) async fn token(&self, node: i64) -> String {
        let path = format!("/api/v1/admin/remote-nodes/{node}/enrollment-token");
        let reply = self.admin.post(&path, json!({})).await;
        reply.data()["token"].as_str().expect("token").to_owned()
    }

    /// Makes a token for the follower that takes the place of an enrolled one.
    pub(crate) async fn re_enrollment_token(&self, node: i64) -> String {
        let path = format!("/api/v1/admin/remote-nodes/{node}/enrollment-token");
        let reply = self.admin.post(&path, json!({"re_enroll": true})).await;
        reply.data()["token"].as_str().expect("token").to_owned()
    }

    /// The node as the primary describes it.
    pub(crate) async fn node(&self, node: i64) -> Value {
        self.admin.get(&format!("/api/v1/admin/remote-nodes/{node}")).await.data().clone()
    }

    /// Changes a node.
    pub(crate) async fn patch_node(&self, node: i64, change: Value) -> Value {
        self.admin.patch(&format!("/api/v1/admin/remote-nodes/{node}"), change).await.data().clone()
    }
}

/// A client logged in as `identifier`; the token comes from the cookie, as a script would take it.
pub(crate) async fn login(url: &str, identifier: &str, password: &str) -> Client {
    let mut client = Client::new(url);
    let body = json!({"identifier": identifier, "password": password});
    let reply = client.http.post(format!("{url}/api/v1/auth/login")).json(&body).send().await.expect("reply");
    let token = reply
        .cookies()
        .find(|cookie| cookie.name() == "aster_access")
        .map(|cookie| cookie.value().to_owned());
    assert!(reply.status().is_success(), "login as {identifier}: {}", reply.text().await.expect("body"));
    client.bearer = Some(token.expect("the access cookie"));
    client
}
