//! Object keys: one canonical spelling, made at the edge, so that nothing behind it meets a hostile path.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Longest key in bytes, the limit of S3 and therefore of everything that may be moved there.
pub const MAX_KEY_BYTES: usize = 1024;

/// The bytes a primary encodes in the path of a request line (wire contract §3).
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'{')
    .add(b'}')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// A normalized object key: `/`-separated, no empty, `.` or `..` segment, no leading or trailing `/`, no NUL,
/// 1 to [`MAX_KEY_BYTES`] bytes (wire contract §5.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

/// Why a text is no object key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nothing is left after normalization.
    #[error("object key is empty")]
    Empty,
    /// A `..` segment.
    #[error("object key must not contain `..`")]
    ParentSegment,
    /// A NUL byte, which no file system takes.
    #[error("object key must not contain a NUL byte")]
    Nul,
    /// Longer than [`MAX_KEY_BYTES`].
    #[error("object key has {0} bytes; at most {MAX_KEY_BYTES} are allowed")]
    TooLong(usize),
    /// Percent-decoding gave bytes that are not UTF-8.
    #[error("object key is not UTF-8")]
    NotUtf8,
}

impl ObjectKey {
    /// Normalizes `raw`: strips leading `/`, turns `\` into `/`, drops empty and `.` segments. White space is kept.
    pub fn parse(raw: &str) -> Result<Self, KeyError> {
        let mut key = String::with_capacity(raw.len());
        for segment in raw.split(['/', '\\']) {
            match segment {
                "" | "." => continue,
                ".." => return Err(KeyError::ParentSegment),
                _ if segment.contains('\0') => return Err(KeyError::Nul),
                _ => {}
            }
            if !key.is_empty() {
                key.push('/');
            }
            key.push_str(segment);
        }
        match key.len() {
            0 => Err(KeyError::Empty),
            n if n > MAX_KEY_BYTES => Err(KeyError::TooLong(n)),
            _ => Ok(Self(key)),
        }
    }

    /// Decodes the part of a request path behind `…/objects/` exactly once, then normalizes it: `%2F` becomes a
    /// separator, `%252E` stays text.
    pub fn from_url_path(encoded: &str) -> Result<Self, KeyError> {
        let decoded = percent_decode_str(encoded).decode_utf8().map_err(|_| KeyError::NotUtf8)?;
        Self::parse(&decoded)
    }

    /// The key below `prefix`; an empty prefix gives the key itself.
    pub fn under(prefix: &str, key: &str) -> Result<Self, KeyError> {
        Self::parse(&format!("{prefix}/{key}"))
    }

    /// The spelling for a request path.
    pub fn to_url_path(&self) -> String {
        utf8_percent_encode(&self.0, PATH).to_string()
    }

    /// The normalized text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str) -> String {
        ObjectKey::parse(raw).expect(raw).as_str().to_owned()
    }

    #[test]
    fn empty_and_dot_segments_and_backslashes_are_normalized_away() {
        assert_eq!(key("//a///b/./c/"), "a/b/c");
        assert_eq!(key("a\\b\\.\\c"), "a/b/c");
        assert_eq!(key(" a / b "), " a / b ");
        assert_eq!(key("...a/..b/c.."), "...a/..b/c..");
    }

    #[test]
    fn a_key_that_could_leave_its_root_is_refused() {
        for raw in ["..", "a/../b", "a\\..\\b", "/..", "a/.."] {
            assert_eq!(ObjectKey::parse(raw), Err(KeyError::ParentSegment), "{raw}");
        }
        assert_eq!(ObjectKey::from_url_path("a/%2e%2e/b"), Err(KeyError::ParentSegment));
        assert_eq!(ObjectKey::from_url_path("a%2F..%5cb"), Err(KeyError::ParentSegment));
        assert_eq!(ObjectKey::from_url_path("a%5C%2e%2E%5Cb"), Err(KeyError::ParentSegment));
    }

    #[test]
    fn decoding_happens_exactly_once() {
        let once = ObjectKey::from_url_path("a/%252e%252e/b+c").expect("key");
        assert_eq!(once.as_str(), "a/%2e%2e/b+c");
    }

    #[test]
    fn nothing_nul_and_too_much_are_refused() {
        for raw in ["", "/", "./.", "\\"] {
            assert_eq!(ObjectKey::parse(raw), Err(KeyError::Empty), "{raw:?}");
        }
        assert_eq!(ObjectKey::from_url_path("a%00b"), Err(KeyError::Nul));
        assert_eq!(ObjectKey::from_url_path("%ff"), Err(KeyError::NotUtf8));
        assert!(ObjectKey::parse(&"k".repeat(MAX_KEY_BYTES)).is_ok());
        assert_eq!(
            ObjectKey::parse(&"k".repeat(MAX_KEY_BYTES + 1)),
            Err(KeyError::TooLong(MAX_KEY_BYTES + 1))
        );
    }

    #[test]
    fn every_key_survives_the_way_over_a_request_path() {
        for raw in [
            "folder/file name?.txt",
            "a/%2e%2e/b",
            "ü/文件/\u{7f}",
            "a<b>`c`{d}[e]|f^g#h\"i",
            "~!$&'()*+,;=:@",
        ] {
            let key = ObjectKey::parse(raw).expect(raw);
            let path = key.to_url_path();
            assert!(path.bytes().all(|b| b.is_ascii_graphic()), "{path}");
            assert_eq!(ObjectKey::from_url_path(&path).as_ref(), Ok(&key), "{path}");
        }
        assert_eq!(
            ObjectKey::parse("base/folder/file name?.txt").expect("key").to_url_path(),
            "base/folder/file%20name%3F.txt"
        );
    }
}
