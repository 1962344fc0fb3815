//! Signed calls to one follower (wire contract §3, §10.1).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tower::ServiceExt;
use uuid::Uuid;

use super::reply::{CallError, CallFailure, Read, date_of};
use super::transport::{AnswerWithin, Body, Transport, TransportError, full_body, no_body};
use crate::protocol::{
    BaseUrl, BindingUpdate, Capabilities, HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE,
    HEADER_TIMESTAMP, INGRESS_TARGET_MEMBER, MAX_JSON_BYTES, STORAGE_PATH, SignedFields, SigningKey,
    Timestamp,
};

/// Longest wait for an answer that needs no more than a look into the follower's tables.
const CONTROL: Duration = Duration::from_secs(30);
/// Longest wait for capabilities: somebody sits before the connection test.
const PROBE: Duration = Duration::from_secs(10);
/// Longest wait for a binding push: somebody waits for the changed node.
const BINDING: Duration = Duration::from_secs(5);

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("AsterDrive/", env!("CARGO_PKG_VERSION")));

/// Speaks for one node to its follower. Cheap to clone; connections are shared through the transport.
#[derive(Debug, Clone)]
pub struct FollowerClient {
    base: BaseUrl,
    access_key: HeaderValue,
    key: SigningKey,
    transport: Transport,
    /// The query member that names the ingress target of object operations, encoded; `None` is the default target.
    target: Option<Arc<str>>,
}

/// Why no client can be made from what an administrator entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Not sendable as a header.
    #[error("the access key must be 1 to 200 visible ASCII characters")]
    AccessKey,
    /// A URL that is none for HTTP.
    #[error("`{0}` cannot be used as an address")]
    Address(String),
}

/// A JSON call, before it is signed.
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query behind the storage prefix.
    pub(super) path: String,
    pub(super) body: Option<Bytes>,
    /// Largest reply.
    pub(super) max_reply: usize,
    /// Longest time for everything.
    pub(super) deadline: Duration,
}

impl Call {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None, max_reply: MAX_JSON_BYTES, deadline: CONTROL }
    }

    pub(super) fn with_body(mut self, body: &impl Serialize) -> Self {
        let bytes = serde_json::to_vec(body).expect("request bodies have text keys and no failing members");
        self.body = Some(bytes.into());
        self
    }

    pub(super) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

/// The data of a successful call and what could be seen on the way.
#[derive(Debug)]
pub struct Answer<T> {
    /// What was asked for.
    pub data: T,
    /// From sending the request to the end of the reply.
    pub latency: Duration,
    /// The peer's clock, from its `Date` header; whole seconds.
    pub date: Option<Timestamp>,
}

impl FollowerClient {
    /// A client for the follower at `base`, which knows us by `access_key` and `secret`.
    pub fn new(
        base: BaseUrl,
        access_key: &str,
        secret: &SecretString,
        transport: Transport,
    ) -> Result<Self, ClientError> {
        let visible =
            (1..=200).contains(&access_key.len()) && access_key.bytes().all(|b| b.is_ascii_graphic());
        let header = HeaderValue::from_str(access_key).ok().filter(|_| visible);
        let access_key = header.ok_or(ClientError::AccessKey)?;
        if base.as_str().parse::<Uri>().is_err() {
            return Err(ClientError::Address(base.as_str().to_owned()));
        }
        Ok(Self { base, access_key, key: SigningKey::new(secret.expose_secret()), transport, target: None })
    }

    /// The same client for objects of the ingress target with this `profile_key`. The follower must have the feature
    /// `select_ingress_target`: others take no notice.
    #[must_use]
    pub fn with_ingress_target(mut self, profile_key: &str) -> Self {
        let mut member = url::form_urlencoded::Serializer::new(String::new());
        member.append_pair(INGRESS_TARGET_MEMBER, profile_key);
        self.target = Some(member.finish().into());
        self
    }

