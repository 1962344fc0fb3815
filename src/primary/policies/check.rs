//! What a policy may look like. Pure; every wrong member is reported.

use super::DEFAULT_CHUNK_SIZE;
use super::allowed::AllowedTypes;
use super::bucket::{self, CheckedBucket};
use super::policy::{Bucket, Driver, Policy, PolicyOptions, Strategy, needs, strategies};
use super::problems::{Problems, check_bytes, check_name};
use super::store::{PolicyRow, Usage};
use super::wanted::{NewBucket, NewOptions, NewPolicy, PolicyChange};
use crate::protocol::{KeyError, Needs, ObjectKey};
use crate::storage::s3::MAX_RELAYED_PART;

/// Longest time that an option of an s3 policy may say, in seconds.
const MAX_TIMEOUT_SECS: i64 = 24 * 3600;
/// Longest profile key.
const MAX_PROFILE_KEY_BYTES: usize = 100;

/// A policy that may be stored, as far as that can be said without looking at its node.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) driver: Driver,
    pub(super) base_path: String,
    pub(super) bucket: Option<CheckedBucket>,
    pub(super) node_id: Option<i64>,
    pub(super) ingress_target: Option<String>,
    pub(super) max_file_size: u64,
    pub(super) chunk_size: u64,
    pub(super) allowed_types: AllowedTypes,
    pub(super) options: PolicyOptions,
}

impl Checked {
    /// What is stored; `bucket` is its own with sealed keys.
    pub(super) fn row<'a>(&'a self, bucket: Option<&'a Bucket>) -> PolicyRow<'a> {
        PolicyRow {
            name: &self.name,
            driver: self.driver,
            base_path: &self.base_path,
            bucket,
            node_id: self.node_id,
            ingress_target: self.ingress_target.as_deref(),
            max_file_size: self.max_file_size,
            chunk_size: self.chunk_size,
            allowed_types: &self.allowed_types,
            options: self.options,
        }
    }

    /// What it asks of its node.
    pub(super) fn needs(&self) -> Needs {
        needs(self.driver, &self.options, self.ingress_target.as_deref())
    }
}

pub(super) fn new_policy(new: &NewPolicy) -> Result<Checked, Problems> {
    let mut problems = Problems::default();
    let name = check_name(&new.name, &mut problems);
    let Some(driver) = check_driver(&new.driver_type, &mut problems) else { return Err(problems) };
    let base_path = check_base_path(driver, new.base_path.as_deref().unwrap_or_default(), &mut problems);
    let (field, given) = ("remote_node_id", new.remote_node_id.is_some());
    match driver {
        Driver::Remote => problems.require(given, field, "is required for driver `remote`"),
        Driver::Local => problems.require(!given, field, "must be absent for driver `local`"),
        Driver::S3 => problems.require(!given, field, "must be absent for driver `s3`"),
    }
    let options = check_options(driver, new.options.as_ref(), PolicyOptions::default(), &mut problems);
    let checked = Checked {
        name,
        driver,
        bucket: check_bucket(driver, new.of_bucket(), &base_path, None, &mut problems),
        base_path,
        node_id: new.remote_node_id,
        ingress_target: check_target(driver, new.ingress_target.as_deref(), None, &mut problems),
        max_file_size: check_bytes(new.max_file_size.unwrap_or(0), "max_file_size", &mut problems),
        chunk_size: check_chunk_size(
            driver,
            new.chunk_size.unwrap_or(DEFAULT_CHUNK_SIZE),
            &options,
            &mut problems,
        ),
        allowed_types: AllowedTypes::check(new.allowed_types.as_deref().unwrap_or_default(), &mut problems),
        options,
    };
    problems.into_result().map(|()| checked)
}

