//! Whether a request that carries login cookies was meant by its user: the header repeats the cookie that only our
//! own pages can read, and the page that sent it is ours.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{HeaderMap, HeaderName, header};

use super::cookies;
use crate::http::Scheme;
use crate::primary::caller::Caller;
use crate::protocol::Origin;

const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Why a request with login cookies was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrfError {
    /// The header is missing or not the cookie's value.
    #[error(
        "send the value of the cookie `aster_csrf` in the header `X-CSRF-Token`, \
         or use `Authorization: Bearer` instead of cookies"
    )]
    NotRepeated,
    /// Another site's page sent it.
    #[error(
        "the request comes from a page of another site; if that is an address of this site, \
         add it to the setting `public_site_url`"
    )]
    ForeignPage,
}

/// Checks an unsafe request. `public` are the addresses this site is known under, besides the one of the request.
pub(super) fn check(headers: &HeaderMap, caller: &Caller, public: &[Origin]) -> Result<(), CsrfError> {
    let sent = headers.get(CSRF_HEADER).map(|value| value.as_bytes());
    let kept = cookies::get(headers, cookies::CSRF).map(str::as_bytes);
    let repeated = match (sent, kept) {
        (Some(sent), Some(kept)) => verify_slices_are_equal(sent, kept).is_ok(),
        _ => false,
    };
    if !repeated {
        return Err(CsrfError::NotRepeated);
    }
    if comes_from_us(headers, caller.scheme, public) { Ok(()) } else { Err(CsrfError::ForeignPage) }
}

/// Browsers tell where a request comes from in one of three headers; a client that sends none is no browser and has
/// no foreign pages.
fn comes_from_us(headers: &HeaderMap, scheme: Option<Scheme>, public: &[Origin]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let ours =
        |origin: Origin| own_origins(headers, scheme).any(|own| own == origin) || public.contains(&origin);
    if let Some(origin) = text(header::ORIGIN) {
        return Origin::parse(origin).is_ok_and(ours);
    }
    if let Some(referer) = text(header::REFERER) {
        return Origin::of_url(referer).is_ok_and(ours);
    }
    text(FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// The origins the request's own address may have: without a trusted proxy that tells it the scheme is unknown here.
pub(super) fn own_origins(headers: &HeaderMap, scheme: Option<Scheme>) -> impl Iterator<Item = Origin> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let schemes: &[&str] = match scheme {
        None => &["http", "https"],
        Some(Scheme::Http) => &["http"],
        Some(Scheme::Https) => &["https"],
    };
    schemes.iter().filter_map(move |scheme| Origin::parse(&format!("{scheme}://{host}")).ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PAIR: [(&str, &str); 3] =
        [("host", "drive.example:3000"), ("cookie", "aster_csrf=abc"), ("x-csrf-token", "abc")];

    fn verdict(extra: &[(&'static str, &'static str)]) -> bool {
        verdict_over(None, extra)
    }

    fn verdict_over(scheme: Option<Scheme>, extra: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in PAIR.iter().chain(extra) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let public = [Origin::parse("https://public.example").expect("origin")];
        check(&headers, &Caller { scheme, ..Caller::local() }, &public).is_ok()
    }

    #[test]
    fn the_header_must_repeat_the_cookie() {
        assert!(verdict(&[]));
        for wrong in
            [("x-csrf-token", ""), ("x-csrf-token", "abd"), ("x-csrf-token", "abcd"), ("cookie", "other=abc")]
        {
            assert!(!verdict(&[wrong]), "{wrong:?}");
        }
        assert!(!verdict(&[("cookie", "aster_csrf="), ("x-csrf-token", "")]));
    }

    #[test]
    fn the_sending_page_must_be_ours() {
        for good in [
            ("origin", "http://drive.example:3000"),
            ("origin", "https://drive.example:3000"),
            ("origin", "https://public.example"),
            ("referer", "http://drive.example:3000/a?b"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(verdict(&[good]), "{good:?}");
        }
        for bad in [
            ("origin", "null"),
            ("origin", "http://drive.example"),
            ("origin", "http://public.example"),
            ("origin", "https://evil.example"),
            ("referer", "https://evil.example/drive.example:3000"),
            ("referer", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!verdict(&[bad]), "{bad:?}");
        }
    }

    #[test]
    fn a_page_without_tls_is_foreign_where_a_proxy_tells_that_the_request_came_with_it() {
        let (plain, tls) =
            (("origin", "http://drive.example:3000"), ("origin", "https://drive.example:3000"));
        assert!(verdict_over(Some(Scheme::Https), &[tls]) && !verdict_over(Some(Scheme::Https), &[plain]));
        assert!(verdict_over(Some(Scheme::Http), &[plain]) && !verdict_over(Some(Scheme::Http), &[tls]));
    }

    #[test]
    fn the_origin_counts_before_the_other_headers() {
        assert!(verdict(&[("origin", "https://public.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!verdict(&[("origin", "https://evil.example"), ("referer", "http://drive.example:3000/")]));
    }
}
