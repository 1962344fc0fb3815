//! The protocol (RFC 4918, classes 1, 2 and 3): one handler for all methods below the prefix.
//!
//! The tree and the locks are those of `files`, so what is refused to a person in the app is refused here, too. Each change
//! is one transaction: what is moved, copied or overwritten is so as a whole or not at all.

mod address;
mod conditions;
mod live;
mod locking;
mod making;
mod moving;
mod problem;
mod propfind;
mod proppatch;
mod reading;
mod writing;
mod xml;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use secrecy::SecretString;

use self::address::Address;
use self::problem::Problem;
use super::places::{self, Place};
use super::system_files::is_system_file;
use super::{LoginError, Visitor};
use crate::primary::Primary;
use crate::primary::caller::Caller;
use crate::primary::files::{By, Kind};

const ALLOWED: &str = "OPTIONS, GET, HEAD, PUT, DELETE, MKCOL, COPY, MOVE, PROPFIND, PROPPATCH, LOCK, UNLOCK";
const CLASSES: &str = "1, 2, 3";
/// Bytes of the XML of a request. Reading it takes a time that grows with the square of the attributes of an element.
const MAX_XML_BYTES: usize = 128 * 1024;
/// Longest time for all of it to arrive.
const XML_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything below the prefix.
pub(in crate::primary) fn routes(prefix: &str) -> Router<Primary> {
    Router::new()
        .route(prefix, any(handle))
        .route(&format!("{prefix}/"), any(handle))
        .route(&format!("{prefix}/{{*path}}"), any(handle))
}

/// A request of somebody who was let in.
#[derive(Debug, Clone)]
struct Call {
    primary: Primary,
    visitor: Visitor,
    method: Method,
    headers: HeaderMap,
    address: Address,
}

async fn handle(State(primary): State<Primary>, request: Request) -> Response {
    answer(primary, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(primary: Primary, request: Request) -> Result<Response, Problem> {
    if !primary.settings.webdav_enabled() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "WebDAV is switched off on this server"));
    }
    if *request.method() == Method::OPTIONS {
        return Ok(options());
    }
    let (parts, body) = request.into_parts();
    let caller = Caller::of(&parts, &primary);
    let (name, password) = credentials(&parts.headers)?;
    let login = primary.webdav.log_in(&primary.accounts, &primary.teams, &name, &password, &caller);
    let visitor = login.await?;
    let address = Address::of_path(parts.uri.path(), primary.webdav.prefix())?;
    let call = Call { primary, visitor, method: parts.method, headers: parts.headers, address };
    call.answer(body).await
}

/// What the server can do; programs ask before they have a name to send.
fn options() -> Response {
    let headers = [
        (header::ALLOW, ALLOWED),
        (header::HeaderName::from_static("dav"), CLASSES),
        // Windows looks for it.
        (header::HeaderName::from_static("ms-author-via"), "DAV"),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    (StatusCode::OK, headers).into_response()
}

/// Name and password of `Authorization: Basic`.
fn credentials(headers: &HeaderMap) -> Result<(String, SecretString), LoginError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, encoded) =
        value.and_then(|value| value.trim().split_once(' ')).ok_or(LoginError::Missing)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(LoginError::Missing);
    }
    let decoded = decoded_base64(encoded.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
    let (name, password) =
        decoded.as_deref().and_then(|text| text.split_once(':')).ok_or(LoginError::Missing)?;
    Ok((name.to_owned(), password.into()))
}

impl Call {
    async fn answer(self, body: Body) -> Result<Response, Problem> {
        match self.method.as_str() {
            "GET" | "HEAD" => return reading::get(&self).await,
            "PROPFIND" => return propfind::propfind(self, body).await,
            _ => {}
        }
        if !ALLOWED.split(", ").any(|method| method == self.method.as_str()) {
            return Err(Problem::not_allowed("this method is not one of WebDAV's"));
        }
        if self.visitor.is_read_only {
            return Err(Problem::forbidden("this account may only read"));
        }
        match self.method.as_str() {
            "PUT" => writing::put(&self, body).await,
            "MKCOL" => making::mkcol(&self, body).await,
            "DELETE" => making::delete(&self).await,
            "COPY" | "MOVE" => moving::copy_or_move(&self).await,
            "PROPPATCH" => proppatch::proppatch(&self, body).await,
            "LOCK" => locking::lock(&self, body).await,
            _ => locking::unlock(&self).await,
        }
    }

