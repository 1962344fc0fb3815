//! The one-time variables `ASTER_BOOTSTRAP_…`: with both of them a new follower enrolls itself at its first start.
//!
//! They are not settings: they never enter `config.toml`, and the entrypoint drops them once they are used.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::environment::Environment;
use super::problem::{HIDDEN, Problem, nearest, shown};
use super::secret_file;
use super::server::StartMode;

const PREFIX: &str = "ASTER_BOOTSTRAP_";
const MASTER_URL: &str = "ASTER_BOOTSTRAP_REMOTE_MASTER_URL";
const TOKEN: &str = "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN";
const TOKEN_FILE: &str = "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN_FILE";

/// Name and meaning of every one-time variable, in the order of the documentation.
pub(super) const VARIABLES: [(&str, &str); 3] = [
    (MASTER_URL, "URL of the primary, with http:// or https://. Needs the token (or its file) beside it."),
    (TOKEN, "The enrollment token that the primary made for this node. Needs the URL beside it."),
    (TOKEN_FILE, "File that holds the token, in place of the token itself."),
];

/// What the one-time variables ask for.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// Enroll at this primary; `None` when the variables are not set.
    pub remote: Option<RemoteBootstrap>,
    /// Whether any variable is set. They remain set after their job is done, until the container is made anew.
    pub any_present: bool,
}

/// A primary to enroll at.
#[derive(Debug, Clone)]
pub struct RemoteBootstrap {
    /// As given, without the white space around it; starts with `http://` or `https://` and is not checked further.
    pub master_url: String,
    token: TokenSource,
}

#[derive(Debug, Clone)]
enum TokenSource {
    Given(SecretString),
    File { working_dir: PathBuf, name: String },
}

impl RemoteBootstrap {
    /// The enrollment token. A token file is read only here: after the enrollment it may be gone while its variable
    /// stays set.
    ///
    /// # Errors
    ///
    /// Why the file cannot be used, with its name.
    pub fn token(&self) -> Result<SecretString, String> {
        match &self.token {
            TokenSource::Given(token) => Ok(token.clone()),
            TokenSource::File { working_dir, name } => secret_file::read(working_dir, name)
                .map(SecretString::from)
                .map_err(|reason| format!("{TOKEN_FILE}={name:?}: {reason}")),
        }
    }
}

/// The variables as they stand; `envy` fills the fields by name, without the prefix.
#[derive(Deserialize, Default)]
struct Variables {
    remote_master_url: Option<String>,
    remote_enrollment_token: Option<SecretString>,
    remote_enrollment_token_file: Option<String>,
}

impl Bootstrap {
    pub(super) fn read(environment: &Environment, working_dir: &Path, problems: &mut Vec<Problem>) -> Self {
        let mut texts = Vec::new();
        for (name, value) in environment.starting_with(PREFIX) {
            let upper = name.to_ascii_uppercase();
            match value {
                _ if !VARIABLES.iter().any(|(known, _)| *known == upper) => {
                    problems.push(Problem::new(name, advice_for_unknown(&upper)));
                }
                None => problems.push(Problem::new(name, "not valid UTF-8")),
                Some(text) => texts.push((upper, text.trim().to_owned())),
            }
        }
        let any_present = !texts.is_empty();
        let variables = match envy::prefixed(PREFIX).from_iter::<_, Variables>(texts) {
            Ok(variables) => variables,
            // A name in two spellings is all that can fail, because every field is an optional text.
            Err(_) => {
                problems
                    .push(Problem::new(format!("{PREFIX}…"), "a variable is set twice, in different case"));
                return Self { remote: None, any_present };
            }
        };
        Self { remote: variables.remote(working_dir, problems), any_present }
    }

