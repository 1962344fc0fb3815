//! Where a relative path in the configuration leads (primary spec §1.1).

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use sqlx::sqlite::SqliteConnectOptions;

/// Directory of `config.toml`, the database and everything else that must survive a restart.
pub(super) const DATA: &str = "data";

/// What cannot stand as itself in the path of a `sqlite://` URL.
const URL_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The absolute form of `given`: absolute paths stay, `data/…` counts from the working directory, every other path from
/// `data/`. So `managed-ingress` and `data/managed-ingress` are the same place.
///
/// Compares names only and looks at no file; links inside the working directory are the administrator's own.
pub(super) fn resolve(working_dir: &Path, given: &str) -> Result<PathBuf, String> {
    if given.trim().is_empty() || given.contains('\0') {
        return Err("not a path".to_owned());
    }
    let path = Path::new(given);
    if path.is_absolute() {
        return Ok(path.to_path_buf());
    }
    let first = path.components().find(|component| *component != Component::CurDir);
    let data = OsStr::new(DATA);
    let mut inside = if first == Some(Component::Normal(data)) { vec![] } else { vec![data] };
    for component in path.components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::ParentDir if inside.pop().is_none() => {
                return Err("leads out of the working directory".to_owned());
            }
            _ => {}
        }
    }
    Ok(inside.iter().fold(working_dir.to_path_buf(), |path, name| path.join(name)))
}

/// The URL of a SQLite database with its path made absolute. A database in memory is refused: each of our connections
/// would have its own, and nothing would survive the process.
pub(super) fn sqlite_url(working_dir: &Path, given: &str) -> Result<String, String> {
    let Some(rest) = given.strip_prefix("sqlite:") else {
        let scheme = given.split("://").next().unwrap_or_default();
        return Err(match scheme {
            "mysql" | "mariadb" => format!("{scheme}:// is not supported"),
            _ => "not the URL of a database".to_owned(),
        });
    };
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    let in_memory =
        path == ":memory:" || query.is_some_and(|query| query.split('&').any(|m| m == "mode=memory"));
    if in_memory {
        return Err(
            "a database in memory would lose accounts and bindings at the end of the process".to_owned()
        );
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| "the path is not valid UTF-8")?;
    let path = resolve(working_dir, &path)?;
    let path = path.to_str().ok_or("the path is not valid UTF-8")?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("sqlite://{}{query}", utf8_percent_encode(path, URL_PATH));
    SqliteConnectOptions::from_str(&url).map_err(|error| error.to_string())?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "/srv/drive";

    fn path(given: &str) -> Result<String, String> {
        resolve(Path::new(HERE), given).map(|path| path.display().to_string())
    }

    fn url(given: &str) -> Result<String, String> {
        sqlite_url(Path::new(HERE), given)
    }

    #[test]
    fn a_relative_path_leads_into_the_data_directory() {
        assert_eq!(path("managed-ingress").unwrap(), "/srv/drive/data/managed-ingress");
        assert_eq!(path("data/managed-ingress").unwrap(), "/srv/drive/data/managed-ingress");
        assert_eq!(path("./data/x").unwrap(), "/srv/drive/data/x");
        assert_eq!(path("database/x").unwrap(), "/srv/drive/data/database/x");
        assert_eq!(path("../bytes").unwrap(), "/srv/drive/bytes");
    }

    #[test]
    fn an_absolute_path_stays_as_it_is() {
        assert_eq!(path("/mnt/bytes").unwrap(), "/mnt/bytes");
    }

    #[test]
    fn a_path_out_of_the_working_directory_is_refused() {
        for given in ["../../etc", "data/../../etc", "x/../../../drive/data"] {
            assert_eq!(path(given).unwrap_err(), "leads out of the working directory", "{given}");
        }
        assert!(path(" ").is_err());
    }

    #[test]
    fn a_sqlite_file_follows_the_same_rule() {
        assert_eq!(
            url("sqlite://asterdrive.db?mode=rwc").unwrap(),
            "sqlite:///srv/drive/data/asterdrive.db?mode=rwc"
        );
        assert_eq!(url("sqlite:///data/x.db").unwrap(), "sqlite:///data/x.db");
        assert_eq!(url("sqlite://data/x.db").unwrap(), "sqlite:///srv/drive/data/x.db");
        assert_eq!(url("sqlite://a%3Fb.db").unwrap(), "sqlite:///srv/drive/data/a%3Fb.db");
        assert!(url("sqlite://../../x.db").is_err());
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for given in ["sqlite::memory:", "sqlite://:memory:", "sqlite://x.db?mode=memory"] {
            assert!(url(given).unwrap_err().contains("in memory"), "{given}");
        }
    }

    #[test]
    fn a_strange_working_directory_survives_the_url() {
        let resolved = sqlite_url(Path::new("/srv/50% #1?"), "sqlite://x.db?mode=rwc").unwrap();
        let options = SqliteConnectOptions::from_str(&resolved).unwrap();
        assert_eq!(options.get_filename(), Path::new("/srv/50% #1?/data/x.db"));
    }

    #[test]
    fn other_databases_and_wrong_options_are_named() {
        assert_eq!(url("mysql://h/d").unwrap_err(), "mysql:// is not supported");
        assert_eq!(url("drive.db").unwrap_err(), "not the URL of a database");
        assert!(url("sqlite://x.db?mode=wrx").unwrap_err().contains("wrx"));
    }
}
