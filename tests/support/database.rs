//! The databases that tests run on: SQLite files, or, when `ASTER_TEST_POSTGRES` has the URL of a PostgreSQL server and
//! a user who may make databases there, a new database of that server for each directory.
//!
//! `make test` runs the tests both ways. A test that is about SQLite itself has `sqlite` in its name and is left out of
//! the second run, and so is what `ANY_DATABASE` in the Makefile names.

use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

/// The variable with the URL of the server; `scripts/with-postgres` sets it.
pub(crate) const SERVER: &str = "ASTER_TEST_POSTGRES";

/// The URL of the database that belongs to `directory`; the same at each call. `None` when tests run on SQLite.
#[allow(dead_code, reason = "the unit tests have no use for it")]
pub(crate) fn url_for(directory: &Path) -> Option<String> {
    let server = std::env::var(SERVER).ok()?;
    let name = format!(
        "aster_test_{}",
        &hex::encode(Sha256::digest(directory.as_os_str().as_encoded_bytes()))[..20]
    );
    let (before, options) =
        server.split_once('?').map_or((server.as_str(), None), |(url, options)| (url, Some(options)));
    let (address, _) = before.rsplit_once('/').expect("the URL of the server names a database");
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    make(&server, &name);
    Some(format!("{address}/{name}{options}"))
}

/// The URL of a database for a test with this directory, on whichever the tests run.
#[allow(dead_code, reason = "not every test binary opens a database itself")]
pub(crate) fn url_in(directory: &Path) -> String {
    url_for(directory).unwrap_or_else(|| format!("sqlite://{}/asterdrive.db?mode=rwc", directory.display()))
}

/// What PostgreSQL says when a database is to be made that is there.
const PRESENT: &str = "42P04";

/// Changes the database of the primary in `directory`, with another program than the one that wrote it.
#[allow(dead_code, reason = "not every test binary has something to change")]
pub(crate) fn execute(directory: &Path, statements: &str) {
    if let Some(url) = url_for(directory) {
        return on_server(&url, statements.to_owned(), None);
    }
    drop(execute_in_file(directory, statements));
}

/// Executes statements on the SQLite file in `directory` and gives what they select; a follower has no other database.
#[allow(dead_code, reason = "not every test binary has something to change")]
pub(crate) fn execute_in_file(directory: &Path, statements: &str) -> String {
    let database = directory.join("data/asterdrive.db");
    // The program that owns the file may be writing.
    let mut sqlite = Command::new("sqlite3");
    let output = sqlite.args(["-cmd", ".timeout 60000"]).arg(database).arg(statements).output();
    let output = output.expect("sqlite3");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Takes everything out of the server's database of `directory`.
#[allow(dead_code, reason = "not every test binary loses a database")]
pub(crate) fn wipe(directory: &Path) {
    let url = url_for(directory).expect("a database on a server");
    on_server(&url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned(), None);
}

/// Makes the database unless it is there.
fn make(server: &str, name: &str) {
    on_server(server, format!("CREATE DATABASE {name}"), Some(PRESENT));
}

/// Executes `statements`; an error with the code `unless` is none. In a thread of its own: the caller may be in a
/// runtime, or not.
fn on_server(url: &str, statements: String, unless: Option<&'static str>) {
    let url = url.to_owned();
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            sqlx::any::install_default_drivers();
            let mut connection = AnyConnection::connect(&url).await.expect("the test server answers");
            match connection.execute(AssertSqlSafe(statements)).await {
                Err(sqlx::Error::Database(error))
                    if unless.is_some() && error.code().as_deref() == unless => {}
                done => drop(done.expect("the statements are executed")),
            }
            connection.close().await.expect("close");
        });
    });
    done.join().expect("the test server does as it is told");
}
