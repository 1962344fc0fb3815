//! A server under load: where it is, how requests to it are written, what it uses.

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
    /// What stands before an object key in a path, without the last slash.
    pub(super) object_path: &'static str,
    /// Signs each request, if the server asks for it.
    pub(super) signer: Option<Signer>,
    /// All its processes.
    pub(super) processes: Vec<u32>,
}

impl Peer {
    /// Replaces `head` by the head of a request for `target`.
    pub(super) fn write_head(&self, head: &mut Vec<u8>, method: &str, target: &str, length: Option<u64>) {
        head.clear();
        // Writing to a Vec cannot fail.
        let _ = write!(head, "{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.address);
        if let Some(length) = length {
            let _ = write!(head, "content-length: {length}\r\n");
        }
        if let Some(signer) = &self.signer {
            signer.write_headers(head, method, target, length);
        }
        head.extend_from_slice(b"\r\n");
    }

    /// Memory and processor time of all its processes.
    pub(super) fn usage(&self) -> Outcome<Usage> {
        self.processes.iter().try_fold(Usage::default(), |sum, process| Ok(sum + Usage::of(*process)?))
    }
}

/// The primary's half of a binding.
#[derive(Debug)]
pub(super) struct Signer {
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
        let _ = write!(
            head,
            "{HEADER_ACCESS_KEY}: {}\r\n{HEADER_TIMESTAMP}: {timestamp}\r\n{HEADER_NONCE}: {nonce}\r\n\
             {HEADER_SIGNATURE}: {signature}\r\n",
            self.access_key
        );
    }
}
