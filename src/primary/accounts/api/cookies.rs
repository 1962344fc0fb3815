//! The login cookies (primary spec §2.2).

use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

use crate::primary::accounts::Login;
use crate::protocol::random_token;

pub(super) const ACCESS: &str = "aster_access";
pub(super) const REFRESH: &str = "aster_refresh";
pub(super) const CSRF: &str = "aster_csrf";

/// Only the calls that renew and end a login get the refresh token.
const REFRESH_PATH: &str = "/api/v1/auth";

/// The value of a request's cookie. Of several with the name the first counts, as browsers send the most specific
/// one first.
pub(in crate::primary) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"'))
        .filter(|value| !value.is_empty())
}

/// Sets the cookies of a login. `csrf` is the value the client has already, kept so that other tabs go on working.
pub(super) fn set_login(headers: &mut HeaderMap, login: &Login, csrf: Option<&str>, secure: bool) {
    let csrf = csrf.map_or_else(|| random_token("", 16), SecretString::from);
    let refresh_life = login.refresh_ttl_secs;
    push(headers, ACCESS, &login.access, "/", login.access_ttl_secs, true, secure);
    if let Some(refresh) = &login.refresh {
        push(headers, REFRESH, refresh, REFRESH_PATH, refresh_life, true, secure);
    }
    // As long as the refresh token: renewing a login takes it, too.
    push(headers, CSRF, &csrf, "/", refresh_life, false, secure);
}

/// Removes the cookies of a login.
pub(super) fn clear(headers: &mut HeaderMap, secure: bool) {
    let nothing = SecretString::from("");
    push(headers, ACCESS, &nothing, "/", 0, true, secure);
    push(headers, REFRESH, &nothing, REFRESH_PATH, 0, true, secure);
    push(headers, CSRF, &nothing, "/", 0, false, secure);
}

fn push(
    headers: &mut HeaderMap,
    name: &str,
    value: &SecretString,
    path: &str,
    max_age_secs: u64,
    http_only: bool,
    secure: bool,
) {
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    let value = value.expose_secret();
    let cookie =
        format!("{name}={value}; Path={path}; Max-Age={max_age_secs}; SameSite=Lax{http_only}{secure}");
    let mut cookie = HeaderValue::try_from(cookie).expect("cookies are made of tokens and fixed text");
    cookie.set_sensitive(true);
    headers.append(header::SET_COOKIE, cookie);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_in_several_headers() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; aster_csrf_old=x;aster_csrf=\"y\""));
        headers.append(header::COOKIE, HeaderValue::from_static("aster_access=z=; aster_refresh="));
        assert_eq!(get(&headers, CSRF), Some("y"));
        assert_eq!(get(&headers, ACCESS), Some("z="));
        assert_eq!(get(&headers, REFRESH), None);
        assert_eq!(get(&headers, "b"), None);
    }
}
