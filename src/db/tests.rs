//! Both kinds of databases, as the roles use them.

#[path = "../../tests/support/database.rs"]
mod database;

use std::os::unix::fs::PermissionsExt;

use futures_util::future::join_all;
use sqlx::Row;

pub(crate) use self::database::url_in;
use super::*;

async fn open(dir: &tempfile::TempDir) -> Db {
    Db::open(&url_in(dir.path()), 4, Schema::Primary).await.expect("open")
}

async fn text(db: &Db, sql: &'static str) -> String {
    sqlx::query(sql).fetch_one(db.read()).await.expect("row").try_get("value").expect("value")
}

#[tokio::test]
async fn a_new_sqlite_file_is_private_and_opens_again() {
    let dir = tempfile::tempdir().expect("dir");
    let url = format!("sqlite://{}/test.db?mode=rwc", dir.path().display());
    Db::open(&url, 2, Schema::Follower).await.expect("open").close().await;
    let mode = std::fs::metadata(dir.path().join("test.db")).expect("file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    Db::open(&url, 2, Schema::Follower).await.expect("second open").ping().await.expect("ping");
}

#[tokio::test]
async fn readers_cannot_write() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let refused = sqlx::query("CREATE TABLE sneaky (id BIGINT)").execute(db.read()).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let mut tx = db.begin().await.expect("begin");
    sqlx::query("CREATE TABLE made (id BIGINT)").execute(&mut *tx).await.expect("create");
    drop(tx);
    assert!(sqlx::query("SELECT id FROM made").execute(db.read()).await.is_err());
    db.begin().await.expect("a write connection is free again").commit().await.expect("commit");
}

#[tokio::test]
async fn commits_at_the_same_moment_in_a_sqlite_file_are_all_made_durable() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let write = |number: usize| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.begin().await.expect("begin");
            let query = sqlx::query("INSERT INTO settings (key, value, updated_at) VALUES ($1, '', 0)");
            query.bind(number.to_string()).execute(&mut *tx).await.expect("insert");
            tx.commit().await
        })
    };
    for done in join_all((0..32).map(write)).await {
        done.expect("joined").expect("committed");
    }
    db.settle().await.expect("settled");
    assert_eq!(text(&db, "SELECT CAST(COUNT(*) AS TEXT) AS value FROM settings").await, "32");
}

#[tokio::test]
async fn a_commit_that_cannot_be_made_durable_in_a_sqlite_file_is_not_acknowledged() {
    let dir = tempfile::tempdir().expect("dir");
    let url = format!("sqlite://{}/test.db?mode=rwc", dir.path().display());
    let db = Db::open(&url, 2, Schema::Follower).await.expect("open");
    db.begin().await.expect("begin").commit().await.expect("commit");
    std::fs::rename(dir.path().join("test.db-wal"), dir.path().join("elsewhere")).expect("rename");
    let tx = db.begin().await.expect("begin");
    assert!(matches!(tx.commit().await, Err(sqlx::Error::Io(_))));
}

#[tokio::test]
async fn processes_that_open_a_new_database_at_the_same_moment_all_get_the_same_tables() {
    let dir = tempfile::tempdir().expect("dir");
    let url = url_in(dir.path());
    let opened = join_all((0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { Db::open(&url, 2, Schema::Primary).await })
    }))
    .await;
    for db in opened {
        let db = db.expect("joined").expect("opened");
        let row = sqlx::query("SELECT COUNT(*) AS n FROM users").fetch_one(db.read()).await.expect("users");
        assert_eq!(row.get::<i64, _>("n"), 0);
        db.close().await;
    }
}

#[tokio::test]
async fn a_look_at_a_database_makes_nothing_and_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("dir");
    open(&dir).await.close().await;
    let (db, missing) = Db::look(&url_in(dir.path()), Schema::Primary).await.expect("look");
    assert_eq!(missing, 0);
    let tx = db.begin().await;
    let refused = match tx {
        Ok(mut tx) => sqlx::query("DELETE FROM settings").execute(&mut *tx).await.is_err(),
        Err(_) => true,
    };
    assert!(refused);
}

