//! The table of settings: name, kind, default, meaning. A setting is here only if something reads it.

use std::fmt;

use crate::protocol::Origin;

/// Names of the settings.
pub(super) mod keys {
    pub(in super::super) const PUBLIC_SITE_URL: &str = "public_site_url";
    pub(in super::super) const AUTH_COOKIE_SECURE: &str = "auth_cookie_secure";
    pub(in super::super) const AUTH_ACCESS_TOKEN_TTL_SECS: &str = "auth_access_token_ttl_secs";
    pub(in super::super) const AUTH_REFRESH_TOKEN_TTL_SECS: &str = "auth_refresh_token_ttl_secs";
    pub(in super::super) const REMOTE_NODE_HEALTH_TEST_INTERVAL_SECS: &str =
        "remote_node_health_test_interval_secs";
    pub(in super::super) const BACKGROUND_TASK_DISPATCH_INTERVAL_SECS: &str =
        "background_task_dispatch_interval_secs";
    pub(in super::super) const BACKGROUND_TASK_MAX_ATTEMPTS: &str = "background_task_max_attempts";
    pub(in super::super) const STORAGE_MIGRATION_MAX_CONCURRENCY: &str =
        "background_task_storage_migration_max_concurrency";
    pub(in super::super) const MAINTENANCE_CLEANUP_INTERVAL_SECS: &str = "maintenance_cleanup_interval_secs";
    pub(in super::super) const BLOB_RECONCILE_INTERVAL_SECS: &str = "blob_reconcile_interval_secs";
    pub(in super::super) const TASK_RETENTION_HOURS: &str = "task_retention_hours";
    pub(in super::super) const DEFAULT_STORAGE_QUOTA: &str = "default_storage_quota";
    pub(in super::super) const MAX_VERSIONS_PER_FILE: &str = "max_versions_per_file";
    pub(in super::super) const TRASH_RETENTION_DAYS: &str = "trash_retention_days";
    pub(in super::super) const TEAM_ARCHIVE_RETENTION_DAYS: &str = "team_archive_retention_days";
    pub(in super::super) const ARCHIVE_BUILD_MAX_ENTRIES: &str = "archive_build_max_entries";
    pub(in super::super) const ARCHIVE_BUILD_MAX_BYTES: &str = "archive_build_max_bytes";
    pub(in super::super) const THUMBNAIL_MAX_SOURCE_BYTES: &str = "thumbnail_max_source_bytes";
    pub(in super::super) const AUTH_ALLOW_USER_REGISTRATION: &str = "auth_allow_user_registration";
    pub(in super::super) const AUTH_THROTTLE_ENABLED: &str = "auth_throttle_enabled";
    pub(in super::super) const AUTH_THROTTLE_ACCOUNT_BURST: &str = "auth_throttle_account_burst";
    pub(in super::super) const AUTH_THROTTLE_ACCOUNT_REFILL_SECS: &str = "auth_throttle_account_refill_secs";
    pub(in super::super) const AUTH_THROTTLE_ADDRESS_BURST: &str = "auth_throttle_address_burst";
    pub(in super::super) const AUTH_THROTTLE_ADDRESS_REFILL_SECS: &str = "auth_throttle_address_refill_secs";
    pub(in super::super) const PUBLIC_THROTTLE_BURST: &str = "public_throttle_burst";
    pub(in super::super) const PUBLIC_THROTTLE_REFILL_SECS: &str = "public_throttle_refill_secs";
    pub(in super::super) const AUDIT_LOG_ENABLED: &str = "audit_log_enabled";
    pub(in super::super) const AUDIT_LOG_RETENTION_DAYS: &str = "audit_log_retention_days";
    pub(in super::super) const UPLOAD_SESSION_TTL_SECS: &str = "upload_session_ttl_secs";
}

/// Most addresses in a list.
const MAX_ORIGINS: usize = 32;
/// Bytes of an image that thumbnails may be made of at most.
const MAX_THUMBNAIL_SOURCE: u64 = 256 * 1024 * 1024;
const DAY_SECS: u64 = 86_400;
/// Most tries at once that a throttle can be told to allow.
const MAX_BURST: u64 = 10_000;

/// What a setting is.
#[derive(Debug)]
pub struct Definition {
    /// Name.
    pub key: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// Value while none is set, as it would be sent.
    default: &'static [&'static str],
    /// Group in the console.
    pub category: &'static str,
    /// Meaning, for people.
    pub doc: &'static str,
}

/// Which values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number, bounds inclusive.
    Number {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A list of web origins.
    Origins,
}

/// A value that fits its setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of a [`Kind::Flag`].
    Flag(bool),
    /// Of a [`Kind::Number`].
    Number(u64),
    /// Of a [`Kind::Origins`].
    Origins(Vec<Origin>),
}

