//! Object operations of one follower (wire contract §5.3 to §5.7), with wire keys as they are.

use std::time::Duration;

use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::BodyExt;

use super::body::{Source, Upload, exactly};
use super::client::{Call, FollowerClient};
use super::reply::{CallError, MAX_REFUSAL_BYTES, Read, ReplyProblem, header_text};
use super::transport::{Body, TransportError, no_body};
use crate::protocol::{
    ByteRange, ComposeReply, ComposeRequest, ListReply, MAX_JSON_BYTES, MetadataReply, ObjectKey,
    PRESIGN_CONTENT_LENGTH, RangeError, ResolvedRange, ResponseOverrides,
};
use crate::storage::presigned::{PresignedUrl, check_lifetime};
use crate::storage::{ByteStream, ErrorKind, ObjectMeta, ObjectReader, Result, StorageError, Stored};

/// Largest listing read into memory.
const MAX_LIST_BYTES: usize = 64 * 1024 * 1024;
/// Longest wait for a listing or a compose; both may walk or copy much.
const LONG_CONTROL: Duration = Duration::from_secs(600);
/// Longest upload, however slowly it moves. A dead one ends much earlier, in the transport.
const UPLOAD: Duration = Duration::from_secs(24 * 3600);
/// Longest wait for the small body of an answer whose head is there.
const SMALL_BODY: Duration = Duration::from_secs(30);

impl FollowerClient {
    /// Stores exactly `size` bytes. Never repeated by itself: the body is gone once it was read.
    pub(super) async fn put_object(&self, key: &ObjectKey, size: u64, body: ByteStream) -> Result<Stored> {
        let path = object_path(key);
        let (upload, source) = Upload::new(body, size);
        let body = if size == 0 { no_body() } else { upload.boxed_unsync() };
        let sent = tokio::time::timeout(UPLOAD, self.send(Method::PUT, &path, Some(size), body)).await;
        let reply = match sent.unwrap_or(Err(TransportError::ReplyTimeout(UPLOAD))) {
            Ok(reply) => self.whole(&path, MAX_JSON_BYTES, reply).await?,
            Err(error) => return Err(self.failed_upload(&path, size, source.get(), error)),
        };
        if let Err(problem) = reply.data::<serde::de::IgnoredAny>() {
            return Err(reply.into_call_error(self.url_of(&path), problem).into());
        }
        let checked = match source.get() {
            Source::Done => sha256_of(&reply.headers),
            _ => Err("the upload was acknowledged before it was sent".to_owned()),
        };
        match checked {
            Ok(sha256) => Ok(Stored { size, sha256 }),
            Err(problem) => {
                Err(reply.into_call_error(self.url_of(&path), ReplyProblem::Contradiction(problem)).into())
            }
        }
    }

    /// A failed upload is the follower's fault only when the sender is not the one who left.
    fn failed_upload(&self, path: &str, size: u64, source: Source, error: TransportError) -> StorageError {
        let timed_out = matches!(error, TransportError::ReplyTimeout(_));
        match source {
            Source::Short => StorageError::new(
                ErrorKind::SizeMismatch,
                format!("the body ended before the announced {size} bytes"),
            )
            .with_source(error),
            Source::Gone => {
                StorageError::new(ErrorKind::BodyInterrupted, "the sender of the upload went away")
                    .with_source(error)
            }
            Source::Awaited if timed_out => StorageError::new(
                ErrorKind::BodyInterrupted,
                "the sender of the upload sent nothing for too long",
            )
            .with_source(error),
            Source::Giving | Source::Awaited | Source::Done => self.no_reply(path, error).into(),
        }
    }

    /// Opens an object or a part of it.
    pub(super) async fn get_object(&self, key: &ObjectKey, range: Option<ByteRange>) -> Result<ObjectReader> {
        let range = match range {
            None => return self.open(key, None).await,
            // The query has no form for "the last n"; the size must be known first.
            Some(ByteRange::Last(_)) => {
                let size = self.metadata(key).await?.size;
                let resolved = range.map(|range| range.resolve(size)).transpose().map_err(not_satisfiable)?;
                resolved.map(|range| (range.start, Some(range.byte_count())))
            }
            Some(ByteRange::From { start, length }) => Some((start, length.map(std::num::NonZeroU64::get))),
        };
        match self.open(key, range).await {
            // A follower answers 400 for a start behind the end, like for any other bad request.
            Err(refused) if refused.kind() == ErrorKind::Misconfigured => {
                let size = self.metadata(key).await?.size;
                match range {
                    Some((start, _)) if start >= size => {
                        Err(not_satisfiable(RangeError::Unsatisfiable { total: size }))
                    }
                    _ => Err(refused),
                }
            }
            other => other,
        }
    }

