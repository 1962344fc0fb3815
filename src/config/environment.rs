//! The process environment as a value: captured once by `main`, then only passed on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// Every variable of this program starts with this; nothing else of the environment is kept.
const OURS: &str = "ASTER_";

/// The `ASTER_…` variables of a process, in the order of their names.
///
/// A value instead of `std::env`, so that a test can give a process any environment and two tests cannot see each
/// other's. `Debug` lists names only: values may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, Option<String>>,
}

impl Environment {
    /// Variables whose name starts with `prefix` in any case: the name as it was written, and the value, which is `None`
    /// when it is not valid UTF-8.
    pub(super) fn starting_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        self.variables
            .iter()
            .filter(move |(name, _)| has_prefix(name, prefix))
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// The value of the variable with exactly this name, when it is set and valid UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.as_deref()
    }

    /// The same environment with `name` set to `value`, in place of every spelling of the name.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut variables = self.variables.clone();
        variables.retain(|known, _| !known.eq_ignore_ascii_case(name));
        variables.insert(name.to_owned(), Some(value.to_owned()));
        Self { variables }
    }

    /// Names of the one-time variables that are set, as they were written.
    pub fn bootstrap_names(&self) -> impl Iterator<Item = &str> {
        self.starting_with("ASTER_BOOTSTRAP_").map(|(name, _)| name)
    }
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())))
            .filter(|(name, _)| has_prefix(name, OURS))
            .map(|(name, value)| (name, value.into_string().ok()))
            .collect();
        Self { variables }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_variables_are_kept_and_debug_hides_their_values() {
        let environment = Environment::from_iter([
            ("PATH", "/bin"),
            ("aster__auth__jwt_secret", "hunter2"),
            ("ASTERISK", "1"),
        ]);
        assert_eq!(format!("{environment:?}"), r#"{"aster__auth__jwt_secret"}"#);
        assert_eq!(
            environment.starting_with("ASTER__").collect::<Vec<_>>(),
            [("aster__auth__jwt_secret", Some("hunter2"))]
        );
    }
}
