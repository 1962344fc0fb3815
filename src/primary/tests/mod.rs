//! The primary over real sockets, in this process.

mod access;
mod accounts;
mod api_tokens;
mod audit;
mod chunks;
mod download;
pub(crate) mod failing;
mod in_use;
mod locks;
mod openapi;
mod overview;
mod previews;
mod search;
mod sessions;
mod settings;
mod shares;
mod tasks;
mod teams;
mod throttling;
mod tree;
mod upload;
mod web;
mod webdav;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Primary;
use crate::config::{Config, Environment, FirstFile, load};
use crate::db::tests::url_in;
use crate::db::{Db, Schema};
use crate::http::Listener;
use crate::storage::SharedStore;
use crate::storage::remote::transport;

const PASSWORD: &str = "correct horse";

/// A primary that serves until it is dropped.
pub(crate) struct Site {
    pub(crate) primary: Primary,
    db: Db,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
    dir: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        Self::with_proxies("").await
    }

    /// That believes the proxies in the list.
    async fn with_proxies(trusted: &str) -> Self {
        Self::start(tempfile::tempdir().expect("dir"), trusted).await
    }

    async fn start(dir: tempfile::TempDir, trusted: &str) -> Self {
        let config = config_with(dir.path(), trusted);
        let db = Db::open(&url_in(dir.path()), 4, Schema::Primary).await.expect("db");
        let primary = Primary::open(db.clone(), &config, transport::direct()).await.expect("primary");
        let listener = Listener::bind("127.0.0.1", 0).await.expect("bind");
        let address = listener.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = primary.routes();
        tokio::spawn(listener.serve(
            routes,
            async move {
                let _ = stopped.await;
            },
            Duration::ZERO,
        ));
        Self { primary, db, address, _stop: stop, dir }
    }

    /// With an administrator, logged in.
    pub(crate) async fn with_admin() -> (Self, Session) {
        let site = Self::new().await;
        let reply = site.set_up("admin").await;
        assert_eq!(reply.status(), 201, "{:?}", reply.text().await);
        let admin = site.log_in("admin").await;
        (site, admin)
    }

    /// The same where this machine is a trusted proxy.
    async fn with_admin_behind_proxy() -> (Self, Session) {
        let site = Self::with_proxies("127.0.0.1").await;
        site.set_up("admin").await;
        let admin = site.log_in("admin").await;
        (site, admin)
    }

    /// Makes a user and logs in.
    async fn with_user(&self, admin: &Session, name: &str) -> Session {
        assert_eq!(admin.send(Method::POST, "/admin/users", account(name)).await.0, 201);
        self.log_in(name).await
    }

    async fn try_log_in(&self, name: &str, password: &str) -> Response {
        let body = json!({"identifier": name, "password": password});
        Client::new().post(self.url("/auth/login")).json(&body).send().await.expect("reply")
    }

    /// A call with `Authorization: Bearer`, with a body that sets a number.
    async fn bearer(&self, method: Method, path: &str, token: &str) -> (u16, Value) {
        let request = Client::new().request(method, self.url(path)).bearer_auth(token);
        status_and_body(request.json(&json!({"value": "5"})).send().await.expect("reply")).await
    }

    /// The column `text` of the one row that `sql` gives.
    async fn text(&self, sql: &'static str) -> String {
        use sqlx::Row;
        sqlx::query(sql).fetch_one(self.db.read()).await.expect(sql).get("text")
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    async fn set_up(&self, name: &str) -> Response {
        let body = account(name);
        Client::new().post(self.url("/auth/setup")).json(&body).send().await.expect("setup")
    }

    async fn log_in(&self, name: &str) -> Session {
        let client = Client::builder().cookie_store(true).build().expect("client");
        let body = json!({"identifier": name, "password": PASSWORD});
        let reply = client.post(self.url("/auth/login")).json(&body).send().await.expect("login");
        assert_eq!(reply.status(), 200);
        let csrf = cookie(&reply, "aster_csrf");
        let access = cookie(&reply, "aster_access");
        Session { client, csrf, access, base: self.url("") }
    }

    /// The store of the default policy.
    pub(crate) async fn store(&self) -> SharedStore {
        let group = self.primary.policies.default_group_id().await.expect("group");
        self.primary.policies.choose(group, 1).await.expect("policy").store
    }

    pub(crate) async fn objects(&self) -> Vec<String> {
        self.store().await.list_up_to(1000, None).await.expect("list")
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        use sqlx::{AssertSqlSafe, Row};
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}"));
        sqlx::query(sql).fetch_one(self.db.read()).await.expect("count").get("n")
    }

    /// Files, blobs, stray rows and objects.
    pub(crate) async fn leftovers(&self) -> (i64, i64, i64, usize) {
        (
            self.count("files").await,
            self.count("blobs").await,
            self.count("stray_objects").await,
            self.objects().await.len(),
        )
    }

    /// Of `strays` that may still be written, the objects that the cleaner leaves in place: all of them where another
    /// primary could be the one who writes.
    pub(crate) fn waiting_objects(&self, strays: usize) -> usize {
        if self.db.is_shared() { strays } else { 0 }
    }

    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut tx = self.db.begin().await.expect("begin");
        sqlx::query(sql).execute(&mut *tx).await.expect(sql);
        tx.commit().await.expect("commit");
    }
}