pub(super) fn changed_policy(
    present: &Policy,
    change: &PolicyChange,
    has_objects: bool,
) -> Result<Checked, Problems> {
    let mut problems = Problems::default();
    let driver = present.driver;
    let name = check_name(change.name.as_deref().unwrap_or(&present.name), &mut problems);
    let same_driver = change.driver_type.as_deref().is_none_or(|word| word == driver.as_str());
    problems.require(same_driver, "driver_type", "stays as it is; create another policy");
    let same_node = change.remote_node_id.is_none() || change.remote_node_id == present.node_id;
    problems.require(same_node, "remote_node_id", "stays as it is; create another policy");
    let base_path = match &change.base_path {
        None => present.base_path.clone(),
        Some(base_path) => check_base_path(driver, base_path, &mut problems),
    };
    let of_bucket = change.of_bucket();
    let bucket = check_bucket(driver, of_bucket, &base_path, present.bucket.as_ref(), &mut problems);
    let target = change.ingress_target.as_deref();
    let ingress_target = check_target(driver, target, present.ingress_target.as_deref(), &mut problems);
    problems.require(
        !(present.is_default && change.is_default == Some(false)),
        "is_default",
        "one policy must be the default; set it on another policy instead",
    );
    let options = check_options(driver, change.options.as_ref(), present.options, &mut problems);
    let bytes = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let max_file_size = change.max_file_size.unwrap_or(bytes(present.max_file_size));
    let chunk_size = change.chunk_size.unwrap_or(bytes(present.chunk_size));
    let checked = Checked {
        name,
        driver,
        base_path,
        bucket,
        node_id: present.node_id,
        ingress_target,
        max_file_size: check_bytes(max_file_size, "max_file_size", &mut problems),
        chunk_size: check_chunk_size(driver, chunk_size, &options, &mut problems),
        allowed_types: match &change.allowed_types {
            None => present.allowed_types.clone(),
            Some(entries) => AllowedTypes::check(entries, &mut problems),
        },
        options,
    };
    if has_objects {
        check_place_stays(present, &checked, &mut problems);
    }
    problems.into_result().map(|()| checked)
}

/// Objects would not be found in another place. Keys, region and timeouts are only the way there.
fn check_place_stays(present: &Policy, wanted: &Checked, problems: &mut Problems) {
    let stays = "stays as it is while the policy has objects; they would not be found elsewhere";
    problems.require(wanted.base_path == present.base_path, "base_path", stays);
    problems.require(wanted.ingress_target == present.ingress_target, "ingress_target", stays);
    if let (Some(wanted), Some(present)) = (&wanted.bucket, &present.bucket) {
        let trimmed = |endpoint: &str| endpoint.trim_end_matches('/').to_ascii_lowercase();
        let same = trimmed(wanted.location.endpoint()) == trimmed(present.location.endpoint());
        problems.require(same, "endpoint", stays);
        problems.require(wanted.location.bucket() == present.location.bucket(), "bucket", stays);
    }
}

fn check_bucket(
    driver: Driver,
    new: NewBucket<'_>,
    base_path: &str,
    present: Option<&Bucket>,
    problems: &mut Problems,
) -> Option<CheckedBucket> {
    if driver == Driver::S3 {
        return bucket::check(new, base_path, present, problems);
    }
    bucket::check_absent(new, driver.as_str(), problems);
    None
}

fn check_target(
    driver: Driver,
    new: Option<&str>,
    present: Option<&str>,
    problems: &mut Problems,
) -> Option<String> {
    let target = new.map_or(present, |new| Some(new.trim()).filter(|new| !new.is_empty()))?;
    problems.require(driver == Driver::Remote, "ingress_target", "is for driver `remote` only");
    let legal = target.len() <= MAX_PROFILE_KEY_BYTES && target.bytes().all(|b| b.is_ascii_graphic());
    problems.require(legal, "ingress_target", "must be the profile_key of an ingress target of the node");
    Some(target.to_owned())
}

/// Parts through the primary are kept in memory until the bucket has them.
fn check_chunk_size(driver: Driver, value: i64, options: &PolicyOptions, problems: &mut Problems) -> u64 {
    let bytes = check_bytes(value, "chunk_size", problems);
    let relayed = driver == Driver::S3 && strategies(driver, options).0 == Strategy::RelayStream;
    if relayed && bytes > MAX_RELAYED_PART {
        let message = format!("must be at most {MAX_RELAYED_PART} bytes for relayed uploads to a bucket");
        problems.add("chunk_size", message);
    }
    bytes
}

fn check_driver(word: &str, problems: &mut Problems) -> Option<Driver> {
    let driver = Driver::parse(word);
    problems.require(driver.is_some(), "driver_type", "must be `local`, `s3` or `remote`");
    driver
}

