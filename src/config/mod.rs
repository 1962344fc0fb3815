//! Settings: `data/config.toml`, the variables `ASTER__SECTION__KEY` over it, and the one-time `ASTER_BOOTSTRAP_…`.
//!
//! Each setting is declared once, in the file of its concern (`server`, `database`, `auth`, `logging`); everything that
//! is said about it elsewhere is generated from there. The environment comes in as a value. This module reads nothing
//! else and starts nothing; it uses no other module of the crate.

mod auth;
mod bootstrap;
mod database;
mod environment;
mod file;
mod logging;
mod network_trust;
mod paths;
mod postgres;
mod problem;
mod reader;
mod reference;
mod seal;
mod secret_file;
mod server;
mod sources;
mod webdav;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

pub use self::auth::AuthConfig;
pub use self::bootstrap::{
    Bootstrap, DeclaredAdmin, DeclaredBootstrap, DeclaredBucket, DeclaredFile, DeclaredGroup, DeclaredNode,
    DeclaredPolicy, DeclaredRule, DeclaredTarget, RemoteBootstrap,
};
pub use self::database::DatabaseConfig;
pub use self::environment::Environment;
pub use self::logging::{LogFormat, LoggingConfig};
pub use self::network_trust::TrustedProxies;
pub use self::problem::{Problem, Problems};
pub use self::reader::{Origin, Setting};
pub use self::seal::{SealError, SealingKey};
pub use self::server::{Durability, FollowerConfig, ServerConfig, StartMode};
pub use self::webdav::WebdavConfig;

use self::bootstrap::Files;
use self::file::Created;
use self::reader::{Declaration, Reader};
use self::reference::Reference;
use self::sources::CONFIG_FILE;

/// Variable that stands in for `node enroll --master-url`.
pub const CLI_MASTER_URL: &str = "ASTER_CLI_MASTER_URL";
/// Variable that stands in for `node enroll --token`.
pub const CLI_ENROLLMENT_TOKEN: &str = "ASTER_CLI_ENROLLMENT_TOKEN";
/// Variable that stands in for `node enroll --database-url`.
pub const CLI_DATABASE_URL: &str = "ASTER_CLI_DATABASE_URL";

/// Everything the program can be told before it runs. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[auth]`
    pub auth: AuthConfig,
    /// `[logging]`
    pub logging: LoggingConfig,
    /// `[network_trust]`
    pub trusted_proxies: TrustedProxies,
    /// `[webdav]`
    pub webdav: WebdavConfig,
    /// Where the process was started, absolute; local storage policies are relative to it.
    pub working_dir: PathBuf,
    /// Directory of everything that must survive a restart: `data/` in the working directory.
    pub data_dir: PathBuf,
}

impl Config {
    fn read(reader: &mut Reader<'_>, working_dir: &Path) -> Self {
        Self {
            server: ServerConfig::read(reader, working_dir),
            database: DatabaseConfig::read(reader, working_dir),
            auth: AuthConfig::read(reader),
            logging: LoggingConfig::read(reader),
            trusted_proxies: TrustedProxies::read(reader),
            webdav: WebdavConfig::read(reader),
            working_dir: working_dir.to_owned(),
            data_dir: data_dir(working_dir),
        }
    }
}

/// What a configuration file made at first start says beyond the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstFile {
    /// The defaults: a primary that listens on this machine only. With a follower's
    /// bootstrap variables set it is [`Self::Follower`].
    Primary,
    /// A follower that listens on `0.0.0.0`, because its primary is on another machine.
    Follower {
        /// `database.url`, when it is not to be the default.
        database_url: Option<String>,
    },
}

impl FirstFile {
    fn settings(&self) -> Vec<(&'static str, toml::Value)> {
        match self {
            Self::Primary => Vec::new(),
            Self::Follower { database_url } => {
                let mut settings =
                    vec![("server.start_mode", "follower".into()), ("server.host", "0.0.0.0".into())];
                settings.extend(database_url.iter().map(|url| ("database.url", url.as_str().into())));
                settings
            }
        }
    }
}