/// A logged-in client with cookies.
pub(crate) struct Session {
    client: Client,
    csrf: String,
    access: String,
    base: String,
}

impl Session {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("x-csrf-token", &self.csrf)
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        status_and_body(self.request(method, path).json(&body).send().await.expect("reply")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        status_and_body(self.request(Method::DELETE, path).send().await.expect("reply")).await
    }

    /// The content of a file.
    pub(crate) async fn download(&self, id: i64) -> Vec<u8> {
        let reply = self.request(Method::GET, &format!("/files/{id}/download")).send().await.expect("reply");
        assert_eq!(reply.status(), 200);
        reply.bytes().await.expect("body").to_vec()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        status_and_body(self.request(Method::GET, path).send().await.expect("reply")).await
    }

    /// Makes an API token and gives its text.
    async fn token(&self, scope: &str) -> String {
        let (status, body) =
            self.send(Method::POST, "/auth/tokens", json!({"name": "t", "scope": scope})).await;
        assert_eq!(status, 201, "{body}");
        body["data"]["token"].as_str().expect("token").to_owned()
    }

    async fn upload(&self, name: &str, content: impl Into<reqwest::Body>, size: u64) -> (u16, Value) {
        let part = Part::stream_with_length(content, size).file_name(name.to_owned());
        let form = Form::new().text("note", "a field before the file").part("file", part);
        let request = self.request(Method::POST, "/files/upload").multipart(form);
        status_and_body(request.send().await.expect("reply")).await
    }

    pub(crate) async fn upload_bytes(&self, name: &str, content: &[u8]) -> (u16, Value) {
        self.upload(name, content.to_vec(), content.len() as u64).await
    }
}

/// What a first start in `directory` gives; connections need no TLS.
fn config(directory: &std::path::Path) -> Config {
    config_with(directory, "")
}

fn config_with(directory: &std::path::Path, trusted_proxies: &str) -> Config {
    let environment = [
        ("ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES", "true"),
        ("ASTER__NETWORK_TRUST__TRUSTED_PROXIES", trusted_proxies),
    ];
    load(&Environment::from_iter(environment), directory, &FirstFile::Primary).expect("configuration").config
}

fn account(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD})
}

fn cookie(reply: &Response, name: &str) -> String {
    let found = reply.cookies().find(|cookie| cookie.name() == name).expect(name);
    found.value().to_owned()
}

async fn status_and_body(reply: Response) -> (u16, Value) {
    let status = reply.status().as_u16();
    (status, reply.json().await.expect("an envelope"))
}

/// Bounds a hang and nothing else.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` gives something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, condition: impl Fn() -> F) -> T {
    let polling = async {
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, polling).await.unwrap_or_else(|_| panic!("never: {what}"))
}

#[tokio::test]
async fn health_is_open_and_unknown_paths_get_an_envelope() {
    let site = Site::new().await;
    for path in ["/health", "/health/ready"] {
        let url = format!("http://{}{path}", site.address);
        assert_eq!(Client::new().head(&url).send().await.expect("reply").status(), 200);
        let (status, body) = status_and_body(Client::new().get(&url).send().await.expect("reply")).await;
        assert_eq!((status, body["code"].as_i64()), (200, Some(0)));
    }
    let (status, body) = status_and_body(reqwest::get(site.url("/nothing")).await.expect("reply")).await;
    assert_eq!((status, body["error"]["code"].as_str()), (404, Some("endpoint_not_found")));
}

#[tokio::test]
async fn the_background_cleans_from_its_start_and_ends_when_told() {
    let (site, _admin) = Site::with_admin().await;
    site.execute("UPDATE sessions SET expires_at = 1").await;
    let (stop, stopped) = oneshot::channel::<()>();
    let background = site.primary.run_background(async move {
        let _ = stopped.await;
    });
    let watching = async {
        eventually("the session is gone", async || (site.count("sessions").await == 0).then_some(())).await;
        drop(stop);
    };
    let both = async { tokio::join!(background, watching) };
    tokio::time::timeout(PATIENCE, Box::pin(both)).await.expect("the background ends");
}

#[tokio::test]
async fn a_primary_without_its_database_is_alive_but_not_ready() {
    let site = Site::new().await;
    site.primary.close().await;
    let url = format!("http://{}/health", site.address);
    assert_eq!(reqwest::get(&url).await.expect("reply").status(), 200);
    assert_eq!(reqwest::get(format!("{url}/ready")).await.expect("reply").status(), 503);
}
