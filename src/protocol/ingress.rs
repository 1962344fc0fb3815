//! Ingress targets as they travel: what a primary asks for, what a follower answers (wire contract §6). On the wire
//! they are called ingress profiles.

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Query name with which an object operation names the target it is for, by its `profile_key`; without it, it is for
/// the default target. Part of what is signed. Only for peers with the feature `select_ingress_target`: older ones do
/// not read it.
pub const INGRESS_TARGET_MEMBER: &str = "ingress_target";

/// Where an ingress target keeps its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IngressDriver {
    /// A directory of the follower.
    Local,
    /// An S3-compatible bucket.
    S3,
}

impl IngressDriver {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::S3 => "s3",
        }
    }
}

/// How a bucket appears in addresses. Ours; older peers know path style only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BucketAddressing {
    /// `https://endpoint/bucket/key`.
    #[default]
    Path,
    /// `https://bucket.endpoint/key`.
    VirtualHost,
}

impl BucketAddressing {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::VirtualHost => "virtual_host",
        }
    }
}

/// An ingress target as a follower describes it; keys are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IngressTarget {
    /// `igp_` + 32 hex digits.
    pub profile_key: String,
    /// For people.
    pub name: String,
    /// Kind of back end.
    pub driver_type: IngressDriver,
    /// S3 endpoint; empty for local.
    pub endpoint: String,
    /// S3 bucket; empty for local.
    pub bucket: String,
    /// S3 region to sign for. Ours; absent is `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// How the bucket is addressed; absent for local. Ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addressing: Option<BucketAddressing>,
    /// Directory below the ingress root, or key prefix.
    pub base_path: String,
    /// Largest object in bytes; 0 is unlimited.
    pub max_file_size: i64,
    /// Whether this target receives all object traffic.
    pub is_default: bool,
    /// Counts accepted changes.
    pub desired_revision: i64,
    /// The change that is in effect.
    pub applied_revision: i64,
    /// Why the desired revision is not applied; empty when it is.
    pub last_error: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
}

impl IngressTarget {
    /// Whether the latest accepted change is in effect.
    pub fn is_applied(&self) -> bool {
        self.last_error.trim().is_empty() && self.applied_revision >= self.desired_revision
    }
}

/// `POST …/ingress-profiles`. Which members are required depends on the driver; the follower checks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CreateIngressTarget {
    /// Not blank.
    pub name: String,
    /// Kind of back end.
    pub driver_type: IngressDriver,
    /// Required for S3, may be empty (vendor default).
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Required for S3.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Required for S3.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub access_key: Option<SecretString>,
    /// Required for S3.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub secret_key: Option<SecretString>,
    /// S3 region to sign for; `auto` unless given.
    #[serde(default)]
    pub region: Option<String>,
    /// How the bucket is addressed; path style unless given.
    #[serde(default)]
    pub addressing: Option<BucketAddressing>,
    /// Relative directory, or key prefix.
    pub base_path: String,
    /// Bytes, at least 0; 0 is unlimited.
    pub max_file_size: i64,
    /// The first target of a binding is default whatever this says.
    #[serde(default)]
    pub is_default: bool,
}

/// `PATCH …/ingress-profiles/{profile_key}`. `null` and absent mean unchanged.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateIngressTarget {
    /// Not blank.
    pub name: Option<String>,
    /// Kind of back end; a text, so that an unknown word is answered by its own error.
    pub driver_type: Option<String>,
    /// S3 endpoint.
    pub endpoint: Option<String>,
    /// S3 bucket.
    pub bucket: Option<String>,
    /// S3 access key.
    #[schemars(with = "Option<String>")]
    pub access_key: Option<SecretString>,
    /// S3 secret key.
    #[schemars(with = "Option<String>")]
    pub secret_key: Option<SecretString>,
    /// S3 region to sign for; blank takes it away.
    pub region: Option<String>,
    /// How the bucket is addressed.
    pub addressing: Option<BucketAddressing>,
    /// Relative directory, or key prefix.
    pub base_path: Option<String>,
    /// Bytes; 0 is unlimited.
    pub max_file_size: Option<i64>,
    /// `true` moves the flag here; `false` on the default is refused.
    pub is_default: Option<bool>,
}