    /// A primary would ignore the variables, and somebody expects a follower.
    pub(super) fn refused_by(&self, start_mode: StartMode) -> Option<Problem> {
        (self.any_present && start_mode == StartMode::Primary).then(|| {
            let advice = "only a follower enrolls with a primary, and server.start_mode is \"primary\". Set \
                          ASTER__SERVER__START_MODE=follower (or server.start_mode in data/config.toml), or remove \
                          the ASTER_BOOTSTRAP_REMOTE_… variables";
            Problem::new(format!("{PREFIX}REMOTE_…"), advice)
        })
    }
}

fn advice_for_unknown(name: &str) -> String {
    match nearest(name, VARIABLES.iter().map(|(known, _)| *known)) {
        Some(near) => format!("no such variable; did you mean {near}?"),
        None => format!("no such variable; there are {MASTER_URL}, {TOKEN} and {TOKEN_FILE}"),
    }
}

impl Variables {
    fn remote(self, working_dir: &Path, problems: &mut Vec<Problem>) -> Option<RemoteBootstrap> {
        let url_given = self.remote_master_url.is_some();
        let token_given =
            self.remote_enrollment_token.is_some() || self.remote_enrollment_token_file.is_some();
        if url_given != token_given {
            let (given, missing) = if url_given {
                (MASTER_URL, format!("{TOKEN} (or {TOKEN_FILE})"))
            } else if self.remote_enrollment_token.is_some() {
                (TOKEN, MASTER_URL.to_owned())
            } else {
                (TOKEN_FILE, MASTER_URL.to_owned())
            };
            let advice = format!("{missing} is missing; a follower needs both to enroll. Set both or none");
            problems.push(Problem::new(given, advice));
        }
        let token =
            token(self.remote_enrollment_token, self.remote_enrollment_token_file, working_dir, problems);
        let master_url = self.remote_master_url.and_then(|url| checked_url(url, problems));
        Some(RemoteBootstrap { master_url: master_url?, token: token? })
    }
}

fn checked_url(url: String, problems: &mut Vec<Problem>) -> Option<String> {
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("http://").or_else(|| lower.strip_prefix("https://"));
    if rest.is_some_and(|rest| !rest.is_empty()) {
        return Some(url);
    }
    let allowed =
        "allowed: the URL of the primary, with http:// or https://, such as https://drive.example.org";
    let reason = if url.is_empty() { "empty" } else { "not a complete URL" };
    let problem = Problem::new(MASTER_URL, format!("{reason}; {allowed}"));
    problems.push(problem.value(shown(&toml::Value::String(url))));
    None
}

