//! `GET` and `HEAD /files/{id}/download`: conditions, one range, and the bytes (RFC 9110 §13, §14), or the way to them.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Id;
use crate::http::{ApiError, Path, Query};
use crate::primary::Primary;
use crate::primary::files::FileRecord;
use crate::primary::files::header_params::disposition;
use crate::primary::openapi::{Content, Shaped};
use crate::primary::teams::InSpace;
use crate::protocol::{ByteRange, RangeError, ResolvedRange, ResponseOverrides, codes};

/// How long a presigned URL works (primary spec §2.8).
const URL_LIFETIME: Duration = Duration::from_secs(300);
/// What the holder of a presigned URL may keep: nothing without asking.
const PRESIGNED_CACHE: &str = "private, max-age=0, must-revalidate";
/// A page of its own, without scripts, forms and the session of ours.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:";

/// How the content is wanted; a member counts when it is `1` or `true`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(in crate::primary) struct DownloadQuery {
    /// In the page, not as a file to keep.
    inline: Option<String>,
    /// Through the primary, whatever the policy says: the browser does not reach the node.
    relay: Option<String>,
}

impl DownloadQuery {
    pub(in crate::primary) fn way(&self) -> Way {
        Way { inline: is_on(self.inline.as_deref()), relay: is_on(self.relay.as_deref()) }
    }
}

fn is_on(member: Option<&str>) -> bool {
    matches!(member, Some("1" | "true"))
}