/// A configuration to run with.
#[derive(Debug)]
pub struct Loaded {
    /// The settings in force.
    pub config: Config,
    /// The one-time variables.
    pub bootstrap: Bootstrap,
    /// Remarks for the log: a file was made, a file is not private. The log itself is set up from `config`, so they
    /// cannot be written earlier.
    pub notes: Vec<Note>,
}

/// A remark on the configuration that is no mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Good to know.
    Info(String),
    /// Worth a look.
    Warning(String),
}

/// A configuration to look at; nothing was written for it.
#[derive(Debug)]
pub struct Inspection {
    /// Every setting with its value and origin, in the order of the documentation.
    pub settings: Vec<Setting>,
    /// One-time variables that are set: name and value, secrets hidden.
    pub bootstrap_variables: Vec<(String, String)>,
    /// The settings in force. A secret that the first start would generate is another one there.
    pub config: Config,
    /// Path of `config.toml`.
    pub file: PathBuf,
    /// Whether it is there; if not, the settings are those that the first start would write.
    pub file_exists: bool,
}

/// Reads the configuration to run with. Makes `data/config.toml` where there is none, and adds missing secrets to it;
/// a refused configuration writes nothing.
///
/// `working_dir` is absolute; `data/` lies in it.
///
/// # Errors
///
/// All mistakes at once. A file that cannot be written is one only if a secret has to be kept in it.
pub fn load(environment: &Environment, working_dir: &Path, first: &FirstFile) -> Result<Loaded, Problems> {
    // Another process may make the file between our look and our write; then its file is the one to read.
    for _ in 0..2 {
        let reading = Reading::new(environment, working_dir, first, Files::Read)?;
        if let Some(notes) = reading.persist()? {
            return Ok(Loaded { config: reading.config, bootstrap: reading.bootstrap, notes });
        }
    }
    Err(Problem::new(CONFIG_FILE, "this name is taken, but there is no file to read; is it a broken link?")
        .into())
}

/// Reads the configuration to look at it. Writes nothing, so a secret that is given nowhere stays unknown.
///
/// # Errors
///
/// All mistakes at once.
pub fn inspect(environment: &Environment, working_dir: &Path) -> Result<Inspection, Problems> {
    let reading = Reading::new(environment, working_dir, &FirstFile::Primary, Files::Leave)?;
    Ok(Inspection {
        settings: reading.settings,
        bootstrap_variables: bootstrap::shown_variables(environment),
        config: reading.config,
        file: reading.file,
        file_exists: reading.file_exists,
    })
}

/// Reads the configuration as a start would, with every file that variables name, and writes nothing.
///
/// # Errors
///
/// All mistakes at once.
pub fn check(environment: &Environment, working_dir: &Path) -> Result<(), Problems> {
    Reading::new(environment, working_dir, &FirstFile::Primary, Files::Read).map(|_| ())
}

/// See [`Config::data_dir`].
#[must_use]
pub fn data_dir(working_dir: &Path) -> PathBuf {
    working_dir.join(paths::DATA)
}

/// The text of `.env.example`.
#[must_use]
pub fn env_example() -> String {
    reference().env_example()
}

/// The text of `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    reference().markdown()
}

/// Declares every setting by reading a configuration in which nothing is given.
fn reference() -> Reference {
    let nothing = config::Config::default();
    let mut reader = Reader::new(&nothing);
    Config::read(&mut reader, Path::new("/"));
    Reference::of(reader)
}

