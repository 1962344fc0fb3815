//! File names: which are allowed (primary spec §4), how a copy is numbered, what the extension says.

use unicode_normalization::UnicodeNormalization;

/// Longest name in bytes, the limit of common file systems.
const MAX_BYTES: usize = 255;
const MAX_EXTENSION_BYTES: usize = 32;
const FORBIDDEN: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// Names Windows keeps for devices, with and without extension.
const DEVICES: [&str; 28] = [
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "com¹", "com²", "com³", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
    "conin$", "conout$",
];

/// A name that is fit for any common file system, in Unicode normalization form C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

/// Why a text is no file name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("the file name is empty")]
    Empty,
    /// Longer than 255 bytes.
    #[error("the file name has {0} bytes; at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    /// A character that some system cannot keep.
    #[error("the file name must not contain {0:?}")]
    Character(char),
    /// Windows drops these.
    #[error("the file name must not end with a dot or a space")]
    Trailing,
    /// A device on Windows.
    #[error("`{0}` is a device name on Windows; choose another file name")]
    Device(String),
}

impl FileName {
    /// Normalizes and checks `raw`.
    pub fn parse(raw: &str) -> Result<Self, NameError> {
        // Normalization at most triples the length; far longer texts are not worth the work.
        if raw.len() > 4 * MAX_BYTES {
            return Err(NameError::TooLong(raw.len()));
        }
        let name: String = raw.nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > MAX_BYTES {
            return Err(NameError::TooLong(name.len()));
        }
        if let Some(bad) = name.chars().find(|c| FORBIDDEN.contains(c) || c.is_control()) {
            return Err(NameError::Character(bad));
        }
        if name.ends_with(['.', ' ']) {
            return Err(NameError::Trailing);
        }
        let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
        if DEVICES.contains(&stem.as_str()) {
            return Err(NameError::Device(stem));
        }
        Ok(Self(name))
    }

    /// The name for the `number`th file of this name: `photo (2).jpg`. What would be too long is cut in the middle.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let ending = compound_extension(&self.0).or_else(|| extension(&self.0));
        // What is longer than this is no extension but a name with a dot in it.
        let ending = ending.filter(|ending| ending.len() <= MAX_EXTENSION_BYTES);
        let ending = ending.map_or(String::new(), |ending| format!(".{ending}"));
        let suffix = format!(" ({number}){ending}");
        let stem = &self.0[..self.0.len() - ending.len()];
        let room = MAX_BYTES.saturating_sub(suffix.len()).min(stem.len());
        let cut = (0..=room).rev().find(|&at| stem.is_char_boundary(at)).unwrap_or(0);
        Self(format!("{}{suffix}", &stem[..cut]))
    }

    /// A name that was checked when it was stored.
    pub(super) fn kept(name: String) -> Self {
        Self(name)
    }

    /// What lists are sorted by and searches look at: the name without regard to case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is looked for, as the [`key`](FileName::key) of a name has it.
pub(in crate::primary) fn key_of(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

/// `gz` of `a.tar.gz`; none of `.bashrc` and `README`.
pub(super) fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
}

/// `tar.gz` of `a.tar.gz`; none where one extension says it all.
pub(super) fn compound_extension(name: &str) -> Option<&str> {
    let inner = name.strip_suffix(extension(name)?)?.strip_suffix('.')?;
    let archive = extension(inner).filter(|inner| inner.eq_ignore_ascii_case("tar"))?;
    name.get(inner.len() - archive.len()..)
}

/// The MIME type that the extension stands for.
pub(super) fn mime_type(name: &str) -> String {
    mime_guess::from_path(name).first_or_octet_stream().essence_str().to_owned()
}

/// The kind of content for filters and icons.
pub(super) fn category(mime_type: &str) -> &'static str {
    match mime_type.split_once('/') {
        Some(("image", _)) => "image",
        Some(("video", _)) => "video",
        Some(("audio", _)) => "audio",
        Some(("text", _)) => "document",
        Some(("application", kind)) => match kind {
            "zip" | "gzip" | "x-tar" | "x-7z-compressed" | "x-bzip2" | "x-xz" | "zstd" | "vnd.rar"
            | "x-rar-compressed" => "archive",
            "pdf" | "msword" | "rtf" | "json" | "xml" | "epub+zip" => "document",
            _ if kind.starts_with("vnd.openxmlformats-officedocument")
                || kind.starts_with("vnd.oasis.opendocument")
                || kind.starts_with("vnd.ms-") =>
            {
                "document"
            }
            _ => "other",
        },
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalized() {
        assert_eq!(FileName::parse("u\u{308}.txt").map(|name| name.0), Ok("ü.txt".to_owned()));
        for good in ["a", ".bashrc", "文件.txt", " leading", "a b (1).tar.gz", "console", "com", "nul_1"] {
            assert_eq!(FileName::parse(good).map(|name| name.0), Ok(good.to_owned()));
        }
        assert!(FileName::parse(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn names_that_some_system_cannot_keep_are_refused() {
        assert_eq!(FileName::parse(""), Err(NameError::Empty));
        assert_eq!(FileName::parse(&"x".repeat(256)), Err(NameError::TooLong(256)));
        assert_eq!(FileName::parse(&"ü".repeat(128)), Err(NameError::TooLong(256)));
        assert!(matches!(FileName::parse(&"x".repeat(100_000)), Err(NameError::TooLong(_))));
        for bad in ["a/b", "a\\b", "a:b", "a*", "a?", "\"", "<", ">", "|", "a\0b", "a\nb", "\u{7f}", "\u{85}"]
        {
            assert!(matches!(FileName::parse(bad), Err(NameError::Character(_))), "{bad:?}");
        }
        for bad in [".", "..", "a.", "a ", " "] {
            assert_eq!(FileName::parse(bad), Err(NameError::Trailing), "{bad:?}");
        }
        for bad in ["con", "NUL", "aux.txt", "Com1.tar.gz", "lpt9", "nul .txt"] {
            assert!(matches!(FileName::parse(bad), Err(NameError::Device(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_number_stands_before_the_extension_and_never_makes_the_name_too_long() {
        let numbered = |name: &str| FileName::parse(name).expect(name).numbered(2).0;
        assert_eq!(numbered("photo.jpg"), "photo (2).jpg");
        assert_eq!(numbered("a.tar.gz"), "a (2).tar.gz");
        assert_eq!(numbered("README"), "README (2)");
        assert_eq!(numbered(".bashrc"), ".bashrc (2)");
        let long = numbered(&format!("{}.txt", "ü".repeat(125)));
        assert!(long.len() <= 255 && long.ends_with("ü (2).txt"), "{long}");
        let extension_only = numbered(&format!("a.{}", "x".repeat(253)));
        assert!(FileName::parse(&extension_only).is_ok(), "{}", extension_only.len());
    }

    #[test]
    fn the_extension_gives_type_and_category() {
        assert_eq!(extension("a.tar.gz"), Some("gz"));
        assert_eq!(compound_extension("a.TAR.gz"), Some("TAR.gz"));
        assert_eq!(compound_extension("a.b.gz"), None);
        assert_eq!(extension(".bashrc"), None);
        for (name, mime, kind) in [
            ("a.JPG", "image/jpeg", "image"),
            ("a.tar.gz", "application/gzip", "archive"),
            ("a.pdf", "application/pdf", "document"),
            ("a.txt", "text/plain", "document"),
            ("a", "application/octet-stream", "other"),
        ] {
            assert_eq!(mime_type(name), mime);
            assert_eq!(category(mime), kind);
        }
    }
}
