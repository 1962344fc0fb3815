//! The one-time variables `ASTER_BOOTSTRAP_…`. With its two a new follower enrolls itself at its first start; with
//! its own a new primary gets its administrator, its address and everything a bootstrap file declares.
//!
//! They are not settings: they never enter `config.toml`, and the entrypoint drops them once they are used. Each
//! belongs to one role and is refused by the other.

mod declaration;
mod declared;
mod file;
mod remote;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use secrecy::SecretString;
use serde::Deserialize;

pub use self::declaration::{
    DeclaredAdmin, DeclaredBootstrap, DeclaredBucket, DeclaredFile, DeclaredGroup, DeclaredNode,
    DeclaredPolicy, DeclaredRule, DeclaredTarget,
};
pub use self::remote::RemoteBootstrap;
use super::environment::Environment;
use super::problem::{HIDDEN, Problem, nearest, shown};
use super::server::StartMode;

const PREFIX: &str = "ASTER_BOOTSTRAP_";
const MASTER_URL: &str = "ASTER_BOOTSTRAP_REMOTE_MASTER_URL";
const TOKEN: &str = "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN";
const TOKEN_FILE: &str = "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN_FILE";
const ADMIN_USERNAME: &str = "ASTER_BOOTSTRAP_ADMIN_USERNAME";
const ADMIN_EMAIL: &str = "ASTER_BOOTSTRAP_ADMIN_EMAIL";
const ADMIN_PASSWORD: &str = "ASTER_BOOTSTRAP_ADMIN_PASSWORD";
const ADMIN_PASSWORD_FILE: &str = "ASTER_BOOTSTRAP_ADMIN_PASSWORD_FILE";
const PUBLIC_SITE_URL: &str = "ASTER_BOOTSTRAP_PUBLIC_SITE_URL";
const FILE: &str = "ASTER_BOOTSTRAP_FILE";

/// A one-time variable.
pub(super) struct Variable {
    pub(super) name: &'static str,
    /// The role that takes it.
    pub(super) role: StartMode,
    pub(super) doc: &'static str,
}

/// Every one-time variable, in the order of the documentation.
pub(super) const VARIABLES: [Variable; 9] = [
    Variable {
        name: MASTER_URL,
        role: StartMode::Follower,
        doc: "URL of the primary, with http:// or https://. Needs the token (or its file) beside it.",
    },
    Variable {
        name: TOKEN,
        role: StartMode::Follower,
        doc: "The enrollment token that the primary made, or declares, for this node. Needs the URL beside it.",
    },
    Variable {
        name: TOKEN_FILE,
        role: StartMode::Follower,
        doc: "File that holds the token, in place of the token itself.",
    },
    Variable {
        name: ADMIN_USERNAME,
        role: StartMode::Primary,
        doc: "Name of the first administrator, 4 to 16 characters; admin when it is not given.",
    },
    Variable {
        name: ADMIN_EMAIL,
        role: StartMode::Primary,
        doc: "Mail address of the first administrator; admin@localhost when it is not given.",
    },
    Variable {
        name: ADMIN_PASSWORD,
        role: StartMode::Primary,
        doc: "Password of the first administrator, 8 to 128 characters. When it is not given, one is generated and \
              written to the log once.",
    },
    Variable {
        name: ADMIN_PASSWORD_FILE,
        role: StartMode::Primary,
        doc: "File that holds the password, in place of the password itself. A line break at its end does not count.",
    },
    Variable {
        name: PUBLIC_SITE_URL,
        role: StartMode::Primary,
        doc: "Addresses people open this site under, separated by commas; followers are told the first. Kept as the \
              setting public_site_url unless that is set already.",
    },
    Variable {
        name: FILE,
        role: StartMode::Primary,
        doc: "TOML file that declares nodes, their ingress targets, storage policies and policy groups; \
              docs/bootstrap.md describes it.",
    },
];

/// What the one-time variables ask for.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// Enroll at this primary; `None` when a follower's variables are not set.
    pub remote: Option<RemoteBootstrap>,
    /// Become this primary; `None` when a primary's variables are not set.
    pub declared: Option<DeclaredBootstrap>,
    /// Whether any variable is set. They remain set after their job is done, until the container is made anew.
    pub any_present: bool,
    /// Names of the variables that are set, for each role.
    of_follower: Vec<&'static str>,
    of_primary: Vec<&'static str>,
}

