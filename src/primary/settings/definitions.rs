//! The table of settings: name, kind, default, meaning. A setting is here only if something reads it.

use std::fmt;

use super::keys;
use crate::protocol::Origin;

/// Most file names in a list.
const MAX_NAMES: usize = 100;
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
    /// A list of file names, in which `*` stands for any characters.
    Names,
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
    /// Of a [`Kind::Names`].
    Names(Vec<String>),
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
    /// An entry that no file name fits, or more of them than anybody needs.
    #[error("`{0}` is no name; a list has at most {MAX_NAMES}, each of 1 to 255 bytes and without a slash")]
    NotNames(String),
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
    Definition {
        key: keys::WEBDAV_ENABLED,
        kind: Kind::Flag,
        default: &["true"],
        category: "webdav",
        doc: "Serve the drive to programs over WebDAV. While it is off they are told that the service is away.",
    },
    Definition {
        key: keys::WEBDAV_BLOCK_SYSTEM_FILES,
        kind: Kind::Flag,
        default: &["true"],
        category: "webdav",
        doc: "Refuse files and folders that operating systems leave everywhere they look.",
    },
    Definition {
        key: keys::WEBDAV_SYSTEM_FILES,
        kind: Kind::Names,
        default: &[
            ".DS_Store",
            "._*",
            ".Spotlight-V100",
            ".Trashes",
            ".fseventsd",
            "Thumbs.db",
            "desktop.ini",
            "$RECYCLE.BIN",
            "System Volume Information",
        ],
        category: "webdav",
        doc: "Names of such files and folders, whatever the case; * stands for any characters.",
    },
    Definition {
        key: keys::WEBDAV_PROPFIND_MAX_ENTRIES,
        kind: Kind::Number { min: 0, max: 1_000_000 },
        default: &["10000"],
        category: "webdav",
        doc: "Files and folders that one listing of a whole tree may have; a larger tree is refused, and programs list it \
              folder by folder. Listings of one folder have no limit.",
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
            Self::Origins | Self::Names => "string_array",
        }
    }

    /// Reads a value as it is sent: one string, or the entries of a list.
    pub fn parse(self, texts: &[String]) -> Result<Value, ValueError> {
        match self {
            Self::Origins => return parse_origins(texts),
            Self::Names => return parse_names(texts),
            Self::Flag | Self::Number { .. } => {}
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
            (Self::Flag | Self::Origins | Self::Names, _) => Err(ValueError::NotFlag(shown())),
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
            Self::Names => {
                let texts: Vec<String> =
                    serde_json::from_str(stored).map_err(|_| ValueError::NotNames(stored.to_owned()))?;
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
            Self::Names(names) => serde_json::Value::from_iter(names.iter().map(String::as_str)).to_string(),
        }
    }
}

fn parse_names(texts: &[String]) -> Result<Value, ValueError> {
    let mut names: Vec<String> = Vec::new();
    for text in texts {
        let name = text.trim();
        let fits =
            (1..=255).contains(&name.len()) && !name.contains('/') && !name.chars().any(char::is_control);
        if !fits || texts.len() > MAX_NAMES {
            return Err(ValueError::NotNames(name.chars().take(80).collect()));
        }
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    Ok(Value::Names(names))
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
mod tests;
