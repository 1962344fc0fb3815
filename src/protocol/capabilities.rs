//! What a follower can do, and whether that is enough (wire contract §7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cors::{ALLOWED_HEADERS, EXPOSED_HEADERS_GET};

/// The version this build speaks, as lowest and as highest.
pub const PROTOCOL_VERSION: &str = "v2";
const PROTOCOL_NUMBER: u16 = 2;

/// `GET …/capabilities`. Missing members read as empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Capabilities {
    /// Highest version the follower speaks.
    pub protocol_version: String,
    /// Lowest version the follower speaks; blank means the highest.
    pub min_supported_protocol_version: String,
    /// Build of the follower.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// What object operations there are.
    pub features: Features,
    /// What browsers may send and read.
    pub browser_cors: BrowserCors,
    /// Upper bounds; absent means none announced.
    pub limits: Limits,
    /// Informational.
    pub supports_list: bool,
    /// Informational.
    pub supports_range_read: bool,
    /// Informational.
    pub supports_stream_upload: bool,
    /// Space of the default ingress target, when it can be told. Ours; older peers neither send nor read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Whether the default ingress target takes objects right now. Ours; older peers neither send nor read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_target: Option<TargetCondition>,
    /// The follower's clock, Unix milliseconds. Ours; older peers neither send nor read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_time_ms: Option<i64>,
}

/// Feature flags; each promises one thing a storage policy may need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NodeFeatures")]
pub struct Features {
    pub object_get: bool,
    pub object_head: bool,
    pub object_put: bool,
    pub object_delete: bool,
    pub list: bool,
    pub range_get: bool,
    pub accept_ranges_header: bool,
    pub browser_presigned_cors: bool,
    pub compose: bool,
    pub metadata: bool,
    /// Requests may name the ingress target they are for (§5.1). Ours; older peers neither send nor read it.
    pub select_ingress_target: bool,
}

/// What a storage policy needs beyond the relay of objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Browsers send the objects.
    pub presigned_upload: bool,
    /// Browsers fetch the objects.
    pub presigned_download: bool,
    /// The objects go to a target of the policy's choice.
    pub select_ingress_target: bool,
}

/// The CORS promise for presigned requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BrowserCors {
    /// Request headers.
    pub allowed_headers: Vec<String>,
    /// Reply headers.
    pub exposed_headers: Vec<String>,
}

/// Space of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Capacity {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// All bytes, used or not.
    pub total_bytes: u64,
}

/// How the default ingress target is, as far as that can be told without storing an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetCondition {
    /// In a word.
    pub state: TargetState,
    /// Why it takes no objects, and what to do; empty when it does.
    pub detail: String,
}

/// The word for the condition of the default ingress target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// It takes objects.
    Ready,
    /// There is none.
    Missing,
    /// There is one, and it takes none.
    Failed,
    /// A word of a later release.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Upper bounds of a follower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NodeLimits")]
pub struct Limits {
    /// Largest object in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ingress_size: Option<i64>,
    /// Most parts of one compose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_max_parts: Option<i64>,
    /// Largest composed object in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_max_object_size: Option<i64>,
}

/// The two ends share no protocol version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionMismatch {
    /// A label that is not `v` and a number.
    #[error("the follower's protocol version `{0}` cannot be read")]
    Unreadable(String),
    /// The lowest version is above the highest.
    #[error("the follower announces protocol {min} to {max}, which is no range")]
    Reversed { min: u16, max: u16 },
    /// No overlap with ours.
    #[error("the follower speaks protocol {min} to {max}, this primary speaks {PROTOCOL_NUMBER}")]
    NoOverlap { min: u16, max: u16 },
}

impl Capabilities {
    /// The document of a follower of this build.
    pub fn of_this_build(server_time_ms: i64) -> Self {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect();
        Self {
            protocol_version: PROTOCOL_VERSION.into(),
            min_supported_protocol_version: PROTOCOL_VERSION.into(),
            server_version: Some(env!("CARGO_PKG_VERSION").into()),
            features: Features {
                object_get: true,
                object_head: true,
                object_put: true,
                object_delete: true,
                list: true,
                range_get: true,
                accept_ranges_header: true,
                browser_presigned_cors: true,
                compose: true,
                metadata: true,
                select_ingress_target: true,
            },
            browser_cors: BrowserCors {
                allowed_headers: words(&ALLOWED_HEADERS),
                exposed_headers: words(&EXPOSED_HEADERS_GET),
            },
            limits: Limits::default(),
            supports_list: true,
            supports_range_read: true,
            supports_stream_upload: true,
            capacity: None,
            ingress_target: None,
            server_time_ms: Some(server_time_ms),
        }
    }

    /// Whether a primary of this build can talk to the follower.
    pub fn check_version(&self) -> Result<(), VersionMismatch> {
        let max = version_number(&self.protocol_version)?;
        let min = match self.min_supported_protocol_version.trim() {
            "" => max,
            label => version_number(label)?,
        };
        if min > max {
            return Err(VersionMismatch::Reversed { min, max });
        }
        if max < PROTOCOL_NUMBER || min > PROTOCOL_NUMBER {
            return Err(VersionMismatch::NoOverlap { min, max });
        }
        Ok(())
    }

