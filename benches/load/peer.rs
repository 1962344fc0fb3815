//! A server under load: where it is, how requests to it are written, what it uses.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
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
        if let Access::Signed(signer) = &self.access {
            signer.write_headers(head, method, target, length);
        }
        head.extend_from_slice(b"\r\n");
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
