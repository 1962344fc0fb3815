//! A JSON client that keeps status and envelope together.

use reqwest::{Method, StatusCode};
use serde_json::Value;

/// An answer: status and envelope.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Answer {
    /// Reads a reply whose body is an envelope.
    pub(crate) async fn read(reply: reqwest::Response) -> Self {
        let status = reply.status();
        let text = reply.text().await.expect("body");
        let body =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} without an envelope: {text}"));
        Self { status, body }
    }

    /// The `data` of a success.
    ///
    /// # Panics
    /// When it is none.
    pub(crate) fn data(&self) -> &Value {
        assert!(self.status.is_success() && self.body["code"] == 0, "not a success: {self:?}");
        &self.body["data"]
    }

    /// `error.code` of a failure.
    pub(crate) fn error(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// `msg`.
    pub(crate) fn message(&self) -> &str {
        self.body["msg"].as_str().unwrap_or_default()
    }
}

/// Calls one server, with a bearer token once there is one.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) bearer: Option<String>,
}

impl Client {
    /// A client without login.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("client");
        Self { http, base: base.into(), bearer: None }
    }

    /// A request to `path` below the base, with the bearer token.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.expect("reply")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::DELETE, path).send().await.expect("reply")).await
    }

    /// Deletes a file into the trash, then from there.
    pub(crate) async fn delete_for_good(&self, file: i64) {
        self.delete(&format!("/api/v1/files/{file}")).await.data();
        self.delete(&format!("/api/v1/trash/file/{file}")).await.data();
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        Answer::read(self.request(method, path).json(&body).send().await.expect("reply")).await
    }
}