    async fn open(&self, key: &ObjectKey, range: Option<(u64, Option<u64>)>) -> Result<ObjectReader> {
        let path = match range {
            None => object_path(key),
            Some((offset, None)) => format!("{}?offset={offset}", object_path(key)),
            Some((offset, Some(length))) => format!("{}?offset={offset}&length={length}", object_path(key)),
        };
        let reply = match self.send(Method::GET, &path, None, no_body()).await {
            Err(TransportError::Broken(_)) => self.send(Method::GET, &path, None, no_body()).await,
            other => other,
        };
        let reply = reply.map_err(|error| self.no_reply(&path, error))?;
        if !reply.status().is_success() {
            let reply = self.whole(&path, MAX_REFUSAL_BYTES, reply).await?;
            return Err(reply.into_call_error(self.url_of(&path), ReplyProblem::Refused).into());
        }
        match sent_part(reply.status(), reply.headers(), range) {
            Ok((size, range)) => {
                let content_type = header_text(reply.headers(), header::CONTENT_TYPE);
                let expected = range.map_or(size, ResolvedRange::byte_count);
                let body = exactly(reply.into_body(), expected);
                Ok(ObjectReader { meta: ObjectMeta { size, content_type }, range, body })
            }
            Err(problem) => {
                let (head, _) = reply.into_parts();
                let read = Read {
                    status: head.status,
                    headers: head.headers,
                    body: bytes::Bytes::new(),
                    cut: false,
                };
                Err(read.into_call_error(self.url_of(&path), ReplyProblem::Contradiction(problem)).into())
            }
        }
    }

    /// Size and type of an object. `HEAD` would not do: deployed followers answer it with `Content-Length: 0`.
    pub(super) async fn metadata(&self, key: &ObjectKey) -> Result<MetadataReply> {
        let call = Call::new(Method::GET, format!("{}/metadata", object_path(key)));
        Ok(self.json(call).await?.data)
    }

    /// Removes an object. All three answers for "not there" count as removed (wire contract §5.5), but only from a
    /// follower: a 404 of something in between says nothing about the object.
    pub(super) async fn delete_object(&self, key: &ObjectKey) -> Result<()> {
        match self.done(Call::new(Method::DELETE, object_path(key))).await {
            Err(error) if error.says_not_found() => Ok(()),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.status == StatusCode::NOT_FOUND) => {
                let message = format!("{} is answered by something that is no follower", error.url);
                Err(StorageError::new(ErrorKind::Misconfigured, message).with_source(error))
            }
            other => Ok(other?),
        }
    }

    /// All wire keys the follower lists under `prefix`; what a prefix matches differs by its back end.
    pub(super) async fn list_objects(&self, prefix: Option<&ObjectKey>) -> Result<Vec<String>> {
        let path = match prefix {
            None => "/objects".to_owned(),
            Some(prefix) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("prefix", prefix.as_str());
                format!("/objects?{}", query.finish())
            }
        };
        let mut call = Call::new(Method::GET, path).within(LONG_CONTROL);
        call.max_reply = MAX_LIST_BYTES;
        Ok(self.json::<ListReply>(call).await?.data.items)
    }

    /// A URL for a GET of the object by a browser.
    pub(super) fn presign_get(
        &self,
        key: &ObjectKey,
        overrides: &ResponseOverrides,
        lifetime: Duration,
    ) -> Result<PresignedUrl> {
        check_lifetime(lifetime)?;
        let url =
            self.presign(&Method::GET, &object_path(key), &overrides.pairs().collect::<Vec<_>>(), lifetime);
        Ok(PresignedUrl::new(url))
    }

    /// A URL for a PUT of `size` bytes by a browser.
    pub(super) fn presign_put(&self, key: &ObjectKey, size: u64, lifetime: Duration) -> Result<PresignedUrl> {
        check_lifetime(lifetime)?;
        let size = size.to_string();
        let members = [(PRESIGN_CONTENT_LENGTH, size.as_str())];
        Ok(PresignedUrl::new(self.presign(&Method::PUT, &object_path(key), &members, lifetime)))
    }

    /// Concatenates objects into one (wire contract §5.7).
    pub(super) async fn compose_objects(&self, request: &ComposeRequest) -> Result<u64> {
        let call = Call::new(Method::POST, "/compose").with_body(request).within(LONG_CONTROL);
        if call.body.as_ref().is_some_and(|body| body.len() > MAX_JSON_BYTES) {
            let count = request.part_keys.len();
            return Err(StorageError::new(
                ErrorKind::InvalidArgument,
                format!("{count} parts have more key bytes than a request may have ({MAX_JSON_BYTES})"),
            ));
        }
        let written = self.json::<ComposeReply>(call).await?.data.bytes_written;
        if i64::try_from(written) != Ok(request.expected_size) {
            return Err(StorageError::new(
                ErrorKind::SizeMismatch,
                format!("{} bytes were expected, the follower wrote {written}", request.expected_size),
            ));
        }
        Ok(written)
    }

    async fn whole(
        &self,
        path: &str,
        limit: usize,
        reply: Response<Body>,
    ) -> std::result::Result<Read, CallError> {
        let read = tokio::time::timeout(SMALL_BODY, Read::at_most(limit, reply)).await;
        let read = read.unwrap_or(Err(TransportError::ReplyTimeout(SMALL_BODY)));
        read.map_err(|error| self.no_reply(path, error))
    }
}

