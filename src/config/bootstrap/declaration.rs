//! What a primary is told to become before its first start: the declared bootstrap as data.
//!
//! Shape, references and secrets were checked when it was read. Whether a name, an address or a rule makes sense is
//! the primary's to say.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// Everything declared for a primary.
#[derive(Debug, Clone)]
pub struct DeclaredBootstrap {
    /// The first administrator.
    pub admin: DeclaredAdmin,
    /// Addresses for the setting `public_site_url`, the one for followers first; empty leaves the setting alone.
    pub public_site_url: Vec<String>,
    /// What the bootstrap file declares; `None` when no file is named.
    pub file: Option<DeclaredFile>,
}

/// The first administrator.
#[derive(Debug, Clone)]
pub struct DeclaredAdmin {
    /// Login name.
    pub username: String,
    /// Mail address.
    pub email: String,
    /// `None` asks for a generated one.
    pub password: Option<SecretString>,
}

/// The content of a bootstrap file.
#[derive(Debug, Clone, Default)]
pub struct DeclaredFile {
    /// Followers; names and tokens are unique.
    pub nodes: Vec<DeclaredNode>,
    /// Storage policies; names are unique, and each node they name is declared.
    pub policies: Vec<DeclaredPolicy>,
    /// Policy groups; names are unique, each policy they name is declared, and at most one is the default.
    pub groups: Vec<DeclaredGroup>,
}

/// A follower and its ingress targets.
#[derive(Debug, Clone)]
pub struct DeclaredNode {
    /// Name of the node.
    pub name: String,
    /// `None` derives it from the name.
    pub namespace: Option<String>,
    /// Where the primary reaches the follower.
    pub base_url: String,
    /// 32 to 128 characters of `A-Z a-z 0-9 _ -`.
    pub token: SecretString,
    /// Names are unique, and exactly one is the default when there is any.
    pub targets: Vec<DeclaredTarget>,
}

/// An ingress target of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclaredTarget {
    /// Name of the target.
    pub name: String,
    /// Directory below the follower's ingress root, or prefix in the bucket.
    pub base_path: String,
    /// Bytes; 0 is unlimited.
    pub max_file_size: i64,
    /// Whether it receives the objects.
    pub is_default: bool,
    /// `None` is a directory of the follower.
    pub bucket: Option<DeclaredBucket>,
}

/// Where an S3 target keeps its objects. Serialized it holds the keys in the clear: only to be sealed at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclaredBucket {
    /// Address of the S3 server.
    pub endpoint: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Region to sign for.
    pub region: Option<String>,
    /// `path` or `virtual_host`.
    pub addressing: Option<String>,
    /// Access key.
    #[serde(serialize_with = "in_the_clear")]
    pub access_key: SecretString,
    /// Secret key.
    #[serde(serialize_with = "in_the_clear")]
    pub secret_key: SecretString,
}

/// A storage policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclaredPolicy {
    /// Name of the policy.
    pub name: String,
    /// Name of the node of a remote policy; `None` is a local one.
    pub node: Option<String>,
    /// Directory (local) or key prefix (remote).
    pub base_path: String,
    /// Bytes; 0 is unlimited.
    pub max_file_size: i64,
    /// Bytes of an upload part; `None` is the usual size.
    pub chunk_size: Option<i64>,
    /// `options.remote_upload_strategy`.
    pub upload_strategy: Option<String>,
    /// `options.remote_download_strategy`.
    pub download_strategy: Option<String>,
}

/// A policy group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclaredGroup {
    /// Name of the group.
    pub name: String,
    /// Whether it becomes the default group.
    pub is_default: bool,
    /// At least one.
    pub rules: Vec<DeclaredRule>,
}

/// A rule of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeclaredRule {
    /// Name of a declared policy.
    pub policy: String,
    /// The smallest is asked first.
    pub priority: i64,
    /// Bytes, inclusive.
    pub min_file_size: i64,
    /// Bytes, exclusive; 0 is no upper bound.
    pub max_file_size: i64,
}

fn in_the_clear<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
