//! `config.toml` on the disk: read, made at first start, completed with missing secrets. Always whole, always 0600.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::rand;
use config::{Map, Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};

use super::sources::parse_toml;

/// Far more than any configuration; a larger file is a wrong file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The text of the file; `None` when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_BYTES} bytes")));
    }
    Ok(Some(text))
}

/// Whether other users of the machine may read the file.
pub(super) fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Whether [`create`] made the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Created {
    Yes,
    /// Another process was faster; its file stands and must be read.
    AlreadyThere,
}

/// Makes the file, and its directory where that is missing. Never replaces a file: of two first starts at once, one
/// wins and both go on with the same secrets.
pub(super) fn create(path: &Path, text: &str) -> io::Result<Created> {
    let directory = directory_of(path)?;
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        if let Some(parent) = directory.parent() {
            sync_directory(parent)?;
        }
    }
    let draft = Draft::write(path, text)?;
    match fs::hard_link(&draft.path, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Created::AlreadyThere),
        // Some network and FUSE file systems know no hard links; there the lock of the data directory has to do.
        Err(_) => fs::rename(&draft.path, path)?,
    }
    drop(draft);
    sync_directory(directory)?;
    Ok(Created::Yes)
}

/// Replaces the file in one step; where it is a link, what the link leads to.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let draft = Draft::write(&path, text)?;
    fs::rename(&draft.path, &path)?;
    sync_directory(directory_of(&path)?)
}

/// The new text in a file beside its goal, complete and on the disk; removed again unless it was renamed.
struct Draft {
    path: std::path::PathBuf,
}

impl Draft {
    fn write(goal: &Path, text: &str) -> io::Result<Self> {
        // A random name, because a process killed here leaves its draft behind and every container has the same ids.
        let mut tail = [0; 8];
        rand::fill(&mut tail).map_err(|_| io::Error::other("the system's random source fails"))?;
        let path = goal.with_file_name(format!(".config.toml.{}", hex::encode(tail)));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let draft = Self { path };
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; otherwise a leftover is private and harmless.
        let _ = fs::remove_file(&self.path);
    }
}

fn directory_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::other("the path has no directory"))
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The line that stands in a new file where a secret will be.
pub(super) fn placeholder(name: &str) -> String {
    format!("# {name} = \"(generated at first start)\"")
}

/// `text` with the secrets added and everything else as it was. `None` when the text is written in a way that leaves
/// no safe place for them (such as `auth = {}` on one line).
pub(super) fn with_secrets(text: &str, secrets: &[(&'static str, SecretString)]) -> Option<String> {
    secrets.iter().try_fold(text.to_owned(), |text, (key, secret)| {
        let before = flat(parse_toml(&text).ok()?);
        let mut wanted = before;
        wanted.insert((*key).to_owned(), secret.expose_secret().to_owned());
        // A text edit can go wrong in files we did not foresee, so only one that parses to exactly what is wanted counts.
        candidates(&text, key, secret.expose_secret())
            .into_iter()
            .flatten()
            .find(|candidate| parse_toml(candidate).is_ok_and(|parsed| flat(parsed) == wanted))
    })
}

/// Ways to add `key`, best first: over its placeholder, below the header of its section, as a new section, in front.
fn candidates(text: &str, key: &str, secret: &str) -> [Option<String>; 4] {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let line = format!("{name} = \"{secret}\"");
    let placeholder = placeholder(name);
    let header = format!("[{section}]");
    let ending = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    [
        replace_line(text, |found| found.trim() == placeholder, &line),
        replace_line(text, |found| found.split('#').next().is_some_and(|code| code.trim() == header), &{
            format!("{header}\n{line}")
        }),
        Some(format!("{text}{ending}\n{header}\n{line}\n")),
        Some(format!("{key} = \"{secret}\"\n{text}")),
    ]
}

fn replace_line(text: &str, is_it: impl Fn(&str) -> bool, with: &str) -> Option<String> {
    let start = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let (start, line) = start.into_iter().find(|(_, line)| is_it(line.trim_end()))?;
    let end = start + line.trim_end().len();
    Some(format!("{}{with}{}", &text[..start], &text[end..]))
}

/// Every value by its dotted path, to compare two texts by meaning.
fn flat(table: Map<String, Value>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in table {
        match value.kind {
            ValueKind::Table(inner) if !inner.is_empty() => {
                found.extend(flat(inner).into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
            }
            // An empty section says nothing, and gains its first line here.
            ValueKind::Table(_) => {}
            other => {
                found.insert(name, other.to_string());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "auth.jwt_secret";

    fn added(text: &str) -> Option<String> {
        with_secrets(text, &[(KEY, "s3cret".into())])
    }

    #[test]
    fn a_secret_takes_the_place_of_its_placeholder() {
        let text = "[auth]\n# Signs.\n# jwt_secret = \"(generated at first start)\"\n\n[logging]\n";
        assert_eq!(added(text).unwrap(), "[auth]\n# Signs.\njwt_secret = \"s3cret\"\n\n[logging]\n");
    }

    #[test]
    fn a_secret_goes_below_the_header_of_its_section_and_the_rest_stays() {
        let text = "# mine\r\n[auth]   # keys\r\npassword_hash_max_concurrency = 3\r\n";
        let result = added(text).unwrap();
        assert!(result.starts_with("# mine\r\n[auth]\njwt_secret = \"s3cret\""), "{result:?}");
        assert!(result.ends_with("\r\npassword_hash_max_concurrency = 3\r\n"), "{result:?}");
    }

    #[test]
    fn a_missing_section_is_added_at_the_end() {
        assert_eq!(
            added("[server]\nport = 1").unwrap(),
            "[server]\nport = 1\n\n[auth]\njwt_secret = \"s3cret\"\n"
        );
        assert_eq!(added("").unwrap(), "\n[auth]\njwt_secret = \"s3cret\"\n");
    }

    #[test]
    fn dotted_keys_get_a_dotted_key() {
        let text = "auth.password_hash_max_concurrency = 3\n";
        assert_eq!(added(text).unwrap(), format!("auth.jwt_secret = \"s3cret\"\n{text}"));
    }

    #[test]
    fn a_header_inside_a_text_is_not_taken_for_a_section() {
        let text = "[logging]\nlevel = \"\"\"\n[auth]\n\"\"\"\n";
        assert_eq!(added(text).unwrap(), format!("{text}\n[auth]\njwt_secret = \"s3cret\"\n"));
    }

    #[test]
    fn a_file_without_a_safe_place_is_left_alone() {
        assert_eq!(added("auth = { bootstrap_insecure_cookies = true }\n"), None);
    }

    #[test]
    fn a_file_is_private_and_never_replaced_by_create() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data/config.toml");
        assert_eq!(create(&path, "a").unwrap(), Created::Yes);
        assert_eq!(create(&path, "b").unwrap(), Created::AlreadyThere);
        assert_eq!(read(&path).unwrap().unwrap(), "a");
        assert!(!readable_by_others(&path));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn replacing_follows_a_link_and_leaves_no_draft() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("config.toml"));
        create(&real, "a").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, "b").unwrap();
        assert_eq!(read(&real).unwrap().unwrap(), "b");
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
