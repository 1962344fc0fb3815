//! How fast the drive is over WebDAV: content beside the same through the API, a listing of 10,000 entries, and many
//! small files. A primary in this process on SQLite and a local policy, and clients beside it.
//!
//! Run it with `cargo bench --bench webdav`.

#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

use std::error::Error;
use std::time::{Duration, Instant};

use aster_drive::config::{Environment, FirstFile, load};
use aster_drive::db::{Db, Schema};
use aster_drive::http::Listener;
use aster_drive::primary::Primary;
use aster_drive::storage::remote::transport;
use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Client, Method, RequestBuilder};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

const LARGE: usize = 256 * 1024 * 1024;
const PIECE: usize = 256 * 1024;
const ROUNDS: usize = 3;
const ENTRIES: u64 = 10_000;
const SMALL: usize = 1_000;
const CONNECTIONS: usize = 8;
const PASSWORD: &str = "a password for programs";

struct Drive {
    http: Client,
    base: String,
    token: String,
}

fn main() -> Outcome<()> {
    tokio::runtime::Runtime::new()?.block_on(measure())
}

async fn measure() -> Outcome<()> {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let environment = Environment::from_iter([("ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES", "true")]);
    let config =
        load(&environment, home.path(), &FirstFile::Primary).map_err(|error| error.to_string())?.config;
    let db = Db::open(&format!("sqlite://{}/bench.db?mode=rwc", home.path().display()), 8, Schema::Primary)
        .await?;
    let primary = Primary::open(db.clone(), &config, transport::direct()).await?;
    let listener = Listener::bind("127.0.0.1", 0).await?;
    let base = format!("http://{}", listener.address());
    tokio::spawn(listener.serve(primary.routes(), std::future::pending(), Duration::ZERO));
    let drive = Drive::log_in(base).await?;
    println!("{:<44}{:>14}{:>14}", "Work", "measured", "goal");
    content(&drive).await?;
    listing(&drive, &db).await?;
    small(&drive).await
}

impl Drive {
    async fn log_in(base: String) -> Outcome<Self> {
        let http = Client::builder().no_proxy().build()?;
        let login = json!({"username": "admin", "email": "admin@example.org", "password": PASSWORD});
        http.post(format!("{base}/api/v1/auth/setup")).json(&login).send().await?.error_for_status()?;
        let login = json!({"identifier": "admin", "password": PASSWORD});
        let reply =
            http.post(format!("{base}/api/v1/auth/login")).json(&login).send().await?.error_for_status()?;
        let token = reply.cookies().find(|cookie| cookie.name() == "aster_access").ok_or("no token")?;
        let drive = Self { token: token.value().to_owned(), http, base };
        let account = json!({"username": "bench", "password": PASSWORD});
        drive.api(Method::POST, "/webdav-accounts").json(&account).send().await?.error_for_status()?;
        Ok(drive)
    }

    fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token)
    }

    fn dav(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::GET);
        self.http.request(method, format!("{}/webdav{path}", self.base)).basic_auth("bench", Some(PASSWORD))
    }
}

fn large() -> Body {
    let piece = Bytes::from(vec![0x5a; PIECE]);
    Body::wrap_stream(stream::iter((0..LARGE / PIECE).map(move |_| Ok::<_, std::io::Error>(piece.clone()))))
}

/// Sends a request and takes all of its answer; the best of the rounds.
async fn best(request: impl Fn() -> RequestBuilder) -> Outcome<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut reply = request().send().await?.error_for_status()?;
        while reply.chunk().await?.is_some() {}
        best = best.min(began.elapsed());
    }
    Ok(best)
}

async fn content(drive: &Drive) -> Outcome<()> {
    let new = json!({"name": "rest.bin", "folder_id": null});
    let made = drive.api(Method::POST, "/files/new").json(&new).send().await?.error_for_status()?;
    let id = made.json::<Value>().await?["data"]["id"].as_i64().ok_or("no id")?;
    let sized = |request: RequestBuilder| request.header("content-length", LARGE).body(large());
    let rest = best(|| sized(drive.api(Method::PUT, &format!("/files/{id}/content")))).await?;
    let dav = best(|| sized(drive.dav("PUT", "/dav.bin"))).await?;
    ratio("PUT 256 MiB, of the rate of the API", rest, dav);
    let rest = best(|| drive.api(Method::GET, &format!("/files/{id}/download?relay=1"))).await?;
    let dav = best(|| drive.dav("GET", "/dav.bin")).await?;
    ratio("GET 256 MiB, of the rate of the API", rest, dav);
    Ok(())
}

fn ratio(what: &str, rest: Duration, dav: Duration) {
    println!("{what:<44}{:>14.2}{:>14}", rest.as_secs_f64() / dav.as_secs_f64(), "0.90");
}

async fn listing(drive: &Drive, db: &Db) -> Outcome<()> {
    drive.dav("MKCOL", "/many").send().await?.error_for_status()?;
    drive.dav("PUT", "/many/0").body("x").send().await?.error_for_status()?;
    let mut tx = db.begin().await?;
    sqlx::query(
        "INSERT INTO files (space_id, folder_id, name, name_key, blob_id, size, mime_type, created_by_user_id, \
         created_at, updated_at) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         SELECT f.space_id, f.folder_id, 'a name of a file ' || n.i || '.jpg', 'a name of a file ' || n.i || '.jpg', \
         f.blob_id, f.size, 'image/jpeg', f.created_by_user_id, 1, 1 FROM files f CROSS JOIN n WHERE f.name = '0'",
    )
    .bind(i64::try_from(ENTRIES)?)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let took = best(|| drive.dav("PROPFIND", "/many/").header("depth", "1")).await?;
    println!("{:<44}{:>11} ms{:>11} ms", "PROPFIND of 10,000 entries", took.as_millis(), 150);
    Ok(())
}

async fn small(drive: &Drive) -> Outcome<()> {
    drive.dav("MKCOL", "/small").send().await?.error_for_status()?;
    let began = Instant::now();
    let connections = (0..CONNECTIONS).map(|connection| async move {
        for number in (connection..SMALL).step_by(CONNECTIONS) {
            let path = format!("/small/{number}.txt");
            drive.dav("PUT", &path).body("a small file").send().await?.error_for_status()?;
        }
        Ok::<_, reqwest::Error>(())
    });
    futures_util::future::try_join_all(connections).await?;
    let rate = SMALL as f64 / began.elapsed().as_secs_f64();
    println!("{:<44}{rate:>12.0}/s{:>12}/s", "PUT of 1,000 small files, 8 connections", 500);
    Ok(())
}
