//! How a request reaches the other end. [`Transport`] is a `tower::Service`; this file holds the direct one: a pool
//! of HTTP/1.1 connections. Nothing here signs or knows object keys.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service;
use tower::util::BoxCloneSyncService;

use crate::protocol::Timestamp;
use crate::storage::BodyError;

/// The body of a request or reply in transit.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Sends a request with an absolute URI, gives the reply once its head is there.
pub type Transport = BoxCloneSyncService<Request<Body>, Response<Body>, TransportError>;

/// How long a pool waits for the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// Without any byte moving, in either direction, once connected. A slow line is fine, a dead one not.
    pub stall: Duration,
    /// For the head of the reply after a body is out.
    pub head_after_body: Duration,
}

/// The limits towards followers, which sync large objects to their disks before they answer.
const FOLLOWER: Patience = Patience {
    connect: Duration::from_secs(5),
    stall: Duration::from_secs(30),
    head_after_body: Duration::from_secs(120),
};

/// Below the 30 s after which our own servers close an idle connection, so that a pooled one is rarely stale.
const POOL_IDLE: Duration = Duration::from_secs(20);
const POOL_IDLE_PER_HOST: usize = 32;

/// In the extensions of a request: how long the other end may work on it, once it has all of it, before it answers.
/// Without this, as long as the pool's [`Patience`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerWithin(pub Duration);

/// Why no reply came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The host name has no address.
    #[error("the host name cannot be resolved")]
    Dns(#[source] Box<dyn StdError + Send + Sync>),
    /// Nobody listens there.
    #[error("connection refused")]
    Refused(#[source] Box<dyn StdError + Send + Sync>),
    /// No connection in time.
    #[error("no connection in time")]
    ConnectTimeout,
    /// The TLS handshake failed, usually over the certificate.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// Connected, but no reply in time.
    #[error("no reply within {} s", .0.as_secs())]
    ReplyTimeout(Duration),
    /// The connection broke, or what came back is not HTTP.
    #[error("connection broken: {0}")]
    Broken(#[source] Box<dyn StdError + Send + Sync>),
    /// Not sent: the peer has not answered for a while (see [`super::guard`]).
    #[error("unreachable since {}; it is used again as soon as it answers", .0.to_rfc3339())]
    Unreachable(Timestamp),
    /// Not sent: so many requests to the peer wait for an answer already.
    #[error("{0} requests wait for an answer already; try again later")]
    Busy(usize),
}

/// A body that carries nothing.
pub fn no_body() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body that is in memory already.
pub fn full_body(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The direct pool to followers: connections to whatever host a request names, kept for reuse.
pub fn direct() -> Transport {
    pool(FOLLOWER, None)
}

/// A pool of connections to whatever host a request names.
///
/// TLS trusts `roots` or, when `None`, the certificates of the operating system, or the built-in Mozilla list where
/// there are none (a minimal container).
pub(crate) fn pool(patience: Patience, roots: Option<rustls::RootCertStore>) -> Transport {
    let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(patience.connect));
    let tls = HttpsConnectorBuilder::new();
    let tls = match roots {
        Some(roots) => tls.with_tls_config(
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth(),
        ),
        None => match tls.with_native_roots() {
            Ok(native) => native,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        },
    };
    let connector = tls.https_or_http().enable_http1().wrap_connector(http);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_IDLE_PER_HOST)
        .build(connector);
    BoxCloneSyncService::new(Direct { patience, client })
}

#[derive(Clone)]
struct Direct {
    patience: Patience,
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Body>,
}

impl Service<Request<Body>> for Direct {
    type Response = Response<Body>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Response<Body>, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (client, patience) = (self.client.clone(), self.patience);
        Box::pin(async move {
            let progress = Progress::of(&request, patience);
            let request = request.map(|body| progress.watch(body));
            let reply = tokio::select! {
                reply = client.request(request) => reply.map_err(classify)?,
                waited = progress.stalled() => return Err(TransportError::ReplyTimeout(waited)),
            };
            Ok(reply.map(|body| Paced::new(body, patience.stall).boxed_unsync()))
        })
    }
}

/// When the request last moved; shared between the body, which notes it, and the wait for the reply.
#[derive(Clone)]
struct Progress {
    patience: Patience,
    started: Instant,
    answer_within: Duration,
    last_ms: Arc<AtomicU64>,
    body_done: Arc<AtomicU64>,
}

impl Progress {
    fn of(request: &Request<Body>, patience: Patience) -> Self {
        let bodiless = request.body().is_end_stream();
        let usual = if bodiless { patience.stall } else { patience.head_after_body };
        let answer_within = request.extensions().get().map_or(usual, |AnswerWithin(given)| *given);
        Self {
            patience,
            started: Instant::now(),
            answer_within,
            last_ms: Arc::default(),
            body_done: Arc::new(AtomicU64::new(u64::from(bodiless))),
        }
    }

