//! What a target is to be: the members of a create or a change, checked and in one spelling (wire contract §6).

use secrecy::{ExposeSecret, SecretString};

use super::{IngressError, S3Keys, TargetRecord, path};
use crate::protocol::{BucketAddressing, CreateIngressTarget, IngressDriver, UpdateIngressTarget};
use crate::storage::s3::S3Location;

/// Longest name in characters, far above what a person types.
const MAX_NAME_CHARS: usize = 255;
/// Longest S3 key or region in bytes, above what any vendor hands out.
const MAX_KEY_BYTES: usize = 1024;

/// A checked target.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) max_file_size: i64,
    pub(super) backend: Backend,
}

/// Where its objects are to lie.
#[derive(Debug, Clone)]
pub(super) enum Backend {
    /// A directory below the ingress root.
    Local {
        /// Relative, normalized.
        base_path: String,
    },
    /// A bucket.
    S3 { location: S3Location, region: Option<String>, addressing: BucketAddressing, keys: S3Keys },
}

/// The members before they are checked, those of a change over those that are there.
#[derive(Default)]
struct Members<'a> {
    endpoint: Option<&'a str>,
    bucket: Option<&'a str>,
    access_key: Option<&'a SecretString>,
    secret_key: Option<&'a SecretString>,
    region: Option<&'a str>,
    addressing: Option<BucketAddressing>,
    base_path: &'a str,
}

impl Wanted {
    /// What a create asks for.
    pub(super) fn from_create(asked: &CreateIngressTarget) -> Result<Self, IngressError> {
        let members = Members {
            endpoint: asked.endpoint.as_deref(),
            bucket: asked.bucket.as_deref(),
            access_key: asked.access_key.as_ref(),
            secret_key: asked.secret_key.as_ref(),
            region: asked.region.as_deref(),
            addressing: asked.addressing,
            base_path: &asked.base_path,
        };
        Self::check(&asked.name, asked.max_file_size, asked.driver_type, &members)
    }

    /// What a change makes of what is there. With another driver nothing of the old connection is kept.
    pub(super) fn from_update(
        present: &TargetRecord,
        asked: &UpdateIngressTarget,
    ) -> Result<Self, IngressError> {
        let target = &present.target;
        let driver = match asked.driver_type.as_deref() {
            None => target.driver_type,
            Some("local") => IngressDriver::Local,
            Some("s3") => IngressDriver::S3,
            Some(other) => return Err(IngressError::DriverUnsupported(other.chars().take(40).collect())),
        };
        let same_driver = driver == target.driver_type;
        let old =
            if same_driver { Members::of(present) } else { Members { base_path: ".", ..Members::default() } };
        let members = Members {
            endpoint: asked.endpoint.as_deref().or(old.endpoint),
            bucket: asked.bucket.as_deref().or(old.bucket),
            access_key: asked.access_key.as_ref().or(old.access_key),
            secret_key: asked.secret_key.as_ref().or(old.secret_key),
            region: asked.region.as_deref().or(old.region),
            addressing: asked.addressing.or(old.addressing),
            base_path: asked.base_path.as_deref().unwrap_or(old.base_path),
        };
        let name = asked.name.as_deref().unwrap_or(&target.name);
        Self::check(name, asked.max_file_size.unwrap_or(target.max_file_size), driver, &members)
    }

    fn check(
        name: &str,
        max_file_size: i64,
        driver: IngressDriver,
        members: &Members<'_>,
    ) -> Result<Self, IngressError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            return Err(IngressError::Invalid(format!("name must have 1 to {MAX_NAME_CHARS} characters")));
        }
        if max_file_size < 0 {
            let message =
                format!("max_file_size is {max_file_size}; use 0 for unlimited, or a number of bytes");
            return Err(IngressError::Invalid(message));
        }
        let backend = match driver {
            IngressDriver::Local => Backend::Local { base_path: path::normalize(members.base_path)? },
            IngressDriver::S3 => members.bucket()?,
        };
        Ok(Self { name: name.to_owned(), max_file_size, backend })
    }
}

impl<'a> Members<'a> {
    fn of(present: &'a TargetRecord) -> Self {
        let (target, keys) = (&present.target, present.keys.as_ref());
        Self {
            endpoint: Some(&target.endpoint),
            bucket: Some(&target.bucket),
            access_key: keys.map(|keys| &keys.access_key),
            secret_key: keys.map(|keys| &keys.secret_key),
            region: target.region.as_deref(),
            addressing: target.addressing,
            base_path: &target.base_path,
        }
    }

    fn bucket(&self) -> Result<Backend, IngressError> {
        let missing = |member| IngressError::Invalid(format!("{member} is required for driver_type `s3`"));
        let endpoint = self.endpoint.ok_or_else(|| missing("endpoint"))?;
        let bucket = self.bucket.ok_or_else(|| missing("bucket"))?;
        // `.` is what a local target calls its root; a prefix of that name would hide the objects.
        let base_path = if self.base_path.trim() == "." { "" } else { self.base_path };
        let location = S3Location::normalize(endpoint, bucket, base_path)
            .map_err(|error| IngressError::Invalid(error.to_string()))?;
        let region = self.region.map(str::trim).filter(|region| !region.is_empty());
        if region.is_some_and(|region| {
            region.len() > MAX_KEY_BYTES || !region.bytes().all(|b| b.is_ascii_graphic())
        }) {
            return Err(IngressError::Invalid("region must be plain ASCII, such as `eu-central-1`".into()));
        }
        Ok(Backend::S3 {
            location,
            region: region.map(str::to_owned),
            addressing: self.addressing.unwrap_or_default(),
            keys: S3Keys {
                access_key: key("access_key", self.access_key)?,
                secret_key: key("secret_key", self.secret_key)?,
            },
        })
    }
}

/// A key without white space around it; S3 keys are visible ASCII.
fn key(member: &'static str, given: Option<&SecretString>) -> Result<SecretString, IngressError> {
    let text = given.map(|secret| secret.expose_secret().trim()).unwrap_or_default();
    if text.is_empty() {
        return Err(IngressError::Invalid(format!("{member} is required for driver_type `s3`")));
    }
    if text.len() > MAX_KEY_BYTES || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(IngressError::Invalid(format!("{member} must be plain ASCII without spaces")));
    }
    Ok(text.to_owned().into())
}
