//! How long one space with 1,000,000 names takes to search, one folder of 100,000 files to list, and what the index of
//! names costs a new file: the database's part, in this process, on a SQLite file that it makes.
//!
//! Run it with `cargo bench --bench search`, and with the number of names behind `--` for another one.

#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

use std::error::Error;
use std::time::{Duration, Instant};

use aster_drive::db::{Db, Schema};
use aster_drive::primary::files::{Files, ListQuery};
use aster_drive::primary::search::{Search, Wanted};
use aster_drive::primary::settings::Settings;
use aster_drive::primary::spaces::{Space, SpaceOwner};
use sqlx::{AssertSqlSafe, Row};

type Outcome<T> = Result<T, Box<dyn Error>>;

const NAMES: u64 = 1_000_000;
const IN_FOLDER: u64 = 100_000;
const ROUNDS: usize = 15;
const SPACE: Space = Space { id: 1, owner: SpaceOwner::User(1), policy_group_id: None };
const SEARCH_GOAL: Duration = Duration::from_millis(100);
const LIST_GOAL: Duration = Duration::from_millis(20);

/// What is looked for, and why.
const TEXTS: [(&str, &str); 9] = [
    ("holiday 777777", "one name"),
    ("777777.jpg", "one name, its end"),
    ("7777", "hundreds of names"),
    ("nowhere", "no name, by its trigrams"),
    ("yadiloh holiday", "no name, common trigrams"),
    ("holiday", "a fifth of all names"),
    ("jpg", "most names, none at the beginning"),
    ("zq", "no name, too short for trigrams"),
    ("7", "most names, too short for trigrams"),
];

fn main() -> Outcome<()> {
    let names = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(NAMES);
    tokio::runtime::Runtime::new()?.block_on(measure(names))
}

async fn measure(names: u64) -> Outcome<()> {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let url = format!("sqlite://{}/bench.db?mode=rwc", dir.path().display());
    let db = Db::open(&url, 4, Schema::Primary).await?;
    fill(&db, names).await?;
    println!("{:<58}{:>12}{:>12}{:>10}", "Work", "median", "slowest", "goal");
    searches(&db).await?;
    lists(&db).await?;
    inserts(&db).await
}

async fn searches(db: &Db) -> Outcome<()> {
    let search = Search::new(db.clone());
    for (text, what) in TEXTS {
        let wanted = Wanted { text: text.to_owned(), ..Wanted::default() };
        let mut found = 0;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            found = search.files(SPACE, &wanted).await?.total();
            search.folders(SPACE, &wanted).await?;
            times.push(began.elapsed());
        }
        line(&format!("search `{text}` ({what}; {found} shown)"), times, Some(SEARCH_GOAL));
    }
    let wanted = Wanted { min_size: Some(u64::MAX), ..Wanted::default() };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        search.files(SPACE, &wanted).await?;
        times.push(began.elapsed());
    }
    line("search without text, a filter that nothing passes", times, None);
    Ok(())
}

async fn lists(db: &Db) -> Outcome<()> {
    let files = Files::new(db.clone(), Settings::open(db.clone()).await?);
    let mut query = ListQuery { folder_limit: 200, file_limit: 100, ..ListQuery::default() };
    let mut first = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        files.list(SPACE, Some(1), &query).await?;
        first.push(began.elapsed());
    }
    line("list 100,000 files, first page", first, Some(LIST_GOAL));
    // The last page begins where the pages before it end.
    query.file_limit = 1_000;
    while let Some(next) = files.list(SPACE, Some(1), &query).await?.next_file {
        query.files_after = Some(next);
    }
    query.file_limit = 100;
    let mut last = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        files.list(SPACE, Some(1), &query).await?;
        last.push(began.elapsed());
    }
    line("list 100,000 files, a page at the end", last, Some(LIST_GOAL));
    Ok(())
}

/// New files, one transaction each, with the index of names and without.
async fn inserts(db: &Db) -> Outcome<()> {
    line("new file with the index of names, per transaction", insert_some(db, 0).await?, None);
    execute(db, "DROP TRIGGER file_names_insert".to_owned()).await?;
    execute(db, "DROP INDEX files_in_name_order".to_owned()).await?;
    line("new file without", insert_some(db, 1).await?, None);
    Ok(())
}

async fn insert_some(db: &Db, round: u64) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for number in 0..2_000_u64 {
        let name = format!("a new holiday {round} {}.jpg", number.wrapping_mul(2_654_435_761) % 1_000_003);
        let began = Instant::now();
        execute(
            db,
            format!(
                "INSERT INTO files (space_id, name, name_key, blob_id, size, mime_type, created_by_user_id, created_at, \
                 updated_at) VALUES (1, '{name}', '{name}', 1, 1, 'image/jpeg', 1, 1, 1)"
            ),
        )
        .await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

async fn fill(db: &Db, names: u64) -> Outcome<()> {
    let began = Instant::now();
    for statement in [
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, role, status, session_version, \
         created_at, updated_at) VALUES (1, 'bench', 'bench', 'b@example.org', 'b@example.org', '', 'user', 'active', 0, 1, 1)",
        "INSERT INTO spaces (id, user_id, storage_used, storage_quota) VALUES (1, 1, 0, 0)",
        "INSERT INTO storage_policies (id, name, driver_type, base_path, max_file_size, chunk_size, is_default, options, \
         created_at, updated_at) VALUES (1, 'bench', 'local', 'bench', 0, 0, 0, '{}', 1, 1)",
        "INSERT INTO blobs (id, policy_id, object_key, hash, size, ref_count, created_at) VALUES (1, 1, 'x', 'x', 1, 1, 1)",
        "INSERT INTO folders (id, space_id, name, name_key, created_by_user_id, created_at, updated_at) \
         VALUES (1, 1, 'Large', 'large', 1, 1, 1)",
    ] {
        execute(db, statement.to_owned()).await?;
    }
    execute(
        db,
        format!(
            "INSERT INTO files (space_id, folder_id, name, name_key, blob_id, size, mime_type, created_by_user_id, \
             created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {names}), \
             k (i, word) AS (SELECT (i * 7919) % 1000003, CASE i % 5 WHEN 0 THEN 'holiday ' WHEN 1 THEN 'IMG_' \
             WHEN 2 THEN 'scan of letter ' WHEN 3 THEN 'report ' ELSE 'dsc' END FROM n) \
             SELECT 1, CASE WHEN i <= {IN_FOLDER} THEN 1 END, word || i || '.jpg', lower(word || i || '.jpg'), 1, i, \
             'image/jpeg', 1, i, i FROM k"
        ),
    )
    .await?;
    let row = sqlx::query("SELECT COUNT(*) AS n FROM files").fetch_one(db.read()).await?;
    println!("{} names made in {:.1} s", row.try_get::<i64, _>("n")?, began.elapsed().as_secs_f64());
    Ok(())
}

async fn execute(db: &Db, sql: String) -> Outcome<()> {
    let mut tx = db.begin().await?;
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

fn line(what: &str, mut times: Vec<Duration>, goal: Option<Duration>) {
    times.sort();
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    let goal = goal.map_or(String::new(), |goal| {
        format!("{} {}", ms(goal), if median <= goal { "met" } else { "MISSED" })
    });
    println!("{what:<58}{:>12}{:>12}  {goal}", ms(median), ms(slowest));
}
