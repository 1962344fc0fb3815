//! The configuration as a person meets it: the generated references, and the real program's answers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use aster_drive::config;

fn aster_drive(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aster_drive"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}

fn in_repository(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the file is there")
}

#[test]
fn env_example_lists_what_the_code_declares() {
    assert_eq!(in_repository(".env.example"), config::env_example(), "run: make reference");
}

#[test]
fn the_documentation_lists_what_the_code_declares() {
    assert_eq!(in_repository("docs/configuration.md"), config::markdown(), "run: make reference");
}

#[test]
fn config_print_shows_values_with_their_source_and_hides_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let output = aster_drive(
        directory.path(),
        &["config", "print"],
        &[
            ("ASTER__SERVER__PORT", "4000"),
            ("ASTER__AUTH__JWT_SECRET", secret),
            ("ASTER_BOOTSTRAP_REMOTE_MASTER_URL", "https://drive.example"),
            ("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", "enr_hidden"),
        ],
    );
    let listing = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for (key, value, origin) in [
        ("server.host", "\"0.0.0.0\"", "data/config.toml"),
        ("server.port", "4000", "ASTER__SERVER__PORT"),
        ("database.pool_size", "10", "default"),
        ("auth.jwt_secret", "(hidden)", "ASTER__AUTH__JWT_SECRET"),
        ("auth.storage_credential_secret_key", "(generated at first start)", "first start"),
    ] {
        let line = listing.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        assert!(line.contains(&format!("= {value} ")) && line.ends_with(&format!("# {origin}")), "{line}");
    }
    assert!(!listing.contains(secret) && !listing.contains("enr_hidden"), "{listing}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "looking writes nothing");
}

#[test]
fn a_wrong_configuration_ends_with_78_and_every_mistake() {
    let directory = tempfile::tempdir().unwrap();
    for command in [&["config", "print"][..], &["healthcheck"]] {
        let output = aster_drive(
            directory.path(),
            command,
            &[
                ("ASTER__SERVER__PROT", "4000"),
                ("ASTER__DATABASE__POOL_SIZE", "1000"),
                ("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN", "enr_hidden"),
            ],
        );
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{complaint}");
        assert!(output.stdout.is_empty());
        for part in [
            "3 mistakes",
            "ASTER__SERVER__PORT?",
            "from 1 to 64",
            "ASTER_BOOTSTRAP_REMOTE_MASTER_URL is missing",
        ] {
            assert!(complaint.contains(part), "{part}: {complaint}");
        }
        assert!(!complaint.contains("enr_hidden"));
    }
}

#[test]
fn healthcheck_without_a_server_fails_in_one_line_and_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let output = aster_drive(directory.path(), &["healthcheck"], &[("ASTER__SERVER__PORT", "0")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn the_version_is_that_of_the_crate() {
    let output = aster_drive(Path::new("/"), &["--version"], &[]);
    assert_eq!(text(&output.stdout), format!("aster_drive {}\n", env!("CARGO_PKG_VERSION")));
}
