//! What an S3 target is told: where the bucket is (with the wire's rules for that, contract §6), the keys to it, and
//! how much of this machine it may take.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::upload::MIN_PART;
use super::write::MAX_PART;
use crate::protocol::Namespace;
use crate::storage::remote::guard::Guard;
use crate::storage::{ErrorKind, Result, StorageError};

/// Everything an [`S3Store`](super::S3Store) needs to know.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Endpoint, bucket and key prefix.
    pub location: S3Location,
    /// Keys lie in this sub-prefix, `None` right below the prefix of the location; whatever is outside of it is never
    /// touched, but for the object of a check.
    pub namespace: Option<Namespace>,
    /// Id of the key pair.
    pub access_key: SecretString,
    /// The secret of the key pair.
    pub secret_key: SecretString,
    /// Region to sign for; `None` is `auto`. Must be given where the vendor's default endpoint is used.
    pub region: Option<String>,
    /// How the bucket appears in addresses.
    pub addressing: Addressing,
    /// PEM file of the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Objects up to this many bytes travel in one request, larger ones in parts of at least this size. 5 MiB to
    /// 64 MiB.
    pub part_size: u64,
    /// Parts of one object that travel at the same time, at least 1.
    pub parallel_parts: usize,
    /// Connections to the endpoint at one time, at least 1.
    pub connections: usize,
    /// How long to wait for the endpoint.
    pub timeouts: Timeouts,
    /// Leaves an endpoint alone that does not answer; `None` asks it each time.
    pub guard: Option<Guard>,
}

impl S3Settings {
    /// Settings with the defaults: path style, region `auto`, parts of 8 MiB, three at a time, 256 connections, the
    /// timeouts of wire contract §6, and no guard.
    pub fn new(
        location: S3Location,
        namespace: impl Into<Option<Namespace>>,
        access_key: SecretString,
        secret_key: SecretString,
    ) -> Self {
        Self {
            location,
            namespace: namespace.into(),
            access_key,
            secret_key,
            region: None,
            addressing: Addressing::Path,
            ca_file: None,
            part_size: 8 * 1024 * 1024,
            parallel_parts: 3,
            connections: 256,
            timeouts: Timeouts::default(),
            guard: None,
        }
    }

    /// Refuses what cannot work, in words for the one who set it.
    pub(super) fn validate(&self) -> Result<()> {
        let refused = |message: String| Err(StorageError::new(ErrorKind::Misconfigured, message));
        if !(MIN_PART..=MAX_PART).contains(&self.part_size) {
            return refused(format!(
                "part size {} must be between {MIN_PART} and {} bytes",
                self.part_size, MAX_PART
            ));
        }
        if self.parallel_parts == 0 || self.connections == 0 {
            return refused("parallel parts and connections must be at least 1".to_owned());
        }
        if self.location.endpoint.is_empty() && self.region.is_none() {
            return refused("without an endpoint the region must be named; set one of them".to_owned());
        }
        match Url::parse(&self.location.endpoint) {
            Ok(url) if url.query().is_some() || url.fragment().is_some() => refused(format!(
                "endpoint `{}` has a query or a fragment; remove everything from `?` or `#` on",
                self.location.endpoint
            )),
            _ => Ok(()),
        }
    }
}

/// How the bucket appears in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// `https://endpoint/bucket/key`.
    Path,
    /// `https://bucket.endpoint/key`.
    VirtualHost,
}

/// How long to wait for the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included, and for a free one when all are in use.
    pub connect: Duration,
    /// Without any byte moving, in either direction.
    pub read: Duration,
    /// For one operation with its repetitions. The transfer of a body that was opened does not count.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(30),
            operation: Duration::from_secs(3600),
        }
    }
}

/// Endpoint, bucket and prefix in the form in which they are stored and used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Location {
    endpoint: String,
    bucket: String,
    base_path: String,
}