/// Whether the files that variables name are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Files {
    /// For a start.
    Read,
    /// For a look at the settings, which must not depend on files that may be gone after the first start.
    Leave,
}

/// The variables as they stand; `envy` fills the fields by name, without the prefix.
#[derive(Deserialize, Default)]
struct Variables {
    remote_master_url: Option<String>,
    remote_enrollment_token: Option<SecretString>,
    remote_enrollment_token_file: Option<String>,
    admin_username: Option<String>,
    admin_email: Option<String>,
    admin_password: Option<SecretString>,
    admin_password_file: Option<String>,
    public_site_url: Option<String>,
    file: Option<String>,
}

impl Bootstrap {
    pub(super) fn read(
        environment: &Environment,
        working_dir: &Path,
        files: Files,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let (mut texts, mut known) = (Vec::new(), Vec::new());
        for (name, value) in environment.starting_with(PREFIX) {
            let upper = name.to_ascii_uppercase();
            let variable = VARIABLES.iter().find(|variable| variable.name == upper);
            match (variable, value) {
                (None, _) => problems.push(Problem::new(name, advice_for_unknown(&upper))),
                (Some(_), None) => problems.push(Problem::new(name, "not valid UTF-8")),
                // White space may be part of a password.
                (Some(variable), Some(text)) => {
                    known.push(variable);
                    let text = if variable.name == ADMIN_PASSWORD { text } else { text.trim() };
                    texts.push((upper, text.to_owned()));
                }
            }
        }
        let of = |role| known.iter().filter(|known| known.role == role).map(|known| known.name).collect();
        let (of_follower, of_primary): (Vec<_>, Vec<_>) = (of(StartMode::Follower), of(StartMode::Primary));
        let mut bootstrap =
            Self { any_present: !texts.is_empty(), of_follower, of_primary, ..Self::default() };
        match envy::prefixed(PREFIX).from_iter::<_, Variables>(texts) {
            Ok(mut variables) => {
                bootstrap.remote = RemoteBootstrap::read(&mut variables, working_dir, problems);
                if !bootstrap.of_primary.is_empty() && files == Files::Read {
                    bootstrap.declared = declared::read(variables, working_dir, problems);
                }
            }
            // A name in two spellings is all that can fail, because every field is an optional text.
            Err(_) => problems
                .push(Problem::new(format!("{PREFIX}…"), "a variable is set twice, in different case")),
        }
        bootstrap
    }

    /// Whether a follower's variables are set.
    pub(super) fn is_for_follower(&self) -> bool {
        !self.of_follower.is_empty()
    }

    /// The other role would ignore the variables, and somebody expects what they promise.
    pub(super) fn refused_by(&self, start_mode: StartMode) -> Option<Problem> {
        let (names, advice) = match start_mode {
            StartMode::Primary => (
                &self.of_follower,
                "only a follower enrolls with a primary, and server.start_mode is \"primary\". Set \
                 ASTER__SERVER__START_MODE=follower (or server.start_mode in data/config.toml), or remove \
                 the ASTER_BOOTSTRAP_REMOTE_… variables",
            ),
            StartMode::Follower => (
                &self.of_primary,
                "only a primary has administrators, nodes and policies, and server.start_mode is \"follower\". \
                 Remove what belongs to the primary, or set ASTER__SERVER__START_MODE=primary (or \
                 server.start_mode in data/config.toml) and remove the ASTER_BOOTSTRAP_REMOTE_… variables",
            ),
        };
        (!names.is_empty()).then(|| Problem::new(names.join(", "), advice))
    }
}

fn advice_for_unknown(name: &str) -> String {
    match nearest(name, VARIABLES.iter().map(|known| known.name)) {
        Some(near) => format!("no such variable; did you mean {near}?"),
        None => format!("no such variable; there are {}", VARIABLES.map(|known| known.name).join(", ")),
    }
}

/// The variables that are set, ready to be shown: name and value, secrets hidden.
pub(super) fn shown_variables(environment: &Environment) -> Vec<(String, String)> {
    environment
        .starting_with(PREFIX)
        .map(|(name, value)| {
            let secret = [TOKEN, ADMIN_PASSWORD].iter().any(|secret| name.eq_ignore_ascii_case(secret));
            let value = value.filter(|_| !secret).map(|text| shown(&toml::Value::String(text.to_owned())));
            (name.to_owned(), value.unwrap_or_else(|| HIDDEN.to_owned()))
        })
        .collect()
}
