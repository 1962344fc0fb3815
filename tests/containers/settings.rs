//! What stands in `.env` reaches the containers, and nothing in the Compose files is unknown to it. Needs no engine.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::engine::ROOT;

/// Fixed by the containers: others rely on them, or they would lead out of the volume.
const FIXED: [&str; 3] = ["ASTER__SERVER__HOST", "ASTER__SERVER__PORT", "ASTER__SERVER__START_MODE"];

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).expect("file")
}

/// Every name that starts with `ASTER` or `COMPOSE` in a text, outside of comments.
fn names(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("# "));
    code.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| word.starts_with("ASTER") || word.starts_with("COMPOSE_"))
        .map(str::to_owned)
        .collect()
}

fn compose_files() -> String {
    let files =
        fs::read_dir(Path::new(ROOT).join("compose")).expect("compose").flatten().map(|entry| entry.path());
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "yml"));
    files.map(|path| fs::read_to_string(path).expect("file")).collect()
}

#[test]
fn every_setting_of_the_example_reaches_a_container() {
    let passed_on = names(&compose_files());
    let wanted = names(&read(".env.example"));
    let secret_files = |name: &str| name.ends_with("_FILE") && name != "ASTER_BOOTSTRAP_FILE";
    let missing: Vec<_> = wanted
        .iter()
        .filter(|name| {
            !FIXED.contains(&name.as_str())
                && !name.starts_with("COMPOSE_")
                && !name.starts_with("ASTER_CLI_")
        })
        // A file has to be mounted as well, which takes a Compose file of one's own.
        .filter(|name| !passed_on.contains(*name) && !secret_files(name))
        .collect();
    assert!(missing.is_empty(), "add to compose/: {missing:?}");
}

#[test]
fn the_compose_files_use_no_variable_that_the_example_does_not_explain() {
    let explained = names(&read(".env.example"));
    let unknown: Vec<_> =
        names(&compose_files()).into_iter().filter(|name| !explained.contains(name)).collect();
    assert!(unknown.is_empty(), "add to src/config/compose.env: {unknown:?}");
}
