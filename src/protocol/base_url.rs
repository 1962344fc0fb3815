//! Addresses of the other end, in one canonical spelling.

use std::fmt;

use url::Url;

/// An `http` or `https` address without query, fragment and trailing `/`; a path prefix is kept (wire contract
/// §2.3 step 1, §10.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// No scheme, or one that is not HTTP.
    #[error("`{0}` must start with http:// or https://")]
    Scheme(String),
    /// Not a URL.
    #[error("`{0}` is not a URL: {1}")]
    Syntax(String, String),
    /// User name or password in the address.
    #[error("the address must not contain a user name or password")]
    Credentials,
    /// Longer than any host and path need.
    #[error("the address has {0} characters; at most {MAX_URL_BYTES} are allowed")]
    TooLong(usize),
}

const MAX_URL_BYTES: usize = 2048;

impl BaseUrl {
    /// Reads and normalizes `raw`; white space around it is dropped.
    pub fn parse(raw: &str) -> Result<Self, BaseUrlError> {
        let raw = raw.trim();
        if raw.len() > MAX_URL_BYTES {
            return Err(BaseUrlError::TooLong(raw.len()));
        }
        let lower = raw.to_ascii_lowercase();
        if !(lower.starts_with("http://") || lower.starts_with("https://")) {
            return Err(BaseUrlError::Scheme(shown(raw)));
        }
        let mut url = Url::parse(raw).map_err(|e| BaseUrlError::Syntax(shown(raw), e.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The normalized text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Path prefix that every request to this address carries and that is part of what is signed; may be empty.
    pub fn path_prefix(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        self.0[authority..].find('/').map_or("", |at| &self.0[authority + at..])
    }

    /// Scheme, host and port, without the path prefix.
    pub fn root(&self) -> &str {
        &self.0[..self.0.len() - self.path_prefix().len()]
    }
}

/// `raw`, which may be no address at all, as a message may repeat it: without what could be a user name and password.
pub fn shown(raw: &str) -> String {
    match raw.rsplit_once('@') {
        None => raw.to_owned(),
        Some((before, host)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}…@{host}")
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_repeats_a_password() {
        for raw in
            ["https://user:hunter2@host:port/x", "ftp://user:hunter2@host", "user:hunter2@host", "hunter2@@h"]
        {
            let text = BaseUrl::parse(raw).expect_err(raw).to_string();
            assert!(!text.contains("hunter2") && text.contains('h'), "{text}");
        }
        assert_eq!(shown("https://user:hunter2@host:port/x"), "https://…@host:port/x");
        assert_eq!(shown("host/x"), "host/x");
    }

    #[test]
    fn one_address_has_one_spelling() {
        for (raw, expected) in [
            (" https://Drive.Example.com/ ", "https://drive.example.com"),
            ("HTTP://host:80//", "http://host"),
            ("http://host:3000/prefix/?q=1#f", "http://host:3000/prefix"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(BaseUrl::parse(raw).expect(raw).as_str(), expected);
        }
    }

    #[test]
    fn the_path_prefix_is_kept_apart_from_the_root() {
        let url = BaseUrl::parse("http://host:3000/a/b/").expect("url");
        assert_eq!((url.root(), url.path_prefix()), ("http://host:3000", "/a/b"));
        let bare = BaseUrl::parse("http://host").expect("url");
        assert_eq!((bare.root(), bare.path_prefix()), ("http://host", ""));
    }

    #[test]
    fn addresses_without_http_scheme_or_with_credentials_are_refused() {
        for raw in ["drive.example.com", "//host", "ftp://host", "", "localhost:3000", "file:///etc"] {
            assert!(matches!(BaseUrl::parse(raw), Err(BaseUrlError::Scheme(_))), "{raw}");
        }
        assert!(matches!(BaseUrl::parse("http://"), Err(BaseUrlError::Syntax(..))));
        assert_eq!(BaseUrl::parse("https://user:pw@host"), Err(BaseUrlError::Credentials));
    }
}
