//! `ScriptedFollower`: a tiny HTTP server for tests that says exactly what a test wants, however wrong.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::FollowerClient;
use super::transport;
use crate::protocol::BaseUrl;

/// A request as it arrived, byte for byte where it matters.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case, in order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The bytes of a reply; with `hang_up` the connection is closed after them.
pub(crate) struct Said {
    bytes: Vec<u8>,
    hang_up: bool,
}

impl Said {
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), hang_up: false }
    }

    pub(crate) fn then_hang_up(mut self) -> Self {
        self.hang_up = true;
        self
    }

    /// A reply with status, headers (each ending in CRLF) and body; the length is added.
    pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Self {
        Self::raw(format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::reply(status, "Content-Type: application/json\r\n", body)
    }

    pub(crate) fn done() -> Self {
        Self::json(200, r#"{"code":0,"msg":""}"#)
    }
}

type Script = dyn Fn(&Seen) -> Said + Send + Sync;

/// Listens on a free port until dropped.
pub(crate) struct ScriptedFollower {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl ScriptedFollower {
    /// Answers each request with what `script` says.
    pub(crate) async fn start(script: impl Fn(&Seen) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, log): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self { address, seen, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client with the key `rn_test` and the secret `rns_test`.
    pub(crate) fn client(&self, path_prefix: &str) -> FollowerClient {
        let base = BaseUrl::parse(&format!("{}{path_prefix}", self.url())).expect("url");
        FollowerClient::new(base, "rn_test", &"rns_test".to_owned().into(), transport::direct())
            .expect("client")
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics while it holds this").clone()
    }
}

impl Drop for ScriptedFollower {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn converse(mut stream: TcpStream, script: Arc<Script>, log: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = Vec::new();
    while let Some(seen) = read_request(&mut stream, &mut buffer).await {
        log.lock().expect("no test panics while it holds this").push(seen.clone());
        let said = script(&seen);
        if stream.write_all(&said.bytes).await.is_err() || said.hang_up {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).ok()?;
    let mut lines = head.lines();
    let mut start = lines.next()?.split(' ');
    let (method, target) = (start.next()?.to_owned(), start.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut seen = Seen { method, target, headers, body: Vec::new() };
    let length = seen.header("content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = buffer.drain(..length).collect();
    Some(seen)
}
