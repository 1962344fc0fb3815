//! A follower whose keys the test holds, so that it can speak to it as its primary would.

use bytes::Bytes;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Answer, Client};
use super::follower::{self, Follower};
use super::primary::Primary;
use super::process::Environment;
use super::signed::Signer;

/// Base path of the target that [`Enrolled::with`] makes.
pub(crate) const BASE_PATH: &str = "default";

/// An enrolled follower with a default ingress target.
pub(crate) struct Enrolled {
    pub(crate) follower: Follower,
    pub(crate) signer: Signer,
    pub(crate) namespace: String,
    /// What it is started with, also the next time: nothing of the enrollment.
    pub(crate) environment: Environment,
    pub(crate) home: TempDir,
}

impl Enrolled {
    /// Enrolls a fresh follower with a primary that is gone afterwards. `extra` is added to its environment.
    pub(crate) async fn with(extra: &[(&str, &str)]) -> Self {
        let home = TempDir::new().expect("dir");
        let primary = Primary::start(home.path()).await;
        Self::at(&primary, "edge", extra).await
    }

    /// Enrolls a fresh follower as the node `name` of `primary`, with a namespace of the same name.
    pub(crate) async fn at(primary: &Primary, name: &str, extra: &[(&str, &str)]) -> Self {
        let home = TempDir::new().expect("dir");
        let node = primary.create_node(name, name, "").await;
        let token = primary.token(node).await;
        let signer = redeem(primary, &token).await;
        let with_extra = |mut environment: Environment| {
            environment.extend(extra.iter().map(|(name, value)| (name.to_string(), value.to_string())));
            environment
        };
        let first = with_extra(follower::bootstrap_environment(0, &primary.url, &token));
        let follower = Follower::start_with(home.path(), &first).await;
        follower.ready().await;
        let environment = with_extra(follower::environment(follower.port()));
        let enrolled = Self { follower, signer, namespace: name.to_owned(), environment, home };
        let target = json!({"driver_type": "local", "name": "t", "base_path": BASE_PATH, "max_file_size": 0});
        assert_eq!(enrolled.post("/ingress-profiles", &target).await.data()["last_error"], "");
        enrolled
    }

    /// Starts the follower again after its process has ended.
    pub(crate) async fn start_again(&mut self) {
        self.follower = Follower::start_with(self.home.path(), &self.environment).await;
    }

    /// Sends a signed request without a body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Response {
        self.signer.request(&self.follower.client, method, path, None).send().await.expect("reply")
    }

    /// Stores an object.
    pub(crate) async fn put(&self, key: &str, body: impl Into<Bytes>) -> Answer {
        let path = format!("/objects/{key}");
        let request = signed_put(&self.signer, &self.follower.client, &path, body.into());
        Answer::read(request.send().await.expect("reply")).await
    }

    /// Sends a signed JSON request.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = signed_post(&self.signer, &self.follower.client, path, body);
        Answer::read(request.send().await.expect("reply")).await
    }

    /// All keys, as the follower lists them.
    pub(crate) async fn list(&self) -> Vec<String> {
        self.list_at("/objects").await
    }

    /// The keys at or below `prefix`.
    pub(crate) async fn list_below(&self, prefix: &str) -> Vec<String> {
        self.list_at(&format!("/objects?prefix={prefix}")).await
    }

    async fn list_at(&self, path: &str) -> Vec<String> {
        let reply = Answer::read(self.call(Method::GET, path).await).await;
        serde_json::from_value(reply.data()["items"].clone()).expect("keys")
    }

    /// `data` of `/health/ready`.
    pub(crate) async fn readiness(&self) -> Value {
        self.follower.client.get("/health/ready").await.data().clone()
    }
}

/// A signed PUT of `body` to `path` below the storage prefix.
pub(crate) fn signed_put(
    signer: &Signer,
    client: &Client,
    path: &str,
    body: Bytes,
) -> reqwest::RequestBuilder {
    let length = body.len();
    // The client leaves the length out when it is 0, and it is signed.
    signer.request(client, Method::PUT, path, Some(length as u64)).header("content-length", length).body(body)
}

/// A signed request to `path` below the storage prefix, with a JSON body.
pub(crate) fn signed_post(
    signer: &Signer,
    client: &Client,
    path: &str,
    body: &Value,
) -> reqwest::RequestBuilder {
    let body = body.to_string();
    signer
        .request(client, Method::POST, path, Some(body.len() as u64))
        .header("content-type", "application/json")
        .body(body)
}

/// Keys of the node behind a token: a redeem may be repeated until the acknowledgement, so the test redeems first.
pub(crate) async fn redeem(primary: &Primary, token: &str) -> Signer {
    let reply = Client::new(&primary.url)
        .post("/api/v1/public/remote-enrollment/redeem", json!({"token": token}))
        .await;
    let text = |name: &str| reply.data()[name].as_str().expect(name).to_owned();
    Signer::new(&text("access_key"), &text("secret_key"))
}
