//! Addresses: names in the path of a URL, and back.

use http::{HeaderMap, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

use super::problem::Problem;
use crate::primary::Primary;

/// What stays as it is in a segment: what RFC 3986 calls unreserved, and marks that have no meaning there.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b'@');
/// Most names in an address: as many folders as can lie in each other, and some more.
const MAX_NAMES: usize = 80;

/// Names from the account's root on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) names: Vec<String>,
    /// Whether it ends with a slash, as those of folders do.
    pub(super) has_slash: bool,
}

impl Address {
    /// The address below `prefix` that a path names.
    pub(super) fn of_path(path: &str, prefix: &str) -> Result<Self, Problem> {
        let below = path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let below = below.ok_or_else(|| Problem::elsewhere("the address lies outside of this drive"))?;
        let mut names = Vec::new();
        for segment in below.split('/').filter(|segment| !segment.is_empty()) {
            let name = percent_decode_str(segment).decode_utf8();
            let name = name.map_err(|_| Problem::bad_request("the address is not UTF-8"))?;
            if matches!(&*name, "." | "..") {
                return Err(Problem::forbidden("an address with `.` or `..` in it leads nowhere"));
            }
            if name.contains(['/', '\0']) {
                return Err(Problem::forbidden("no name has a slash or a NUL in it"));
            }
            // Names are kept in this form; some systems send them in another one.
            names.push(name.nfc().collect());
            if names.len() > MAX_NAMES {
                return Err(Problem::forbidden("folders are not nested as deep as this address is"));
            }
        }
        Ok(Self { has_slash: names.is_empty() || below.ends_with('/'), names })
    }

    /// Where `Destination` leads.
    pub(super) fn of_destination(headers: &HeaderMap, primary: &Primary) -> Result<Self, Problem> {
        let value =
            headers.get("destination").ok_or_else(|| Problem::bad_request("Destination: is missing"))?;
        let text = value.to_str().map_err(|_| Problem::bad_request("Destination: is no URL"))?;
        Self::of_url(text.trim(), headers, primary)
    }

    /// Where a URL, or only its path, leads. One of another host is none of ours.
    pub(super) fn of_url(text: &str, headers: &HeaderMap, primary: &Primary) -> Result<Self, Problem> {
        let uri: Uri =
            text.parse().map_err(|_| Problem::bad_request("a URL in the headers cannot be read"))?;
        if let Some(authority) = uri.authority() {
            let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
            let is_own = host.is_some_and(|host| authority.as_str().eq_ignore_ascii_case(host))
                || primary.settings.public_site_urls().iter().any(|site| {
                    let site = site.as_str().parse::<Uri>().ok();
                    site.and_then(|site| site.authority().cloned()).as_ref() == Some(authority)
                });
            if !is_own {
                return Err(Problem::elsewhere(
                    "the destination is on another server; if it is this one, an administrator has to add its address \
                     to public_site_url",
                ));
            }
        }
        Self::of_path(uri.path(), primary.webdav.prefix())
    }

    /// The last name.
    pub(super) fn name(&self) -> Option<&str> {
        self.names.last().map(String::as_str)
    }

    /// Whether `other` is this address or lies below it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.names.starts_with(&self.names)
    }

    /// The path of what is here, for answers.
    pub(super) fn href(&self, prefix: &str, is_folder: bool) -> String {
        let mut path = prefix.to_owned();
        for name in &self.names {
            path.push('/');
            path.extend(encoded(name));
        }
        if is_folder {
            path.push('/');
        }
        path
    }
}

/// A name as a segment of a path.
pub(super) fn encoded(name: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(name, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Option<(Vec<String>, bool)> {
        Address::of_path(path, "/webdav").ok().map(|address| (address.names, address.has_slash))
    }

    #[test]
    fn a_path_is_the_names_below_the_prefix() {
        let found =
            |names: &[&str], slash| Some((names.iter().map(|&name| name.to_owned()).collect(), slash));
        assert_eq!(names("/webdav"), found(&[], true));
        assert_eq!(names("/webdav//a%20b/"), found(&["a b"], true));
        assert_eq!(names("/webdav/u%CC%88/%E6%96%87"), found(&["ü", "文"], false));
        for bad in
            ["/webdavs/a", "/other", "/webdav/../a", "/webdav/%2e%2e/a", "/webdav/a%2Fb", "/webdav/%ff"]
        {
            assert_eq!(names(bad), None, "{bad}");
        }
        assert_eq!(names(&format!("/webdav{}", "/a".repeat(81))), None);
    }

    #[test]
    fn an_address_leads_back_to_itself() {
        for path in ["/webdav/", "/webdav/a%20%26%3Cb%3E%23/", "/webdav/%E6%96%87/x%25"] {
            let address = Address::of_path(path, "/webdav").expect(path);
            assert_eq!(address.href("/webdav", path.ends_with('/')), path);
        }
    }
}
