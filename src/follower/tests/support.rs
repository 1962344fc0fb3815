//! Starts followers and speaks to them.

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::config::{Config, Environment, FirstFile, load};
use crate::db::{Db, Schema};
use crate::follower::Follower;
use crate::follower::binding::{NewBinding, save_enrollment};
use crate::http::Listener;
use crate::protocol::{
    BaseUrl, HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, Namespace, STORAGE_PATH,
    SignedFields, SigningKey, Timestamp,
};

pub(super) const ACCESS_KEY: &str = "rn_00112233445566778899aabbccddeeff";
pub(super) const SECRET: &str = "rns_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(super) const MASTER_URL: &str = "https://drive.example.com";
pub(super) const NAMESPACE: &str = "tenant";
const DEADLINE: Duration = Duration::from_secs(120);

/// A follower that serves; stops with the value.
pub(super) struct Node {
    pub(super) dir: Arc<TempDir>,
    pub(super) config: Config,
    pub(super) db: Db,
    pub(super) follower: Follower,
    pub(super) address: SocketAddr,
    pub(super) key: SigningKey,
    _stop: oneshot::Sender<()>,
}

pub(super) fn config(dir: &TempDir) -> Config {
    load(&Environment::default(), dir.path(), &FirstFile::Follower { database_url: None })
        .expect("configuration")
        .config
}

pub(super) async fn open_db(config: &Config) -> Db {
    Db::open(&config.database.url, 2, Schema::Follower).await.expect("database")
}

pub(super) fn new_binding() -> NewBinding {
    NewBinding {
        name: "edge".into(),
        master_url: BaseUrl::parse(MASTER_URL).expect("url"),
        enrolled_through: BaseUrl::parse("http://primary:3000").expect("url"),
        access_key: ACCESS_KEY.into(),
        secret_key: SECRET.into(),
        namespace: Some(Namespace::parse(NAMESPACE).expect("namespace")),
        is_enabled: true,
        ack_token: SecretString::from("enr_ack_x"),
        token_hash: String::new(),
        replaces: Vec::new(),
    }
}

impl Node {
    /// Before enrollment.
    pub(super) async fn new() -> Self {
        Self::over(Arc::new(tempfile::tempdir().expect("directory"))).await
    }

    /// Over what an earlier one left in its directory.
    pub(super) async fn over(dir: Arc<TempDir>) -> Self {
        let config = config(&dir);
        let db = open_db(&config).await;
        let follower = Follower::open(db.clone(), &config).await.expect("follower");
        let listener = Listener::bind("127.0.0.1", 0).await.expect("socket");
        let address = listener.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let endpoints = follower.endpoints();
        tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            listener.serve(endpoints, stop, Duration::ZERO).await
        });
        let key = SigningKey::new(SECRET);
        Self { dir, config, db, follower, address, key, _stop: stop }
    }

    /// Enrolled, without a target.
    pub(super) async fn enrolled() -> Self {
        let node = Self::new().await;
        node.enroll().await;
        node
    }

    /// Enrolled, with a default target that takes objects of any size.
    pub(super) async fn ready() -> Self {
        let node = Self::enrolled().await;
        node.add_target("main", "store", 0).await;
        node
    }

    /// What `node enroll` does beside a running follower.
    pub(super) async fn enroll(&self) {
        let mut tx = self.db.begin().await.expect("begin");
        let sealing_key = &self.config.auth.sealing_key;
        save_enrollment(&mut tx, sealing_key, &new_binding(), Timestamp::now()).await.expect("binding");
        tx.commit().await.expect("commit");
        self.follower.reload().await.expect("reload");
    }

    pub(super) async fn add_target(&self, name: &str, base_path: &str, max_file_size: i64) -> Value {
        let body = serde_json::json!({"driver_type": "local", "name": name, "base_path": base_path,
            "max_file_size": max_file_size});
        let answer = self.signed("POST", "/ingress-profiles").json(&body).send().await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.data()
    }

    pub(super) async fn set_enabled(&self, is_enabled: bool) {
        let body = serde_json::json!({"name": "edge", "is_enabled": is_enabled});
        let answer = self.signed("PUT", "/binding").json(&body).send().await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &br#"{"code":0,"msg":""}"#[..]));
    }

    pub(super) async fn put(&self, key: &str, body: &[u8]) -> Answer {
        self.signed("PUT", &format!("/objects/{key}")).body(body).send().await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.signed("GET", path).send().await
    }

    /// A call below the storage path that gets the four headers when it is sent.
    pub(super) fn signed(&self, method: &str, path: &str) -> Call {
        let mut call = self.plain(method, &format!("{STORAGE_PATH}{path}"));
        call.signer = Some(Signer {
            key: self.key.clone(),
            access_key: ACCESS_KEY.into(),
            timestamp: Timestamp::now().unix_secs().to_string(),
            nonce: fresh_nonce(),
        });
        call
    }

    /// A call of any path as it is.
    pub(super) fn plain(&self, method: &str, target: &str) -> Call {
        Call {
            address: self.address,
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            signer: None,
        }
    }

    /// Where the object of a key lies.
    pub(super) fn file(&self, base_path: &str, key: &str) -> PathBuf {
        self.config.server.follower.managed_ingress_local_root.join(base_path).join(NAMESPACE).join(key)
    }
}

