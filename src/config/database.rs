//! `[database]`: where accounts, nodes and bindings are kept. Objects are never in the database.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::StartMode;
use super::paths;
use super::postgres;
use super::problem::{Problem, without_user_info};
use super::reader::Reader;

/// The database and how it is used.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// URL ready to connect to: a file's has an absolute path, a server's the password.
    pub url: String,
    /// Largest number of open connections.
    pub pool_size: u32,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader<'_>, working_dir: &Path) -> Self {
        reader.section("database", "Where accounts, nodes and bindings are kept.");
        let url = reader.text(
            "database.url",
            "sqlite://asterdrive.db?mode=rwc",
            "a SQLite URL such as sqlite://asterdrive.db?mode=rwc (a relative path counts from data/ and must stay in \
             the working directory), or for a primary a PostgreSQL URL such as \
             postgres://user@host:5432/database?sslmode=verify-full",
            |given| parse(working_dir, given),
            "The database. mode=rwc makes a SQLite file when it is not there. Several primaries need PostgreSQL, and all \
             of them the same database, auth.jwt_secret and auth.storage_credential_secret_key.",
        );
        let password: Option<SecretString> = reader.optional_secret(
            "database.password",
            "a text without line breaks",
            |text| (!text.contains(['\n', '\r', '\0'])).then(|| text.into()),
            "The password at the PostgreSQL server, when database.url has none.",
        );
        let pool_size = reader.integer(
            "database.pool_size",
            10,
            1..=64,
            "Largest number of open connections for reading; at PostgreSQL, of all connections.",
        );
        let url = match password {
            None => url,
            Some(password) => {
                postgres::with_password(&url, password.expose_secret()).unwrap_or_else(|advice| {
                    reader.problems.push(Problem::new("database.password", advice));
                    url
                })
            }
        };
        Self { url, pool_size }
    }

    /// A follower belongs to one machine and needs no server; several with one database would share one binding.
    pub(super) fn refused_by(&self, mode: StartMode) -> Option<Problem> {
        let shared = mode == StartMode::Follower && postgres::is_url(&self.url);
        shared.then(|| {
            let advice = "a follower keeps its binding in a SQLite file of its own, and only a primary can use PostgreSQL; \
                          remove the setting, or give a SQLite URL such as sqlite://asterdrive.db?mode=rwc";
            let shown = toml::Value::from(without_user_info(&self.url)).to_string();
            Problem::new("database.url", advice).value(shown)
        })
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("url", &without_user_info(&self.url))
            .field("pool_size", &self.pool_size)
            .finish()
    }
}

fn parse(working_dir: &Path, given: &str) -> Result<String, String> {
    if postgres::is_url(given) { postgres::checked(given) } else { paths::sqlite_url(working_dir, given) }
}