/// Why a value does not fit; names every bad entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A list where one value belongs.
    #[error("takes one string, not a list")]
    NotOne,
    /// Neither `true` nor `false`.
    #[error("`{0}` is neither `true` nor `false`")]
    NotFlag(String),
    /// No whole number in the bounds.
    #[error("`{got}` is not a whole number from {min} to {max}")]
    NotNumber {
        /// What was sent.
        got: String,
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// Entries that are no origins.
    #[error("{0}; each entry must be http:// or https:// with a host, an optional port and nothing else")]
    NotOrigins(BadEntries),
    /// More entries than a list may have.
    #[error("has {0} entries; at most {MAX_ORIGINS} are allowed")]
    TooMany(usize),
}

/// Entries of a list that were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntries(Vec<String>);

impl fmt::Display for BadEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{entry}`")?;
        }
        f.write_str(if self.0.len() == 1 { " is not an origin" } else { " are not origins" })
    }
}

/// Every setting.
pub(super) static DEFINITIONS: &[Definition] = &[
    Definition {
        key: keys::PUBLIC_SITE_URL,
        kind: Kind::Origins,
        default: &[],
        category: "general",
        doc: "Addresses people open this site under. The first is used in enrollment commands and links, and is \
              the address a follower keeps as its primary's. Requests from browsers at any of them are accepted.",
    },
    Definition {
        key: keys::AUTH_COOKIE_SECURE,
        kind: Kind::Flag,
        default: &["true"],
        category: "auth",
        doc: "Send login cookies over HTTPS only. Without HTTPS nobody can log in with a browser while this is on.",
    },
    Definition {
        key: keys::AUTH_ACCESS_TOKEN_TTL_SECS,
        kind: Kind::Number { min: 30, max: DAY_SECS },
        default: &["900"],
        category: "auth",
        doc: "Seconds until an access token has to be renewed.",
    },
    Definition {
        key: keys::AUTH_REFRESH_TOKEN_TTL_SECS,
        kind: Kind::Number { min: 60, max: 365 * DAY_SECS },
        default: &["604800"],
        category: "auth",
        doc: "Seconds after which an unused login ends.",
    },
    Definition {
        key: keys::REMOTE_NODE_HEALTH_TEST_INTERVAL_SECS,
        kind: Kind::Number { min: 1, max: DAY_SECS },
        default: &["300"],
        category: "operations",
        doc: "Seconds between two tests of the enabled nodes.",
    },
    Definition {
        key: keys::BACKGROUND_TASK_DISPATCH_INTERVAL_SECS,
        kind: Kind::Number { min: 1, max: 3600 },
        default: &["5"],
        category: "operations",
        doc: "Seconds between two looks for tasks that another primary asked for or that wait to be tried again.",
    },
    Definition {
        key: keys::BACKGROUND_TASK_MAX_ATTEMPTS,
        kind: Kind::Number { min: 1, max: 100 },
        default: &["3"],
        category: "operations",
        doc: "How often a task is tried before it has failed; counts for tasks asked for from then on.",
    },
    Definition {
        key: keys::STORAGE_MIGRATION_MAX_CONCURRENCY,
        kind: Kind::Number { min: 1, max: 16 },
        default: &["1"],
        category: "operations",
        doc: "Storage migrations that one primary works on at the same time.",
    },
    Definition {
        key: keys::MAINTENANCE_CLEANUP_INTERVAL_SECS,
        kind: Kind::Number { min: 60, max: 7 * DAY_SECS },
        default: &["3600"],
        category: "operations",
        doc: "Seconds between two removals of what is out of date: logins, audit entries, trash, ended tasks.",
    },
    Definition {
        key: keys::BLOB_RECONCILE_INTERVAL_SECS,
        kind: Kind::Number { min: 60, max: 30 * DAY_SECS },
        default: &["21600"],
        category: "operations",
        doc: "Seconds between two checks of reference counts and stored bytes. Differences are reported in the log.",
    },
    Definition {
        key: keys::TASK_RETENTION_HOURS,
        kind: Kind::Number { min: 1, max: 8760 },
        default: &["24"],
        category: "operations",
        doc: "Hours for which a task that came to its end is kept.",
    },
    Definition {
        key: keys::DEFAULT_STORAGE_QUOTA,
        kind: Kind::Number { min: 0, max: i64::MAX.unsigned_abs() },
        default: &["0"],
        category: "storage",
        doc: "Bytes a new user may store; 0 is unlimited.",
    },
    Definition {
        key: keys::MAX_VERSIONS_PER_FILE,
        kind: Kind::Number { min: 0, max: 1_000 },
        default: &["10"],
        category: "storage",
        doc: "Earlier contents kept of a file. The oldest goes when there would be more; 0 keeps none.",
    },
    Definition {
        key: keys::TRASH_RETENTION_DAYS,
        kind: Kind::Number { min: 0, max: 3_650 },
        default: &["7"],
        category: "storage",
        doc: "Days that something deleted stays in the trash. Until it is removed it counts against the quota.",
    },
    Definition {
        key: keys::TEAM_ARCHIVE_RETENTION_DAYS,
        kind: Kind::Number { min: 0, max: 3_650 },
        default: &["7"],
        category: "storage",
        doc: "Days that an archived team can be restored. After that its files are removed for good, and the team.",
    },
    Definition {
        key: keys::ARCHIVE_BUILD_MAX_ENTRIES,
        kind: Kind::Number { min: 1, max: 100_000 },
        default: &["10000"],
        category: "archives",
        doc: "Files and folders that one downloaded archive may have. The list of them is held in memory while it is sent.",
    },
    Definition {
        key: keys::ARCHIVE_BUILD_MAX_BYTES,
        kind: Kind::Number { min: 1, max: i64::MAX.unsigned_abs() },
        default: &["2147483648"],
        category: "archives",
        doc: "Bytes of all files that one downloaded archive may have.",
    },
    Definition {
        key: keys::THUMBNAIL_MAX_SOURCE_BYTES,
        kind: Kind::Number { min: 0, max: MAX_THUMBNAIL_SOURCE },
        default: &["67108864"],
        category: "storage",
        doc: "Bytes of the largest image that a thumbnail is made of. It is held in memory for that, one at a time.",
    },
    Definition {
        key: keys::AUTH_ALLOW_USER_REGISTRATION,
        kind: Kind::Flag,
        default: &["false"],
        category: "auth",
        doc: "Let everybody who reaches this site make an account. Addresses are not verified by mail.",
    },
    Definition {
        key: keys::AUTH_THROTTLE_ENABLED,
        kind: Kind::Flag,
        default: &["true"],
        category: "auth",
        doc: "Slow down whoever guesses passwords or tokens.",
    },
    Definition {
        key: keys::AUTH_THROTTLE_ACCOUNT_BURST,
        kind: Kind::Number { min: 1, max: MAX_BURST },
        default: &["10"],
        category: "auth",
        doc: "Wrong passwords in a row for one account from one address before the next ones have to wait. From all \
              addresses together ten times as many.",
    },
    Definition {
        key: keys::AUTH_THROTTLE_ACCOUNT_REFILL_SECS,
        kind: Kind::Number { min: 1, max: 3600 },
        default: &["30"],
        category: "auth",
        doc: "Seconds until one more attempt for that account from that address is allowed.",
    },
    Definition {
        key: keys::AUTH_THROTTLE_ADDRESS_BURST,
        kind: Kind::Number { min: 1, max: MAX_BURST },
        default: &["50"],
        category: "auth",
        doc: "Wrong passwords in a row from one address, whatever the account.",
    },
    Definition {
        key: keys::AUTH_THROTTLE_ADDRESS_REFILL_SECS,
        kind: Kind::Number { min: 1, max: 3600 },
        default: &["5"],
        category: "auth",
        doc: "Seconds until one more attempt from that address is allowed.",
    },
    Definition {
        key: keys::PUBLIC_THROTTLE_BURST,
        kind: Kind::Number { min: 10, max: MAX_BURST },
        default: &["120"],
        category: "auth",
        doc: "Unsuccessful setups, refreshes and enrollments in a row from one address; a registration counts as ten.",
    },
    Definition {
        key: keys::PUBLIC_THROTTLE_REFILL_SECS,
        kind: Kind::Number { min: 1, max: 3600 },
        default: &["1"],
        category: "auth",
        doc: "Seconds until one more of them is allowed.",
    },
    Definition {
        key: keys::AUDIT_LOG_ENABLED,
        kind: Kind::Flag,
        default: &["true"],
        category: "audit",
        doc: "Write the audit trail.",
    },
    Definition {
        key: keys::AUDIT_LOG_RETENTION_DAYS,
        kind: Kind::Number { min: 1, max: 3650 },
        default: &["90"],
        category: "audit",
        doc: "Days after which an entry of the audit trail is removed.",
    },
    Definition {
        key: keys::UPLOAD_SESSION_TTL_SECS,
        kind: Kind::Number { min: 60, max: 30 * DAY_SECS },
        default: &["86400"],
        category: "storage",
        doc: "Seconds after which an upload in parts that was not completed is given up and its parts are removed.",
    },
];

impl Definition {
    /// The value while none is set.
    pub fn default_value(&self) -> Value {
        let texts: Vec<String> = self.default.iter().map(|&text| text.to_owned()).collect();
        self.kind.parse(&texts).expect("a test parses every default")
    }
}

impl Kind {
    /// Name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "boolean",
            Self::Number { .. } => "number",
            Self::Origins => "string_array",
        }
    }

    /// Reads a value as it is sent: one string, or the entries of a list.
    pub fn parse(self, texts: &[String]) -> Result<Value, ValueError> {
        if self == Self::Origins {
            return parse_origins(texts);
        }
        let [text] = texts else { return Err(ValueError::NotOne) };
        let shown = || text.chars().take(80).collect();
        match (self, text.trim()) {
            (Self::Flag, "true") => Ok(Value::Flag(true)),
            (Self::Flag, "false") => Ok(Value::Flag(false)),
            (Self::Number { min, max }, digits) => digits
                .parse()
                .ok()
                .filter(|number| (min..=max).contains(number))
                .map(Value::Number)
                .ok_or_else(|| ValueError::NotNumber { got: shown(), min, max }),
            (Self::Flag | Self::Origins, _) => Err(ValueError::NotFlag(shown())),
        }
    }

    /// Reads a value as the database keeps it.
    pub(super) fn read_stored(self, stored: &str) -> Result<Value, ValueError> {
        match self {
            Self::Origins => {
                let texts: Vec<String> = serde_json::from_str(stored)
                    .map_err(|_| ValueError::NotOrigins(BadEntries(vec![stored.to_owned()])))?;
                self.parse(&texts)
            }
            Self::Flag | Self::Number { .. } => self.parse(&[stored.to_owned()]),
        }
    }
}

impl Value {
    /// As the database keeps it: the text, or a JSON list.
    pub(super) fn to_stored(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Origins(origins) => {
                serde_json::Value::from_iter(origins.iter().map(Origin::as_str)).to_string()
            }
        }
    }
}

fn parse_origins(texts: &[String]) -> Result<Value, ValueError> {
    if texts.len() > MAX_ORIGINS {
        return Err(ValueError::TooMany(texts.len()));
    }
    let (mut origins, mut bad) = (Vec::new(), Vec::new());
    for text in texts {
        // `url` takes `*` as a host name.
        match Origin::parse(text) {
            Ok(origin) if !origin.as_str().contains('*') => {
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
            _ => bad.push(text.chars().take(80).collect()),
        }
    }
    if bad.is_empty() { Ok(Value::Origins(origins)) } else { Err(ValueError::NotOrigins(BadEntries(bad))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str, texts: &[&str]) -> Result<Value, String> {
        let definition = DEFINITIONS.iter().find(|definition| definition.key == key).expect(key);
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        definition.kind.parse(&texts).map_err(|error| error.to_string())
    }

    #[test]
    fn every_default_fits_and_survives_the_database() {
        for definition in DEFINITIONS {
            let value = definition.default_value();
            assert_eq!(definition.kind.read_stored(&value.to_stored()), Ok(value), "{}", definition.key);
        }
    }

    #[test]
    fn origins_are_normalized_and_every_bad_entry_is_named() {
        let Ok(Value::Origins(origins)) = parse(
            "public_site_url",
            &["HTTPS://Drive.example:443/", "https://drive.example", "http://h:3000"],
        ) else {
            panic!("origins")
        };
        assert_eq!(
            origins.iter().map(Origin::as_str).collect::<Vec<_>>(),
            ["https://drive.example", "http://h:3000"]
        );
        let error = parse("public_site_url", &["ftp://a", "http://ok", "http://*.b", "http://c/path"])
            .expect_err("bad entries");
        assert!(error.starts_with("`ftp://a`, `http://*.b`, `http://c/path` are not origins"), "{error}");
    }

    #[test]
    fn numbers_are_held_to_their_bounds() {
        assert_eq!(parse("remote_node_health_test_interval_secs", &["1"]), Ok(Value::Number(1)));
        for bad in ["0", "-1", "1.5", "", "86401", "99999999999999999999"] {
            let error = parse("remote_node_health_test_interval_secs", &[bad]).expect_err(bad);
            assert_eq!(error, format!("`{bad}` is not a whole number from 1 to 86400"));
        }
        assert!(parse("default_storage_quota", &["9223372036854775808"]).is_err());
    }

    #[test]
    fn flags_are_two_words_and_scalars_no_lists() {
        assert_eq!(parse("auth_cookie_secure", &["false"]), Ok(Value::Flag(false)));
        assert!(parse("auth_cookie_secure", &["yes"]).is_err());
        assert!(parse("auth_cookie_secure", &["true", "true"]).is_err());
        assert!(parse("auth_cookie_secure", &[]).is_err());
    }
}
