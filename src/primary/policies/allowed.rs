//! Which files a policy takes, by extension or MIME type of their name. Pure.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problems::Problems;

/// Most entries of a list.
const MAX_ENTRIES: usize = 100;
/// Longest entry in bytes.
const MAX_BYTES: usize = 100;

/// Extensions (`jpg`, `tar.gz`) and MIME types (`image/png`, `image/*`), in lower case, each once. An empty list allows
/// everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AllowedTypes(Vec<String>);

impl AllowedTypes {
    /// The entries as they were sent: a dot in front of an extension and white space around it do not count.
    pub(super) fn check(entries: &[String], problems: &mut Problems) -> Self {
        problems.require(entries.len() <= MAX_ENTRIES, "allowed_types", "must have at most 100 entries");
        let mut checked: Vec<String> = Vec::new();
        for (index, entry) in entries.iter().take(MAX_ENTRIES).enumerate() {
            let lower = entry.trim().to_lowercase();
            let entry = lower.strip_prefix('.').unwrap_or(&lower);
            if !is_extension(entry) && !is_mime(entry) {
                problems.add(
                    format!("allowed_types[{index}]"),
                    "must be an extension like `jpg`, or a MIME type like `image/png` or `image/*`",
                );
            } else if !checked.iter().any(|have| have == entry) {
                checked.push(entry.to_owned());
            }
        }
        Self(checked)
    }

    /// Whether a file of this name may be stored. The name decides: what is in the file is not looked at.
    pub fn allows(&self, name: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let name = name.to_lowercase();
        let mime = mime_guess::from_path(&name).first_or_octet_stream();
        self.0.iter().any(|entry| match entry.split_once('/') {
            Some((kind, "*")) => kind == mime.type_().as_str(),
            Some(_) => entry == mime.essence_str(),
            None => {
                let stem = name.strip_suffix(entry.as_str()).and_then(|rest| rest.strip_suffix('.'));
                stem.is_some_and(|stem| !stem.is_empty())
            }
        })
    }

    /// The entries.
    pub fn entries(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for AllowedTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// What a name is for the one who is refused: its extension, or that it has none.
pub(super) fn type_of(name: &str) -> String {
    match name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((_, extension)) => {
            format!("`{}`", extension.chars().take(32).collect::<String>().to_lowercase())
        }
        None => "no extension".to_owned(),
    }
}

fn is_extension(text: &str) -> bool {
    (1..=MAX_BYTES).contains(&text.len())
        && !text.starts_with('.')
        && !text.ends_with('.')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '~'))
}

fn is_mime(text: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    match text.split_once('/') {
        Some((kind, subtype)) => text.len() <= MAX_BYTES && token(kind) && (subtype == "*" || token(subtype)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> AllowedTypes {
        let entries: Vec<String> = entries.iter().map(|&entry| entry.to_owned()).collect();
        let mut problems = Problems::default();
        let checked = AllowedTypes::check(&entries, &mut problems);
        problems.into_result().expect("good entries");
        checked
    }

    #[test]
    fn an_extension_counts_at_the_end_of_a_name_in_any_case() {
        let images = allowed(&[" .JPG ", "jpg", "tar.gz"]);
        assert_eq!(images.entries(), ["jpg", "tar.gz"]);
        for (name, fits) in [
            ("a.jpg", true),
            ("A.JPG", true),
            ("a.b.jpg", true),
            ("a.tar.gz", true),
            ("a.gz", false),
            ("jpg", false),
            (".jpg", false),
            ("ajpg", false),
            ("a.jpg.exe", false),
        ] {
            assert_eq!(images.allows(name), fits, "{name}");
        }
    }

    #[test]
    fn a_mime_type_counts_whole_or_by_its_first_half() {
        let images = allowed(&["image/*", "application/pdf"]);
        for (name, fits) in
            [("a.PNG", true), ("a.svg", true), ("a.pdf", true), ("a.mp4", false), ("a", false)]
        {
            assert_eq!(images.allows(name), fits, "{name}");
        }
        assert!(allowed(&[]).allows("anything"));
    }

    #[test]
    fn entries_that_match_nothing_are_refused_by_their_place() {
        let entries = ["", "*", "*/*", "image/", "a b", "image/*/x", "..", "ok"].map(str::to_owned);
        let mut problems = Problems::default();
        AllowedTypes::check(&entries, &mut problems);
        let expected: Vec<String> = (0..7).map(|index| format!("allowed_types[{index}]")).collect();
        assert_eq!(problems.fields(), expected);
        let mut problems = Problems::default();
        AllowedTypes::check(&vec!["x".to_owned(); 101], &mut problems);
        assert_eq!(problems.fields(), ["allowed_types"]);
    }
}
