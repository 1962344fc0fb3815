//! What a policy may look like. Pure; every wrong member is reported.

use super::problems::{Problems, check_bytes, check_name};
use super::store::{PolicyRow, Usage};
use super::{
    DEFAULT_CHUNK_SIZE, Driver, NewOptions, NewPolicy, Policy, PolicyChange, PolicyOptions, Strategy,
};
use crate::protocol::{KeyError, ObjectKey};

/// A policy that may be stored, as far as that can be said without looking at its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) driver: Driver,
    pub(super) base_path: String,
    pub(super) node_id: Option<i64>,
    pub(super) max_file_size: u64,
    pub(super) chunk_size: u64,
    pub(super) options: PolicyOptions,
}

impl Checked {
    pub(super) fn row(&self) -> PolicyRow<'_> {
        PolicyRow {
            name: &self.name,
            driver: self.driver,
            base_path: &self.base_path,
            node_id: self.node_id,
            max_file_size: self.max_file_size,
            chunk_size: self.chunk_size,
            options: self.options,
        }
    }
}

pub(super) fn new_policy(new: &NewPolicy) -> Result<Checked, Problems> {
    let mut problems = Problems::default();
    let name = check_name(&new.name, &mut problems);
    let driver = check_driver(&new.driver_type, &mut problems);
    let base_path = new.base_path.as_deref().unwrap_or_default();
    let base_path =
        driver.map_or_else(String::new, |driver| check_base_path(driver, base_path, &mut problems));
    match driver {
        Some(Driver::Remote) => {
            problems.require(
                new.remote_node_id.is_some(),
                "remote_node_id",
                "is required for driver `remote`",
            );
        }
        Some(Driver::Local) => {
            problems.require(
                new.remote_node_id.is_none(),
                "remote_node_id",
                "must be absent for driver `local`",
            );
        }
        None => {}
    }
    let checked = Checked {
        name,
        driver: driver.unwrap_or(Driver::Local),
        base_path,
        node_id: new.remote_node_id,
        max_file_size: check_bytes(new.max_file_size.unwrap_or(0), "max_file_size", &mut problems),
        chunk_size: check_bytes(new.chunk_size.unwrap_or(DEFAULT_CHUNK_SIZE), "chunk_size", &mut problems),
        options: check_options(new.options.as_ref(), PolicyOptions::default(), &mut problems),
    };
    problems.into_result().map(|()| checked)
}

pub(super) fn changed_policy(
    present: &Policy,
    change: &PolicyChange,
    has_objects: bool,
) -> Result<Checked, Problems> {
    let mut problems = Problems::default();
    let name = check_name(change.name.as_deref().unwrap_or(&present.name), &mut problems);
    if let Some(word) = &change.driver_type {
        problems.require(
            check_driver(word, &mut Problems::default()) == Some(present.driver),
            "driver_type",
            "stays as it is; create another policy",
        );
    }
    let same_node = change.remote_node_id.is_none() || change.remote_node_id == present.node_id;
    problems.require(same_node, "remote_node_id", "stays as it is; create another policy");
    let base_path = match &change.base_path {
        None => present.base_path.clone(),
        Some(base_path) => check_base_path(present.driver, base_path, &mut problems),
    };
    problems.require(
        base_path == present.base_path || !has_objects,
        "base_path",
        "stays as it is while the policy has objects; they would not be found under another path",
    );
    problems.require(
        !(present.is_default && change.is_default == Some(false)),
        "is_default",
        "one policy must be the default; set it on another policy instead",
    );
    let bytes = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let max_file_size = change.max_file_size.unwrap_or(bytes(present.max_file_size));
    let chunk_size = change.chunk_size.unwrap_or(bytes(present.chunk_size));
    let checked = Checked {
        name,
        driver: present.driver,
        base_path,
        node_id: present.node_id,
        max_file_size: check_bytes(max_file_size, "max_file_size", &mut problems),
        chunk_size: check_bytes(chunk_size, "chunk_size", &mut problems),
        options: check_options(change.options.as_ref(), present.options, &mut problems),
    };
    problems.into_result().map(|()| checked)
}

fn check_driver(word: &str, problems: &mut Problems) -> Option<Driver> {
    match word {
        "local" => return Some(Driver::Local),
        "remote" => return Some(Driver::Remote),
        "s3" => problems.add("driver_type", "`s3` is not supported yet; use `local` or `remote`"),
        _ => problems.add("driver_type", "must be `local` or `remote`"),
    }
    None
}

/// A directory below the working directory (or absolute), or a key prefix.
fn check_base_path(driver: Driver, raw: &str, problems: &mut Problems) -> String {
    let path = raw.trim();
    match ObjectKey::parse(path) {
        Ok(key) if driver == Driver::Remote => return key.as_str().to_owned(),
        Ok(_) => {}
        Err(KeyError::Empty) if driver == Driver::Remote => return String::new(),
        Err(KeyError::Empty) => problems.add("base_path", "must name a directory"),
        Err(error) => problems.add("base_path", error.to_string()),
    }
    path.to_owned()
}

fn check_options(new: Option<&NewOptions>, present: PolicyOptions, problems: &mut Problems) -> PolicyOptions {
    let mut strategy = |word: Option<&str>, present: Strategy, field: &str| match word {
        None => present,
        Some("relay_stream") => Strategy::RelayStream,
        Some("presigned") => {
            problems.add(field, "`presigned` is not supported yet; use `relay_stream`");
            present
        }
        Some(_) => {
            problems.add(field, "must be `relay_stream`");
            present
        }
    };
    let upload = new.and_then(|new| new.remote_upload_strategy.as_deref());
    let download = new.and_then(|new| new.remote_download_strategy.as_deref());
    PolicyOptions {
        remote_upload_strategy: strategy(
            upload,
            present.remote_upload_strategy,
            "options.remote_upload_strategy",
        ),
        remote_download_strategy: strategy(
            download,
            present.remote_download_strategy,
            "options.remote_download_strategy",
        ),
    }
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
    if usage.strays > 0 {
        reasons.push(format!("{} objects there still have to be removed", usage.strays));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Timestamp;

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
                "max_file_size",
                "chunk_size",
                "options.remote_upload_strategy",
                "options.remote_download_strategy"
            ]
        );
        assert_eq!(
            new(r#"{"name":"P","driver_type":"remote"}"#).expect_err("node").fields(),
            ["remote_node_id"]
        );
        assert_eq!(new(r#"{"name":"P","driver_type":"local"}"#).expect_err("path").fields(), ["base_path"]);
        let s3 = new(r#"{"name":"P","driver_type":"s3"}"#).expect_err("later").to_string();
        assert!(s3.contains("`s3` is not supported yet"), "{s3}");
    }

    #[test]
    fn objects_that_wait_for_removal_keep_a_policy_too() {
        let policy = Policy {
            id: 1,
            name: "P".into(),
            driver: Driver::Local,
            base_path: "p".into(),
            node_id: None,
            max_file_size: 0,
            chunk_size: 0,
            is_default: false,
            options: PolicyOptions::default(),
            created_at: Timestamp::from_unix_ms(0),
            updated_at: Timestamp::from_unix_ms(0),
        };
        assert_eq!(reason_to_keep(&policy, &Usage::default()), None);
        let waiting = Usage { strays: 2, ..Usage::default() };
        assert!(reason_to_keep(&policy, &waiting).is_some_and(|reason| reason.contains("2 objects")));
    }
}
