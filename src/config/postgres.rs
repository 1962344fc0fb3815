//! `postgres://` URLs: what they must have, and what a mistake in them is called.

use std::path::Path;

use url::Url;

/// What may stand behind the `?`. Everything else is a slip, or would hide a password where no message looks for it.
const OPTIONS: [&str; 5] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name"];
const TLS_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

pub(super) fn is_url(given: &str) -> bool {
    given.starts_with("postgres:") || given.starts_with("postgresql:")
}

/// The URL, when a primary can use it. No reason repeats a part that could be the password.
pub(super) fn checked(given: &str) -> Result<String, String> {
    let url = Url::parse(given).map_err(|error| {
        format!("not a URL ({error}); in user and password, characters such as @ / : ? # are written as %40 and so on")
    })?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the host of the server is missing".to_owned());
    }
    if url.username().is_empty() {
        return Err("the user is missing".to_owned());
    }
    let database = url.path().trim_start_matches('/');
    if database.is_empty() || database.contains('/') {
        return Err("the name of the database is missing, or has a slash in it".to_owned());
    }
    if url.fragment().is_some() {
        return Err("a # ends the URL; in user and password it is written as %23".to_owned());
    }
    for (name, value) in url.query_pairs() {
        if !OPTIONS.contains(&&*name) {
            return Err(format!("`{name}` is no option here; there are: {}", OPTIONS.join(", ")));
        }
        if name == "sslmode" && !TLS_MODES.contains(&&*value) {
            return Err(format!("`{value}` is no sslmode; there are: {}", TLS_MODES.join(", ")));
        }
        if name.starts_with("ssl") && name != "sslmode" && !Path::new(&*value).is_absolute() {
            return Err(format!("{name} must be an absolute path"));
        }
    }
    Ok(given.to_owned())
}

/// The URL with a password from elsewhere.
pub(super) fn with_password(url: &str, password: &str) -> Result<String, String> {
    let refused = |_| "the URL takes no password".to_owned();
    if !is_url(url) {
        return Err(
            "only a PostgreSQL server asks for a password; remove it, or give a postgres:// URL".to_owned()
        );
    }
    let mut url = Url::parse(url).map_err(|_| "database.url is no URL".to_owned())?;
    if url.password().is_some() {
        return Err("database.url has a password, too; keep one of the two".to_owned());
    }
    url.set_password(Some(password)).map_err(|()| refused(()))?;
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_host_user_and_database_is_taken_as_it_is() {
        for given in [
            "postgres://anna:s3cr%40t@db.example:5433/drive?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql://anna@%2Frun%2Fpostgresql/drive",
        ] {
            assert_eq!(checked(given).as_deref(), Ok(given));
        }
    }

    #[test]
    fn what_a_url_lacks_or_has_too_much_is_named_without_the_password() {
        for (given, reason) in [
            ("postgres:///drive", "host"),
            ("postgres://db/drive", "user"),
            ("postgres://anna:s3cret@db", "name of the database"),
            ("postgres://anna:s3cret@db/drive?sslmode=on", "`on` is no sslmode"),
            ("postgres://anna@db/drive?password=s3cret", "`password` is no option"),
            ("postgres://anna:s3cret@db/drive?sslrootcert=ca.pem", "absolute path"),
            ("postgres://anna:s3/cret@db/drive", "not a URL"),
            ("postgres://anna:s3cret@db/drive#x", "%23"),
        ] {
            let found = checked(given).expect_err(given);
            assert!(found.contains(reason) && !found.contains("cret"), "{given}: {found}");
        }
    }

    #[test]
    fn a_password_from_elsewhere_is_written_so_that_a_url_can_hold_it() {
        assert_eq!(
            with_password("postgres://anna@db/drive", "s3c@r/t").as_deref(),
            Ok("postgres://anna:s3c%40r%2Ft@db/drive")
        );
        assert!(with_password("postgres://anna:x@db/drive", "y").is_err());
        assert!(with_password("sqlite:///x.db", "y").is_err());
    }
}
