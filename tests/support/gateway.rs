//! A gateway between follower and primary that can hold a request before it is forwarded, or an answer before it is
//! delivered. Both ends are real; only the wire between them has a gate.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::sync::{Semaphore, watch};

/// Which side of the upstream call a gate stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The request has arrived and is not forwarded yet.
    Request,
    /// The upstream has answered and the answer is not delivered yet.
    Answer,
}

/// A closed gate.
#[derive(Clone)]
pub(crate) struct Gate {
    path: &'static str,
    side: Side,
    reached: watch::Sender<bool>,
    open: Arc<Semaphore>,
}

impl Gate {
    /// Waits until a message stands before the gate.
    pub(crate) async fn reached(&self) {
        self.reached.subscribe().wait_for(|reached| *reached).await.expect("gate");
    }

    /// Lets this and all later messages pass.
    pub(crate) fn open(&self) {
        self.open.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    async fn pass(&self) {
        self.reached.send_replace(true);
        self.open.acquire().await.expect("gate").forget();
    }
}

/// A running gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) url: String,
    gates: Arc<Mutex<Vec<Gate>>>,
}

#[derive(Clone)]
struct Shared {
    upstream: String,
    http: reqwest::Client,
    gates: Arc<Mutex<Vec<Gate>>>,
}

impl Gateway {
    /// Starts a gateway to `upstream` on any port; it ends with the test's runtime.
    pub(crate) async fn start(upstream: &str) -> Self {
        let gates = Arc::<Mutex<Vec<Gate>>>::default();
        let http = reqwest::Client::builder().no_proxy().build().expect("client");
        let shared = Shared { upstream: upstream.to_owned(), http, gates: Arc::clone(&gates) };
        let routes = Router::new().fallback(forward).with_state(shared);
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address: SocketAddr = socket.local_addr().expect("address");
        tokio::spawn(async move { axum::serve(socket, routes).await.expect("gateway") });
        Self { url: format!("http://{address}"), gates }
    }

    /// Closes a gate for messages whose path begins with `path`.
    pub(crate) fn close(&self, path: &'static str, side: Side) -> Gate {
        let gate = Gate { path, side, reached: watch::channel(false).0, open: Arc::new(Semaphore::new(0)) };
        self.gates.lock().expect("gates").push(gate.clone());
        gate
    }
}

impl Shared {
    async fn pass(&self, path: &str, side: Side) {
        let gate = self
            .gates
            .lock()
            .expect("gates")
            .iter()
            .find(|gate| path.starts_with(gate.path) && gate.side == side)
            .cloned();
        if let Some(gate) = gate {
            gate.pass().await;
        }
    }
}

async fn forward(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.expect("body");
    let path = parts.uri.path().to_owned();
    shared.pass(&path, Side::Request).await;
    let mut headers = parts.headers;
    headers.remove("host");
    let sent = shared
        .http
        .request(parts.method, format!("{}{}", shared.upstream, parts.uri))
        .headers(headers)
        .body(body)
        .send()
        .await;
    let Ok(reply) = sent else {
        return Response::builder().status(502).body(Body::from("upstream is away")).expect("response");
    };
    let status = reply.status();
    let body = reply.bytes().await.expect("body");
    shared.pass(&path, Side::Answer).await;
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("response")
}
