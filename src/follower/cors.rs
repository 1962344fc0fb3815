//! CORS for browsers that use presigned URLs (wire contract §8). Everything else passes without CORS headers, which
//! keeps browsers away from it.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::Follower;
use super::caller::presigned_access_key;
use super::snapshot::Snapshot;
use crate::http::ApiError;
use crate::protocol::{
    ALLOWED_HEADERS, ALLOWED_METHODS, EXPOSED_HEADERS_GET, EXPOSED_HEADERS_PUT, MAX_AGE_SECS, Origin, codes,
};

const VARY_ALL: HeaderValue =
    HeaderValue::from_static("Access-Control-Request-Headers, Access-Control-Request-Method, Origin");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Answers a preflight, and gives the answer of `work` the headers that let a browser read it.
pub(super) async fn answer<W: Future<Output = Response>>(
    follower: &Follower,
    request: Request,
    work: impl FnOnce(Request) -> W,
) -> Response {
    let Some(access_key) = browser_access_key(&request) else {
        return work(request).await;
    };
    let origin = match the_origin(request.headers()) {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    if !is_expected(&follower.snapshot(), &access_key, &origin) {
        return forbidden();
    }
    let Ok(allow_origin) = HeaderValue::from_str(origin.as_str()) else {
        return forbidden();
    };
    let method = request.method().clone();
    let is_preflight =
        method == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        let mut response = work(request).await;
        expose(response.headers_mut(), allow_origin, &method);
        return response;
    }
    match check_preflight(request.headers()) {
        Ok(true) => preflight_reply(allow_origin),
        Ok(false) => forbidden(),
        Err(error) => error.into_response(),
    }
}

/// What OPTIONS is here when no browser asks: the preflights themselves are answered before they get to a route.
pub(super) fn not_a_preflight() -> ApiError {
    ApiError::new(
        codes::METHOD_NOT_ALLOWED,
        "OPTIONS is answered only as a browser's preflight for a presigned URL",
    )
}

/// The access key of a request that is subject to CORS: a browser's, for an object, with a presigned URL.
fn browser_access_key(request: &Request) -> Option<String> {
    let is_method = matches!(*request.method(), Method::GET | Method::PUT | Method::OPTIONS);
    if !is_method || !request.headers().contains_key(ORIGIN) {
        return None;
    }
    presigned_access_key(request.uri().query()).map(|key| key.into_owned())
}

fn the_origin(headers: &HeaderMap) -> Result<Origin, ApiError> {
    let bad = |message: String| ApiError::new(codes::BAD_REQUEST, message);
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => {
            value.to_str().ok().and_then(|text| Origin::parse(text).ok()).ok_or_else(|| {
                bad("Origin must be http:// or https:// with a host and nothing else".to_owned())
            })
        }
        _ => Err(bad("Origin must be there exactly once".to_owned())),
    }
}

fn is_expected(snapshot: &Snapshot, access_key: &str, origin: &Origin) -> bool {
    snapshot.binding.as_ref().is_some_and(|binding| {
        binding.is_enabled && binding.access_key == access_key && binding.origin.as_ref() == Some(origin)
    })
}

/// Whether the browser asks for nothing beyond what is allowed; a header name that is none is an error.
fn check_preflight(headers: &HeaderMap) -> Result<bool, ApiError> {
    let Some(method) = headers.get(ACCESS_CONTROL_REQUEST_METHOD) else {
        return Ok(false);
    };
    let allowed_method = [b"GET", b"PUT"].iter().any(|name| method.as_bytes().eq_ignore_ascii_case(*name));
    let mut allowed_headers = true;
    for value in headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS) {
        for name in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() {
                continue;
            }
            let name = HeaderName::from_bytes(name).map_err(|_| {
                ApiError::new(
                    codes::BAD_REQUEST,
                    "Access-Control-Request-Headers contains something that is no header name",
                )
            })?;
            allowed_headers &= ALLOWED_HEADERS.contains(&name.as_str());
        }
    }
    Ok(allowed_method && allowed_headers)
}

fn preflight_reply(allow_origin: HeaderValue) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allow_origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOWED_METHODS));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, listed(&ALLOWED_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECS.into());
    headers.insert(VARY, VARY_ALL);
    response
}

fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, [(VARY, VARY_ALL)]).into_response()
}

fn expose(headers: &mut HeaderMap, allow_origin: HeaderValue, method: &Method) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allow_origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
    headers.append(VARY, HeaderValue::from_static("Origin"));
    let names =
        if *method == Method::PUT { listed(&EXPOSED_HEADERS_PUT) } else { listed(&EXPOSED_HEADERS_GET) };
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
}

fn listed(names: &[&str]) -> HeaderValue {
    names.join(", ").parse().expect("header names are legal in a header value")
}
