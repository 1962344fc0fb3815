//! What a storage policy is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DEFAULT_CHUNK_SIZE;
use super::allowed::AllowedTypes;
use crate::protocol::{BucketAddressing, Needs, Timestamp};
use crate::storage::MAX_PARTS;
use crate::storage::s3::{MIN_PART, S3Location};

/// Largest object of one PUT to S3, in bytes.
const MAX_S3_PUT: u64 = 5 * 1024 * 1024 * 1024;
/// Parts that have to grow do so in steps of this.
const GRAIN: u64 = 1024 * 1024;

/// Where a policy's objects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PolicyDriver")]
pub enum Driver {
    /// A directory of the primary.
    Local,
    /// A bucket.
    S3,
    /// A follower.
    Remote,
}

impl Driver {
    /// The word in requests and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::S3 => "s3",
            Self::Remote => "remote",
        }
    }

    /// The driver of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Local, Self::S3, Self::Remote].into_iter().find(|driver| driver.as_str() == word)
    }
}

/// Which way bytes take between browsers and the place of the objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TransferStrategy")]
pub enum Strategy {
    /// Through the primary.
    #[default]
    RelayStream,
    /// Directly, by URLs that the primary signs.
    Presigned,
}

/// Options of a policy; unknown ones are ignored. Those of another driver have no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PolicyOptions {
    /// The way to a follower.
    pub remote_upload_strategy: Strategy,
    /// The way from a follower.
    pub remote_download_strategy: Strategy,
    /// The way to a bucket.
    pub s3_upload_strategy: Strategy,
    /// The way from a bucket.
    pub s3_download_strategy: Strategy,
    /// Longest wait for a connection to the endpoint, TLS included.
    pub s3_connect_timeout_secs: u32,
    /// Longest time without any byte moving.
    pub s3_read_timeout_secs: u32,
    /// Longest time of one operation with its repetitions.
    pub s3_operation_timeout_secs: u32,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self {
            remote_upload_strategy: Strategy::default(),
            remote_download_strategy: Strategy::default(),
            s3_upload_strategy: Strategy::default(),
            s3_download_strategy: Strategy::default(),
            s3_connect_timeout_secs: 5,
            s3_read_timeout_secs: 30,
            s3_operation_timeout_secs: 3600,
        }
    }
}

/// The bucket of a policy and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Endpoint, bucket and key prefix.
    pub location: S3Location,
    /// Region to sign for; `None` is `auto`.
    pub region: Option<String>,
    /// How the bucket appears in addresses.
    pub addressing: BucketAddressing,
    /// The keys to it.
    pub(super) keys: SealedText,
}

/// Ciphertext that need not be shown to anybody.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SealedText(pub(super) String);

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedText([redacted])")
    }
}

/// A place for objects.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Id.
    pub id: i64,
    /// For people; unique.
    pub name: String,
    /// Never changes.
    pub driver: Driver,
    /// Directory (local) or key prefix (remote, s3).
    pub base_path: String,
    /// The bucket of an s3 policy.
    pub bucket: Option<Bucket>,
    /// The node of a remote policy; never changes.
    pub node_id: Option<i64>,
    /// The ingress target of a remote policy, by its profile key; `None` is the follower's default.
    pub ingress_target: Option<String>,
    /// Largest file in bytes; 0 is unlimited.
    pub max_file_size: u64,
    /// Bytes of an upload part; 0 is never chunked.
    pub chunk_size: u64,
    /// Which files it takes.
    pub allowed_types: AllowedTypes,
    /// Exactly one policy is the default.
    pub is_default: bool,
    /// Options.
    pub options: PolicyOptions,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Policy {
    /// The way of uploads.
    pub fn upload_strategy(&self) -> Strategy {
        strategies(self.driver, &self.options).0
    }

    /// The way of downloads. Previews in the page are relayed all the same.
    pub fn download_strategy(&self) -> Strategy {
        strategies(self.driver, &self.options).1
    }

    /// In parts of how many bytes (the last one may have fewer) a file of `size` bytes is uploaded; `None` is in one
    /// piece. No file has more than [`MAX_PARTS`] of them, and those of a bucket have at least the 5 MiB that S3 wants.
    pub fn part_size(&self, size: u64) -> Option<u64> {
        let direct_to_bucket = self.driver == Driver::S3 && self.upload_strategy() == Strategy::Presigned;
        let one_piece = if direct_to_bucket { MAX_S3_PUT } else { u64::MAX };
        let fits = self.chunk_size == 0 || size <= self.chunk_size;
        let smallest = if self.driver == Driver::S3 { MIN_PART } else { 1 };
        let wanted = if self.chunk_size == 0 { DEFAULT_CHUNK_SIZE.unsigned_abs() } else { self.chunk_size };
        let needed = size.div_ceil(u64::from(MAX_PARTS));
        let needed = if needed > wanted { needed.div_ceil(GRAIN) * GRAIN } else { needed };
        let part = wanted.max(smallest).max(needed);
        let whole = size <= one_piece && (fits || size <= part);
        (!whole).then_some(part)
    }

    /// Whether an object of this policy is found by `other`, too: the same policy before or after a change.
    pub fn is_same_place(&self, other: &Self) -> bool {
        let location = |policy: &Self| policy.bucket.as_ref().map(|bucket| bucket.location.clone());
        self.base_path == other.base_path
            && location(self) == location(other)
            && self.node_id == other.node_id
            && self.ingress_target == other.ingress_target
    }

    /// What it asks of its node.
    pub(super) fn needs(&self) -> Needs {
        needs(self.driver, &self.options, self.ingress_target.as_deref())
    }
}