    /// What is at the request's own address.
    async fn place(&self) -> Result<Place, Problem> {
        self.place_of(&self.address).await
    }

    async fn place_of(&self, address: &Address) -> Result<Place, Problem> {
        let kind = if address.has_slash { Kind::FolderFirst } else { Kind::Any };
        Ok(places::find(&self.primary, &self.visitor, &address.names, kind).await?)
    }

    /// Who makes a change, with the tokens that the request shows.
    fn by<'a>(&self, tokens: &'a [String]) -> By<'a> {
        By { user_id: self.visitor.user_id, tokens: Some(tokens) }
    }

    /// Refuses to make anything with a name that an administrator does not want.
    fn refuse_system_file(&self, address: &Address) -> Result<(), Problem> {
        let patterns = self.primary.settings.webdav_blocked_names();
        match address.name().filter(|name| is_system_file(&patterns, name)) {
            Some(name) => {
                Err(Problem::forbidden(format!("files of a system such as `{name}` are not kept here")))
            }
            None => Ok(()),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }

    fn href(&self, is_folder: bool) -> String {
        self.address.href(self.primary.webdav.prefix(), is_folder)
    }
}

/// How far a request reaches below its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Zero,
    One,
    Infinity,
}

impl Depth {
    /// Of the header; without one it is everything.
    fn of(call: &Call) -> Result<Self, Problem> {
        match call.header("depth") {
            None => Ok(Self::Infinity),
            Some("0") => Ok(Self::Zero),
            Some("1") => Ok(Self::One),
            Some(text) if text.eq_ignore_ascii_case("infinity") => Ok(Self::Infinity),
            Some(_) => Err(Problem::bad_request("Depth: is neither 0, 1 nor infinity")),
        }
    }
}

/// The XML of a request as text; empty where there is none.
async fn xml_body(body: Body) -> Result<String, Problem> {
    let large = || {
        let text = format!("the XML of a request may have {MAX_XML_BYTES} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    // Said before it has come, where the request tells its length.
    if body.size_hint().lower() > MAX_XML_BYTES as u64 {
        return Err(large());
    }
    let reading = Limited::new(body, MAX_XML_BYTES).collect();
    let read = tokio::time::timeout(XML_TIMEOUT, reading).await;
    let slow = Problem::new(StatusCode::REQUEST_TIMEOUT, "the XML of the request did not arrive in time");
    let bytes = read.map_err(|_| slow)?.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            large()
        } else {
            Problem::bad_request("the body of the request broke off")
        }
    })?;
    String::from_utf8(bytes.to_bytes().into()).map_err(|_| Problem::bad_request("the XML is not UTF-8"))
}

/// An answer with XML in it.
fn xml_answer(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(xml::CONTENT_TYPE));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// RFC 4648 §4, with or without padding.
fn decoded_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len() * 3 / 4));
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(bits.checked_shr(count).unwrap_or(0).to_be_bytes()[3]);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn name_and_password_are_read_from_the_header() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            credentials(&headers).ok().map(|(name, password)| (name, password.expose_secret().to_owned()))
        };
        let anna = Some(("anna".to_owned(), "a:b ü".to_owned()));
        assert_eq!(read("Basic YW5uYTphOmIgw7w="), anna);
        assert_eq!(read("basic  YW5uYTphOmIgw7w"), anna);
        for bad in ["", "Basic", "Bearer YW5uYTphOmIgw7w=", "Basic YW5uYQ==", "Basic !!!!", "Basic /////w=="]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