fn fresh_nonce() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("nonce-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Puts a file where the follower will meet it.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut file| file.write_all(bytes)).expect("file");
}

/// What goes into the four headers.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) key: SigningKey,
    pub(super) access_key: String,
    pub(super) timestamp: String,
    pub(super) nonce: String,
}

/// A request under construction.
#[derive(Clone)]
pub(super) struct Call {
    address: SocketAddr,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    body: Vec<u8>,
    pub(super) signer: Option<Signer>,
}

impl Call {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body and its length.
    pub(super) fn body(self, body: &[u8]) -> Self {
        let mut call = self.header("content-length", &body.len().to_string());
        call.body = body.to_vec();
        call
    }

    /// Sets the body without announcing it.
    pub(super) fn raw_body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub(super) fn text(self, content_type: &str, body: &str) -> Self {
        self.header("content-type", content_type).body(body.as_bytes())
    }

    /// The four headers, then those that were added; the caller may change them before [`Call::send_headers`].
    pub(super) fn all_headers(&self) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if let Some(signer) = &self.signer {
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let signature = signer.key.sign(&SignedFields {
                method: &self.method,
                target: &self.target,
                timestamp: &signer.timestamp,
                nonce: &signer.nonce,
                content_length: length.and_then(|(_, value)| value.parse().ok()),
            });
            headers.push((HEADER_ACCESS_KEY.into(), signer.access_key.clone()));
            headers.push((HEADER_TIMESTAMP.into(), signer.timestamp.clone()));
            headers.push((HEADER_NONCE.into(), signer.nonce.clone()));
            headers.push((HEADER_SIGNATURE.into(), signature));
        }
        headers
    }

    pub(super) async fn send(&self) -> Answer {
        self.send_headers(&self.all_headers()).await
    }

    pub(super) async fn send_headers(&self, headers: &[(String, String)]) -> Answer {
        let mut stream = self.start(headers).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("an answer");
        // A refused upload may end in a reset behind the answer.
        assert!(read.is_ok() || !bytes.is_empty(), "{read:?}");
        Answer::parse(&bytes, self.method == "HEAD")
    }

    /// Sends everything and leaves the connection to the caller.
    pub(super) async fn start(&self, headers: &[(String, String)]) -> TcpStream {
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: f\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.expect("connect");
        stream.write_all(head.as_bytes()).await.expect("head");
        let _ = stream.write_all(&self.body).await;
        stream
    }
}

/// A parsed answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8], is_head: bool) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("text");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("status");
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = bytes[end + 4..].to_vec();
        let answer = Self { status: status.parse().expect("number"), headers, body };
        let announced: Option<usize> = answer.header("content-length").and_then(|n| n.parse().ok());
        if is_head {
            assert!(answer.body.is_empty());
        } else if let Some(announced) = announced {
            assert_eq!(answer.body.len(), announced);
        }
        answer
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// Status, `code` and `error.code` of a failure.
    pub(super) fn failure(&self) -> (u16, i64, String) {
        let json = self.json();
        let text = json["error"]["code"].as_str().unwrap_or_default().to_owned();
        (self.status, json["code"].as_i64().expect("code"), text)
    }

    pub(super) fn message(&self) -> String {
        self.json()["msg"].as_str().expect("msg").to_owned()
    }

    #[track_caller]
    pub(super) fn assert_failure(&self, status: u16, code: i64, text: &str) {
        assert_eq!(self.failure(), (status, code, text.to_owned()), "{self:?}");
    }
}
