//! What browsers of the primary's origin may do at a follower (wire contract §8).

use std::fmt;

use url::Url;

/// Request headers a browser may send with a presigned request.
pub const ALLOWED_HEADERS: [&str; 2] = ["content-type", "range"];
/// Methods announced in a preflight answer.
pub const ALLOWED_METHODS: &str = "GET, PUT, OPTIONS";
/// Reply headers a browser may read after a GET.
pub const EXPOSED_HEADERS_GET: [&str; 7] = [
    "Accept-Ranges",
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
];
/// Reply headers a browser may read after a PUT.
pub const EXPOSED_HEADERS_PUT: [&str; 1] = ["ETag"];
/// How long a browser may remember a preflight answer, in seconds.
pub const MAX_AGE_SECS: u32 = 3600;

/// A web origin: lower-case `scheme://host[:port]` without a default port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

/// A text that is not an `http` or `https` origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("origin must be http:// or https:// with a host and nothing else")]
pub struct OriginError;

impl Origin {
    /// Reads an `Origin` header: scheme and host, no user, path (a lone `/` is tolerated), query or fragment.
    pub fn parse(raw: &str) -> Result<Self, OriginError> {
        let url = Url::parse(raw.trim()).map_err(|_| OriginError)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if bare { Self::of(&url) } else { Err(OriginError) }
    }

    /// The origin of an address; its path, query and fragment are ignored.
    pub fn of_url(raw: &str) -> Result<Self, OriginError> {
        Self::of(&Url::parse(raw.trim()).map_err(|_| OriginError)?)
    }

    fn of(url: &Url) -> Result<Self, OriginError> {
        let http = matches!(url.scheme(), "http" | "https");
        if !http || !url.has_host() || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_without_case_and_default_port() {
        let origin = |raw: &str| Origin::parse(raw).expect(raw);
        assert_eq!(origin("HTTPS://Drive.Example.com:443/"), origin("https://drive.example.com"));
        assert_eq!(origin("http://host:3000").as_str(), "http://host:3000");
        assert_ne!(origin("http://host"), origin("https://host"));
        assert_eq!(Origin::of_url("https://host/path?x"), Ok(origin("https://host")));
    }

    #[test]
    fn everything_else_is_refused() {
        for raw in [
            "null",
            "",
            "host",
            "ftp://host",
            "http://u:p@host",
            "http://host/path",
            "http://host?q",
            "http://host#f",
        ] {
            assert_eq!(Origin::parse(raw), Err(OriginError), "{raw}");
        }
    }
}