/// Why a location was refused (400/1000 on the wire).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3LocationError {
    /// No bucket, and none in the endpoint either.
    #[error("the bucket is missing; name the bucket that takes the objects")]
    BucketMissing,
    /// Not what a bucket can be called.
    #[error("`{0}` is no bucket name; use letters, digits, `.`, `-` and `_`")]
    BucketInvalid(String),
    /// Not an address to send requests to.
    #[error("endpoint `{0}` must be an http or https URL with a host, without user and password")]
    EndpointInvalid(String),
    /// The public, read-only side of R2.
    #[error(
        "`{0}` only serves public downloads; use the S3 API endpoint, https://ACCOUNT.r2.cloudflarestorage.com"
    )]
    PublicR2(String),
    /// R2 endpoints are copied with the bucket behind them, but with nothing else.
    #[error("endpoint `{0}` may have nothing behind its host but the name of the bucket")]
    R2Path(String),
    /// The endpoint names one bucket, the settings another.
    #[error("the endpoint names bucket `{endpoint}`, the settings `{bucket}`; correct one of them")]
    BucketDiffers {
        /// The one in the endpoint.
        endpoint: String,
        /// The one in the settings.
        bucket: String,
    },
}

impl S3Location {
    /// Applies the rules of wire contract §6 to what somebody typed. An empty endpoint is the vendor's default.
    pub fn normalize(
        endpoint: &str,
        bucket: &str,
        base_path: &str,
    ) -> std::result::Result<Self, S3LocationError> {
        let (endpoint, bucket) = (endpoint.trim(), bucket.trim());
        let base_path = base_path.trim().trim_matches('/').to_owned();
        let (endpoint, bucket) = match endpoint {
            "" => (String::new(), bucket.to_owned()),
            endpoint => normalize_endpoint(endpoint, bucket)?,
        };
        if bucket.is_empty() {
            return Err(S3LocationError::BucketMissing);
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if bucket.len() > 255 || !bucket.bytes().all(legal) || bucket.bytes().all(|b| b == b'.') {
            return Err(S3LocationError::BucketInvalid(bucket.chars().take(80).collect()));
        }
        Ok(Self { endpoint, bucket, base_path })
    }

    /// `http` or `https` URL; empty for the vendor's default.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Name of the bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Key prefix without slashes around it; may be empty.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }
}

fn normalize_endpoint(
    endpoint: &str,
    bucket: &str,
) -> std::result::Result<(String, String), S3LocationError> {
    let shown = || endpoint.chars().take(200).collect::<String>();
    let invalid = || S3LocationError::EndpointInvalid(shown());
    let url = Url::parse(endpoint).map_err(|_| invalid())?;
    if !url.username().is_empty() || url.password().is_some() {
        // Not even shown: what stands there is a password.
        return Err(S3LocationError::EndpointInvalid(format!("{}://…", url.scheme())));
    }
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    if !matches!(url.scheme(), "http" | "https") || host.is_empty() {
        return Err(invalid());
    }
    let is_at =
        |domain: &str| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
    if is_at("r2.dev") {
        return Err(S3LocationError::PublicR2(host));
    }
    if !is_at("r2.cloudflarestorage.com") {
        return Ok((endpoint.to_owned(), bucket.to_owned()));
    }
    let path = url.path().trim_matches('/');
    if url.query().is_some() || url.fragment().is_some() || path.contains('/') {
        return Err(S3LocationError::R2Path(shown()));
    }
    let bucket = match (path, bucket) {
        ("", bucket) => bucket,
        (path, "") => path,
        (path, bucket) if path == bucket => bucket,
        (path, bucket) => {
            return Err(S3LocationError::BucketDiffers {
                endpoint: path.to_owned(),
                bucket: bucket.to_owned(),
            });
        }
    };
    Ok((url.origin().ascii_serialization(), bucket.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(endpoint: &str, bucket: &str) -> std::result::Result<(String, String), S3LocationError> {
        S3Location::normalize(endpoint, bucket, "").map(|it| (it.endpoint, it.bucket))
    }

    #[test]
    fn an_ordinary_endpoint_is_stored_as_given_without_white_space() {
        for (given, expected) in [
            (" https://s3.example.com ", "https://s3.example.com"),
            ("http://10.0.0.1:9000/", "http://10.0.0.1:9000/"),
            ("https://example.com/s3/v1", "https://example.com/s3/v1"),
            ("HTTP://[::1]:3900", "HTTP://[::1]:3900"),
            ("https://notr2.dev.example", "https://notr2.dev.example"),
            ("https://myr2.dev", "https://myr2.dev"),
            ("", ""),
        ] {
            assert_eq!(stored(given, " data "), Ok((expected.to_owned(), "data".to_owned())), "{given}");
        }
    }

    #[test]
    fn an_endpoint_that_takes_no_requests_is_refused() {
        for given in
            ["s3.example.com", "ftp://s3.example.com", "https://", "http:", "not a url", "file:///data"]
        {
            assert!(matches!(stored(given, "data"), Err(S3LocationError::EndpointInvalid(_))), "{given}");
        }
        let error = stored("https://key:hunter2@s3.example.com", "data").expect_err("user and password");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_bucket_is_needed_and_is_one_name() {
        for endpoint in ["", "https://s3.example.com", "https://a.r2.cloudflarestorage.com/"] {
            assert_eq!(stored(endpoint, " "), Err(S3LocationError::BucketMissing), "{endpoint}");
        }
        for bucket in ["a/b", "a?b", "..", "ä", "a b"] {
            let error = stored("https://s3.example.com", bucket);
            assert_eq!(error, Err(S3LocationError::BucketInvalid(bucket.to_owned())));
        }
    }

    #[test]
    fn r2_endpoints_lose_their_path_which_can_only_be_the_bucket() {
        let account = "https://acc.r2.cloudflarestorage.com";
        for (given, bucket) in
            [("", "data"), ("/", "data"), ("/data", ""), ("/data/", "data"), ("/data", "data")]
        {
            let expected = Ok((account.to_owned(), "data".to_owned()));
            assert_eq!(stored(&format!("{account}{given}"), bucket), expected, "{given} {bucket}");
        }
        let port = stored("https://R2.CloudflareStorage.com:8443/data", "").expect("port");
        assert_eq!(port.0, "https://r2.cloudflarestorage.com:8443");
        for given in ["/data/more", "?x=1", "/data?x", "#data"] {
            let error = stored(&format!("{account}{given}"), "data");
            assert!(matches!(error, Err(S3LocationError::R2Path(_))), "{given}");
        }
        let differs = stored(&format!("{account}/data"), "other").expect_err("two buckets");
        assert!(matches!(differs, S3LocationError::BucketDiffers { .. }));
        for public in ["https://r2.dev", "https://pub-1.R2.dev/data"] {
            assert!(matches!(stored(public, "data"), Err(S3LocationError::PublicR2(_))), "{public}");
        }
    }

    #[test]
    fn a_base_path_has_no_slashes_around_it() {
        for (given, expected) in [("", ""), (" / ", ""), ("/a/b/", "a/b"), (" a b ", "a b"), (".", ".")] {
            let location = S3Location::normalize("", "data", given).expect("location");
            assert_eq!(location.base_path(), expected, "{given}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let location = |endpoint| S3Location::normalize(endpoint, "data", "").expect("location");
        let settings = |endpoint| {
            S3Settings::new(
                location(endpoint),
                Namespace::random(),
                "a".to_owned().into(),
                "s".to_owned().into(),
            )
        };
        let good = settings("https://s3.example.com");
        good.validate().expect("defaults");
        let refusal = |settings: S3Settings| settings.validate().expect_err("refused").to_string();
        assert!(refusal(settings("")).contains("region"));
        assert!(refusal(settings("https://s3.example.com?x=1")).contains("query"));
        assert!(refusal(S3Settings { part_size: MIN_PART - 1, ..good.clone() }).contains("part size"));
        assert!(refusal(S3Settings { part_size: MAX_PART + 1, ..good.clone() }).contains("part size"));
        assert!(refusal(S3Settings { connections: 0, ..good }).contains("connections"));
        S3Settings { region: Some("eu-west-1".to_owned()), ..settings("") }.validate().expect("region");
    }
}