fn token(
    token: Option<SecretString>,
    file: Option<String>,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<TokenSource> {
    match (token, file) {
        (Some(_), Some(_)) => {
            problems.push(Problem::new(TOKEN_FILE, format!("{TOKEN} is set as well; keep one of the two")));
            None
        }
        (Some(token), None) if token.expose_secret().is_empty() => {
            problems.push(Problem::new(TOKEN, "empty; give the token that the primary made for this node"));
            None
        }
        (Some(token), None) => Some(TokenSource::Given(token)),
        (None, Some(name)) if name.is_empty() => {
            problems.push(Problem::new(TOKEN_FILE, "empty; give the path of the file that holds the token"));
            None
        }
        (None, Some(name)) => Some(TokenSource::File { working_dir: working_dir.to_owned(), name }),
        (None, None) => None,
    }
}

/// The variables that are set, ready to be shown: name and value, the token hidden.
pub(super) fn shown_variables(environment: &Environment) -> Vec<(String, String)> {
    environment
        .starting_with(PREFIX)
        .map(|(name, value)| {
            let secret = name.eq_ignore_ascii_case(TOKEN);
            let value = value.filter(|_| !secret).map(|text| shown(&toml::Value::String(text.to_owned())));
            (name.to_owned(), value.unwrap_or_else(|| HIDDEN.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(variables: [(&str, &str); N]) -> (Bootstrap, Vec<String>) {
        let mut problems = Vec::new();
        let bootstrap = Bootstrap::read(&Environment::from_iter(variables), Path::new("/"), &mut problems);
        (bootstrap, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn without_variables_there_is_nothing_to_do() {
        let (bootstrap, problems) = read([]);
        assert!(bootstrap.remote.is_none() && !bootstrap.any_present && problems.is_empty());
    }

    #[test]
    fn a_token_file_is_read_when_the_token_is_needed_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let variables = Environment::from_iter([(MASTER_URL, "http://p"), (TOKEN_FILE, "token")]);
        let mut problems = Vec::new();
        let remote = Bootstrap::read(&variables, directory.path(), &mut problems).remote.unwrap();
        assert!(problems.is_empty() && remote.token().unwrap_err().contains("cannot be read"));
        std::io::Write::write_all(&mut std::fs::File::create(file).unwrap(), b"enr_from_file\n").unwrap();
        assert_eq!(remote.token().unwrap().expose_secret(), "enr_from_file");
    }

    #[test]
    fn url_and_token_are_read_in_either_case() {
        let (bootstrap, problems) = read([(MASTER_URL, " https://drive.example/ "), (TOKEN, "enr_1")]);
        let remote = bootstrap.remote.unwrap();
        assert_eq!(remote.master_url, "https://drive.example/");
        assert_eq!(remote.token().unwrap().expose_secret(), "enr_1");
        assert!(bootstrap.any_present && problems.is_empty());

        let (bootstrap, problems) =
            read([("aster_bootstrap_remote_master_url", "http://p"), (TOKEN, "enr_1")]);
        assert!(bootstrap.remote.is_some() && problems.is_empty());
    }

    #[test]
    fn one_variable_without_the_other_is_refused() {
        for (given, missing) in [(MASTER_URL, TOKEN), (TOKEN, MASTER_URL), (TOKEN_FILE, MASTER_URL)] {
            let value = if given == MASTER_URL { "http://p" } else { "token" };
            let (bootstrap, problems) = read([(given, value)]);
            assert!(bootstrap.remote.is_none() && bootstrap.any_present);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(
                problems[0].starts_with(given) && problems[0].contains(&format!("{missing} ")),
                "{problems:?}"
            );
        }
    }

    #[test]
    fn token_and_token_file_together_are_refused() {
        let (bootstrap, problems) = read([(MASTER_URL, "http://p"), (TOKEN, "enr_1"), (TOKEN_FILE, "token")]);
        assert!(bootstrap.remote.is_none());
        assert!(problems[0].contains("keep one of the two"), "{problems:?}");
    }

    #[test]
    fn blank_and_incomplete_values_are_refused_without_repeating_the_token() {
        for url in ["", "  ", "drive.example", "ftp://drive.example", "https://"] {
            let (bootstrap, problems) = read([(MASTER_URL, url), (TOKEN, "enr_1")]);
            assert!(bootstrap.remote.is_none(), "{url}");
            assert!(problems.len() == 1 && problems[0].contains("http://"), "{problems:?}");
            assert!(!problems[0].contains("enr_1"));
        }
        let (_, problems) = read([(MASTER_URL, "http://p"), (TOKEN, " ")]);
        assert!(problems[0].contains("empty"), "{problems:?}");
        let (_, problems) = read([(MASTER_URL, "http://p"), (TOKEN_FILE, " ")]);
        assert!(problems[0].contains("empty"), "{problems:?}");
    }

    #[test]
    fn an_unknown_variable_is_refused_with_the_nearest_name() {
        let (_, problems) = read([("ASTER_BOOTSTRAP_REMOTE_MASTER_ULR", "http://p")]);
        assert!(problems[0].contains(&format!("did you mean {MASTER_URL}?")), "{problems:?}");
    }

    #[test]
    fn every_documented_variable_fills_a_field() {
        let texts = VARIABLES.map(|(name, _)| (name.to_owned(), "x".to_owned()));
        let variables: Variables = envy::prefixed(PREFIX).from_iter(texts).unwrap();
        assert!(variables.remote_master_url.is_some());
        assert!(variables.remote_enrollment_token.is_some());
        assert!(variables.remote_enrollment_token_file.is_some());
    }
}
