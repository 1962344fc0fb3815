//! `secrets`: makes the secrets of a group of containers, once, in a directory that they share. It stands in for a shell
//! in images that have none.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::{EXIT_CONFIGURATION, complain, fail, print};
use crate::config::Environment;

/// Random bytes of a secret; twice as many hex digits.
const SECRET_BYTES: usize = 32;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the files go; must exist
    #[arg(long, value_name = "DIRECTORY")]
    directory: PathBuf,
    /// File to make with a random secret if it is not there. With =ASTER_…: file that holds what this variable does
    #[arg(required = true, value_name = "NAME[=ASTER_…]", value_parser = wanted)]
    files: Vec<Wanted>,
}

#[derive(Debug, Clone)]
struct Wanted {
    name: String,
    /// Takes the secret from here; without it, the secret is made up.
    variable: Option<String>,
}

/// Names one file in the directory; nothing that could lead to another place, and no hidden file.
fn wanted(argument: &str) -> Result<Wanted, String> {
    let (name, variable) = match argument.split_once('=') {
        Some((name, variable)) => (name, Some(variable.to_owned())),
        None => (argument, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err("a name has letters, digits, `-`, `_` and `.`, and does not start with `.`".to_owned());
    }
    if variable.as_ref().is_some_and(|name| !name.starts_with("ASTER_")) {
        return Err("the name of the variable after `=` must start with `ASTER_`".to_owned());
    }
    Ok(Wanted { name: name.to_owned(), variable })
}

/// A file, and the text that it must hold; `None` when any text will do.
type Content<'a> = (&'a str, Option<SecretString>);

pub(super) fn run(arguments: &Arguments, environment: &Environment) -> ExitCode {
    // Every variable is looked at before anything is written, so that all mistakes are told at once.
    let (mut contents, mut missing) = (Vec::<Content<'_>>::new(), Vec::new());
    for Wanted { name, variable } in &arguments.files {
        match variable {
            None => contents.push((name, None)),
            Some(variable) => {
                match environment.get(variable).map(str::trim).filter(|text| !text.is_empty()) {
                    Some(text) => contents.push((name, Some(text.to_owned().into()))),
                    None => {
                        missing.push(format!("{variable} is empty or not set; it holds the secret {name}"))
                    }
                }
            }
        }
    }
    if !missing.is_empty() {
        complain(&missing.join("\n"));
        return ExitCode::from(EXIT_CONFIGURATION);
    }
    let mut report = String::new();
    for (name, text) in contents {
        let path = arguments.directory.join(name);
        match provide(&path, text.as_ref()) {
            Ok(true) => report.push_str(&format!("made {}\n", path.display())),
            Ok(false) => report.push_str(&format!("{} is there\n", path.display())),
            Err(error) => {
                return fail(&format!(
                    "cannot make {}: {error}. The directory must exist and belong to the user this runs as (uid {})",
                    path.display(),
                    rustix::process::getuid().as_raw()
                ));
            }
        }
    }
    print(&report)
}

/// Sees to it that `path` holds `text`, or any secret; tells whether it had to be written. The file is whole or
/// absent, also after a crash.
fn provide(path: &Path, text: Option<&SecretString>) -> io::Result<bool> {
    let present = match fs::read_to_string(path) {
        Ok(present) => Some(present),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match (present, text) {
        (Some(_), None) => return Ok(false),
        (Some(present), Some(text)) if present == text.expose_secret() => return Ok(false),
        _ => {}
    }
    let made_up;
    let text = match text {
        Some(text) => text.expose_secret(),
        None => {
            let mut random = [0; SECRET_BYTES];
            aws_lc_rs::rand::fill(&mut random)
                .map_err(|_| io::Error::other("the system's random source fails"))?;
            made_up = hex::encode(random);
            &made_up
        }
    };
    let name = path.file_name().unwrap_or(OsStr::new("secret")).to_string_lossy();
    // One that a killed run left behind is overwritten: its name starts with a dot, so it is nobody's secret.
    let unfinished = path.with_file_name(format!(".{name}.new"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn make(directory: &Path, files: &[&str], environment: &[(&str, &str)]) -> ExitCode {
        let files = files.iter().map(|file| wanted(file).expect("a name")).collect();
        let environment = Environment::from_iter(environment.iter().copied());
        run(&Arguments { directory: directory.to_owned(), files }, &environment)
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_reads_it() {
        let directory = tempfile::tempdir().expect("dir");
        make(directory.path(), &["one", "two"], &[]);
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).expect("secret");
        let (one, two) = (read("one"), read("two"));
        assert_eq!((one.len(), one == two), (64, false));
        let mode = fs::metadata(directory.path().join("one")).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(make(directory.path(), &["one", "three"], &[]), ExitCode::SUCCESS);
        assert_eq!(read("one"), one, "another run keeps it");
        assert_eq!(fs::read_dir(directory.path()).expect("list").count(), 3, "nothing else is left");
    }

    #[test]
    fn a_given_secret_follows_its_variable() {
        let directory = tempfile::tempdir().expect("dir");
        for value in ["first", "second"] {
            assert_eq!(
                make(directory.path(), &["key=ASTER_KEY"], &[("ASTER_KEY", value)]),
                ExitCode::SUCCESS
            );
            assert_eq!(fs::read_to_string(directory.path().join("key")).expect("secret"), value);
        }
    }

    #[test]
    fn with_a_variable_missing_nothing_is_written() {
        let directory = tempfile::tempdir().expect("dir");
        let code = make(directory.path(), &["token", "key=ASTER_KEY"], &[("ASTER_KEY", " ")]);
        assert_eq!(code, ExitCode::from(EXIT_CONFIGURATION));
        assert_eq!(fs::read_dir(directory.path()).expect("list").count(), 0);
    }

    #[test]
    fn a_name_stays_in_the_directory() {
        for name in ["", "../x", "a/b", ".x", "/etc/passwd", "a b", "key=", "key=HOME"] {
            assert!(wanted(name).is_err(), "{name:?}");
        }
    }
}
