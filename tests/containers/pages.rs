//! The commands of the README, taken from it and run as they stand.

use std::fs;
use std::path::Path;

use crate::engine::{self, ROOT};
use crate::stack::{ADMIN, Stack, download};
use crate::support::primary;

const SECTION: &str = "## In containers";

#[tokio::test]
async fn the_commands_of_the_readme_give_a_drive_and_the_password_for_it() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let mut stack = Stack::new(engine, &[]);
    stack.unset("ASTER_BOOTSTRAP_ADMIN_PASSWORD");
    fs::remove_file(stack.directory().join(".env")).expect(".env");

    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md");
    let section = readme.split(SECTION).nth(1).expect("the section");
    let commands =
        section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the commands");
    let commands = commands.replace("docker compose", &engine.compose_words());
    let mut shell = engine.command("bash");
    shell.args(["-euo", "pipefail", "-c", &commands]);
    let said = engine::output(&mut stack.command(shell));

    let password =
        said.split("administrator `admin`: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let url = format!("http://{}", stack.published("primary", 3000));
    let admin =
        primary::login(&url, ADMIN, password.unwrap_or_else(|| panic!("a password in: {said}"))).await;
    let file = stack.first_upload(&admin, b"hello").await;
    assert_eq!(download(&admin, file).await, b"hello");
}

#[tokio::test]
async fn compose_takes_every_variant() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let example = fs::read_to_string(Path::new(ROOT).join(".env.example")).expect(".env.example");
    let variants: Vec<_> = example
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.starts_with("compose/"))
        .collect();
    assert!(variants.len() >= 4, "{variants:?}");
    for variant in variants {
        let settings = [
            ("COMPOSE_FILE", variant),
            ("ASTER_S3_ACCESS_KEY", "key"),
            ("ASTER_S3_SECRET_KEY", "secret"),
            ("ASTER_DOMAIN", "drive.test"),
        ];
        Stack::new(engine, &settings).compose(&["config", "--quiet"]);
    }
}