    /// `path` for the ingress target of this client.
    fn aimed<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match &self.target {
            None => Cow::Borrowed(path),
            Some(member) if path.contains('?') => Cow::Owned(format!("{path}&{member}")),
            Some(member) => Cow::Owned(format!("{path}?{member}")),
        }
    }

    /// Where the follower is.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// What the follower can do (wire contract §7). Within 10 s.
    pub async fn capabilities(&self) -> Result<Answer<Capabilities>, CallError> {
        self.json(Call::new(Method::GET, "/capabilities").within(PROBE)).await
    }

    /// Tells the follower our name for it and whether it may serve objects (wire contract §5.2). Within 5 s.
    pub async fn push_binding(&self, update: &BindingUpdate) -> Result<(), CallError> {
        let call = Call::new(Method::PUT, "/binding").with_body(update).within(BINDING);
        self.done(call).await
    }

    /// A URL for browsers (wire contract §4) of an object path, for `lifetime` from now.
    pub(super) fn presign(
        &self,
        method: &Method,
        path: &str,
        members: &[(&str, &str)],
        lifetime: Duration,
    ) -> String {
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires = Timestamp::now().unix_secs().saturating_add(lifetime);
        let access_key = self.access_key.to_str().expect("`new` takes visible ASCII only");
        let path = format!("{STORAGE_PATH}{path}");
        let target = self.target.as_deref().map(|member| url::form_urlencoded::parse(member.as_bytes()));
        let target: Vec<_> = target.into_iter().flatten().collect();
        let target = target.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let members = members.iter().copied().chain(target);
        self.key.presign_url(method.as_str(), &self.base, &path, members, access_key, expires)
    }

    /// Sends a call whose answer has data.
    pub(super) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<Answer<T>, CallError> {
        let started = Instant::now();
        let read = self.exchange(&call).await?;
        let (latency, date) = (started.elapsed(), date_of(&read.headers));
        match read.required() {
            Ok(data) => Ok(Answer { data, latency, date }),
            Err(problem) => Err(read.into_call_error(self.url_of(&call.path), problem)),
        }
    }

    /// Sends a call whose answer says no more than that it succeeded.
    pub(super) async fn done(&self, call: Call) -> Result<(), CallError> {
        let read = self.exchange(&call).await?;
        match read.data::<IgnoredAny>() {
            Ok(_) => Ok(()),
            Err(problem) => Err(read.into_call_error(self.url_of(&call.path), problem)),
        }
    }

    /// A GET whose connection broke is sent once more, with a new nonce: it may have met a pooled connection that the
    /// other end had just closed.
    async fn exchange(&self, call: &Call) -> Result<Read, CallError> {
        let exchange = async {
            let reply = match self.send_call(call).await {
                Err(TransportError::Broken(_)) if call.method == Method::GET => self.send_call(call).await,
                other => other,
            };
            Read::at_most(call.max_reply, reply?).await
        };
        let read = match tokio::time::timeout(call.deadline, exchange).await {
            Ok(read) => read,
            Err(_) => Err(TransportError::ReplyTimeout(call.deadline)),
        };
        read.map_err(|error| self.no_reply(&call.path, error))
    }

    pub(super) fn no_reply(&self, path: &str, error: TransportError) -> CallError {
        CallError { url: self.url_of(path), failure: CallFailure::Transport(error) }
    }

    async fn send_call(&self, call: &Call) -> Result<Response<Body>, TransportError> {
        let (length, body) = match &call.body {
            None => (None, no_body()),
            Some(body) => (Some(body.len() as u64), full_body(body.clone())),
        };
        let mut request = self.signed(call.method.clone(), &call.path, length, body)?;
        request.extensions_mut().insert(AnswerWithin(call.deadline));
        self.transport.clone().oneshot(request).await
    }

    /// Signs and sends one request.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        length: Option<u64>,
        body: Body,
    ) -> Result<Response<Body>, TransportError> {
        self.transport.clone().oneshot(self.signed(method, path, length, body)?).await
    }

    /// A signed request. `length` is both the `Content-Length` header and the signed field; `None` sends no such header,
    /// so the body must then be empty.
    fn signed(
        &self,
        method: Method,
        path: &str,
        length: Option<u64>,
        body: Body,
    ) -> Result<Request<Body>, TransportError> {
        let target = format!("{}{STORAGE_PATH}{}", self.base.path_prefix(), self.aimed(path));
        let timestamp = Timestamp::now().unix_secs().to_string();
        let nonce = Uuid::new_v4().to_string();
        let signature = self.key.sign(&SignedFields {
            method: method.as_str(),
            target: &target,
            timestamp: &timestamp,
            nonce: &nonce,
            content_length: length,
        });
        let is_json = method != Method::GET && method != Method::DELETE && !path.starts_with("/objects/");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.base.root()))
            .header(header::USER_AGENT, USER_AGENT)
            .header(HEADER_ACCESS_KEY, self.access_key.clone())
            .header(HEADER_TIMESTAMP, timestamp)
            .header(HEADER_NONCE, nonce)
            .header(HEADER_SIGNATURE, signature);
        if let Some(length) = length {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        if is_json {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request.body(body).map_err(|error| TransportError::Broken(error.into()))
    }

    /// The address of a path for messages: no query.
    pub(super) fn url_of(&self, path: &str) -> String {
        let path = path.split('?').next().unwrap_or(path);
        format!("{}{STORAGE_PATH}{path}", self.base)
    }
}
