//! Who may call what: `table.txt` says it for every operation and every kind of caller, and each is tried.
//!
//! A cell has the status of the refusal, or `ok` when the caller gets past it: to an answer, or to a complaint about the
//! request. What belongs to somebody else does not exist (404), so that nobody learns what there is.

mod bad_input;
mod bodies;
mod things;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use reqwest::header;

use self::things::World;
use super::openapi::{document, operations};
use super::*;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/primary/tests/access/table.txt");

/// What ends a login, or puts another in its place.
const CHANGE_LOGINS: [&str; 6] = [
    "/api/v1/auth/login",
    "/api/v1/auth/logout",
    "/api/v1/auth/password",
    "/api/v1/auth/refresh",
    "/api/v1/auth/sessions/others",
    "/api/v1/auth/sessions/{id}",
];

/// Who calls, in the order of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Nobody: no login, no token.
    Anonymous,
    /// A user who has nothing to do with the owner.
    Other,
    /// A member of the owner's team.
    Member,
    /// An administrator of the owner's team.
    Lead,
    /// An administrator of the site, who is in no team.
    Admin,
    /// The owner of everything that is called for; owner of the team, too.
    Owner,
    /// The owner's API token with the scope `read`.
    Read,
    /// The owner's API token with the scope `write`.
    Write,
}

impl Who {
    const ALL: [Self; 8] = [
        Self::Anonymous,
        Self::Other,
        Self::Member,
        Self::Lead,
        Self::Admin,
        Self::Owner,
        Self::Read,
        Self::Write,
    ];
}

/// An operation and what each caller gets.
struct Row {
    method: String,
    path: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let table = std::fs::read_to_string(TABLE).expect("table");
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let (method, path) = (words.next().expect("method"), words.next().expect("path"));
            Row { method, path, cells: words.collect() }
        })
        .collect()
}

#[test]
fn every_operation_is_in_the_access_table_and_nothing_else() {
    let document = document();
    let described: BTreeSet<String> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let rows = rows();
    let listed: BTreeSet<String> = rows.iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    let missing: Vec<_> = described.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&described).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:#?}, unknown: {unknown:#?}");
    assert_eq!(listed.len(), rows.len(), "a row is there twice");
    for row in rows {
        assert_eq!(row.cells.len(), Who::ALL.len(), "{} {}", row.method, row.path);
    }
}

#[test]
fn the_document_and_the_access_table_agree_about_who_may_call() {
    let document = document();
    for row in rows() {
        let access = &document["paths"][&row.path][row.method.to_lowercase()]["x-access"];
        let cell = |who: Who| row.cells[who as usize].as_str();
        let at = format!("{} {}", row.method, row.path);
        match access.as_str().expect("x-access") {
            "admin" => {
                assert_eq!((cell(Who::Owner), cell(Who::Write)), ("403", "403"), "{at}");
                assert_eq!(cell(Who::Anonymous), "401", "{at}");
            }
            "login" => {
                assert_eq!((cell(Who::Read), cell(Who::Write)), ("403", "403"), "{at}");
                assert_eq!((cell(Who::Anonymous), cell(Who::Owner)), ("401", "ok"), "{at}");
            }
            "user" => {
                // The first GET of a direct link makes it.
                let only_reads = row.method == "GET" && !row.path.ends_with("/direct-link");
                let read = if only_reads { "ok" } else { "403" };
                assert_eq!((cell(Who::Anonymous), cell(Who::Read)), ("401", read), "{at}");
                assert_eq!((cell(Who::Owner), cell(Who::Write)), ("ok", "ok"), "{at}");
            }
            "public" => {}
            other => panic!("{at}: {other}"),
        }
    }
}

#[tokio::test]
async fn every_operation_answers_every_caller_as_the_table_says() {
    let document = document();
    let mut world = World::new().await;
    let mut wrong = String::new();
    for row in rows() {
        // What is only read can be read by the next one, too; the first GET of a direct link makes it.
        let lasts =
            row.method == "GET" && !row.path.contains("{token}") && !row.path.ends_with("/direct-link");
        let (mut found, mut kept) = (Vec::new(), None);
        for who in Who::ALL {
            if CHANGE_LOGINS.contains(&row.path.as_str()) {
                // The call before did so.
                world.log_in_anew().await;
            }
            let (path, names) = match kept.take() {
                Some(known) => known,
                None => world.fill(&row.method, &row.path).await,
            };
            kept = lasts.then(|| (path.clone(), names));
            let operation = &document["paths"][&row.path][row.method.to_lowercase()];
            let body = bodies::of(&row.method, &row.path, operation, &document, names);
            found.push(world.kind_of_answer(who, &row.method, &path, body).await);
        }
        if CHANGE_LOGINS.contains(&row.path.as_str()) {
            world.log_in_anew().await;
        }
        if found != row.cells {
            let _ = writeln!(wrong, "{:6} {} {}", row.method, row.path, found.join(" "));
        }
    }
    assert!(wrong.is_empty(), "these answer otherwise than the table says:\n{wrong}");
}

fn with_body(request: RequestBuilder, body: bodies::Body) -> RequestBuilder {
    match body {
        bodies::Body::None => request,
        bodies::Body::Json(value) => request.json(&value),
        bodies::Body::Bytes(bytes) => request.body(bytes),
        bodies::Body::Form => {
            let file = Part::bytes(b"x".as_slice()).file_name("x");
            request.multipart(Form::new().part("file", file))
        }
    }
}

impl World {
    /// What the table has a word for.
    async fn kind_of_answer(&self, who: Who, method: &str, path: &str, body: bodies::Body) -> String {
        let method: Method = method.parse().expect("method");
        let request = with_body(self.request(who, method, path), body);
        let reply = request.send().await.expect("reply");
        let status = reply.status().as_u16();
        let is_json =
            reply.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        let text = reply.text().await.expect("body");
        assert!(status < 500 && status != 405, "{who:?} {path}: {status} {text}");
        if matches!(status, 401 | 403 | 404) {
            assert!(is_json, "{who:?} {path}: {text}");
            assert!(!text.contains("endpoint_not_found"), "{path}: {text}");
            return status.to_string();
        }
        "ok".to_owned()
    }
}