    /// Longest time without any movement, as far as the request has come.
    fn limit(&self) -> Duration {
        if self.body_done.load(Ordering::Relaxed) == 0 { self.patience.stall } else { self.answer_within }
    }

    fn note(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(elapsed, Ordering::Relaxed);
    }

    fn watch(&self, body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Watched { inner: body, progress: self.clone() }.boxed_unsync()
    }

    /// Completes when nothing has moved for too long; gives the time waited.
    async fn stalled(&self) -> Duration {
        loop {
            let limit = self.limit();
            let last = self.started + Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let left = (last + limit).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return limit;
            }
            tokio::time::sleep(left).await;
        }
    }
}

/// Notes each piece the connection takes from the body.
struct Watched {
    inner: Body,
    progress: Progress,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        self.progress.note();
        if matches!(polled, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.progress.body_done.store(1, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A reply body that gives up when nothing arrives for `stall`.
struct Paced {
    inner: hyper::body::Incoming,
    stall: Duration,
    deadline: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Paced {
    fn new(inner: hyper::body::Incoming, stall: Duration) -> Self {
        Self { inner, stall, deadline: None }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(polled) => {
                self.deadline = None;
                Poll::Ready(polled.map(|frame| frame.map_err(|error| BodyError::Interrupted(error.into()))))
            }
            Poll::Pending => {
                let stall = self.stall;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
                match deadline.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(BodyError::Stalled(stall)))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The system's resolver, with failures marked so that they can be told from refused connections.
#[derive(Clone)]
struct Resolver(GaiResolver);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct DnsFailure(io::Error);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = DnsFailure;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, DnsFailure>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), DnsFailure>> {
        self.0.poll_ready(cx).map_err(DnsFailure)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let mut lookup: GaiFuture = self.0.call(name);
        Box::pin(async move { poll_fn(|cx| Pin::new(&mut lookup).poll(cx)).await.map_err(DnsFailure) })
    }
}

/// Finds the cause by type, never by text.
fn classify(error: hyper_util::client::legacy::Error) -> TransportError {
    let mut next: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(cause) = next {
        if cause.is::<DnsFailure>() {
            return TransportError::Dns(error.into());
        }
        if let Some(tls) = tls_error(cause) {
            return TransportError::Tls(tls);
        }
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return TransportError::Refused(error.into()),
            Some(io::ErrorKind::TimedOut) if error.is_connect() => return TransportError::ConnectTimeout,
            _ => next = cause.source(),
        }
    }
    TransportError::Broken(error.into())
}

/// rustls errors travel inside one or more `io::Error`s, whose `source` skips the wrapped value itself.
fn tls_error(cause: &(dyn StdError + 'static)) -> Option<String> {
    let mut cause = cause;
    while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref::<rustls::Error>().map(ToString::to_string)
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpSocket};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_wait_for_an_answer_is_the_callers_once_the_request_is_out() {
        let given = AnswerWithin(Duration::from_secs(600));
        let bodiless = Request::get("http://x").extension(given).body(no_body()).expect("request");
        assert_eq!(Progress::of(&bodiless, FOLLOWER).limit(), given.0);
        let (_, body) = bodiless.into_parts();
        assert_eq!(Progress::of(&Request::new(body), FOLLOWER).limit(), FOLLOWER.stall);

        let request = Request::post("http://x").extension(given).body(full_body("x")).expect("request");
        let progress = Progress::of(&request, FOLLOWER);
        assert_eq!(progress.limit(), FOLLOWER.stall, "the body is not out yet");
        progress.watch(request.into_body()).collect().await.expect("body");
        assert_eq!(progress.limit(), given.0);
        assert_eq!(
            Progress::of(&Request::new(full_body("x")), FOLLOWER).answer_within,
            FOLLOWER.head_after_body
        );
    }

    async fn get(url: &str) -> TransportError {
        let request = Request::get(url).body(no_body()).expect("request");
        direct().oneshot(request).await.expect_err("no peer answers")
    }

    #[tokio::test]
    async fn failures_are_told_apart_by_their_cause() {
        // Bound, so that nobody else gets the address, and not listening.
        let nobody = TcpSocket::new_v4().expect("socket");
        nobody.bind("127.0.0.1:0".parse().expect("address")).expect("bind");
        let refused = nobody.local_addr().expect("address");
        assert!(matches!(get(&format!("http://{refused}/")).await, TransportError::Refused(_)));
        assert!(matches!(get("http://no-such-host.invalid/").await, TransportError::Dns(_)));
    }

    #[tokio::test]
    async fn a_peer_that_speaks_no_tls_is_a_tls_failure_and_one_that_hangs_up_is_broken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0_u8; 8];
                let _ = stream.read(&mut head).await;
                if head[0] == 0x16 {
                    use tokio::io::AsyncWriteExt;
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                }
            }
        });
        let tls = get(&format!("https://{address}/")).await;
        assert!(matches!(tls, TransportError::Tls(_)), "{tls:?}");
        assert!(matches!(get(&format!("http://{address}/")).await, TransportError::Broken(_)));
    }
}
