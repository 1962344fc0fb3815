//! Requests whose target has a fragment, such as `DELETE /folder/#note`.
//!
//! No client may send one (RFC 9112 §3.2), and a server that drops it deletes the folder instead of the note. The type
//! that targets are parsed into drops it without a word, so the bytes of the connection are looked at before: what is
//! read together with the beginning of a request line is compared with the request that comes of it. Nothing is changed
//! on the way; at worst a line that came in two pieces is not noticed.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::{Method, Uri};
use memchr::memchr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest request line that is looked at.
const MAX_LINE: usize = 8 * 1024;

/// The last line with a fragment that was read from a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Fragments(Arc<Mutex<Option<Box<[u8]>>>>);

impl Fragments {
    /// Whether this request came with a fragment; asked once for each request.
    pub(super) fn are_in(&self, method: &Method, uri: &Uri) -> bool {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(line) = line else { return false };
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (Some(verb), Some(target)) = (words.next(), words.next()) else { return false };
        let plain = target.split(|byte| *byte == b'#').next().unwrap_or_default();
        let parsed = uri.path_and_query().map_or("", |path| path.as_str()).as_bytes();
        verb == method.as_str().as_bytes() && plain.ends_with(parsed)
    }

    fn look_at(&self, read: &[u8]) {
        if !read.first().is_some_and(u8::is_ascii_uppercase) {
            return;
        }
        let start = &read[..read.len().min(MAX_LINE)];
        let Some(line) = memchr(b'\n', start).map(|end| &start[..end]) else { return };
        if memchr(b'#', line).is_some() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.into());
        }
    }
}

/// A connection whose request lines are looked at.
#[derive(Debug)]
pub(super) struct Watching<S> {
    inner: S,
    seen: Fragments,
}

impl<S> Watching<S> {
    pub(super) fn new(inner: S, seen: Fragments) -> Self {
        Self { inner, seen }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watching<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if matches!(polled, Poll::Ready(Ok(()))) {
            self.seen.look_at(&buf.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watching<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(read: &[u8], method: Method, target: &'static str) -> bool {
        let fragments = Fragments::default();
        fragments.look_at(read);
        fragments.are_in(&method, &Uri::from_static(target))
    }

    #[test]
    fn a_request_with_a_fragment_is_noticed_and_no_other() {
        let line = b"DELETE /a/#b HTTP/1.1\r\nhost: x\r\n\r\n";
        assert!(refused(line, Method::DELETE, "/a/"));
        assert!(!refused(line, Method::DELETE, "/b/"), "the line was not that of this request");
        assert!(!refused(line, Method::GET, "/a/"));
        assert!(refused(b"GET http://h/a?q#b HTTP/1.1\n", Method::GET, "/a?q"));
        for harmless in [&b"DELETE /a/ HTTP/1.1\r\nx: #\r\n"[..], b"# not a line\n", b"DELETE /a/#b", b""] {
            assert!(!refused(harmless, Method::DELETE, "/a/"), "{harmless:?}");
        }
    }

    #[test]
    fn a_line_counts_once() {
        let fragments = Fragments::default();
        fragments.look_at(b"DELETE /a/#b HTTP/1.1\n");
        assert!(fragments.are_in(&Method::DELETE, &Uri::from_static("/a/")));
        assert!(!fragments.are_in(&Method::DELETE, &Uri::from_static("/a/")));
    }
}
