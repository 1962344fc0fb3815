//! Bodies that nobody read: a request refused before its body, or one whose handler takes none.
//!
//! The connection can serve another request only behind the end of this one's body. A small rest is taken in; before a
//! large one, or one that does not come, the answer says that the connection closes. Otherwise a client would send its
//! next request into a connection that is about to go.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Largest body whose rest is taken in.
const SMALL: u64 = 64 * 1024;
/// Longest wait for it: it was sent together with the head, or is not worth waiting for.
const TAKE_LIMIT: Duration = Duration::from_millis(100);

/// How far the body of one request is read.
#[derive(Debug)]
pub(super) struct Unread {
    slot: Slot,
    small: bool,
}

type Slot = Arc<Mutex<Progress>>;

#[derive(Debug, Default)]
enum Progress {
    /// Somebody has it.
    #[default]
    Held,
    /// Read to its end.
    Over,
    /// Let go before that.
    Left(Incoming),
}

impl Unread {
    /// The same body, watched.
    pub(super) fn watch(headers: &HeaderMap, body: Incoming) -> (Body, Self) {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        // A client that waits for leave to send has not sent anything.
        let small = length.is_some_and(|length| length <= SMALL) && !headers.contains_key(EXPECT);
        let slot = Slot::default();
        let watched = Watched { body: Some(body), slot: Arc::clone(&slot) };
        (Body::new(watched), Self { slot, small })
    }

    /// The answer to the request, made ready to be sent.
    pub(super) async fn settle(self, mut response: Response) -> Response {
        if !self.came_to_its_end().await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Whether the body was read to its end, if need be by taking in the rest of a small one.
    async fn came_to_its_end(self) -> bool {
        let progress = std::mem::take(&mut *self.slot.lock().unwrap_or_else(PoisonError::into_inner));
        match progress {
            Progress::Over => true,
            Progress::Left(mut rest) if self.small => {
                let taken = async { while let Some(Ok(_)) = rest.frame().await {} };
                tokio::time::timeout(TAKE_LIMIT, taken).await.is_ok() && rest.is_end_stream()
            }
            Progress::Left(_) | Progress::Held => false,
        }
    }
}

/// A body that tells how far it was read.
#[derive(Debug)]
struct Watched {
    /// There until it is over or dropped.
    body: Option<Incoming>,
    slot: Slot,
}

impl Watched {
    fn tell(&self, progress: Progress) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || (polled.is_ready() && body.is_end_stream()) {
            self.body = None;
            self.tell(Progress::Over);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            self.tell(Progress::Left(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::Router;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::http::{Listener, with_common_layers};

    async fn serve() -> SocketAddr {
        let listener = Listener::bind("127.0.0.1", 0).await.expect("bind");
        let address = listener.address();
        let routes = Router::new()
            .route("/refuse", post(async || http::StatusCode::FORBIDDEN))
            .route("/read", post(async |body: Bytes| body.len().to_string()));
        let routes = with_common_layers(routes);
        tokio::spawn(listener.serve(routes, std::future::pending(), Duration::ZERO));
        address
    }

    /// Sends a head that announces `length` bytes, and `sent` of them; gives the head of the answer.
    async fn ask(stream: &mut TcpStream, path: &str, length: usize, sent: usize) -> String {
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), &vec![b'x'; sent]].concat()).await.expect("request");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.expect("an answer"));
        }
        let text = String::from_utf8(answer).expect("text").to_ascii_lowercase();
        let body = text.split_once("content-length: ").and_then(|(_, rest)| rest.split_once("\r\n"));
        let body: usize = body.map_or(0, |(length, _)| length.parse().expect("length"));
        stream.read_exact(&mut vec![0; body]).await.expect("body");
        text
    }

    #[tokio::test]
    async fn a_large_body_that_is_not_read_closes_the_connection_and_the_answer_says_so() {
        let address = serve().await;
        for (length, sent) in [(1 << 20, 0), (1 << 20, 10_000), (100, 99)] {
            let mut stream = TcpStream::connect(address).await.expect("connect");
            let head = ask(&mut stream, "/refuse", length, sent).await;
            assert!(head.contains(" 403 ") && head.contains("connection: close\r\n"), "{head}");
            // The connection ends, cleanly or with a reset behind what was not read.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }

    #[tokio::test]
    async fn a_small_body_that_is_not_read_or_one_that_is_keeps_the_connection() {
        let mut stream = TcpStream::connect(serve().await).await.expect("connect");
        let small = usize::try_from(SMALL).expect("small");
        for (path, status, length) in
            [("/refuse", 403, 5), ("/refuse", 403, small), ("/read", 200, 1 << 20), ("/read", 200, 0)]
        {
            let head = ask(&mut stream, path, length, length).await;
            assert!(head.contains(&format!(" {status} ")) && !head.contains("connection: close"), "{head}");
        }
    }
}