fn object_path(key: &ObjectKey) -> String {
    format!("/objects/{}", key.to_url_path())
}

fn not_satisfiable(error: RangeError) -> StorageError {
    StorageError::new(ErrorKind::RangeNotSatisfiable, error.to_string())
}

/// The checksum a PUT was answered with. Proxies may mark it as weak; any other text is not a follower's.
fn sha256_of(headers: &HeaderMap) -> std::result::Result<Option<String>, String> {
    let Some(etag) = header_text(headers, header::ETAG) else { return Ok(None) };
    let digits = etag.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(Some(digits))
    } else {
        Err("the ETag of the answer is no SHA-256".to_owned())
    }
}

/// Compares the head of a GET reply with what was asked: the size of the object and the part that will come.
fn sent_part(
    status: StatusCode,
    headers: &HeaderMap,
    asked: Option<(u64, Option<u64>)>,
) -> std::result::Result<(u64, Option<ResolvedRange>), String> {
    let length = header_text(headers, header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let length = length.ok_or("there is no Content-Length; a proxy may have removed it")?;
    match header_text(headers, header::CONTENT_ENCODING).as_deref() {
        None | Some("identity") => {}
        Some(_) => return Err("the body is encoded; a proxy must not change it".to_owned()),
    }
    let Some((offset, count)) = asked else {
        return match status {
            StatusCode::OK => Ok((length, None)),
            _ => Err("a whole object was asked for".to_owned()),
        };
    };
    if status != StatusCode::PARTIAL_CONTENT {
        return Err("a part of an object was asked for".to_owned());
    }
    let range = header_text(headers, header::CONTENT_RANGE).as_deref().and_then(content_range);
    let range = range.ok_or("Content-Range is missing or malformed")?;
    let last = count.map_or(u64::MAX, |count| offset.saturating_add(count - 1)).min(range.total - 1);
    if (range.start, range.end) != (offset, last) || range.byte_count() != length {
        return Err(format!(
            "bytes {offset}-{last} were asked for, {} with {length} bytes came",
            range.content_range()
        ));
    }
    Ok((range.total, Some(range)))
}

/// Reads `bytes a-b/total`; only ranges that lie inside the object.
fn content_range(text: &str) -> Option<ResolvedRange> {
    let (span, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = span.split_once('-')?;
    let range =
        ResolvedRange { start: start.parse().ok()?, end: end.parse().ok()?, total: total.parse().ok()? };
    (range.start <= range.end && range.end < range.total).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("value"))).collect()
    }

    #[test]
    fn a_whole_object_is_200_with_its_length() {
        let length = headers(&[(header::CONTENT_LENGTH, "5")]);
        assert_eq!(sent_part(StatusCode::OK, &length, None), Ok((5, None)));
        assert!(sent_part(StatusCode::PARTIAL_CONTENT, &length, None).is_err());
        assert!(sent_part(StatusCode::OK, &headers(&[]), None).is_err());
        let gzip = headers(&[(header::CONTENT_LENGTH, "5"), (header::CONTENT_ENCODING, "gzip")]);
        assert!(sent_part(StatusCode::OK, &gzip, None).is_err());
    }

    #[test]
    fn a_part_must_be_the_part_that_was_asked_for() {
        let part = |range: &str, length: &str, asked| {
            let headers = headers(&[(header::CONTENT_LENGTH, length), (header::CONTENT_RANGE, range)]);
            sent_part(StatusCode::PARTIAL_CONTENT, &headers, Some(asked)).is_ok()
        };
        assert!(part("bytes 7-9/10", "3", (7, Some(5))));
        assert!(part("bytes 7-9/10", "3", (7, None)));
        assert!(part("bytes 0-0/1", "1", (0, Some(u64::MAX))));
        assert!(!part("bytes 7-8/10", "2", (7, Some(5))), "short");
        assert!(!part("bytes 6-9/10", "4", (7, None)), "elsewhere");
        assert!(!part("bytes 7-9/10", "4", (7, None)), "length and range differ");
        assert!(!part("bytes 7-9/*", "3", (7, None)), "no total");
        assert!(!part("bytes 7-10/10", "4", (7, None)), "behind the end");
        let whole = headers(&[(header::CONTENT_LENGTH, "10")]);
        assert!(sent_part(StatusCode::OK, &whole, Some((7, None))).is_err(), "the query was ignored");
    }

    #[test]
    fn an_etag_is_a_sha256_or_an_error() {
        let hash = "AB".repeat(32);
        let read = |etag: &str| sha256_of(&headers(&[(header::ETAG, etag)]));
        assert_eq!(read(&format!("\"{hash}\"")), Ok(Some(hash.to_lowercase())));
        assert_eq!(read(&format!("W/\"{hash}\"")), Ok(Some(hash.to_lowercase())));
        assert!(read("\"5d41402a\"").is_err());
        assert_eq!(sha256_of(&headers(&[])), Ok(None));
    }
}
