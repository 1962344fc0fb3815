//! A primary's one-time variables.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::declaration::{DeclaredAdmin, DeclaredBootstrap};
use super::{
    ADMIN_EMAIL, ADMIN_PASSWORD, ADMIN_PASSWORD_FILE, ADMIN_USERNAME, FILE, PUBLIC_SITE_URL, Variables, file,
};
use crate::config::problem::Problem;
use crate::config::secret_file;

const DEFAULT_USERNAME: &str = "admin";
const DEFAULT_EMAIL: &str = "admin@localhost";

/// What a primary's variables ask for; at least one is set. `None` when `problems` has grown.
pub(super) fn read(
    variables: Variables,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<DeclaredBootstrap> {
    let before = problems.len();
    let mut not_blank = |name: &str, text: Option<String>| {
        if text.as_deref() == Some("") {
            problems.push(Problem::new(name, "empty; give a value, or remove the variable"));
        }
        text
    };
    let username = not_blank(ADMIN_USERNAME, variables.admin_username);
    let email = not_blank(ADMIN_EMAIL, variables.admin_email);
    let urls = not_blank(PUBLIC_SITE_URL, variables.public_site_url);
    let path = not_blank(FILE, variables.file);
    let password = password(variables.admin_password, variables.admin_password_file, working_dir, problems);
    let file = path.filter(|path| !path.is_empty()).and_then(|path| file::read(working_dir, &path, problems));
    let urls = urls.unwrap_or_default();
    let public_site_url = urls.split(',').map(str::trim).filter(|url| !url.is_empty());
    (problems.len() == before).then(|| DeclaredBootstrap {
        admin: DeclaredAdmin {
            username: username.unwrap_or_else(|| DEFAULT_USERNAME.to_owned()),
            email: email.unwrap_or_else(|| DEFAULT_EMAIL.to_owned()),
            password,
        },
        public_site_url: public_site_url.map(str::to_owned).collect(),
        file,
    })
}

fn password(
    given: Option<SecretString>,
    file: Option<String>,
    working_dir: &Path,
    problems: &mut Vec<Problem>,
) -> Option<SecretString> {
    match (given, file) {
        (Some(_), Some(_)) => {
            let advice = format!("{ADMIN_PASSWORD} is set as well; keep one of the two");
            problems.push(Problem::new(ADMIN_PASSWORD_FILE, advice));
            None
        }
        (Some(password), None) if password.expose_secret().is_empty() => {
            let advice = "empty; give a password, or remove the variable and one is generated";
            problems.push(Problem::new(ADMIN_PASSWORD, advice));
            None
        }
        (Some(password), None) => Some(password),
        (None, Some(name)) => match secret_file::read_line(working_dir, &name) {
            Ok(password) => Some(password.into()),
            Err(reason) => {
                problems.push(Problem::new(ADMIN_PASSWORD_FILE, reason).value(format!("{name:?}")));
                None
            }
        },
        (None, None) => None,
    }
}