    /// Names of the promises that a storage policy with these needs depends on and this document lacks.
    pub fn missing_for(&self, needs: Needs) -> Vec<String> {
        let mut missing: Vec<String> = self.missing_for_relay().into_iter().map(str::to_owned).collect();
        let presigned = needs.presigned_upload || needs.presigned_download;
        if presigned && !self.features.browser_presigned_cors {
            missing.push("browser_presigned_cors".to_owned());
        }
        let mut headers = |list: &str, has: &[String], wanted: &[&str]| {
            let lacks = |name: &&&str| !has.iter().any(|header| header.trim().eq_ignore_ascii_case(name));
            missing.extend(wanted.iter().filter(lacks).map(|name| format!("browser_cors.{list}: {name}")));
        };
        let cors = &self.browser_cors;
        if needs.presigned_upload {
            headers("allowed_headers", &cors.allowed_headers, &["content-type"]);
            headers("exposed_headers", &cors.exposed_headers, &["ETag"]);
        }
        if needs.presigned_download {
            headers("allowed_headers", &cors.allowed_headers, &["range"]);
            let wanted = ["Accept-Ranges", "Content-Range", "Content-Length"];
            headers("exposed_headers", &cors.exposed_headers, &wanted);
        }
        if needs.select_ingress_target && !self.features.select_ingress_target {
            missing.push("select_ingress_target".to_owned());
        }
        missing
    }

    /// Names of the promises that every remote storage policy needs and this document lacks.
    fn missing_for_relay(&self) -> Vec<&'static str> {
        let f = &self.features;
        let needed = [
            ("object_get", f.object_get),
            ("object_head", f.object_head),
            ("object_put", f.object_put),
            ("object_delete", f.object_delete),
            ("metadata", f.metadata),
            ("range_get", f.range_get),
            ("accept_ranges_header", f.accept_ranges_header),
            ("list", f.list),
            ("compose", f.compose),
        ];
        needed.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect()
    }
}

fn version_number(label: &str) -> Result<u16, VersionMismatch> {
    let digits = label.trim().trim_start_matches(['v', 'V']);
    let one_prefix = label.trim().len() - digits.len() <= 1;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|_| one_prefix && plain)
        .ok_or_else(|| VersionMismatch::Unreadable(label.chars().take(40).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(max: &str, min: &str) -> Result<(), VersionMismatch> {
        let document = Capabilities {
            protocol_version: max.into(),
            min_supported_protocol_version: min.into(),
            ..Capabilities::default()
        };
        document.check_version()
    }

    #[test]
    fn version_ranges_must_overlap_with_ours() {
        for (max, min) in [("v2", "v2"), ("2", ""), ("V5", "v1"), (" v2 ", " ")] {
            assert_eq!(versions(max, min), Ok(()), "{max} {min}");
        }
        assert_eq!(versions("v1", "v1"), Err(VersionMismatch::NoOverlap { min: 1, max: 1 }));
        assert_eq!(versions("v5", "v4"), Err(VersionMismatch::NoOverlap { min: 4, max: 5 }));
        assert_eq!(versions("v2", "v3"), Err(VersionMismatch::Reversed { min: 3, max: 2 }));
        for bad in ["", "v", "vv2", "two", "v-2", "v+2", "v65536"] {
            assert!(matches!(versions(bad, "v2"), Err(VersionMismatch::Unreadable(_))), "{bad}");
        }
    }

    #[test]
    fn an_empty_document_reads_as_nothing_supported() {
        let document: Capabilities = serde_json::from_str("{}").expect("json");
        assert_eq!(document, Capabilities::default());
        assert_eq!(document.missing_for(Needs::default()).len(), 9);
    }

    #[test]
    fn each_need_of_a_policy_has_its_own_promises() {
        let all = Needs { presigned_upload: true, presigned_download: true, select_ingress_target: true };
        assert_eq!(Capabilities::of_this_build(0).missing_for(all), [""; 0]);
        let mut older = Capabilities::of_this_build(0);
        older.features.browser_presigned_cors = false;
        older.features.select_ingress_target = false;
        older.browser_cors.allowed_headers = vec!["Content-Type".into()];
        older.browser_cors.exposed_headers = vec!["etag".into(), "content-length".into()];
        assert_eq!(older.missing_for(Needs::default()), [""; 0]);
        let upload = Needs { presigned_upload: true, ..Needs::default() };
        assert_eq!(older.missing_for(upload), ["browser_presigned_cors"]);
        let download = Needs { presigned_download: true, ..Needs::default() };
        assert_eq!(
            older.missing_for(download),
            [
                "browser_presigned_cors",
                "browser_cors.allowed_headers: range",
                "browser_cors.exposed_headers: Accept-Ranges",
                "browser_cors.exposed_headers: Content-Range"
            ]
        );
        let target = Needs { select_ingress_target: true, ..Needs::default() };
        assert_eq!(older.missing_for(target), ["select_ingress_target"]);
    }

    #[test]
    fn a_word_of_a_later_release_leaves_the_document_readable() {
        let text = r#"{"protocol_version":"v2","ingress_target":{"state":"melting","detail":"hot"}}"#;
        let document: Capabilities = serde_json::from_str(text).expect("json");
        assert_eq!(document.ingress_target.map(|condition| condition.state), Some(TargetState::Unknown));
    }

    #[test]
    fn a_follower_of_this_build_satisfies_a_primary_of_this_build() {
        let document = Capabilities::of_this_build(0);
        assert_eq!(document.check_version(), Ok(()));
        assert!(document.missing_for(Needs::default()).is_empty());
    }
}