/// A directory below the working directory (or absolute), or a key prefix.
fn check_base_path(driver: Driver, raw: &str, problems: &mut Problems) -> String {
    let path = raw.trim();
    if driver == Driver::S3 {
        return bucket::check_prefix(path, problems);
    }
    match ObjectKey::parse(path) {
        Ok(key) if driver == Driver::Remote => return key.as_str().to_owned(),
        Ok(_) => {}
        Err(KeyError::Empty) if driver == Driver::Remote => return String::new(),
        Err(KeyError::Empty) => problems.add("base_path", "must name a directory"),
        Err(error) => problems.add("base_path", error.to_string()),
    }
    path.to_owned()
}

fn check_options(
    driver: Driver,
    new: Option<&NewOptions>,
    present: PolicyOptions,
    problems: &mut Problems,
) -> PolicyOptions {
    let Some(new) = new else { return present };
    let mut of = |word: &Option<String>, present: Strategy, of: Driver, direction: &str| {
        let field = format!("options.{}_{direction}_strategy", of.as_str());
        check_strategy(word.as_deref(), present, (of, driver), field, problems)
    };
    let up = of(&new.remote_upload_strategy, present.remote_upload_strategy, Driver::Remote, "upload");
    let down =
        of(&new.remote_download_strategy, present.remote_download_strategy, Driver::Remote, "download");
    let s3_up = of(&new.s3_upload_strategy, present.s3_upload_strategy, Driver::S3, "upload");
    let s3_down = of(&new.s3_download_strategy, present.s3_download_strategy, Driver::S3, "download");
    let mut seconds = |value: Option<i64>, present: u32, what: &str| {
        let Some(value) = value else { return present };
        let checked = u32::try_from(value).ok().filter(|_| (1..=MAX_TIMEOUT_SECS).contains(&value));
        if checked.is_none() {
            problems.add(format!("options.s3_{what}_timeout_secs"), "must be 1 to 86400 seconds");
        }
        checked.unwrap_or(present)
    };
    PolicyOptions {
        remote_upload_strategy: up,
        remote_download_strategy: down,
        s3_upload_strategy: s3_up,
        s3_download_strategy: s3_down,
        s3_connect_timeout_secs: seconds(
            new.s3_connect_timeout_secs,
            present.s3_connect_timeout_secs,
            "connect",
        ),
        s3_read_timeout_secs: seconds(new.s3_read_timeout_secs, present.s3_read_timeout_secs, "read"),
        s3_operation_timeout_secs: seconds(
            new.s3_operation_timeout_secs,
            present.s3_operation_timeout_secs,
            "operation",
        ),
    }
}

/// `drivers` are the one that the option is for and the one of the policy.
fn check_strategy(
    word: Option<&str>,
    present: Strategy,
    drivers: (Driver, Driver),
    field: String,
    problems: &mut Problems,
) -> Strategy {
    let (of, has) = drivers;
    match word {
        None => return present,
        Some("relay_stream") => return Strategy::RelayStream,
        Some("presigned") if of == has => return Strategy::Presigned,
        Some("presigned") => {
            let message =
                format!("`presigned` is for driver `{}`, this policy has `{}`", of.as_str(), has.as_str());
            problems.add(field, message);
        }
        Some(_) => problems.add(field, "must be `relay_stream` or `presigned`"),
    }
    present
}

