//! A space with a million names, over HTTP: a folder of 100,000 files page by page, and searches.

use std::path::Path;
use std::time::Instant;

use aster_drive::db::{Db, Schema};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::connection::Connection;
use super::drive::Primary;
use super::duel::median;
use super::rows::Figure;
use super::{Bench, Outcome, report};

pub(super) const NAME: &str = "1,000,000 names";
const NAMES: u64 = 1_000_000;
const IN_FOLDER: u64 = 100_000;
const ROUNDS: usize = 15;
const LIST_MS: f64 = 20.0;
const SEARCH_MS: f64 = 100.0;
const PAGE: &str = "/api/v1/folders/1?file_limit=100";

/// What is looked for, and why.
const TEXTS: [(&str, &str); 6] = [
    ("holiday 777777", "one name"),
    ("nowhere", "no name"),
    ("yadiloh holiday", "no name, common trigrams"),
    ("holiday", "a fifth of all names"),
    ("jpg", "every name"),
    ("7", "most names, too short for trigrams"),
];

/// Nothing when the rows are not asked for.
pub(super) async fn measure(bench: &Bench) -> Outcome<Vec<(String, Figure)>> {
    let lists =
        [("first page", "list 100,000 files, first page"), ("end", "list 100,000 files, a page at the end")];
    let searches = TEXTS.map(|(text, what)| (text, format!("search 1,000,000 names for `{text}` ({what})")));
    let wanted = lists.iter().map(|(_, name)| *name).chain(searches.iter().map(|(_, name)| name.as_str()));
    if !wanted.into_iter().any(|name| bench.wants(name)) {
        return Ok(Vec::new());
    }
    report::complain(NAME);
    let home = bench.directory().join("names");
    let primary = Primary::start(&bench.follower_binary, &home).await?;
    fill(&home).await?;
    let mut connection = Connection::open(&primary.peer("primary", &[])).await?;
    let mut figures = Vec::new();
    let later = last_page(&mut connection).await?;
    for ((_, name), path) in lists.iter().zip([PAGE, &later]) {
        figures.push(((*name).to_owned(), time(&mut connection, path, LIST_MS, "files").await?));
    }
    for (text, name) in searches {
        let path = format!("/api/v1/search?q={}", utf8_percent_encode(text, NON_ALPHANUMERIC));
        figures.push((name, time(&mut connection, &path, SEARCH_MS, "files").await?));
    }
    Ok(figures.into_iter().filter(|(name, _)| bench.wants(name)).collect())
}

async fn time(connection: &mut Connection, path: &str, limit: f64, shown: &str) -> Outcome<Figure> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let answer = connection.call("GET", path, None).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        found = answer[shown].as_array().map_or(0, Vec::len);
    }
    let median = median(&mut times);
    Ok(Figure {
        measured: format!("{median:.1} ms ({:.1} at most; {found} shown)", times[times.len() - 1]),
        target: format!("under {limit:.0} ms"),
        met: median < limit,
    })
}

/// The path of the last page: it begins where those before it end.
async fn last_page(connection: &mut Connection) -> Outcome<String> {
    let (mut after, mut seen) = (String::new(), 0);
    loop {
        let path = format!("/api/v1/folders/1?file_limit=1000{after}");
        let page = connection.call("GET", &path, None).await?;
        seen += page["files"].as_array().map_or(0, Vec::len) as u64;
        let next = &page["next_file_cursor"];
        if seen + 1_000 >= IN_FOLDER || next.is_null() {
            return if seen + 1_000 >= IN_FOLDER {
                Ok(format!("{PAGE}{}", query(next)?))
            } else {
                Err(format!("only {seen} files").into())
            };
        }
        after = query(next)?;
    }
}

fn query(cursor: &Value) -> Outcome<String> {
    let value = cursor["value"].as_str().ok_or("a cursor without a value")?;
    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
    Ok(format!("&file_after_value={value}&file_after_id={}", cursor["id"]))
}

/// Names without objects, written into the database beside the primary.
async fn fill(home: &Path) -> Outcome<()> {
    let url = format!("sqlite://{}/data/asterdrive.db?mode=rw", home.display());
    let db = Db::open(&url, 1, Schema::Primary).await?;
    for statement in [
        "INSERT INTO blobs (id, policy_id, object_key, hash, size, ref_count, created_at) VALUES (1, 1, 'x', 'x', 1, 1, 1)"
            .to_owned(),
        "INSERT INTO folders (id, space_id, name, name_key, created_by_user_id, created_at, updated_at) \
         VALUES (1, 1, 'Large', 'large', 1, 1, 1)"
            .to_owned(),
        format!(
            "INSERT INTO files (space_id, folder_id, name, name_key, blob_id, size, mime_type, created_by_user_id, \
             created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {NAMES}), \
             k (i, word) AS (SELECT (i * 7919) % 1000003, CASE i % 5 WHEN 0 THEN 'holiday ' WHEN 1 THEN 'IMG_' \
             WHEN 2 THEN 'scan of letter ' WHEN 3 THEN 'report ' ELSE 'dsc' END FROM n) \
             SELECT 1, CASE WHEN i <= {IN_FOLDER} THEN 1 END, word || i || '.jpg', lower(word || i || '.jpg'), 1, i, \
             'image/jpeg', 1, i, i FROM k"
        ),
    ] {
        let mut tx = db.begin().await?;
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    db.close().await;
    Ok(())
}
