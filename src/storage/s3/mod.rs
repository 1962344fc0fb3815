//! Objects in a bucket of an S3-compatible service.
//!
//! ```text
//! <bucket>/<base path>/<namespace>/<key>
//! ```
//!
//! This module owns how objects travel there (whole or in parts), the memory they take on the way, and the meaning of
//! what S3 answers. It knows no node, no profile and no HTTP server. The trait's rules rest on S3's own: an object
//! appears when its PUT or its upload completes, and until then the old one is there.

mod budget;
mod check;
mod compose;
mod connector;
mod fault;
mod leftovers;
mod list;
mod parts;
mod plan;
mod read;
mod settings;
mod upload;
mod write;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;

use self::leftovers::Leftovers;
pub use self::settings::{Addressing, S3Location, S3LocationError, S3Settings, Timeouts};
pub use self::upload::MIN_PART;
pub use self::write::MAX_PART as MAX_RELAYED_PART;
use super::{
    ByteStream, ChosenPart, ErrorKind, KeyStream, ObjectMeta, ObjectReader, ObjectStore, PartUpload,
    PresignedUrl, ResponseOverrides, Result, StorageError, Stored, StoredPart,
};
use crate::protocol::{ByteRange, ObjectKey};

/// How often a request is sent when it fails in a way that may pass.
const ATTEMPTS: u32 = 3;
/// Mean wait before the second attempt; it doubles.
const BACKOFF: Duration = Duration::from_millis(200);
/// Small requests of one operation at the same time: sizes, deletions, small reads.
const PARALLEL_REQUESTS: usize = 16;

/// The objects of one namespace in one bucket. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Bucket,
    /// What stands before every key: empty, or with a slash at its end.
    root: Arc<str>,
    part_size: u64,
    parallel_parts: usize,
}

/// A bucket and the way to it.
#[derive(Debug, Clone)]
struct Bucket {
    client: Client,
    name: Arc<str>,
    /// For messages: which bucket, and where.
    place: Arc<str>,
    leftovers: Arc<Leftovers>,
}

impl S3Store {
    /// A store for `settings`. Reads the CA file, but sends nothing; see [`S3Store::check`].
    ///
    /// [`ErrorKind::Misconfigured`] when the settings cannot work, whatever the server says.
    pub fn new(settings: &S3Settings) -> Result<Self> {
        settings.validate()?;
        let location = &settings.location;
        let prefix = match location.base_path() {
            "" => String::new(),
            path => format!("{path}/"),
        };
        Ok(Self {
            bucket: Bucket::new(settings)?,
            root: match &settings.namespace {
                Some(namespace) => format!("{prefix}{namespace}/").into(),
                None => prefix.into(),
            },
            part_size: settings.part_size,
            parallel_parts: settings.parallel_parts,
        })
    }

    /// Finds out whether objects can be written, read, listed and deleted here, with an object of its own beside the
    /// namespace. The error says which step failed, where, and what to do.
    pub async fn check(&self) -> Result<()> {
        check::check(self).await
    }

    /// Aborts the uploads that an earlier process left unfinished in this namespace; says how many. To be called
    /// before the first write, and only where nobody else writes: it cannot tell them from uploads under way.
    pub async fn sweep(&self) -> Result<u64> {
        upload::sweep(&self.bucket, &self.root).await
    }

    fn full_key(&self, key: &ObjectKey) -> String {
        format!("{}{key}", self.root)
    }
}

