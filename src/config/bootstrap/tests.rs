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

/// A directory with a bootstrap file and the secret files that the documentation's example names.
fn with_file(text: &str) -> (tempfile::TempDir, Bootstrap, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let mut file = std::fs::File::create(directory.path().join(name)).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    };
    put("bootstrap.toml", text);
    put("follower_1_token", &"a".repeat(32));
    put("follower_2_token", &"b".repeat(128));
    put("s3_access_key", "GK00");
    put("s3_secret_key", "5ec7e7");
    let mut problems = Vec::new();
    let environment = Environment::from_iter([(FILE, "bootstrap.toml")]);
    let bootstrap = Bootstrap::read(&environment, directory.path(), Files::Read, &mut problems);
    (directory, bootstrap, problems.iter().map(ToString::to_string).collect())
}

fn refusals(text: &str) -> Vec<String> {
    with_file(text).2
}

#[test]
fn the_example_of_the_documentation_is_read_whole() {
    let page = include_str!("../../../docs/bootstrap.md");
    let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (_directory, bootstrap, problems) = with_file(&example.replace("/run/secrets/", ""));
    assert_eq!(problems, Vec::<String>::new());
    let declared = bootstrap.declared.unwrap();
    assert_eq!((declared.admin.username.as_str(), declared.admin.password.is_none()), ("admin", true));
    let file = declared.file.unwrap();
    assert_eq!((file.nodes.len(), file.policies.len(), file.groups[0].rules.len()), (2, 2, 2));
    assert!(file.nodes[0].targets[0].is_default, "the only one");
    let defaults: Vec<bool> = file.nodes[1].targets.iter().map(|target| target.is_default).collect();
    assert_eq!(defaults, [false, true]);
    assert!(!format!("{file:?}").contains("5ec7e7"));
}

#[test]
fn every_wrong_entry_is_named_by_path_and_line() {
    let node = |more: &str| {
        format!("[[nodes]]\nname = \"n\"\nbase_url = \"http://n\"\ntoken_file = \"follower_1_token\"\n{more}")
    };
    let target = "[[nodes.targets]]\nname = \"t\"\ndriver_type = \"local\"\nbase_path = \"p\"\n";
    for (text, part) in [
        (
            node("token = \"x\""),
            "nodes[0].token_file   (from bootstrap.toml, line 4)\n      token is given as well",
        ),
        (node("").replace("follower_1_token", "s3_access_key"), "must have 32 to 128 characters"),
        (node("").replace("follower_1_token", "gone"), "the file cannot be read"),
        (
            node("").replace("token_file = \"follower_1_token\"", ""),
            "nodes[0].token   (from bootstrap.toml, line 1)",
        ),
        (node("").repeat(2), "another node above has this name"),
        (node(&target.repeat(2)), "another target of this node above has this name"),
        (node(&target.replace("\"p\"", "\"/etc\"")), "must be relative"),
        (node(&target.replace("local", "s3")), "nodes[0].targets[0].secret_key"),
        (node(&target.replace("local", "ftp")), "must be one of: local, s3"),
        (
            node(
                &[target, "is_default = true\n", &target.replace("\"t\"", "\"u\""), "is_default = true"]
                    .concat(),
            ),
            "nodes[0].targets[0].is_default is true already",
        ),
        (node("is_enabled = 1"), "no such key; there are: name, namespace, base_url"),
        (node("").replace("\"n\"", "7"), "must be a text in quotes, not an integer"),
        ("nodes = 3".to_owned(), "write [[nodes]] with two brackets"),
        ("[[groups]]\nname = \"g\"".to_owned(), "groups[0].rules"),
        (
            "[[policies]]\nname = \"p\"\ndriver_type = \"remote\"\nnode = \"x\"".to_owned(),
            "no node with this name",
        ),
        ("[[nodes]\nname = 1\n[x".to_owned(), "TOML   (from bootstrap.toml, line "),
        ("[[groups]]\n".repeat(65), "has 65 entries; at most 64 are allowed"),
        ("#".repeat(1024 * 1024 + 1), "larger than 1048576 bytes"),
    ] {
        let found = refusals(&text);
        assert!(found.iter().any(|problem| problem.contains(part)), "{part}\n---\n{}", found.join("\n"));
    }
}

#[test]
fn a_look_at_the_settings_reads_no_file() {
    let environment = Environment::from_iter([(FILE, "nowhere"), (ADMIN_PASSWORD_FILE, "nowhere")]);
    let mut problems = Vec::new();
    let bootstrap = Bootstrap::read(&environment, Path::new("/"), Files::Leave, &mut problems);
    assert!(problems.is_empty() && bootstrap.any_present && bootstrap.declared.is_none());
    Bootstrap::read(&environment, Path::new("/"), Files::Read, &mut problems);
    assert_eq!(problems.len(), 2);
}

#[test]
fn only_a_line_break_at_its_end_is_no_part_of_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(directory.path().join("password")).unwrap();
    std::io::Write::write_all(&mut file, b" two words \r\n").unwrap();
    for (name, value) in [(ADMIN_PASSWORD_FILE, "password"), (ADMIN_PASSWORD, " two words ")] {
        let environment = Environment::from_iter([(name, value)]);
        let bootstrap = Bootstrap::read(&environment, directory.path(), Files::Read, &mut Vec::new());
        let password = bootstrap.declared.unwrap().admin.password.unwrap();
        assert_eq!(password.expose_secret(), " two words ");
    }
}
