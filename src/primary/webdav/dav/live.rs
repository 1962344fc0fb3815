//! The properties that the server knows by itself (RFC 4918 §15, RFC 4331).

use std::fmt::Write as _;

use super::conditions::tag_of;
use super::xml::{Name, escaped};
use crate::primary::files::{Entry, Item, Lock};
use crate::primary::spaces::Usage;
use crate::protocol::Timestamp;

/// Shown to who asks for everything, in this order; quotas only to who asks for them by name (RFC 4331 §3).
pub(super) const ALL: [&str; 9] = [
    "resourcetype",
    "displayname",
    "creationdate",
    "getlastmodified",
    "getcontentlength",
    "getcontenttype",
    "getetag",
    "supportedlock",
    "lockdiscovery",
];
pub(super) const QUOTA: [&str; 2] = ["quota-available-bytes", "quota-used-bytes"];
const LOCKS: &str = "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>\
    </D:lockentry><D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>";

/// What is shown of a file, a folder, or a folder that is only shown.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) name: &'a str,
    /// `None` for the root of a space and for the folder of teams.
    pub(super) entry: Option<&'a Entry>,
    /// Of the space, for folders, when it was asked for.
    pub(super) usage: Option<Usage>,
    /// XML of the locks that cover it.
    pub(super) locks: &'a str,
}

impl Seen<'_> {
    /// The value as XML; `None` when it has no such property.
    pub(super) fn value(&self, local: &str) -> Option<String> {
        let file = match self.entry {
            Some(Entry::File(file)) => Some(file),
            _ => None,
        };
        match local {
            "resourcetype" => Some(if file.is_some() { String::new() } else { "<D:collection/>".to_owned() }),
            "displayname" => Some(escaped(self.name).into_owned()),
            "creationdate" => self.times().map(|(created, _)| created.to_rfc3339()),
            "getlastmodified" => self.times().map(|(_, changed)| changed.to_http_date()),
            "getcontentlength" => file.map(|file| file.blob.size.to_string()),
            "getcontenttype" => file.map(|file| escaped(&file.mime_type).into_owned()),
            "getetag" => file.map(|file| escaped(&tag_of(file)).into_owned()),
            // What has no id cannot be locked.
            "supportedlock" => Some(if self.entry.is_some() { LOCKS.to_owned() } else { String::new() }),
            "lockdiscovery" => Some(self.locks.to_owned()),
            "quota-used-bytes" => self.usage.map(|usage| usage.used.to_string()),
            // Without a quota nobody knows how much there is.
            "quota-available-bytes" => self
                .usage
                .filter(|usage| usage.quota > 0)
                .map(|usage| usage.quota.saturating_sub(usage.used).to_string()),
            _ => None,
        }
    }

    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        match self.entry? {
            Entry::File(file) => Some((file.created_at, file.updated_at)),
            Entry::Folder(folder) => Some((folder.created_at, folder.updated_at)),
        }
    }
}

/// Whether the server keeps this property itself, so that nobody else sets it.
pub(super) fn is_protected(name: &Name) -> bool {
    name.is_dav()
}

/// A lock as `lockdiscovery` has it. Its token is told to its user only; `root` is the address of what it is on.
pub(super) fn active_lock(lock: &Lock, user_id: i64, root: &str, now: Timestamp) -> String {
    let mut out = String::from("<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>");
    out.push_str(if lock.is_exclusive { "<D:exclusive/>" } else { "<D:shared/>" });
    out.push_str("</D:lockscope><D:depth>");
    out.push_str(if lock.is_deep && matches!(lock.item, Item::Folder(_)) { "infinity" } else { "0" });
    out.push_str("</D:depth>");
    if lock.token.is_none() {
        // Of a person in the app.
        _ = write!(out, "<D:owner>{}</D:owner>", escaped(&lock.username));
    } else if !lock.owner_text.is_empty() {
        // XML that was made standalone when it came.
        _ = write!(out, "<D:owner>{}</D:owner>", lock.owner_text);
    }
    match lock.expires_at {
        Some(end) => {
            _ = write!(out, "<D:timeout>Second-{}</D:timeout>", (end.unix_secs() - now.unix_secs()).max(0))
        }
        None => out.push_str("<D:timeout>Infinite</D:timeout>"),
    }
    if let Some(token) = lock.token.as_ref().filter(|_| lock.user_id == user_id) {
        _ = write!(out, "<D:locktoken><D:href>{}</D:href></D:locktoken>", escaped(token));
    }
    _ = write!(out, "<D:lockroot><D:href>{}</D:href></D:lockroot></D:activelock>", escaped(root));
    out
}
