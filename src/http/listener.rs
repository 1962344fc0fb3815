//! The listening socket, its limits, and the drain at the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::answer::{Answer, answer_incoming};
use super::client_address::note_peer;
use super::fragments::{Fragments, Watching};
use super::taking::Taking;

/// Connections served at once; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 16_384;
/// How long a client may take for the head of a request, and how long a kept-alive connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take nothing of an answer.
const TAKE_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause after a failed accept (usually: out of file descriptors), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most bytes of a request's head; more is answered with 431. A key of 1,024 bytes, escaped and signed, takes about
/// four thousand.
const MAX_HEAD: usize = 32 * 1024;
/// Most bytes of a body that are read at a time. The connection, the channel behind it and the handler hold one such
/// piece each: with four times as much, 32 uploads took 24 MiB more, and one alone was about 3 % faster.
const READ_BUFFER: usize = 64 * 1024;

/// How the drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every open request was answered.
    Complete,
    /// The time ran out; connections were cut.
    Cut,
}

/// A bound socket that does not accept yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `host` (name or address) and `port`; port 0 takes any free one.
    pub async fn bind(host: &str, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind((host, port)).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until `stop` completes, then lets open requests finish for at most `grace`. When it returns no connection
    /// is left, and no request is at work.
    pub async fn serve(
        self,
        server: impl Answer,
        stop: impl Future<Output = ()>,
        grace: Duration,
    ) -> Drained {
        let drain = GracefulShutdown::new();
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let (open, cut) = watch::channel(());
        let mut stop = std::pin::pin!(stop);
        loop {
            let (stream, peer, slot) = tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = self.accept(&slots) => accepted,
            };
            serve_connection((stream, peer), slot, server.clone(), &drain, cut.clone());
        }
        drop(self.socket);
        drop(cut);
        let drained = match tokio::time::timeout(grace, drain.shutdown()).await {
            Ok(()) => Drained::Complete,
            Err(_) => Drained::Cut,
        };
        // Returns once every connection has let go of its receiver; until then it tells them to.
        open.send_replace(());
        open.closed().await;
        drained
    }

    async fn accept(&self, slots: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
        let mut said = false;
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => return (stream, peer, slot),
                Err(error) => {
                    if !std::mem::replace(&mut said, true) {
                        tracing::warn!("cannot accept connections: {error}; trying on until it works again");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn serve_connection(
    (stream, peer): (TcpStream, SocketAddr),
    slot: OwnedSemaphorePermit,
    server: impl Answer,
    drain: &GracefulShutdown,
    mut cut: watch::Receiver<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let fragments = Fragments::default();
    let stream = Watching::new(Taking::new(stream, TAKE_TIMEOUT), fragments.clone());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD)
        .max_buf_size(READ_BUFFER)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |mut request| {
                note_peer(&mut request, peer);
                let has_fragment = fragments.are_in(request.method(), request.uri());
                answer_incoming(&server, request, has_fragment)
            }),
        );
    let connection = drain.watch(connection);
    tokio::spawn(async move {
        tokio::select! {
            biased;
            ended = connection => {
                if let Err(error) = ended {
                    tracing::debug!("connection ended early: {error}");
                }
            }
            _ = cut.changed() => {}
        }
        drop(slot);
    });
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;

    struct Serving {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<Drained>,
    }

    fn serve(listener: Listener, routes: Router, grace: Duration) -> Serving {
        let (stop, stopped) = oneshot::channel::<()>();
        let address = listener.address();
        let ended =
            tokio::spawn(async move { listener.serve(routes, async { drop(stopped.await) }, grace).await });
        Serving { address, stop, ended }
    }

    async fn ask(address: SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("connect");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("request");
        stream
    }

    #[tokio::test]
    async fn a_stop_ends_idle_connections_at_once() {
        let listener = Listener::bind("127.0.0.1", 0).await.expect("bind");
        let routes = Router::new().route("/", get(async || "here"));
        let serving = serve(listener, routes, Duration::from_secs(3600));
        let mut idle = ask(serving.address, "/").await;
        let mut answer = [0; 12];
        idle.read_exact(&mut answer).await.expect("an answer");
        serving.stop.send(()).expect("still serving");
        assert_eq!(serving.ended.await.expect("task"), Drained::Complete);
        idle.read_to_end(&mut Vec::new()).await.expect("a closed connection");
    }

    #[tokio::test]
    async fn a_head_is_limited() {
        let listener = Listener::bind("127.0.0.1", 0).await.expect("bind");
        let routes = Router::new().fallback(async || "here");
        let serving = serve(listener, routes, Duration::ZERO);
        for (length, expected) in [(MAX_HEAD - 1024, "HTTP/1.1 200"), (MAX_HEAD + 1024, "HTTP/1.1 431")] {
            let mut stream = ask(serving.address, &format!("/{}", "k".repeat(length))).await;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(String::from_utf8_lossy(&answer), expected, "{length} bytes");
        }
    }

    #[tokio::test]
    async fn a_request_that_outlasts_the_grace_is_at_work_no_longer() {
        let listener = Listener::bind("127.0.0.1", 0).await.expect("bind");
        let at_work = Arc::new(());
        let (begun, mut beginning) = watch::channel(false);
        let routes = Router::new().route(
            "/",
            get({
                let at_work = Arc::clone(&at_work);
                move || async move {
                    let _at_work = at_work;
                    begun.send_replace(true);
                    std::future::pending::<()>().await;
                }
            }),
        );
        let serving = serve(listener, routes, Duration::from_millis(20));
        let _waiting = ask(serving.address, "/").await;
        beginning.wait_for(|begun| *begun).await.expect("the handler begins");
        serving.stop.send(()).expect("still serving");
        assert_eq!(serving.ended.await.expect("task"), Drained::Cut);
        assert_eq!(Arc::strong_count(&at_work), 1, "the handler is gone");
    }
}
