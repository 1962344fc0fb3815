//! Ingress targets of a follower, managed over the wire (wire contract §6).

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::client::{Call, FollowerClient};
use super::reply::CallError;
use crate::protocol::{BucketAddressing, CreateIngressTarget, IngressTarget, UpdateIngressTarget};

/// What goes over the wire. Built for one request only: it shows the S3 keys.
#[derive(Serialize)]
struct TargetBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addressing: Option<BucketAddressing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_file_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_default: Option<bool>,
}

fn shown(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(ExposeSecret::expose_secret)
}

impl<'a> From<&'a CreateIngressTarget> for TargetBody<'a> {
    fn from(target: &'a CreateIngressTarget) -> Self {
        Self {
            name: Some(&target.name),
            driver_type: Some(target.driver_type.as_str()),
            endpoint: target.endpoint.as_deref(),
            bucket: target.bucket.as_deref(),
            access_key: shown(target.access_key.as_ref()),
            secret_key: shown(target.secret_key.as_ref()),
            region: target.region.as_deref(),
            addressing: target.addressing,
            base_path: Some(&target.base_path),
            max_file_size: Some(target.max_file_size),
            is_default: Some(target.is_default),
        }
    }
}

impl<'a> From<&'a UpdateIngressTarget> for TargetBody<'a> {
    fn from(change: &'a UpdateIngressTarget) -> Self {
        Self {
            name: change.name.as_deref(),
            driver_type: change.driver_type.as_deref(),
            endpoint: change.endpoint.as_deref(),
            bucket: change.bucket.as_deref(),
            access_key: shown(change.access_key.as_ref()),
            secret_key: shown(change.secret_key.as_ref()),
            region: change.region.as_deref(),
            addressing: change.addressing,
            base_path: change.base_path.as_deref(),
            max_file_size: change.max_file_size,
            is_default: change.is_default,
        }
    }
}

/// The name of a target in a request path. Keys are `igp_` and hex digits; a text with anything beyond letters, digits,
/// `_`, `-` and `.` names no target, and could change the path.
fn path_of(profile_key: &str) -> Option<String> {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    ((1..=128).contains(&profile_key.len()) && profile_key.bytes().all(harmless))
        .then(|| format!("/ingress-profiles/{profile_key}"))
}

impl FollowerClient {
    /// All targets of our binding, the default first.
    pub async fn list_targets(&self) -> Result<Vec<IngressTarget>, CallError> {
        self.json(Call::new(Method::GET, "/ingress-profiles")).await.map(|answer| answer.data)
    }

    /// Adds a target. A target that could not be applied is still a success: look at its `last_error`.
    pub async fn create_target(&self, target: &CreateIngressTarget) -> Result<IngressTarget, CallError> {
        let call = Call::new(Method::POST, "/ingress-profiles").with_body(&TargetBody::from(target));
        self.json(call).await.map(|answer| answer.data)
    }

    /// Changes a target; `None` when `profile_key` cannot be the name of one.
    pub async fn update_target(
        &self,
        profile_key: &str,
        change: &UpdateIngressTarget,
    ) -> Result<Option<IngressTarget>, CallError> {
        let Some(path) = path_of(profile_key) else { return Ok(None) };
        let call = Call::new(Method::PATCH, path).with_body(&TargetBody::from(change));
        self.json(call).await.map(|answer| Some(answer.data))
    }

    /// Removes a target, not its data; `None` when `profile_key` cannot be the name of one.
    pub async fn delete_target(&self, profile_key: &str) -> Result<Option<()>, CallError> {
        let Some(path) = path_of(profile_key) else { return Ok(None) };
        self.done(Call::new(Method::DELETE, path)).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_that_were_given_are_sent() {
        let change: UpdateIngressTarget =
            serde_json::from_str(r#"{"name":"n","secret_key":"s","base_path":null}"#).expect("json");
        let body = serde_json::to_string(&TargetBody::from(&change)).expect("json");
        assert_eq!(body, r#"{"name":"n","secret_key":"s"}"#);
    }

    #[test]
    fn a_profile_key_cannot_change_the_path() {
        assert_eq!(path_of("igp_01").as_deref(), Some("/ingress-profiles/igp_01"));
        for bad in ["", "../objects", "a/b", "a?b", "a%2fb", ".."] {
            assert_eq!(path_of(bad), None, "{bad}");
        }
    }
}
