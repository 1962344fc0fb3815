//! The SDK's way to the network: our pool of connections, with a bound on how many are in use.
//!
//! The pool knows the limits on waiting (connection, silence); the SDK only adds the one for the whole operation.

use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::error::ConnectorError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use super::settings::S3Settings;
use crate::storage::remote::transport::{Body, Patience, Transport, TransportError, pool};
use crate::storage::{BodyError, ErrorKind, Result, StorageError};

/// A request body is handed over in slices of this size, so that a slow line is seen to move.
const SLICE: usize = 64 * 1024;

/// No connection became free in time.
#[derive(Debug, thiserror::Error)]
#[error("all connections to the endpoint are in use")]
pub(super) struct AllBusy;

/// The HTTP side of an SDK client for `settings`. Reads the CA file.
pub(super) fn http_client(settings: &S3Settings) -> Result<SharedHttpClient> {
    let roots = settings.ca_file.as_deref().map(read_roots).transpose()?;
    let timeouts = settings.timeouts;
    let patience =
        Patience { connect: timeouts.connect, stall: timeouts.read, head_after_body: timeouts.read };
    let transport = pool(patience, roots);
    let connector = SharedHttpConnector::new(Connector {
        transport: match &settings.guard {
            Some(guard) => guard.over(transport),
            None => transport,
        },
        free: Arc::new(Semaphore::new(settings.connections)),
        wait: timeouts.connect,
    });
    Ok(http_client_fn(move |_, _| connector.clone()))
}

fn read_roots(path: &Path) -> Result<RootCertStore> {
    let refused = |why: String| {
        let message = format!("CA file `{}` {why}; give a PEM file of certificates", path.display());
        StorageError::new(ErrorKind::Misconfigured, message)
    };
    let unreadable = |error| refused("cannot be read".to_owned()).with_source(error);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        let certificate = certificate.map_err(unreadable)?;
        roots
            .add(certificate)
            .map_err(|e| refused("holds an unusable certificate".to_owned()).with_source(e))?;
    }
    if roots.is_empty() {
        return Err(refused("holds no certificate".to_owned()));
    }
    Ok(roots)
}

#[derive(Clone)]
struct Connector {
    transport: Transport,
    /// One permit for each connection that may be in use; a reply keeps its permit until its body is dropped.
    free: Arc<Semaphore>,
    wait: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.send(request).await })
    }
}

impl Connector {
    async fn send(self, request: HttpRequest) -> std::result::Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let permit = tokio::time::timeout(self.wait, self.free.acquire_owned()).await;
        // Not worth the SDK's repetition: the wait was long already.
        let busy = |_| ConnectorError::other(AllBusy.into(), None);
        let permit = permit.map_err(busy)?.expect("the semaphore is never closed");
        let request = request.map(|body| Sliced { body, rest: Bytes::new() }.boxed_unsync());
        let reply = self.transport.oneshot(request).await.map_err(failed)?;
        let reply =
            reply.map(|body| SdkBody::from_body_1_x(Reply { body: Mutex::new(body), _permit: permit }));
        HttpResponse::try_from(reply).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

/// What is worth repeating at once is an I/O error for the SDK; after a timeout or a refused certificate it is not.
fn failed(error: TransportError) -> ConnectorError {
    match error {
        TransportError::Dns(_) | TransportError::Refused(_) | TransportError::Broken(_) => {
            ConnectorError::io(error.into())
        }
        TransportError::Unreachable(_)
        | TransportError::Busy(_)
        | TransportError::ConnectTimeout
        | TransportError::Tls(_)
        | TransportError::ReplyTimeout(_) => ConnectorError::other(error.into(), None),
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("free", &self.free.available_permits()).finish_non_exhaustive()
    }
}

/// A request body of the SDK, in slices.
struct Sliced {
    body: SdkBody,
    rest: Bytes,
}

impl HttpBody for Sliced {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BodyError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Interrupted(error)))),
                None => return Poll::Ready(None),
            }
        }
        let slice = self.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(slice)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// A reply body that counts as a connection in use. The lock is never taken; it only makes the body `Sync`, which
/// the SDK asks for.
struct Reply {
    body: Mutex<Body>,
    _permit: OwnedSemaphorePermit,
}

impl HttpBody for Reply {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BodyError>>> {
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(cx)
    }
}
