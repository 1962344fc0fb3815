//! What is wrong with a configuration, in words for the person who has to mend it.

use std::fmt;

/// Stands in every message and listing where a secret would be.
pub(super) const HIDDEN: &str = "(hidden)";

/// Longest part of a value that a message repeats, in characters.
const SHOWN_CHARS: usize = 120;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting or variable as the person wrote it, or a file or directory.
    pub subject: String,
    /// The value found, ready to be shown; `None` where there is none or it must not be shown.
    pub value: Option<String>,
    /// The file or variable it comes from, when that is not the subject itself.
    pub source: Option<String>,
    /// What is wrong, what is allowed, what to do.
    pub advice: String,
}

impl Problem {
    pub(super) fn new(subject: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { subject: subject.into(), value: None, source: None, advice: advice.into() }
    }

    pub(super) fn from(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn value(mut self, shown: impl Into<String>) -> Self {
        self.value = Some(shown.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        if let Some(value) = &self.value {
            write!(f, " = {value}")?;
        }
        if let Some(source) = &self.source {
            write!(f, "   (from {source})")?;
        }
        write!(f, "\n      {}", self.advice)
    }
}

/// Every mistake found in one reading of the configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok` when there is nothing to report.
    pub(super) fn none_in(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// The mistakes, in the order they were found.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("there is a mistake in the configuration:")?,
            count => write!(f, "there are {count} mistakes in the configuration:")?,
        }
        for problem in &self.0 {
            write!(f, "\n\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A value for a message or listing: a TOML literal without the name and password of a URL, cut when it is long.
pub(super) fn shown(value: &toml::Value) -> String {
    let literal = match value {
        toml::Value::String(text) => toml::Value::String(without_user_info(text)).to_string(),
        other => other.to_string(),
    };
    match literal.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &literal[..end]),
        None => literal,
    }
}

/// `scheme://name:password@host` without what stands before the last `@` of the authority.
pub(super) fn without_user_info(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}://…{}", &rest[at..]),
        None => text.to_owned(),
    }
}

/// The name most like `unknown`, if one is so near that it was probably meant.
pub(super) fn nearest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.75;
    names
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(unknown, name), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_not_repeated() {
        let text = |value: &str| shown(&toml::Value::String(value.into()));
        assert_eq!(text("postgres://anna:s3cr@t@db/drive?x=@"), r#""postgres://…@db/drive?x=@""#);
        assert_eq!(text("https://drive.example/@anna"), r#""https://drive.example/@anna""#);
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(shown(&toml::Value::String("ä".repeat(500))).chars().count(), SHOWN_CHARS + 1);
    }

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_nonsense_finds_none() {
        let names = ["server.host", "server.port", "database.url"];
        assert_eq!(nearest("server.prot", names), Some("server.port"));
        assert_eq!(nearest("colour", names), None);
    }
}
