//! Extractors whose refusals are envelopes that name the field.

use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::ApiError;
use crate::protocol::{MAX_JSON_BYTES, codes};

/// Longest time for the whole of a JSON body to arrive.
const JSON_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest reason of a refusal, in characters.
const REASON_CHARS: usize = 300;

/// A JSON body of at most [`MAX_JSON_BYTES`]. Unknown members are ignored; a wrong shape is 400 with the field's
/// name, too large is 413, too slow (30 s) is 408.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        read_json(request, state, JSON_TIMEOUT).await
    }
}

/// No body at all is `None`.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        if request.body().is_end_stream() {
            return Ok(None);
        }
        read_json(request, state, JSON_TIMEOUT).await.map(Some)
    }
}

async fn read_json<T: DeserializeOwned, S: Send + Sync>(
    request: Request,
    state: &S,
    limit: Duration,
) -> Result<Json<T>, ApiError> {
    let (parts, body) = request.into_parts();
    let whole = Bytes::from_request(Request::from_parts(parts.clone(), body), state);
    match tokio::time::timeout(limit, whole).await {
        Ok(read) => {
            let bytes = read.map_err(JsonRejection::from)?;
            if parts.extensions.get::<NoNul>().is_some() && has_nul(&bytes) {
                return Err(ApiError::new(codes::BAD_REQUEST, NUL));
            }
            let request = Request::from_parts(parts, bytes.into());
            Ok(Json(<axum::Json<T> as FromRequest<S>>::from_request(request, state).await?.0))
        }
        Err(_) => Err(ApiError::new(
            codes::TIMEOUT,
            format!("the JSON body did not arrive within {} s", limit.as_secs()),
        )),
    }
}

/// As an extension of a request: no text in its JSON or query may have U+0000, which no column of a PostgreSQL database
/// holds. A role without such a database has its own answers to it.
#[derive(Debug, Clone, Copy)]
pub struct NoNul;

const NUL: &str = "a text must not contain the character U+0000";

/// Whether JSON has a text with U+0000. In the clear it is no JSON; as `\u0000` it is, unless the backslash is one of a
/// pair and stands for itself.
fn has_nul(json: &[u8]) -> bool {
    memchr::memmem::find_iter(json, b"\\u0000").any(|at| {
        let before = json[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        before % 2 == 0
    })
}

/// The query, decoded; a wrong shape is 400.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refuses = parts.extensions.get::<NoNul>().is_some();
        if refuses && parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(ApiError::new(codes::BAD_REQUEST, NUL));
        }
        Ok(Self(axum::extract::Query::from_request_parts(parts, state).await?.0))
    }
}

/// Members of the path; one that cannot be read (a number that is none) names nothing that exists: 404.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                codes::PAYLOAD_TOO_LARGE,
                format!("the JSON body is larger than {MAX_JSON_BYTES} bytes"),
            ),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(codes::BAD_REQUEST, "the body must be JSON with `Content-Type: application/json`")
            }
            _ => Self::new(codes::BAD_REQUEST, without_value(&rejection.body_text())),
        }
    }
}

/// The reason without the value found: that may be a password in the wrong place, or as long as the whole body.
fn without_value(reason: &str) -> String {
    let kind = ["invalid type: ", "invalid value: ", "unknown variant "]
        .into_iter()
        .find_map(|what| reason.find(what).map(|at| (at, at + what.len())));
    let bare = match (kind, reason.rfind(", expected ")) {
        (Some((start, value)), Some(end)) if value <= end => {
            // The first word says what it is: a string, an integer; a variant has only its quoted name.
            let word = reason[value..end].split(' ').next().filter(|word| !word.starts_with('`'));
            let until = word.map_or(start + reason[start..value].trim_end().len(), |word| value + word.len());
            format!("{}{}", &reason[..until], &reason[end..])
        }
        _ => reason.to_owned(),
    };
    bare.chars().take(REASON_CHARS).collect()
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(codes::BAD_REQUEST, without_value(&rejection.body_text()))
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(codes::NOT_FOUND, without_value(&rejection.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use futures_util::stream;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Local,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Login {
        password: String,
        kind: Option<Kind>,
    }

    async fn refusal(body: Body) -> ApiError {
        let request =
            Request::post("/").header("content-type", "application/json").extension(NoNul).body(body);
        let limit = Duration::from_millis(20);
        read_json::<Login, ()>(request.expect("request"), &(), limit).await.expect_err("refused")
    }

    #[tokio::test]
    async fn a_wrong_shape_is_told_by_field_and_kind_but_never_by_value() {
        let long = format!("\"hunter2 {}\"", "hunter2, expected ".repeat(1000));
        for (body, told) in [
            (r#"{"password":70657}"#, "password: invalid type: integer, expected a string"),
            (r#"{"password":{"hunter2":1}}"#, "password: invalid type: map, expected a string"),
            (r#"{"password":"x","kind":"hunter2"}"#, "kind: unknown variant, expected `local`"),
            (r#"{"kind":null}"#, "missing field `password`"),
            (&long, "invalid type: string, expected struct Login"),
        ] {
            let message = refusal(body.to_owned().into()).await.message().to_owned();
            assert!(message.contains(told), "{told}: {message}");
            assert!(!message.contains("hunter2") && !message.contains("70657"), "{message}");
            assert!(message.chars().count() <= REASON_CHARS);
        }
    }

    #[tokio::test]
    async fn a_text_with_the_character_zero_is_refused_and_a_backslash_before_such_digits_is_not() {
        let refused = refusal(Body::from("{\"password\":\"x\\\\\\u0000\"}")).await;
        assert_eq!((refused.code(), refused.message()), (&codes::BAD_REQUEST, NUL));
        assert!(!has_nul(br#"{"password":"x\\u0000"}"#) && !has_nul(br#"{"password":"\\\\u0000"}"#));
        let mut parts =
            Request::get("/?action=a%00").extension(NoNul).body(()).expect("request").into_parts().0;
        let refused = Query::<Login>::from_request_parts(&mut parts, &()).await.expect_err("refused");
        assert_eq!(refused.message(), NUL);
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_refused_in_time() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(refusal(never).await.code(), &codes::TIMEOUT);
    }
}
