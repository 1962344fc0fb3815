//! Holds the floors: a module uses only modules of floors below its own, and the rooms of a primary domain keep
//! their order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module → what it may use, besides itself. `docs/architecture.md` shows the same table.
const FLOORS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("protocol", &[]),
    ("db", &["config", "protocol"]),
    ("http", &["config", "protocol"]),
    ("storage", &["config", "protocol"]),
    ("tunnel", &["config", "http", "protocol"]),
    ("tasks", &["config", "db"]),
    ("follower", &["config", "db", "http", "protocol", "storage", "tasks", "tunnel"]),
    ("primary", &["config", "db", "http", "protocol", "storage", "tasks", "tunnel"]),
    (
        "cli",
        &[
            "config",
            "db",
            "entrypoint",
            "follower",
            "http",
            "primary",
            "protocol",
            "storage",
            "tasks",
            "tunnel",
        ],
    ),
    (
        "entrypoint",
        &["config", "db", "follower", "http", "primary", "protocol", "storage", "tasks", "tunnel"],
    ),
];

const MAX_FILE_LINES: usize = 500;

fn source_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut open) = (Vec::new(), vec![root]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Path below `src`, as its segments.
fn segments(file: &Path) -> Vec<String> {
    let below = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
    below.with_extension("").iter().map(|segment| segment.to_string_lossy().into_owned()).collect()
}

/// Every `crate::…` path a file names, in `use` lines (also grouped ones) and in code, without comments.
fn crate_paths(text: &str) -> Vec<Vec<String>> {
    let code = without_comments(text);
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group_members(group),
            None => vec![rest.to_owned()],
        };
        paths.extend(names.iter().map(|name| path_segments(name)));
    }
    paths
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Members of `{a::b, c::{d, e}}` up to the matching brace; nested groups count by their head.
fn group_members(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut current) = (0_usize, Vec::new(), String::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(std::mem::take(&mut current)),
            _ if depth == 0 => current.push(character),
            _ => {}
        }
    }
    members.push(current);
    members.into_iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

fn path_segments(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    text[..end].split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_module_uses_only_the_floors_below_it() {
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in source_files() {
        let own = segments(&file);
        let Some(allowed) = floors.get(own[0].as_str()) else {
            assert!(own == ["lib"] || own == ["main"], "{} has no floor", file.display());
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("source");
        for path in crate_paths(&text) {
            let Some(used) = path.first() else { continue };
            if *used != own[0] && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses {}", own.join("/"), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "against the floors:\n{}", wrong.join("\n"));
}

#[test]
fn a_primary_domain_uses_another_one_only_through_its_rules() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let own = segments(&file);
        if own.len() < 3 || own[0] != "primary" {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("source");
        for path in crate_paths(&text).iter().filter(|path| path.len() >= 3 && path[0] == "primary") {
            let foreign_room = path[1] != own[1] && matches!(path[2].as_str(), "store" | "api");
            if foreign_room {
                wrong.push(format!("{} uses {}", own.join("/"), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "against the rooms:\n{}", wrong.join("\n"));
}

#[test]
fn no_circle_runs_through_the_rules_of_the_primary_domains() {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in source_files() {
        let own = segments(&file);
        let is_edge = own.iter().any(|segment| segment == "api" || segment == "tests");
        if own.len() < 3 || own[0] != "primary" || own[1] == "error" || is_edge {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("source");
        let code = without_comments(text.split("#[cfg(test)]").next().unwrap_or_default());
        uses.entry(own[1].clone()).or_default().push(code);
    }
    let domains: Vec<&String> = uses.keys().collect();
    let mut left: BTreeMap<&str, Vec<&str>> = uses
        .iter()
        .map(|(domain, texts)| {
            let names = |other: &str| {
                let spellings = [format!("primary::{other}::"), format!("super::{other}::")];
                texts.iter().any(|text| spellings.iter().any(|spelling| text.contains(spelling)))
            };
            let used = domains.iter().filter(|other| **other != domain && names(other));
            (domain.as_str(), used.map(|other| other.as_str()).collect())
        })
        .collect();
    assert!(left.values().any(|used| !used.is_empty()), "no domain uses another: the reading is broken");
    // Takes away whoever uses nobody that is left; what cannot be taken away runs in a circle.
    while let Some(free) = left
        .iter()
        .find(|(_, used)| used.iter().all(|other| !left.contains_key(other)))
        .map(|(domain, _)| *domain)
    {
        left.remove(free);
    }
    assert!(left.is_empty(), "these domains run in a circle: {left:?}");
}

#[test]
fn sql_stands_only_in_the_rooms_made_for_it_and_http_not_in_the_rules() {
    let mut wrong = Vec::new();
    for file in source_files() {
        let own = segments(&file);
        let room = own.last().map(String::as_str).unwrap_or_default();
        let text = std::fs::read_to_string(&file).expect("source");
        let production = text.split("#[cfg(test)]").next().unwrap_or_default();
        if own.iter().any(|segment| segment == "tests") {
            continue;
        }
        let holds_sql = production.contains("sqlx::query");
        let sql_room = own[0] == "db" || own.iter().any(|segment| segment == "store");
        if holds_sql && !sql_room {
            wrong.push(format!("{} has SQL", own.join("/")));
        }
        let rules = own[0] == "primary" && own.len() == 3 && room == "mod" && own[1] != "error";
        if rules && (production.contains("axum::") || production.contains("StatusCode")) {
            wrong.push(format!("{} has HTTP", own.join("/")));
        }
    }
    assert!(wrong.is_empty(), "in the wrong room:\n{}", wrong.join("\n"));
}

#[test]
fn every_route_of_the_primary_is_entered_with_its_description() {
    // The pages of the web app are no API, and WebDAV is described by its RFC.
    let own_routers = [
        ["primary", "openapi", "routes"].as_slice(),
        &["primary", "web"],
        &["primary", "webdav", "dav", "mod"],
    ];
    let mut wrong = Vec::new();
    for file in source_files() {
        let own = segments(&file);
        if own[0] != "primary" || own_routers.iter().any(|allowed| own == *allowed) {
            continue;
        }
        let code = without_comments(&std::fs::read_to_string(&file).expect("source"));
        if code.contains("Router::new") || code.contains("axum::routing") {
            wrong.push(own.join("/"));
        }
    }
    assert!(wrong.is_empty(), "routes past `primary::openapi`:\n{}", wrong.join("\n"));
}

#[test]
fn no_source_file_outgrows_its_job() {
    let long: Vec<_> = source_files()
        .into_iter()
        .map(|file| (std::fs::read_to_string(&file).expect("source").lines().count(), file))
        .filter(|(lines, _)| *lines > MAX_FILE_LINES)
        .map(|(lines, file)| format!("{} has {lines} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "over {MAX_FILE_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn the_check_itself_sees_single_grouped_and_inline_paths() {
    let text = "use crate::db::Db;\nuse crate::{http::{a, b}, config};\nfn f() { crate::storage::x() } // crate::tasks::no\n";
    let heads: Vec<_> = crate_paths(text).into_iter().filter_map(|path| path.first().cloned()).collect();
    assert_eq!(heads, ["db", "http", "config", "storage"]);
}