#[tokio::test]
async fn text_sorts_by_bytes() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let mut tx = db.begin().await.expect("begin");
    for key in ["b", "a", "B", "_", "\u{e4}", "Z"] {
        let query = sqlx::query("INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, 0)");
        query.bind(key).bind(key).execute(&mut *tx).await.expect("insert");
    }
    tx.commit().await.expect("commit");
    let rows = sqlx::query("SELECT key FROM settings ORDER BY key").fetch_all(db.read()).await.expect("rows");
    let keys: Vec<String> = rows.iter().map(|row| row.get("key")).collect();
    assert_eq!(keys, ["B", "Z", "_", "a", "b", "\u{e4}"]);
}

#[tokio::test]
async fn changes_that_are_made_alone_see_each_other() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let append = |word: usize| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.begin_alone().await.expect("begin");
            let found = sqlx::query("SELECT value FROM settings WHERE key = 'x'");
            let found = found.fetch_optional(&mut *tx).await.expect("read");
            let before: String = found.map(|row| row.get("value")).unwrap_or_default();
            tokio::task::yield_now().await;
            let write = sqlx::query(
                "INSERT INTO settings (key, value, updated_at) VALUES ('x', $1, 0) \
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            );
            write.bind(format!("{before}{word}")).execute(&mut *tx).await.expect("write");
            tx.commit().await.expect("commit");
        })
    };
    for done in join_all((0..8).map(append)).await {
        done.expect("joined");
    }
    let mut words: Vec<char> =
        text(&db, "SELECT value FROM settings WHERE key = 'x'").await.chars().collect();
    words.sort_unstable();
    assert_eq!(words, ['0', '1', '2', '3', '4', '5', '6', '7']);
}

#[tokio::test]
async fn a_held_row_stays_as_it_was_read() {
    let dir = tempfile::tempdir().expect("dir");
    let db = open(&dir).await;
    let mut tx = db.begin().await.expect("begin");
    let insert = sqlx::query(
        "INSERT INTO policy_groups (name, description, is_enabled, is_default, created_at, updated_at) \
         VALUES ('g', '0', 1, 0, 0, 0) RETURNING id",
    );
    let id: i64 = insert.fetch_one(&mut *tx).await.expect("insert").get("id");
    tx.commit().await.expect("commit");
    let raise = |_| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.begin().await.expect("begin");
            hold(&mut tx, "policy_groups", id).await.expect("hold");
            let row = sqlx::query("SELECT description FROM policy_groups WHERE id = $1").bind(id);
            let number: i64 = row
                .fetch_one(&mut *tx)
                .await
                .expect("read")
                .get::<String, _>("description")
                .parse()
                .expect("n");
            let write = sqlx::query("UPDATE policy_groups SET description = $1 WHERE id = $2");
            write.bind((number + 1).to_string()).bind(id).execute(&mut *tx).await.expect("write");
            tx.commit().await.expect("commit");
        })
    };
    for done in join_all((0..8).map(raise)).await {
        done.expect("joined");
    }
    assert_eq!(text(&db, "SELECT description AS value FROM policy_groups").await, "8");
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_the_password() {
    // Bound, so that nobody else gets the address, and not listening.
    let nobody = tokio::net::TcpSocket::new_v4().expect("socket");
    nobody.bind("127.0.0.1:0".parse().expect("address")).expect("bind");
    let free = nobody.local_addr().expect("address");
    let error =
        Db::look(&format!("postgres://anna:s3cret@{free}/drive"), Schema::Primary).await.expect_err("away");
    assert!(matches!(error, DbError::Away { .. }), "{error:?}");
    assert!(
        error.to_string().starts_with(&format!("the database drive at {free} cannot be reached: ")),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