pub(super) async fn download(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
    Query(query): Query<DownloadQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Shaped<Content>, ApiError> {
    let file = primary.files.get(space, id).await?;
    answer(&primary, &file, query.way(), &method, &headers).await.map(Shaped::from)
}

/// How content goes to a client.
#[derive(Debug, Clone, Copy)]
pub(in crate::primary) struct Way {
    /// To be shown in a page, not as a file to keep; always through the primary.
    pub(in crate::primary) inline: bool,
    /// Through the primary, whatever the policy says.
    pub(in crate::primary) relay: bool,
}

impl Way {
    /// A file to keep, by the way that the policy says.
    pub(in crate::primary) const TO_KEEP: Self = Self { inline: false, relay: false };
    /// For a page to show.
    pub(in crate::primary) const INLINE: Self = Self { inline: true, relay: true };
}

/// The content of a file that the client may see, as its request wants it.
pub(in crate::primary) async fn answer(
    primary: &Primary,
    file: &FileRecord,
    way: Way,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let etag = format!("\"{}\"", file.blob.hash);
    let inline = way.inline;
    let (status, part) = match decide(method, headers, &etag, file.blob.size) {
        Answer::Unchanged => {
            return reply(StatusCode::NOT_MODIFIED, file, &etag, None, inline).map_err(bad_header);
        }
        Answer::Unsatisfiable => return Err(unsatisfiable(file.blob.size)),
        Answer::Whole => (StatusCode::OK, None),
        Answer::Part(range, resolved) => (StatusCode::PARTIAL_CONTENT, Some((range, resolved))),
    };
    if *method == Method::GET && !inline && !way.relay {
        // The client sends its range along to where it is sent.
        let overrides = ResponseOverrides {
            cache_control: Some(PRESIGNED_CACHE.to_owned()),
            content_disposition: Some(disposition("attachment", &file.name)),
            content_type: Some(file.mime_type.clone()),
        };
        let url = primary.files.presigned(&primary.policies, file, &overrides, URL_LIFETIME).await?;
        if let Some(url) = url {
            return redirect(url.as_str()).map_err(bad_header);
        }
    }
    let resolved = part.map(|(_, resolved)| resolved);
    let mut response = reply(status, file, &etag, resolved, inline).map_err(bad_header)?;
    if *method == Method::HEAD {
        primary.files.verify(&primary.policies, file).await?;
    } else {
        let reader = primary.files.open(&primary.policies, file, part.map(|(range, _)| range)).await?;
        *response.body_mut() = Body::from_stream(reader.body);
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The client has it: 304.
    Unchanged,
    /// The range lies behind the end: 416.
    Unsatisfiable,
    /// All of it: 200.
    Whole,
    /// A part: 206.
    Part(ByteRange, ResolvedRange),
}

fn decide(method: &Method, headers: &HeaderMap, etag: &str, size: u64) -> Answer {
    let all = |name: HeaderName| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let same = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    // A hash holds no comma, so that splitting there cannot make a false match.
    if all(header::IF_NONE_MATCH).flat_map(|value| value.split(',')).any(|tag| same(tag.trim())) {
        return Answer::Unchanged;
    }
    // If-Range compares strongly; a date never holds, as no Last-Modified is sent.
    let current = all(header::IF_RANGE).next().is_none_or(|tag| tag.trim() == etag);
    let range = all(header::RANGE).next().filter(|_| current && method == Method::GET);
    let Some(range) = range else { return Answer::Whole };
    match ByteRange::parse_header(range).and_then(|range| Ok((range, range.resolve(size)?))) {
        Ok((range, resolved)) => Answer::Part(range, resolved),
        Err(RangeError::Unsatisfiable { .. }) => Answer::Unsatisfiable,
        // `bytes=-0` can be read but holds nothing; `bytes=5-4` cannot be read.
        Err(RangeError::Empty) if range.contains("=-") => Answer::Unsatisfiable,
        Err(RangeError::Empty | RangeError::Malformed) => Answer::Whole,
    }
}

fn unsatisfiable(size: u64) -> ApiError {
    let text = format!("the requested range lies outside the file ({size} bytes)");
    let range = HeaderValue::try_from(format!("bytes */{size}")).expect("a number is a header value");
    ApiError::new(codes::RANGE_NOT_SATISFIABLE, text).with_header(header::CONTENT_RANGE, range)
}

/// A hash or a name that is no header value: nothing that passed our own checks.
fn bad_header(error: InvalidHeaderValue) -> ApiError {
    ApiError::internal(codes::INTERNAL, error)
}

/// The answer without its body.
fn reply(
    status: StatusCode,
    file: &FileRecord,
    etag: &str,
    part: Option<ResolvedRange>,
    inline: bool,
) -> Result<Response, InvalidHeaderValue> {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: String| {
        headers.insert(name, value.try_into()?);
        Ok::<(), InvalidHeaderValue>(())
    };
    set(header::ETAG, etag.to_owned())?;
    // Kept by the browser of this user only, and asked for again each time: access may end.
    set(header::CACHE_CONTROL, "private, no-cache".to_owned())?;
    if status == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    set(header::ACCEPT_RANGES, "bytes".to_owned())?;
    set(header::CONTENT_TYPE, file.mime_type.clone())?;
    let kind = if inline { "inline" } else { "attachment" };
    set(header::CONTENT_DISPOSITION, disposition(kind, &file.name))?;
    if inline && !is_passive(&file.mime_type) {
        set(header::CONTENT_SECURITY_POLICY, SANDBOX.to_owned())?;
    }
    set(header::CONTENT_LENGTH, part.map_or(file.blob.size, ResolvedRange::byte_count).to_string())?;
    if let Some(part) = part {
        set(header::CONTENT_RANGE, part.content_range())?;
    }
    Ok(response)
}

/// The way to the bytes. The URL is a key to them, so nobody keeps it.
fn redirect(url: &str) -> Result<Response, InvalidHeaderValue> {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(url)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// Whether a browser that shows content of this type runs nothing in it. PDF viewers do not work in a sandbox, and have
/// one of their own.
fn is_passive(mime_type: &str) -> bool {
    let pictures = mime_type.starts_with("image/") && !mime_type.contains("svg");
    let played = mime_type.starts_with("video/") || mime_type.starts_with("audio/");
    pictures || played || matches!(mime_type, "text/plain" | "application/pdf")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn answer(headers: &[(&'static str, &'static str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        decide(&Method::GET, &headers, TAG, 10)
    }

    #[test]
    fn what_could_run_a_script_is_not_passive() {
        for active in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/octet-stream"]
        {
            assert!(!is_passive(active), "{active}");
        }
        for passive in ["image/png", "video/mp4", "audio/ogg", "text/plain", "application/pdf"] {
            assert!(is_passive(passive), "{passive}");
        }
    }

    #[test]
    fn a_known_tag_is_answered_without_content() {
        for tags in ["\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"", "\"x\",W/\"abc\" "] {
            assert_eq!(answer(&[("if-none-match", tags)]), Answer::Unchanged, "{tags}");
        }
        for tags in ["\"x\"", "abc", "\"ab\"", ""] {
            assert_eq!(answer(&[("if-none-match", tags)]), Answer::Whole, "{tags}");
        }
        assert_eq!(answer(&[("if-none-match", "*"), ("range", "bytes=0-1")]), Answer::Unchanged);
    }

    #[test]
    fn one_readable_range_is_followed_and_anything_else_is_not() {
        assert!(matches!(answer(&[("range", "bytes=2-5")]), Answer::Part(..)));
        assert!(matches!(answer(&[("range", "bytes=-3")]), Answer::Part(..)));
        for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert_eq!(answer(&[("range", range)]), Answer::Unsatisfiable, "{range}");
        }
        for range in ["bytes=0-1,3-4", "bytes=5-4", "pages=1-2", "bytes=x-", ""] {
            assert_eq!(answer(&[("range", range)]), Answer::Whole, "{range}");
        }
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=2-5"))]);
        assert_eq!(decide(&Method::HEAD, &headers, TAG, 10), Answer::Whole);
    }

    #[test]
    fn a_range_of_another_version_gives_the_whole() {
        assert!(matches!(answer(&[("range", "bytes=2-5"), ("if-range", TAG)]), Answer::Part(..)));
        for tag in ["\"x\"", "W/\"abc\"", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(answer(&[("range", "bytes=2-5"), ("if-range", tag)]), Answer::Whole, "{tag}");
        }
    }
}
