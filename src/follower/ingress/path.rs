//! The rule for a local target's `base_path` (wire contract §6, local path). Text only: that no link leads out of the
//! ingress root is held by the store when it opens the directory.

use super::IngressError;

const MAX_PATH_BYTES: usize = 1024;
const MAX_SEGMENT_BYTES: usize = 255;

/// The path with `/` between its segments and without empty and `.` ones; `.` is the ingress root itself.
pub(super) fn normalize(raw: &str) -> Result<String, IngressError> {
    let refuse = |why| {
        let path = raw.chars().take(200).collect();
        Err(IngressError::LocalPath { path, why })
    };
    let path = raw.trim();
    if path.is_empty() {
        return Err(IngressError::Invalid("base_path must not be blank; `.` is the ingress root".into()));
    }
    if path.len() > MAX_PATH_BYTES {
        return refuse("is longer than 1024 bytes");
    }
    if path.starts_with(['/', '\\']) || has_drive_prefix(path) {
        return refuse("is absolute");
    }
    let segments: Vec<&str> =
        path.split(['/', '\\']).filter(|segment| !matches!(*segment, "" | ".")).collect();
    if segments.contains(&"..") {
        return refuse("contains `..`");
    }
    if segments.iter().any(|segment| segment.len() > MAX_SEGMENT_BYTES) {
        return refuse("has a name longer than 255 bytes");
    }
    if path.chars().any(char::is_control) {
        return refuse("contains a control character");
    }
    Ok(if segments.is_empty() { ".".to_owned() } else { segments.join("/") })
}

fn has_drive_prefix(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for (raw, expected) in [
            ("tenant-a", "tenant-a"),
            (" a//b/./c/ ", "a/b/c"),
            ("a\\b", "a/b"),
            (".", "."),
            ("./", "."),
            ("a/%2e%2e/b", "a/%2e%2e/b"),
            ("...", "..."),
        ] {
            assert_eq!(normalize(raw).expect(raw), expected);
        }
    }

    #[test]
    fn a_path_that_could_leave_the_root_is_refused_with_its_own_code() {
        for raw in [
            "..",
            "a/../b",
            "a\\..\\..",
            "/etc",
            "\\\\server\\share",
            "C:\\x",
            "c:x",
            "a\0b",
            &"x".repeat(256),
        ] {
            assert!(matches!(normalize(raw), Err(IngressError::LocalPath { .. })), "{raw}");
        }
    }

    #[test]
    fn a_blank_path_is_no_path() {
        assert!(matches!(normalize("  "), Err(IngressError::Invalid(_))));
    }
}
