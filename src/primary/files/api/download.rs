//! `GET` and `HEAD /files/{id}/download`: conditions, one range, and the bytes (RFC 9110 §13, §14).

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::InvalidHeaderValue;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::Id;
use crate::http::{ApiError, Path};
use crate::primary::Primary;
use crate::primary::files::FileRecord;
use crate::primary::files::header_params::attachment;
use crate::primary::teams::InSpace;
use crate::protocol::{ByteRange, RangeError, ResolvedRange, codes};

pub(super) async fn download(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Id { id }): Path<Id>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = primary.files.get(space, id).await?;
    let etag = format!("\"{}\"", file.blob.hash);
    let (status, part) = match decide(&method, &headers, &etag, file.blob.size) {
        Answer::Unchanged => return reply(StatusCode::NOT_MODIFIED, &file, &etag, None).map_err(bad_header),
        Answer::Unsatisfiable => return Err(unsatisfiable(file.blob.size)),
        Answer::Whole => (StatusCode::OK, None),
        Answer::Part(range, resolved) => (StatusCode::PARTIAL_CONTENT, Some((range, resolved))),
    };
    let resolved = part.map(|(_, resolved)| resolved);
    let mut response = reply(status, &file, &etag, resolved).map_err(bad_header)?;
    if method == Method::HEAD {
        primary.files.verify(&primary.policies, &file).await?;
    } else {
        let reader = primary.files.open(&primary.policies, &file, part.map(|(range, _)| range)).await?;
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
    set(header::CONTENT_DISPOSITION, attachment(&file.name))?;
    set(header::CONTENT_LENGTH, part.map_or(file.blob.size, ResolvedRange::byte_count).to_string())?;
    if let Some(part) = part {
        set(header::CONTENT_RANGE, part.content_range())?;
    }
    Ok(response)
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
