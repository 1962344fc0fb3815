//! `[webdav]`: where programs mount the drive.

use super::reader::Reader;

/// First segments of paths that are something else's.
const TAKEN: [&str; 6] = ["api", "health", "d", "pv", "s", "assets"];
const MAX_BYTES: usize = 100;

/// What WebDAV needs to know before the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebdavConfig {
    /// Begins with a slash and ends with none.
    pub prefix: String,
}

impl WebdavConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.section("webdav", "Where programs mount the drive. Used by a primary.");
        Self {
            prefix: reader.text(
                "webdav.prefix",
                "/webdav",
                "a path such as /webdav or /files/dav, of letters, digits, `-`, `_` and `.`",
                prefix,
                "Path below which the drive is served over WebDAV.",
            ),
        }
    }
}

fn prefix(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let is_segment =
        |segment: &&str| !segment.is_empty() && !segment.starts_with('.') && segment.chars().all(legal);
    if !path.starts_with('/')
        || path.len() > MAX_BYTES
        || segments.is_empty()
        || !segments.iter().all(is_segment)
    {
        return Err("is no such path".to_owned());
    }
    if TAKEN.contains(&segments[0]) {
        return Err(format!("/{} is something else's", segments[0]));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_plain_path_that_nothing_else_has() {
        assert_eq!(prefix("/webdav"), Ok("/webdav".to_owned()));
        assert_eq!(prefix("/files/dav_1/"), Ok("/files/dav_1".to_owned()));
        for bad in
            ["", "/", "webdav", "//a", "/a//b", "/a b", "/..", "/a/../b", "/{x}", "/api", "/api/v1/dav", "/d"]
        {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }
}
