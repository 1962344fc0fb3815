//! A follower's one-time variables: the primary to enroll at, and the token for it.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::{MASTER_URL, TOKEN, TOKEN_FILE, Variables};
use crate::config::problem::{Problem, shown};
use crate::config::secret_file;

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

    pub(super) fn read(
        variables: &mut Variables,
        working_dir: &Path,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let url = variables.remote_master_url.take();
        let given = variables.remote_enrollment_token.take();
        let file = variables.remote_enrollment_token_file.take();
        let token_given = given.is_some() || file.is_some();
        if url.is_some() != token_given {
            let (given, missing) = if url.is_some() {
                (MASTER_URL, format!("{TOKEN} (or {TOKEN_FILE})"))
            } else if given.is_some() {
                (TOKEN, MASTER_URL.to_owned())
            } else {
                (TOKEN_FILE, MASTER_URL.to_owned())
            };
            let advice = format!("{missing} is missing; a follower needs both to enroll. Set both or none");
            problems.push(Problem::new(given, advice));
        }
        let token = token(given, file, working_dir, problems);
        let master_url = url.and_then(|url| checked_url(url, problems));
        Some(Self { master_url: master_url?, token: token? })
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
