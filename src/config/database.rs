//! `[database]`: where accounts, nodes and bindings are kept. Objects are never in the database.

use std::path::Path;

use super::paths;
use super::reader::Reader;

/// The database and how it is used.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// URL with an absolute path, ready to connect to.
    pub url: String,
    /// Largest number of open connections.
    pub pool_size: u32,
}

impl DatabaseConfig {
    pub(super) fn read(reader: &mut Reader<'_>, working_dir: &Path) -> Self {
        reader.section("database", "Where accounts, nodes and bindings are kept.");
        Self {
            url: reader.text(
                "database.url",
                "sqlite://asterdrive.db?mode=rwc",
                "a SQLite URL such as sqlite://asterdrive.db?mode=rwc (a relative path counts from data/ and must stay \
                 in the working directory)",
                |given| paths::sqlite_url(working_dir, given),
                "The database. mode=rwc makes the file when it is not there.",
            ),
            pool_size: reader.integer(
                "database.pool_size",
                10,
                1..=64,
                "Largest number of open database connections.",
            ),
        }
    }
}