/// The outcome of one reading without mistakes; nothing is written yet.
struct Reading {
    file: PathBuf,
    file_exists: bool,
    /// What the file says, or would say at first start; without the generated secrets.
    text: String,
    config: Config,
    settings: Vec<Setting>,
    bootstrap: Bootstrap,
    /// Secrets that were given nowhere and must be kept in the file.
    generated: Vec<(&'static str, SecretString)>,
    declarations: Vec<Declaration>,
}

impl Reading {
    fn new(
        environment: &Environment,
        working_dir: &Path,
        first: &FirstFile,
        files: Files,
    ) -> Result<Self, Problems> {
        if working_dir.to_str().is_none() {
            let advice = "its path is not valid UTF-8; start in another directory";
            return Err(Problem::new(format!("working directory {}", working_dir.display()), advice).into());
        }
        let mut problems = Vec::new();
        let bootstrap = Bootstrap::read(environment, working_dir, files, &mut problems);
        let first =
            if bootstrap.is_for_follower() { &FirstFile::Follower { database_url: None } } else { first };
        let reference = reference();
        let file = working_dir.join(CONFIG_FILE);
        let found = file::read(&file).unwrap_or_else(|error| {
            problems.push(Problem::new(CONFIG_FILE, format!("cannot be read: {error}")));
            None
        });
        let file_exists = found.is_some();
        let text = found.unwrap_or_else(|| reference.config_toml(&first.settings()));
        let given = sources::merge(&reference.declarations, &text, environment, working_dir, &mut problems);
        let mut reader = Reader::new(&given);
        let config = Config::read(&mut reader, working_dir);
        problems.append(&mut reader.problems);
        // A mistake in the mode itself is among the problems already.
        if reader.settings.iter().any(|setting| setting.key == "server.start_mode") {
            problems.extend(bootstrap.refused_by(config.server.start_mode));
            problems.extend(config.database.refused_by(config.server.start_mode));
        }
        Problems::none_in(problems)?;
        let Reader { settings, generated, declarations, .. } = reader;
        Ok(Self { file, file_exists, text, config, settings, bootstrap, generated, declarations })
    }

    /// Writes what has to be kept; `None` when another process made the file meanwhile.
    fn persist(&self) -> Result<Option<Vec<Note>>, Problems> {
        let mut notes = Vec::new();
        let written = match file::with_secrets(&self.text, &self.generated) {
            None => Err("they cannot be added to it in a safe way".to_owned()),
            Some(_) if self.file_exists && self.generated.is_empty() => Ok(Created::Yes),
            Some(text) if self.file_exists => {
                notes.push(Note::Info(format!("added to {CONFIG_FILE}: {}", self.generated_keys())));
                file::replace(&self.file, &text).map(|()| Created::Yes).map_err(|error| error.to_string())
            }
            Some(text) => {
                notes.push(Note::Info(format!("made {CONFIG_FILE} with the defaults and fresh secrets")));
                file::create(&self.file, &text).map_err(|error| error.to_string())
            }
        };
        match written {
            Ok(Created::AlreadyThere) => return Ok(None),
            Ok(Created::Yes) => {}
            Err(reason) if self.generated.is_empty() => {
                notes = vec![Note::Warning(format!(
                    "{CONFIG_FILE} could not be made ({reason}); going on with the defaults and the environment"
                ))];
            }
            Err(reason) => return Err(self.unkept_secrets(&reason)),
        }
        if file::readable_by_others(&self.file) && self.holds_secrets() {
            notes.push(Note::Warning(format!(
                "{CONFIG_FILE} holds secrets and other users may read it; run: chmod 600 {CONFIG_FILE}"
            )));
        }
        Ok(Some(notes))
    }

    fn generated_keys(&self) -> String {
        self.generated.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
    }

    fn holds_secrets(&self) -> bool {
        let is_secret =
            |key| self.declarations.iter().any(|setting| setting.key == key && setting.is_secret());
        self.settings.iter().any(|setting| setting.origin == Origin::File && is_secret(setting.key))
    }

    fn unkept_secrets(&self, reason: &str) -> Problems {
        let problem_of = |(key, _): &(&'static str, SecretString)| {
            let setting = self.declarations.iter().find(|setting| setting.key == *key)?;
            let advice = format!(
                "this secret is given nowhere, and a fresh one cannot be kept in {CONFIG_FILE}: {reason}.\n      \
                 Make the file writable, or give {} in {} or {}",
                setting.allowed,
                setting.variable(),
                setting.file_variable()?
            );
            Some(Problem::new(*key, advice))
        };
        let problems = self.generated.iter().filter_map(problem_of).collect();
        Problems::none_in(problems).expect_err("only called when a secret was generated")
    }
}
