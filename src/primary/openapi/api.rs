//! `/api/v1/openapi.json`, and the same for people to read at `/api/docs`: one page without scripts, made once.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::{Description, Output, Routes, Shaped, get, page};
use crate::primary::Primary;

const STYLE: &str = include_str!("style.css");
/// Nothing but our own style sheet.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Both, made of the same document.
static MADE: LazyLock<Made> = LazyLock::new(|| {
    let document = Primary::document();
    Made { page: page::of(&document), text: document.to_json() }
});

struct Made {
    text: String,
    page: String,
}

/// These paths are whole: not all of them lie below the API's.
pub(in crate::primary) fn routes() -> Routes {
    Routes::new()
        .route("/api/v1/openapi.json", get(document, "This description, for programs"))
        .route("/api/docs", get(read, "This description, for people"))
        .route("/api/docs/style.css", get(style, "How its page looks"))
}

enum Json {}
enum Html {}
enum Css {}

impl Output for Json {
    fn describe(description: &mut Description<'_>) {
        description.reply(200, "An OpenAPI 3.1 document.", &["application/json"]);
    }
}

impl Output for Html {
    fn describe(description: &mut Description<'_>) {
        description.reply(200, "A page.", &["text/html"]);
    }
}

impl Output for Css {
    fn describe(description: &mut Description<'_>) {
        description.reply(200, "A style sheet.", &["text/css"]);
    }
}

async fn document() -> Shaped<Json> {
    sent("application/json", &MADE.text).into()
}

async fn read() -> Shaped<Html> {
    let mut response = sent("text/html; charset=utf-8", &MADE.page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response.into()
}

async fn style() -> Shaped<Css> {
    sent("text/css; charset=utf-8", STYLE).into()
}

fn sent(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}
