//! A server under load: where it is, how requests to it are written, what it uses.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aster_drive::protocol::{
    HEADER_ACCESS_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, SignedFields, SigningKey,
};
use uuid::Uuid;

use super::Outcome;
use super::process::Usage;

/// One of the two servers.
#[derive(Debug)]
pub(super) struct Peer {
    /// Heading of its column.
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    /// What a request line ends with, and the `Host` header.
    version_and_host: String,
    access: Access,
    /// All its processes.
    pub(super) processes: Vec<u32>,
}

impl Peer {
    /// The server at `address`.
    pub(super) fn new(name: &'static str, address: SocketAddr, access: Access, processes: Vec<u32>) -> Self {
        let version_and_host = format!(" HTTP/1.1\r\nhost: {address}\r\n");
        Self { name, address, version_and_host, access, processes }
    }

    /// Replaces `target` by what a request line has for an object.
    pub(super) fn aim(&self, target: &mut String, method: &'static str, key: &str) -> Outcome<()> {
        target.clear();
        let path = match &self.access {
            Access::Open => "",
            Access::Signed(signer) => signer.object_path,
            Access::Drive(drive) => {
                let id = drive.id(key).ok_or_else(|| format!("no file {key}"))?;
                let what = match method {
                    "PUT" => "/content",
                    "DELETE" => "",
                    _ => "/download",
                };
                target.push_str(&format!("{FILES}/{id}{what}"));
                return Ok(());
            }
            Access::Presigned(targets) => {
                let found = targets.get(&(method, key.to_owned()));
                target.push_str(found.ok_or_else(|| format!("no presigned {method} of {key}"))?);
                return Ok(());
            }
        };
        for text in [path, "/", key] {
            target.push_str(text);
        }
        Ok(())
    }

    /// Replaces `head` by the head of a request for `target`.
    pub(super) fn write_head(&self, head: &mut Vec<u8>, method: &str, target: &str, length: Option<u64>) {
        head.clear();
        push(head, [method, " ", target, &self.version_and_host]);
        if let Some(length) = length {
            // Writing to a Vec cannot fail.
            let _ = write!(head, "content-length: {length}\r\n");
        }
        match &self.access {
            Access::Signed(signer) => signer.write_headers(head, method, target, length),
            Access::Drive(drive) => head.extend_from_slice(drive.authorization.as_bytes()),
            Access::Open | Access::Presigned(_) => {}
        }
        head.extend_from_slice(b"\r\n");
    }

    /// The files of a drive; `None` where objects have keys.
    pub(super) fn files(&self) -> Option<&DriveAccess> {
        match &self.access {
            Access::Drive(drive) => Some(drive),
            Access::Open | Access::Signed(_) | Access::Presigned(_) => None,
        }
    }

    /// Memory and processor time of all its processes.
    pub(super) fn usage(&self) -> Outcome<Usage> {
        self.processes.iter().try_fold(Usage::default(), |sum, process| Ok(sum + Usage::of(*process)?))
    }
}

/// How a server lets a client in.
#[derive(Debug)]
pub(super) enum Access {
    /// Everybody may; keys stand at the root.
    Open,
    /// Each request is signed.
    Signed(Signer),
    /// By method and key: the request target, signed before.
    Presigned(HashMap<(&'static str, String), String>),
    /// A primary.
    Drive(DriveAccess),
}

/// Where the files of a user are.
const FILES: &str = "/api/v1/files";

/// A primary's way: a key is the name of a file, which is made before its content is written.
#[derive(Debug)]
pub(super) struct DriveAccess {
    /// A whole header.
    authorization: String,
    ids: Mutex<HashMap<String, i64>>,
}

impl DriveAccess {
    /// For whoever has this access token.
    pub(super) fn new(token: &str) -> Self {
        Self { authorization: format!("authorization: Bearer {token}\r\n"), ids: Mutex::default() }
    }

    /// The id of a file that was made.
    pub(super) fn id(&self, key: &str) -> Option<i64> {
        self.ids.lock().ok()?.get(key).copied()
    }

    /// Remembers a file that was made.
    pub(super) fn made(&self, key: &str, id: i64) {
        if let Ok(mut ids) = self.ids.lock() {
            ids.insert(key.to_owned(), id);
        }
    }

    /// Forgets a file that is gone.
    pub(super) fn gone(&self, key: &str) {
        if let Ok(mut ids) = self.ids.lock() {
            ids.remove(key);
        }
    }
}

/// The primary's half of a binding.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    /// What stands before an object key in a path, without the last slash.
    pub(super) object_path: &'static str,
    pub(super) access_key: String,
    pub(super) key: SigningKey,
}

impl Signer {
    fn write_headers(&self, head: &mut Vec<u8>, method: &str, target: &str, length: Option<u64>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let timestamp = now.to_string();
        let mut nonce = Uuid::encode_buffer();
        let nonce: &str = Uuid::new_v4().as_hyphenated().encode_lower(&mut nonce);
        let fields = SignedFields { method, target, timestamp: &timestamp, nonce, content_length: length };
        let signature = self.key.sign(&fields);
        let headers = [
            (HEADER_ACCESS_KEY, self.access_key.as_str()),
            (HEADER_TIMESTAMP, &timestamp),
            (HEADER_NONCE, nonce),
            (HEADER_SIGNATURE, &signature),
        ];
        for (name, value) in headers {
            push(head, [name, ": ", value, "\r\n"]);
        }
    }
}

/// Plain copies: the client shares the processors with the server it measures.
fn push(head: &mut Vec<u8>, texts: [&str; 4]) {
    for text in texts {
        head.extend_from_slice(text.as_bytes());
    }
}
