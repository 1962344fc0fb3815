//! Signed requests to a follower, as its primary would send them, for tests that hold the binding's keys.

use aster_drive::protocol::{
    HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, STORAGE_PATH, SignedFields,
    SigningKey, Timestamp,
};
use reqwest::Method;

use super::client::Client;

/// The keys of one binding.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) access_key: String,
    pub(crate) key: SigningKey,
}

impl Signer {
    /// A signer with the keys that a redeem handed out.
    pub(crate) fn new(access_key: &str, secret_key: &str) -> Self {
        Self { access_key: access_key.to_owned(), key: SigningKey::new(secret_key) }
    }

    /// A signed request to `path` below the storage prefix. `length` is the Content-Length that will be sent.
    pub(crate) fn request(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        length: Option<u64>,
    ) -> reqwest::RequestBuilder {
        let target = format!("{STORAGE_PATH}{path}");
        let (timestamp, nonce) = (Timestamp::now().unix_secs().to_string(), uuid::Uuid::new_v4().to_string());
        let signature = self.key.sign(&SignedFields {
            method: method.as_str(),
            target: &target,
            timestamp: &timestamp,
            nonce: &nonce,
            content_length: length,
        });
        client
            .request(method, &target)
            .header(HEADER_ACCESS_KEY, &self.access_key)
            .header(HEADER_TIMESTAMP, timestamp)
            .header(HEADER_NONCE, nonce)
            .header(HEADER_SIGNATURE, signature)
    }
}