/// The ways in and out that count for a driver.
pub(super) fn strategies(driver: Driver, options: &PolicyOptions) -> (Strategy, Strategy) {
    match driver {
        Driver::Local => (Strategy::RelayStream, Strategy::RelayStream),
        Driver::S3 => (options.s3_upload_strategy, options.s3_download_strategy),
        Driver::Remote => (options.remote_upload_strategy, options.remote_download_strategy),
    }
}

pub(super) fn needs(driver: Driver, options: &PolicyOptions, ingress_target: Option<&str>) -> Needs {
    let (upload, download) = strategies(driver, options);
    Needs {
        presigned_upload: upload == Strategy::Presigned,
        presigned_download: download == Strategy::Presigned,
        select_ingress_target: ingress_target.is_some(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    pub(in crate::primary::policies) fn policy(driver: Driver, chunk_size: u64) -> Policy {
        Policy {
            id: 1,
            name: "P".into(),
            driver,
            base_path: "p".into(),
            bucket: None,
            node_id: None,
            ingress_target: None,
            max_file_size: 0,
            chunk_size,
            allowed_types: AllowedTypes::default(),
            is_default: false,
            options: PolicyOptions::default(),
            created_at: Timestamp::from_unix_ms(0),
            updated_at: Timestamp::from_unix_ms(0),
        }
    }

    #[test]
    fn a_file_up_to_the_chunk_size_goes_in_one_piece() {
        let parts = |driver, chunk_size, size| policy(driver, chunk_size).part_size(size);
        for driver in [Driver::Local, Driver::S3, Driver::Remote] {
            assert_eq!(parts(driver, 5 * MIB, 5 * MIB), None);
            assert_eq!(parts(driver, 5 * MIB, 5 * MIB + 1), Some(5 * MIB));
            assert_eq!(parts(driver, 0, u64::MAX / 2), None, "never chunked");
            assert_eq!(parts(driver, 5 * MIB, 0), None);
        }
        assert_eq!(parts(Driver::Remote, 10, 11), Some(10));
        assert_eq!(parts(Driver::S3, 10, 5 * MIB), None, "the first part would be all of it");
        assert_eq!(parts(Driver::S3, 10, 5 * MIB + 1), Some(5 * MIB));
    }

    #[test]
    fn parts_grow_so_that_there_are_never_more_than_any_store_takes() {
        let size = 100 * 1024 * 1024 * MIB;
        for driver in [Driver::Local, Driver::S3, Driver::Remote] {
            let part = policy(driver, 5 * MIB).part_size(size).expect("parts");
            assert!(size.div_ceil(part) <= u64::from(MAX_PARTS), "{part}");
            assert_eq!(part % MIB, 0);
        }
    }

    #[test]
    fn what_one_put_to_a_bucket_cannot_hold_goes_in_parts_whatever_the_chunk_size() {
        let mut direct = policy(Driver::S3, 0);
        direct.options.s3_upload_strategy = Strategy::Presigned;
        assert_eq!(direct.part_size(MAX_S3_PUT), None);
        assert_eq!(direct.part_size(MAX_S3_PUT + 1), Some(5 * MIB));
    }

    #[test]
    fn options_of_an_earlier_release_get_the_defaults_of_this_one() {
        let text = r#"{"remote_upload_strategy":"presigned","unknown":1}"#;
        let options: PolicyOptions = serde_json::from_str(text).expect("json");
        let expected =
            PolicyOptions { remote_upload_strategy: Strategy::Presigned, ..PolicyOptions::default() };
        assert_eq!(options, expected);
        assert_eq!(options.s3_operation_timeout_secs, 3600);
    }
}
