//! The bucket of an s3 policy: what may be asked for, and its keys, which are stored sealed.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::policy::{Bucket, PolicyOptions, SealedText};
use super::problems::Problems;
use super::wanted::NewBucket;
use crate::config::{SealError, SealingKey};
use crate::protocol::{BucketAddressing, ObjectKey};
use crate::storage::remote::guard::Guard;
use crate::storage::s3::{Addressing, S3Location, S3LocationError, S3Settings, Timeouts};

/// Longest key or secret, in characters.
const MAX_KEY_CHARS: usize = 1024;

/// The key pair of a bucket.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) access_key: SecretString,
    pub(super) secret_key: SecretString,
}

/// A bucket that may be stored.
#[derive(Debug, Clone)]
pub(super) struct CheckedBucket {
    pub(super) location: S3Location,
    pub(super) region: Option<String>,
    pub(super) addressing: BucketAddressing,
    /// `None` keeps the present pair.
    pub(super) keys: Option<Keys>,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Plain {
    access_key: String,
    secret_key: String,
}

/// Checks a bucket over the present one, if any.
pub(super) fn check(
    new: NewBucket<'_>,
    base_path: &str,
    present: Option<&Bucket>,
    problems: &mut Problems,
) -> Option<CheckedBucket> {
    let keys = check_keys(new, present.is_some(), problems);
    let addressing = match new.addressing.map(str::trim) {
        None => present.map(|bucket| bucket.addressing).unwrap_or_default(),
        Some("" | "path") => BucketAddressing::Path,
        Some("virtual_host") => BucketAddressing::VirtualHost,
        Some(_) => {
            problems.add("addressing", "must be `path` or `virtual_host`");
            BucketAddressing::Path
        }
    };
    let region = match new.region.map(str::trim) {
        None => present.and_then(|bucket| bucket.region.clone()),
        Some("") => None,
        Some(region) => Some(region.to_owned()),
    };
    let legal = |region: &str| region.len() <= 64 && region.bytes().all(|b| b.is_ascii_graphic());
    problems.require(
        region.as_deref().is_none_or(legal),
        "region",
        "must be at most 64 visible ASCII characters",
    );
    let endpoint = new.endpoint.or(present.map(|bucket| bucket.location.endpoint()));
    let name = new.bucket.or(present.map(|bucket| bucket.location.bucket()));
    match S3Location::normalize(endpoint.unwrap_or_default(), name.unwrap_or_default(), base_path) {
        Ok(location) => {
            problems.require(
                !location.endpoint().is_empty() || region.is_some(),
                "region",
                "must be named where there is no endpoint",
            );
            Some(CheckedBucket { location, region, addressing, keys })
        }
        Err(error) => {
            let field = match &error {
                S3LocationError::BucketMissing | S3LocationError::BucketInvalid(_) => "bucket",
                _ => "endpoint",
            };
            problems.add(field, error.to_string());
            None
        }
    }
}

/// Members that only an s3 policy has; blank ones count as absent.
pub(super) fn check_absent(new: NewBucket<'_>, driver: &str, problems: &mut Problems) {
    let text = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    let secret = |secret: Option<&SecretString>| text(secret.map(ExposeSecret::expose_secret));
    for (field, given) in [
        ("endpoint", text(new.endpoint)),
        ("bucket", text(new.bucket)),
        ("access_key", secret(new.access_key)),
        ("secret_key", secret(new.secret_key)),
        ("region", text(new.region)),
        ("addressing", text(new.addressing)),
    ] {
        problems.require(!given, field, &format!("must be absent for driver `{driver}`"));
    }
}

/// A prefix in a bucket, under the rules of object keys.
pub(super) fn check_prefix(raw: &str, problems: &mut Problems) -> String {
    match ObjectKey::parse(raw.trim()) {
        Ok(key) => key.as_str().to_owned(),
        Err(crate::protocol::KeyError::Empty) => String::new(),
        Err(error) => {
            problems.add("base_path", error.to_string());
            String::new()
        }
    }
}

fn check_keys(new: NewBucket<'_>, may_keep: bool, problems: &mut Problems) -> Option<Keys> {
    let given = |secret: Option<&SecretString>| {
        let text = secret.map(|secret| secret.expose_secret().trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let mut fit = |text: &str, field| {
        let fits = text.chars().count() <= MAX_KEY_CHARS && !text.chars().any(char::is_control);
        problems.require(fits, field, "must have at most 1024 characters, none of them control characters");
    };
    match (given(new.access_key), given(new.secret_key)) {
        (Some(access_key), Some(secret_key)) => {
            fit(&access_key, "access_key");
            fit(&secret_key, "secret_key");
            Some(Keys { access_key: access_key.into(), secret_key: secret_key.into() })
        }
        (None, None) if may_keep => None,
        (access_key, secret_key) => {
            let message = "is required; access_key and secret_key come together";
            problems.require(access_key.is_some(), "access_key", message);
            problems.require(secret_key.is_some(), "secret_key", message);
            None
        }
    }
}

/// A sealed pair opens only for its own endpoint and bucket: whoever can write to the database cannot have requests
/// signed for another server.
fn context(location: &S3Location) -> String {
    format!("storage_policies.keys/{}/{}", location.endpoint(), location.bucket())
}

pub(super) fn seal(key: &SealingKey, location: &S3Location, keys: &Keys) -> SealedText {
    let plain = Plain {
        access_key: keys.access_key.expose_secret().to_owned(),
        secret_key: keys.secret_key.expose_secret().to_owned(),
    };
    let text = serde_json::to_string(&plain).expect("two texts are JSON");
    SealedText(key.seal(&context(location), &text.into()))
}

pub(super) fn open(key: &SealingKey, location: &S3Location, sealed: &SealedText) -> Result<Keys, SealError> {
    let text = key.open(&context(location), &sealed.0)?;
    let plain: Plain = serde_json::from_str(text.expose_secret()).map_err(|_| SealError::Format)?;
    Ok(Keys { access_key: plain.access_key.into(), secret_key: plain.secret_key.into() })
}

impl CheckedBucket {
    /// The bucket as it is stored; `present` has the keys that are kept.
    pub(super) fn sealed(&self, key: &SealingKey, present: Option<&Bucket>) -> Result<Bucket, SealError> {
        let keys = match (&self.keys, present) {
            (Some(keys), _) => seal(key, &self.location, keys),
            // The same text as long as it opens, so that an open store is kept.
            (None, Some(present)) if context(&present.location) == context(&self.location) => {
                present.keys.clone()
            }
            (None, Some(present)) => seal(key, &self.location, &open(key, &present.location, &present.keys)?),
            (None, None) => return Err(SealError::Format),
        };
        Ok(Bucket {
            location: self.location.clone(),
            region: self.region.clone(),
            addressing: self.addressing,
            keys,
        })
    }
}

/// What the store is told.
pub(super) fn settings(
    key: &SealingKey,
    bucket: &Bucket,
    options: &PolicyOptions,
) -> Result<S3Settings, SealError> {
    let keys = open(key, &bucket.location, &bucket.keys)?;
    let mut settings = S3Settings::new(bucket.location.clone(), None, keys.access_key, keys.secret_key);
    settings.region.clone_from(&bucket.region);
    settings.addressing = match bucket.addressing {
        BucketAddressing::Path => Addressing::Path,
        BucketAddressing::VirtualHost => Addressing::VirtualHost,
    };
    settings.guard = Some(Guard::default());
    let secs = |secs: u32| std::time::Duration::from_secs(secs.into());
    settings.timeouts = Timeouts {
        connect: secs(options.s3_connect_timeout_secs),
        read: secs(options.s3_read_timeout_secs),
        operation: secs(options.s3_operation_timeout_secs),
    };
    Ok(settings)
}
