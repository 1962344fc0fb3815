//! Policies as requests describe them: words and numbers that are not checked yet.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::check;
use super::problems::Problems;

/// A policy to be created, as it was sent. What another driver needs is absent or blank.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct NewPolicy {
    /// Not blank.
    pub name: String,
    /// `local`, `s3` or `remote`.
    pub driver_type: String,
    /// Directory or key prefix.
    #[serde(default)]
    pub base_path: Option<String>,
    /// Required for `remote`.
    #[serde(default)]
    pub remote_node_id: Option<i64>,
    /// For `s3`: URL; blank is the vendor's default, which needs a region.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// For `s3`: name of the bucket.
    #[serde(default)]
    pub bucket: Option<String>,
    /// For `s3`: id of the key pair.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub access_key: Option<SecretString>,
    /// For `s3`: secret of the key pair.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub secret_key: Option<SecretString>,
    /// For `s3`: region to sign for; blank is `auto`.
    #[serde(default)]
    pub region: Option<String>,
    /// For `s3`: `path` (default) or `virtual_host`.
    #[serde(default)]
    pub addressing: Option<String>,
    /// For `remote`: the profile key of an ingress target; absent is the follower's default.
    #[serde(default)]
    pub ingress_target: Option<String>,
    /// Bytes; 0 or absent is unlimited.
    #[serde(default)]
    pub max_file_size: Option<i64>,
    /// Bytes; absent is 5 MiB.
    #[serde(default)]
    pub chunk_size: Option<i64>,
    /// `true` takes the flag from the present default.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Extensions and MIME types; absent allows everything.
    #[serde(default)]
    pub allowed_types: Option<Vec<String>>,
    /// Strategies and timeouts.
    #[serde(default)]
    pub options: Option<NewOptions>,
}

/// The members about a bucket, as they were sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewBucket<'a> {
    pub(super) endpoint: Option<&'a str>,
    pub(super) bucket: Option<&'a str>,
    pub(super) access_key: Option<&'a SecretString>,
    pub(super) secret_key: Option<&'a SecretString>,
    pub(super) region: Option<&'a str>,
    pub(super) addressing: Option<&'a str>,
}

impl NewPolicy {
    pub(super) fn of_bucket(&self) -> NewBucket<'_> {
        NewBucket {
            endpoint: self.endpoint.as_deref(),
            bucket: self.bucket.as_deref(),
            access_key: self.access_key.as_ref(),
            secret_key: self.secret_key.as_ref(),
            region: self.region.as_deref(),
            addressing: self.addressing.as_deref(),
        }
    }
}

impl PolicyChange {
    pub(super) fn of_bucket(&self) -> NewBucket<'_> {
        NewBucket {
            endpoint: self.endpoint.as_deref(),
            bucket: self.bucket.as_deref(),
            access_key: self.access_key.as_ref(),
            secret_key: self.secret_key.as_ref(),
            region: self.region.as_deref(),
            addressing: self.addressing.as_deref(),
        }
    }
}

/// Options as they were sent: words, so that an unknown one gets an answer of its own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NewPolicyOptions")]
pub struct NewOptions {
    /// `relay_stream` or `presigned`.
    pub remote_upload_strategy: Option<String>,
    /// `relay_stream` or `presigned`.
    pub remote_download_strategy: Option<String>,
    /// `relay_stream` or `presigned`.
    pub s3_upload_strategy: Option<String>,
    /// `relay_stream` or `presigned`.
    pub s3_download_strategy: Option<String>,
    /// Seconds.
    pub s3_connect_timeout_secs: Option<i64>,
    /// Seconds.
    pub s3_read_timeout_secs: Option<i64>,
    /// Seconds.
    pub s3_operation_timeout_secs: Option<i64>,
}

/// Changes of a policy; `None` keeps. Driver and node may be sent back, but not changed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PolicyChange {
    /// Not blank.
    pub name: Option<String>,
    /// Only the present one.
    pub driver_type: Option<String>,
    /// Directory or key prefix; only while the policy has no objects.
    pub base_path: Option<String>,
    /// Only the present one.
    pub remote_node_id: Option<i64>,
    /// URL; only while the policy has no objects.
    pub endpoint: Option<String>,
    /// Name of the bucket; only while the policy has no objects.
    pub bucket: Option<String>,
    /// Together with `secret_key`; both blank keep.
    #[schemars(with = "Option<String>")]
    pub access_key: Option<SecretString>,
    /// Together with `access_key`; both blank keep.
    #[schemars(with = "Option<String>")]
    pub secret_key: Option<SecretString>,
    /// Blank is `auto`.
    pub region: Option<String>,
    /// `path` or `virtual_host`.
    pub addressing: Option<String>,
    /// Blank is the follower's default target; only while the policy has no objects.
    pub ingress_target: Option<String>,
    /// Bytes; 0 is unlimited.
    pub max_file_size: Option<i64>,
    /// Bytes; 0 is never chunked.
    pub chunk_size: Option<i64>,
    /// `true` moves the flag here; `false` on the default is refused.
    pub is_default: Option<bool>,
    /// Replaced as a whole; an empty list allows everything.
    pub allowed_types: Option<Vec<String>>,
    /// Strategies and timeouts.
    pub options: Option<NewOptions>,
}

/// A policy that may be stored as far as its members tell, and whether it becomes the default.
#[derive(Debug)]
pub struct CheckedPolicy(pub(super) check::Checked, pub(super) bool);

impl CheckedPolicy {
    /// Checks the members; the node is not looked at.
    pub fn of(new: &NewPolicy) -> Result<Self, Problems> {
        Ok(Self(check::new_policy(new)?, new.is_default == Some(true)))
    }
}