impl Bucket {
    fn new(settings: &S3Settings) -> Result<Self> {
        let location = &settings.location;
        let region = settings.region.as_deref().unwrap_or("auto");
        let credentials = Credentials::new(
            settings.access_key.expose_secret(),
            settings.secret_key.expose_secret(),
            None,
            None,
            "settings",
        );
        let timeouts = TimeoutConfig::builder().operation_timeout(settings.timeouts.operation).build();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(connector::http_client(settings)?)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(Region::new(region.to_owned()))
            .force_path_style(settings.addressing == Addressing::Path)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
            // Newer checksums are unknown to many servers.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // The connector watches for silence, in both directions.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let (config, place) = match location.endpoint() {
            "" => (config, format!("region `{region}`")),
            endpoint => (config.endpoint_url(joinable(endpoint)), format!("`{endpoint}`")),
        };
        Ok(Self {
            client: Client::from_conf(config.build()),
            name: location.bucket().into(),
            place: format!("bucket `{}` at {place}", location.bucket()).into(),
            leftovers: Arc::default(),
        })
    }

    fn fault<E>(&self, action: &str, cause: SdkError<E, HttpResponse>) -> StorageError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        fault::fault(action, &self.place, cause)
    }

    /// The error for an answer that S3 would not give.
    fn nonsense(&self, what: &str) -> StorageError {
        let message = format!("{} answered with {what}; what answers there is not S3", self.place);
        StorageError::new(ErrorKind::Misconfigured, message)
    }
}

/// `endpoint` as the SDK needs it, which puts the bucket right behind a path.
fn joinable(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    let has_path = endpoint.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { format!("{endpoint}/") } else { endpoint.to_owned() }
}

impl ObjectStore for S3Store {
    fn put<'a>(&'a self, key: &'a ObjectKey, size: u64, body: ByteStream) -> BoxFuture<'a, Result<Stored>> {
        Box::pin(write::put(self, key, size, body))
    }

    fn get<'a>(
        &'a self,
        key: &'a ObjectKey,
        range: Option<ByteRange>,
    ) -> BoxFuture<'a, Result<ObjectReader>> {
        Box::pin(read::get(self, key, range))
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<ObjectMeta>> {
        Box::pin(async move { Ok(read::head(self, key).await?.meta) })
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(write::delete(self, key))
    }

    fn list<'a>(&'a self, prefix: Option<&'a ObjectKey>) -> BoxFuture<'a, Result<KeyStream>> {
        Box::pin(list::list(self, prefix))
    }

    fn compose<'a>(
        &'a self,
        target: &'a ObjectKey,
        parts: &'a [ObjectKey],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(compose::compose(self, target, parts, expected_size))
    }

    fn presign_get<'a>(
        &'a self,
        key: &'a ObjectKey,
        overrides: &'a ResponseOverrides,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(parts::presign_get(self, key, overrides, lifetime))
    }

    fn presign_put<'a>(
        &'a self,
        key: &'a ObjectKey,
        size: u64,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(parts::presign_put(self, key, size, lifetime))
    }

    fn begin_parts<'a>(&'a self, target: &'a ObjectKey) -> BoxFuture<'a, Result<PartUpload>> {
        Box::pin(parts::begin(self, target))
    }

    fn put_part<'a>(
        &'a self,
        upload: &'a PartUpload,
        number: u32,
        size: u64,
        body: ByteStream,
    ) -> BoxFuture<'a, Result<StoredPart>> {
        Box::pin(parts::put(self, upload, number, size, body))
    }

    fn presign_part<'a>(
        &'a self,
        upload: &'a PartUpload,
        number: u32,
        size: u64,
        lifetime: Duration,
    ) -> BoxFuture<'a, Result<PresignedUrl>> {
        Box::pin(parts::presign_part(self, upload, number, size, lifetime))
    }

    fn list_parts<'a>(&'a self, upload: &'a PartUpload) -> BoxFuture<'a, Result<Vec<StoredPart>>> {
        Box::pin(parts::list(self, upload))
    }

    fn complete_parts<'a>(
        &'a self,
        upload: &'a PartUpload,
        parts: &'a [ChosenPart],
        expected_size: u64,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(parts::complete(self, upload, parts, expected_size))
    }

    fn abort_parts<'a>(&'a self, upload: &'a PartUpload) -> BoxFuture<'a, Result<()>> {
        Box::pin(parts::abort(self, upload))
    }

    fn abort_unfinished<'a>(&'a self, target: &'a ObjectKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { leftovers::end(&self.bucket, &self.full_key(target)).await.map(|_| ()) })
    }
}
