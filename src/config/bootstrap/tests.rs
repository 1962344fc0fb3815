//! The one-time variables of both roles.

use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

fn read<const N: usize>(variables: [(&str, &str); N]) -> (Bootstrap, Vec<String>) {
    let mut problems = Vec::new();
    let bootstrap =
        Bootstrap::read(&Environment::from_iter(variables), Path::new("/"), Files::Read, &mut problems);
    (bootstrap, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn without_variables_there_is_nothing_to_do() {
    let (bootstrap, problems) = read([]);
    assert!(bootstrap.remote.is_none() && !bootstrap.any_present && problems.is_empty());
}

#[test]
fn a_token_file_is_read_when_the_token_is_needed_and_not_before() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let variables = Environment::from_iter([(MASTER_URL, "http://p"), (TOKEN_FILE, "token")]);
    let mut problems = Vec::new();
    let remote = Bootstrap::read(&variables, directory.path(), Files::Read, &mut problems).remote.unwrap();
    assert!(problems.is_empty() && remote.token().unwrap_err().contains("cannot be read"));
    std::io::Write::write_all(&mut std::fs::File::create(file).unwrap(), b"enr_from_file\n").unwrap();
    assert_eq!(remote.token().unwrap().expose_secret(), "enr_from_file");
}

#[test]
fn url_and_token_are_read_in_either_case() {
    let (bootstrap, problems) = read([(MASTER_URL, " https://drive.example/ "), (TOKEN, "enr_1")]);
    let remote = bootstrap.remote.unwrap();
    assert_eq!(remote.master_url, "https://drive.example/");
    assert_eq!(remote.token().unwrap().expose_secret(), "enr_1");
    assert!(bootstrap.any_present && problems.is_empty());

    let (bootstrap, problems) = read([("aster_bootstrap_remote_master_url", "http://p"), (TOKEN, "enr_1")]);
    assert!(bootstrap.remote.is_some() && problems.is_empty());
}

#[test]
fn one_variable_without_the_other_is_refused() {
    for (given, missing) in [(MASTER_URL, TOKEN), (TOKEN, MASTER_URL), (TOKEN_FILE, MASTER_URL)] {
        let value = if given == MASTER_URL { "http://p" } else { "token" };
        let (bootstrap, problems) = read([(given, value)]);
        assert!(bootstrap.remote.is_none() && bootstrap.any_present);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with(given) && problems[0].contains(&format!("{missing} ")),
            "{problems:?}"
        );
    }
}

#[test]
fn token_and_token_file_together_are_refused() {
    let (bootstrap, problems) = read([(MASTER_URL, "http://p"), (TOKEN, "enr_1"), (TOKEN_FILE, "token")]);
    assert!(bootstrap.remote.is_none());
    assert!(problems[0].contains("keep one of the two"), "{problems:?}");
}

#[test]
fn blank_and_incomplete_values_are_refused_without_repeating_the_token() {
    for url in ["", "  ", "drive.example", "ftp://drive.example", "https://"] {
        let (bootstrap, problems) = read([(MASTER_URL, url), (TOKEN, "enr_1")]);
        assert!(bootstrap.remote.is_none(), "{url}");
        assert!(problems.len() == 1 && problems[0].contains("http://"), "{problems:?}");
        assert!(!problems[0].contains("enr_1"));
    }
    let (_, problems) = read([(MASTER_URL, "http://p"), (TOKEN, " ")]);
    assert!(problems[0].contains("empty"), "{problems:?}");
    let (_, problems) = read([(MASTER_URL, "http://p"), (TOKEN_FILE, " ")]);
    assert!(problems[0].contains("empty"), "{problems:?}");
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_name() {
    let (_, problems) = read([("ASTER_BOOTSTRAP_REMOTE_MASTER_ULR", "http://p")]);
    assert!(problems[0].contains(&format!("did you mean {MASTER_URL}?")), "{problems:?}");
}

#[test]
fn every_documented_variable_fills_a_field() {
    let texts = VARIABLES.map(|known| (known.name.to_owned(), "x".to_owned()));
    let variables: Variables = envy::prefixed(PREFIX).from_iter(texts).unwrap();
    assert!(variables.remote_master_url.is_some());
    assert!(variables.remote_enrollment_token.is_some());
    assert!(variables.remote_enrollment_token_file.is_some());
    assert!(variables.admin_username.is_some() && variables.admin_email.is_some());
    assert!(variables.admin_password.is_some() && variables.admin_password_file.is_some());
    assert!(variables.public_site_url.is_some() && variables.file.is_some());
}
