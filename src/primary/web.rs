//! The web app: the files of `web/dist`, embedded when the binary is built, and its page for every address that
//! people may open. Nothing else is answered here: an API path without endpoint stays a JSON 404.

use std::borrow::Cow;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{Embed, EmbeddedFile};
use secrecy::ExposeSecret;

use super::Primary;
use crate::http::no_endpoint;
use crate::protocol::{Origin, random_token};

/// Written by `make web`. Without it the binary builds all the same and says so.
#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
/// Where the build puts files whose names change with their content.
const HASHED: &str = "assets/";
/// What each page's nonce takes the place of.
const NONCE: &str = "__CSP_NONCE__";
/// First segments of paths that are not pages, whether something is there or not.
const NOT_PAGES: [&str; 5] = ["api", "health", "webdav", "d", "pv"];

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>aster_drive</title>\
    <h1>The web app is not in this binary</h1>\
    <p>The primary runs and its API answers under <code>/api/v1</code>. The binary was built before the web app was. \
    Build both with <code>make web</code> and then <code>cargo build --release</code>; <code>make run</code> does it, \
    too.</p></html>";

pub(super) fn routes() -> Router<Primary> {
    Router::new().route("/", any(serve)).route("/{*path}", any(serve))
}

async fn serve(State(primary): State<Primary>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let reads = matches!(method, Method::GET | Method::HEAD);
    if !reads || NOT_PAGES.contains(&first) {
        return no_endpoint(method, uri).await.into_response();
    }
    if let Some((file, encoding)) = find(path, &headers) {
        return answer_file(path, &file, encoding, &headers);
    }
    if path.starts_with(HASHED) || !wants_page(&headers) {
        return no_endpoint(method, uri).await.into_response();
    }
    let origins = primary.nodes.origins().await.unwrap_or_else(|error| {
        tracing::warn!("a page was sent without the addresses of the nodes: {error}");
        Vec::new()
    });
    page(&origins)
}

/// A file of the build, in the smallest form that the client takes.
fn find(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let inner = path == INDEX || path.starts_with('.') || path.ends_with(".br") || path.ends_with(".gz");
    if path.is_empty() || inner {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    for (encoding, ending) in [("br", ".br"), ("gzip", ".gz")] {
        if accepts(accepted, encoding)
            && let Some(file) = Files::get(&format!("{path}{ending}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    Files::get(path).map(|file| (file, None))
}

/// Whether an `Accept-Encoding` names `encoding` with another weight than 0.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
        named && weight != Some(0.0)
    })
}

/// Browsers say so when they open an address; a script that mistyped one gets the JSON 404.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"))
}

fn answer_file(
    path: &str,
    file: &EmbeddedFile,
    encoding: Option<&'static str>,
    headers: &HeaderMap,
) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let cache = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body: Vec<u8> = Cow::clone(&file.data).into_owned();
        let kind = mime_guess::from_path(path).first_or_octet_stream();
        let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
        ([(header::CONTENT_TYPE, kind)], body).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if let (Some(encoding), false) = (encoding, known) {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// The page of the app, with a nonce of its own. Browsers ask for it anew each time: it names the files to load.
fn page(origins: &[Origin]) -> Response {
    let nonce = random_token("", 16);
    let (status, html) = match Files::get(INDEX) {
        Some(file) => {
            let html = String::from_utf8_lossy(&file.data).replace(NONCE, nonce.expose_secret());
            (StatusCode::OK, html)
        }
        None => (StatusCode::NOT_FOUND, NOT_BUILT.to_owned()),
    };
    let policy = content_security_policy(nonce.expose_secret(), origins);
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    (status, fixed, [(header::CONTENT_SECURITY_POLICY, policy)], html).into_response()
}

/// No script but our files; style sheets made at run time carry the nonce. Presigned transfers go to the followers,
/// so a page may call those that have an address when it is loaded.
fn content_security_policy(nonce: &str, origins: &[Origin]) -> String {
    let followers: String = origins.iter().flat_map(|origin| [" ", origin.as_str()]).collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; \
         img-src 'self' data: blob:{followers}; media-src 'self' blob:{followers}; connect-src 'self'{followers}; \
         worker-src 'self' blob:; manifest-src 'self'; frame-src 'self' blob:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn an_encoding_counts_unless_its_weight_is_zero() {
        for (accepted, expected) in [
            ("br", true),
            ("gzip, deflate, br;q=0.5", true),
            ("GZIP, BR", true),
            ("br;q=0", false),
            ("brotli", false),
            ("", false),
        ] {
            assert_eq!(accepts(accepted, "br"), expected, "{accepted}");
        }
    }

    #[test]
    fn only_somebody_who_opens_an_address_gets_the_page() {
        assert!(wants_page(&headers(&[(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")])));
        assert!(!wants_page(&headers(&[(header::ACCEPT, "*/*")])));
        assert!(!wants_page(&headers(&[(header::ACCEPT, "application/json")])));
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn the_policy_names_the_followers_and_lets_no_inline_script_run() {
        let origins = ["https://f.example", "http://10.0.0.7:3001"].map(|raw| Origin::parse(raw).expect(raw));
        let policy = content_security_policy("abc", &origins);
        assert!(policy.contains("connect-src 'self' https://f.example http://10.0.0.7:3001;"), "{policy}");
        assert!(policy.contains("script-src 'self';") && policy.contains("'nonce-abc'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    }

    #[test]
    fn each_page_has_another_nonce_and_is_never_kept() {
        let policy = |response: &Response| response.headers()[header::CONTENT_SECURITY_POLICY].clone();
        let (first, second) = (page(&[]), page(&[]));
        assert_ne!(policy(&first), policy(&second));
        assert_eq!(first.headers()[header::CACHE_CONTROL], "no-store");
    }
}