/// Why a policy must not be deleted; `None` when nothing uses it.
pub(super) fn reason_to_keep(policy: &Policy, usage: &Usage) -> Option<String> {
    let mut reasons = Vec::new();
    if policy.is_default {
        reasons.push("it is the default policy; make another one the default first".to_owned());
    }
    if usage.blobs > 0 {
        reasons.push(format!("{} stored objects lie there", usage.blobs));
    }
    if !usage.groups.is_empty() {
        reasons.push(format!("rules of these policy groups use it: {}", usage.groups.join(", ")));
    }
    if usage.uploads > 0 {
        reasons.push(format!("{} uploads to it are not finished, or not cleaned up yet", usage.uploads));
    }
    if usage.strays > 0 {
        reasons.push(format!("{} objects there still have to be removed", usage.strays));
    }
    if usage.kept > 0 {
        reasons.push(format!(
            "{} objects were kept there by a storage migration; run one with delete_source_after_success to remove them",
            usage.kept
        ));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::policy::tests::policy;
    use super::*;

    fn new(text: &str) -> Result<Checked, Problems> {
        new_policy(&serde_json::from_str(text).expect("json"))
    }

    #[test]
    fn what_is_absent_has_a_default() {
        let checked = new(r#"{"name":" P ","driver_type":"remote","remote_node_id":7,"base_path":"/a//b/"}"#)
            .expect("good");
        assert_eq!((checked.name.as_str(), checked.base_path.as_str()), ("P", "a/b"));
        assert_eq!((checked.node_id, checked.max_file_size, checked.chunk_size), (Some(7), 0, 5_242_880));
        let root = new(r#"{"name":"P","driver_type":"remote","remote_node_id":7}"#).expect("namespace root");
        assert_eq!(root.base_path, "");
    }

    #[test]
    fn every_wrong_member_is_named() {
        let problems = new(
            r#"{"name":" ","driver_type":"local","base_path":"a/../b","remote_node_id":1,"max_file_size":-1,"chunk_size":-1,
                "options":{"remote_upload_strategy":"presigned","remote_download_strategy":"x"}}"#,
        )
        .expect_err("wrong");
        assert_eq!(
            problems.fields(),
            [
                "name",
                "base_path",
                "remote_node_id",
                "options.remote_upload_strategy",
                "options.remote_download_strategy",
                "max_file_size",
                "chunk_size"
            ]
        );
        assert_eq!(
            new(r#"{"name":"P","driver_type":"remote"}"#).expect_err("node").fields(),
            ["remote_node_id"]
        );
        assert_eq!(new(r#"{"name":"P","driver_type":"local"}"#).expect_err("path").fields(), ["base_path"]);
        let s3 = new(r#"{"name":"P","driver_type":"s3"}"#).expect_err("nothing of a bucket");
        assert_eq!(s3.fields(), ["access_key", "secret_key", "bucket"]);
    }

    #[test]
    fn objects_that_wait_for_removal_keep_a_policy_too() {
        let policy = policy(Driver::Local, 0);
        assert_eq!(reason_to_keep(&policy, &Usage::default()), None);
        let waiting = Usage { strays: 2, ..Usage::default() };
        assert!(reason_to_keep(&policy, &waiting).is_some_and(|reason| reason.contains("2 objects")));
    }

    #[test]
    fn a_bucket_is_described_whole_and_only_for_its_driver() {
        let whole = r#"{"name":"B","driver_type":"s3","endpoint":" https://s3.example.com ","bucket":"data","base_path":"/a/",
            "access_key":"k","secret_key":"s","addressing":"virtual_host","allowed_types":["JPG"],
            "options":{"s3_upload_strategy":"presigned","s3_read_timeout_secs":9}}"#;
        let checked = new(whole).expect("good");
        let bucket = checked.bucket.expect("bucket");
        assert_eq!(
            (bucket.location.endpoint(), bucket.location.bucket()),
            ("https://s3.example.com", "data")
        );
        assert_eq!((checked.base_path.as_str(), bucket.location.base_path()), ("a", "a"));
        assert_eq!(checked.options.s3_read_timeout_secs, 9);
        assert_eq!(checked.allowed_types.entries(), ["jpg"]);
        let wrong = new(
            r#"{"name":"B","driver_type":"s3","endpoint":"ftp://x","bucket":"data","base_path":"a/..","access_key":"k",
            "remote_node_id":1,"ingress_target":"igp_1","addressing":"x","chunk_size":67108865,
            "options":{"remote_upload_strategy":"presigned","s3_read_timeout_secs":0,"s3_connect_timeout_secs":86401}}"#,
        );
        assert_eq!(
            wrong.expect_err("wrong").fields(),
            [
                "base_path",
                "remote_node_id",
                "options.remote_upload_strategy",
                "options.s3_connect_timeout_secs",
                "options.s3_read_timeout_secs",
                "secret_key",
                "addressing",
                "endpoint",
                "ingress_target",
                "chunk_size"
            ]
        );
        let local = r#"{"name":"L","driver_type":"local","base_path":"p","endpoint":"","bucket":"b","secret_key":"s"}"#;
        assert_eq!(new(local).expect_err("of a bucket").fields(), ["bucket", "secret_key"]);
    }
}
