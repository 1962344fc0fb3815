//! One kept-alive HTTP/1.1 connection, one request at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Outcome;
use super::body::Body;
use super::peer::Peer;

/// Bytes of the read buffer: a reply head always fits, and a large body takes few reads.
const BUFFER: usize = 256 * 1024;
/// Bytes of a body that travel in the same write as the head.
const WITH_HEAD: usize = 64 * 1024;
/// Bytes of a refusal that are shown.
const SHOWN: usize = 300;

/// An open connection to a server.
pub(super) struct Connection {
    peer: Arc<Peer>,
    stream: TcpStream,
    request: Vec<u8>,
    target: String,
    buffer: Vec<u8>,
    /// Bytes in `buffer`.
    filled: usize,
    /// Bytes of `buffer` that belong to the head that was read last.
    head: usize,
}

/// Head of a reply.
#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    length: u64,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(peer: &Arc<Peer>) -> Outcome<Self> {
        let stream = TcpStream::connect(peer.address)
            .await
            .map_err(|error| format!("cannot connect to {}: {error}", peer.name))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            peer: Arc::clone(peer),
            stream,
            request: Vec::with_capacity(WITH_HEAD + 1024),
            target: String::new(),
            buffer: vec![0; BUFFER],
            filled: 0,
            head: 0,
        })
    }

    /// Makes the file that is to have this content, where that is needed.
    async fn make(&mut self, key: &str) -> Outcome<()> {
        let peer = Arc::clone(&self.peer);
        let Some(files) = peer.files().filter(|files| files.id(key).is_none()) else { return Ok(()) };
        let wanted = json!({"name": key.replace('/', "-"), "folder_id": null});
        let file = self.call("POST", "/api/v1/files/new", Some(&wanted)).await?;
        files.made(key, id_of(&file)?);
        Ok(())
    }

    /// Uploads a new file with a name that no other has.
    pub(super) async fn upload(&mut self, body: Body) -> Outcome<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut form = format!(
            "--bench\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{number}.bin\"\r\n\r\n"
        )
        .into_bytes();
        form.extend_from_slice(body.piece(0));
        form.extend_from_slice(b"\r\n--bench--\r\n");
        let kind = "multipart/form-data; boundary=bench";
        let file = self.exchange("POST", "/api/v1/files/upload", kind, &form).await?;
        if file["size"] == body.length { Ok(()) } else { Err(format!("another file: {file}").into()) }
    }

    /// Stores an object.
    pub(super) async fn put(&mut self, key: &str, body: Body) -> Outcome<()> {
        self.make(key).await?;
        self.peer.aim(&mut self.target, "PUT", key)?;
        self.put_body(body).await
    }

    /// Sends a body to a path.
    pub(super) async fn put_to(&mut self, path: &str, body: Body) -> Outcome<()> {
        path.clone_into(&mut self.target);
        self.put_body(body).await
    }

    async fn put_body(&mut self, body: Body) -> Outcome<()> {
        self.peer.write_head(&mut self.request, "PUT", &self.target, Some(body.length));
        let first = body.piece(0);
        let first = &first[..first.len().min(WITH_HEAD)];
        self.request.extend_from_slice(first);
        let mut sent = first.len() as u64;
        self.stream.write_all(&self.request).await?;
        while sent < body.length {
            let piece = body.piece(sent);
            self.stream.write_all(piece).await?;
            sent += piece.len() as u64;
        }
        let head = self.read_head("PUT").await?;
        let reply = self.read_text(head).await?;
        // nginx answers 201 for a new and 204 for a replaced file.
        if matches!(head.status, 200 | 201 | 204) {
            return Ok(());
        }
        Err(self.refusal("PUT", head, &reply))
    }

    /// Reads an object and checks it.
    pub(super) async fn get(&mut self, key: &str, body: Body) -> Outcome<()> {
        self.peer.aim(&mut self.target, "GET", key)?;
        self.peer.write_head(&mut self.request, "GET", &self.target, None);
        self.read_object(body).await
    }

    /// Like [`Self::get`]; gives the bytes of the request, to be sent again by [`Self::replay`].
    pub(super) async fn get_keeping_request(&mut self, key: &str, body: Body) -> Outcome<Vec<u8>> {
        self.get(key, body).await?;
        Ok(self.request.clone())
    }

    /// Sends the bytes of an earlier request and gives the status of the reply.
    pub(super) async fn replay(&mut self, request: &[u8]) -> Outcome<u16> {
        self.stream.write_all(request).await?;
        let head = self.read_head("GET").await?;
        self.read_text(head).await?;
        Ok(head.status)
    }

    /// Asks for an object's size and checks it.
    pub(super) async fn head(&mut self, key: &str, body: Body) -> Outcome<()> {
        self.peer.aim(&mut self.target, "HEAD", key)?;
        self.peer.write_head(&mut self.request, "HEAD", &self.target, None);
        self.stream.write_all(&self.request).await?;
        let head = self.read_head("HEAD").await?;
        self.forget(self.head)?;
        if head.status == 200 && head.length == body.length {
            return Ok(());
        }
        Err(self.refusal("HEAD", head, &[]))
    }

    /// Removes an object.
    pub(super) async fn delete(&mut self, key: &str) -> Outcome<()> {
        self.peer.aim(&mut self.target, "DELETE", key)?;
        self.peer.write_head(&mut self.request, "DELETE", &self.target, None);
        self.stream.write_all(&self.request).await?;
        let head = self.read_head("DELETE").await?;
        let reply = self.read_text(head).await?;
        if !matches!(head.status, 200 | 204) {
            return Err(self.refusal("DELETE", head, &reply));
        }
        let peer = Arc::clone(&self.peer);
        if let Some((files, id)) = peer.files().and_then(|files| Some((files, files.id(key)?))) {
            files.gone(key);
            self.call("DELETE", &format!("/api/v1/trash/file/{id}"), None).await?;
        }
        Ok(())
    }

    /// Sends a JSON document (or nothing) to `path` and gives the `data` of the reply's envelope.
    pub(super) async fn call(
        &mut self,
        method: &str,
        path: &str,
        document: Option<&Value>,
    ) -> Outcome<Value> {
        let document = document.map(ToString::to_string).unwrap_or_default();
        self.exchange(method, path, "application/json", document.as_bytes()).await
    }

    /// The same with any body.
    async fn exchange(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Outcome<Value> {
        path.clone_into(&mut self.target);
        let length = (!body.is_empty()).then_some(body.len() as u64);
        self.peer.write_head(&mut self.request, method, path, length);
        if length.is_some() {
            // Not signed, so it may stand after the signature.
            let before_end = self.request.len() - 2;
            self.request.truncate(before_end);
            self.request.extend_from_slice(format!("content-type: {kind}\r\n\r\n").as_bytes());
        }
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        let head = self.read_head(method).await?;
        let reply = self.read_text(head).await?;
        if !(200..300).contains(&head.status) {
            return Err(self.refusal(method, head, &reply));
        }
        let mut envelope: Value = serde_json::from_slice(&reply)?;
        Ok(envelope["data"].take())
    }

    /// Waits until the server ends the connection.
    pub(super) async fn ended(&mut self) -> Outcome<()> {
        // However it ends, it has ended.
        while matches!(self.stream.read(&mut self.buffer).await, Ok(1..)) {}
        Ok(())
    }

    async fn read_object(&mut self, body: Body) -> Outcome<()> {
        self.stream.write_all(&self.request).await?;
        let head = self.read_head("GET").await?;
        if head.status != 200 || head.length != body.length {
            let reply = if head.status == 200 { Vec::new() } else { self.read_text(head).await? };
            return Err(self.refusal("GET", head, &reply));
        }
        let mut offset = 0;
        let mut from = self.head;
        loop {
            let read = &self.buffer[from..self.filled];
            if !body.matches(offset, read) {
                return Err(
                    format!("{} sent wrong bytes for {} at {offset}", self.peer.name, self.target).into()
                );
            }
            offset += read.len() as u64;
            if offset == body.length {
                self.filled = 0;
                return Ok(());
            }
            self.filled = self.stream.read(&mut self.buffer).await?;
            from = 0;
            if self.filled == 0 {
                return Err(
                    format!("{} ended the body of {} at {offset}", self.peer.name, self.target).into()
                );
            }
        }
    }

    /// Reads until the head of a reply is complete; what follows it stays in the buffer.
    async fn read_head(&mut self, method: &str) -> Outcome<Head> {
        self.filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[self.filled..]).await?;
            if read == 0 {
                return Err(format!(
                    "{} closed the connection during {method} {}",
                    self.peer.name, self.target
                )
                .into());
            }
            self.filled += read;
            if let Some((end, head)) = parse_head(&self.buffer[..self.filled])? {
                self.head = end;
                return Ok(head);
            }
        }
    }

    /// Reads a short body to its end.
    async fn read_text(&mut self, head: Head) -> Outcome<Vec<u8>> {
        let length = usize::try_from(head.length)?;
        let mut text = self.buffer[self.head..self.filled].to_vec();
        let missing = length.checked_sub(text.len()).ok_or("more bytes than the reply announced")?;
        if missing > 0 {
            let read = text.len();
            text.resize(length, 0);
            self.stream.read_exact(&mut text[read..]).await?;
        }
        Ok(text)
    }

    /// Checks that nothing follows the first `expected` bytes: a surplus would be taken for the next reply.
    fn forget(&self, expected: usize) -> Outcome<()> {
        if self.filled == expected { Ok(()) } else { Err("more bytes than the reply announced".into()) }
    }

    fn refusal(&self, method: &str, head: Head, reply: &[u8]) -> Box<dyn std::error::Error + Send + Sync> {
        let reply = String::from_utf8_lossy(&reply[..reply.len().min(SHOWN)]).into_owned();
        let Head { status, length } = head;
        format!(
            "{} answered {method} {} with {status}, length {length}: {reply}",
            self.peer.name, self.target
        )
        .into()
    }
}

