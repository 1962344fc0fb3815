//! What is wrong with a request, all of it at once, each with the name of its member.

use std::fmt;

/// One wrong member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Member of the request, with index for lists: `items[2].priority`.
    pub field: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Wrong members of one request, in the order of their checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// Adds a problem unless `holds`.
    pub(super) fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.add(field, message);
        }
    }

    /// Nothing wrong, or everything that is.
    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The wrong members.
    pub fn all(&self) -> &[Problem] {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn fields(&self) -> Vec<&str> {
        self.0.iter().map(|problem| problem.field.as_str()).collect()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", problem.field, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A name for people: trimmed, 1 to 128 characters.
pub(super) fn check_name(name: &str, problems: &mut Problems) -> String {
    let name = name.trim();
    problems.require(!name.is_empty(), "name", "must not be blank");
    problems.require(name.chars().count() <= 128, "name", "must have at most 128 characters");
    problems.require(!name.chars().any(char::is_control), "name", "must not contain control characters");
    name.to_owned()
}

/// A count of bytes as JSON carries it.
pub(super) fn check_bytes(value: i64, field: &str, problems: &mut Problems) -> u64 {
    problems.require(value >= 0, field, "must be 0 or more bytes");
    u64::try_from(value).unwrap_or(0)
}