/// The `id` member of what a primary answers.
pub(super) fn id_of(answer: &Value) -> Outcome<i64> {
    answer["id"].as_i64().ok_or_else(|| format!("an answer without an id: {answer}").into())
}

/// The head at the start of `bytes` and where it ends; `None` while it is incomplete.
fn parse_head(bytes: &[u8]) -> Outcome<Option<(usize, Head)>> {
    const LENGTH: &[u8] = b"content-length:";
    let mut status = None;
    let mut length = 0;
    let mut at = 0;
    while let Some(line) = memchr::memchr(b'\n', &bytes[at..]).map(|end| &bytes[at..at + end]) {
        at += line.len() + 1;
        let line = line.trim_ascii();
        match status {
            None => status = Some(number(line.get(9..12).unwrap_or_default())?),
            Some(status) if line.is_empty() => {
                return Ok(Some((at, Head { status: u16::try_from(status)?, length })));
            }
            Some(_) if line.len() > LENGTH.len() && line[..LENGTH.len()].eq_ignore_ascii_case(LENGTH) => {
                length = number(line[LENGTH.len()..].trim_ascii())?;
            }
            Some(_) if line.len() > 18 && line[..18].eq_ignore_ascii_case(b"transfer-encoding:") => {
                return Err("a reply without Content-Length; this client reads no chunks".into());
            }
            Some(_) => {}
        }
    }
    if bytes.len() < BUFFER { Ok(None) } else { Err("a reply head that does not end".into()) }
}

fn number(digits: &[u8]) -> Outcome<u64> {
    Ok(std::str::from_utf8(digits)?.parse()?)
}
