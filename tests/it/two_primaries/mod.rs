//! Several primaries on one PostgreSQL database: they start together, know what the others know, and go on when one
//! dies. These tests have a server of their own, whatever the others run on.

mod work;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::declared::upload;
use crate::support::follower::{self, Follower};
use crate::support::pair::route_to;
use crate::support::postgres::Postgres;
use crate::support::primary::{self, ADMIN, PASSWORD, Primary, login};
use crate::support::process::{Environment, Process};
use crate::support::proxy::share_out;
use crate::support::reserved::Reserved;
use crate::support::wait;

/// Both keys, as every primary of one database is given them.
const KEYS: [(&str, &str); 2] = [
    ("ASTER__AUTH__JWT_SECRET", "4a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60616263646566676869"),
    (
        "ASTER__AUTH__STORAGE_CREDENTIAL_SECRET_KEY",
        "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829",
    ),
];

fn dir() -> TempDir {
    TempDir::new().expect("dir")
}

fn environment(url: &str) -> Environment {
    let mut environment = primary::environment(0);
    environment.insert("ASTER__DATABASE__URL".into(), url.into());
    environment.extend(KEYS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// Two primaries that were started at the same moment on a new database, and one follower.
struct Installation {
    first: Primary,
    second: Primary,
    node: i64,
    follower: Follower,
    postgres: Postgres,
    homes: [TempDir; 3],
}

impl Installation {
    async fn start() -> Self {
        let postgres = Postgres::start().await;
        let homes = [dir(), dir(), dir()];
        let environment = environment(&postgres.url);
        // Neither waits for the other: both find a database without tables.
        let processes = [&homes[0], &homes[1]].map(|home| Process::start(home.path(), &[], &environment));
        let [first, second] = processes;
        let mut first = of(first).await;
        let mut second = of(second).await;
        let setup = json!({"username": ADMIN, "email": "admin@example.com", "password": PASSWORD});
        first.admin.post("/api/v1/auth/setup", setup).await.data();
        first.admin = login(&first.url, ADMIN, PASSWORD).await;
        second.admin.bearer.clone_from(&first.admin.bearer);
        first.set_site_url(&first.url).await;
        let node = second.create_node("edge", "home", "").await;
        let token = wait::until("the second primary knows the public address", async || {
            let path = format!("/api/v1/admin/remote-nodes/{node}/enrollment-token");
            let answer = second.admin.post(&path, json!({})).await;
            answer.status.is_success().then(|| answer.data()["token"].as_str().expect("token").to_owned())
        })
        .await;
        let variables = follower::bootstrap_environment(0, &first.url, &token);
        let follower = Follower::start_with(homes[2].path(), &variables).await;
        first.patch_node(node, json!({"base_url": follower.url})).await;
        let path = format!("/api/v1/admin/remote-nodes/{node}");
        second.admin.post(&format!("{path}/test"), json!({})).await.data();
        let target = json!({"driver_type": "local", "name": "default", "base_path": "default", "max_file_size": 0, "is_default": true});
        second.admin.post(&format!("{path}/ingress-profiles"), target).await.data();
        route_to(&first, node).await;
        Self { first, second, node, follower, postgres, homes }
    }
}

async fn of(process: Process) -> Primary {
    let url = format!("http://{}", process.address().await);
    let admin = Client::new(url.clone());
    Primary { process, url, admin }
}

async fn content(client: &Client, file: &Value) -> (u16, Vec<u8>) {
    let path = format!("/api/v1/files/{}/download", file["id"]);
    let reply = client.request(Method::GET, &path).send().await.expect("reply");
    (reply.status().as_u16(), reply.bytes().await.expect("content").to_vec())
}

#[tokio::test]
async fn what_one_primary_does_the_other_knows_and_goes_on_with_alone() {
    let mut site = Installation::start().await;
    let (first, second) = (&mut site.first, &site.second);
    let file = upload(&first.admin, "report.txt", b"of the first").await;
    assert_eq!(content(&second.admin, &file).await, (200, b"of the first".to_vec()));

    // The same name at the same moment: nobody's file is lost, and each byte is counted.
    let before = second.admin.get("/api/v1/auth/me").await.data()["storage_used"].as_i64().expect("used");
    let both = (0..10).flat_map(|_| [&first.admin, &second.admin]);
    let made =
        futures_util::future::join_all(both.map(|client| upload(client, "same.txt", b"0123456789"))).await;
    let mut names: Vec<&str> = made.iter().map(|file| file["name"].as_str().expect("name")).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20, "{names:?}");
    let used = first.admin.get("/api/v1/auth/me").await.data()["storage_used"].as_i64().expect("used");
    assert_eq!(used - before, 200);

    // The same file removed from the trash at both: one of them did it, and it is refunded once.
    let id = &made[0]["id"];
    first.admin.delete(&format!("/api/v1/files/{id}")).await.data();
    let path = format!("/api/v1/trash/file/{id}");
    let (one, other) = tokio::join!(first.admin.delete(&path), second.admin.delete(&path));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[1], 404, "{one:?} {other:?}", one = one.body, other = other.body);
    assert!(statuses[0] < 300);
    let used = first.admin.get("/api/v1/auth/me").await.data()["storage_used"].as_i64().expect("used");
    assert_eq!(used - before, 190);

    // A server that ended all connections, as it does when it is restarted, costs nobody an error.
    site.postgres
        .execute("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'aster'")
        .await;
    first.admin.get("/api/v1/auth/me").await.data();
    upload(&second.admin, "after.txt", b"after").await;

    let proxy = share_out(&[first.address(), second.address()]).await;
    let through = Client { base: format!("http://127.0.0.1:{}", proxy.http), ..first.admin.clone() };
    upload(&through, "through.txt", b"through the proxy").await;
    first.process.kill().await;
    for _ in 0..10 {
        assert_eq!(content(&through, &file).await, (200, b"of the first".to_vec()));
    }
    upload(&through, "through.txt", b"through the proxy").await;
    assert_eq!(content(&second.admin, &file).await, (200, b"of the first".to_vec()));
    let later = upload(&second.admin, "later.txt", b"of the second").await;
    assert_eq!(content(&second.admin, &later).await.0, 200);
    login(&second.url, ADMIN, PASSWORD).await;
}

#[tokio::test]
async fn two_refreshes_at_two_primaries_with_one_token_leave_the_login_alive() {
    let site = Installation::start().await;
    let (first, second) = (&site.first, &site.second);
    for _ in 0..5 {
        let body = json!({"identifier": ADMIN, "password": PASSWORD});
        let reply =
            first.admin.http.post(format!("{}/api/v1/auth/login", first.url)).json(&body).send().await;
        let reply = reply.expect("reply").error_for_status().expect("login");
        let cookie = |name: &str| {
            let found = reply.cookies().find(|cookie| cookie.name() == name).expect("cookie");
            found.value().to_owned()
        };
        let (refresh, csrf) = (cookie("aster_refresh"), cookie("aster_csrf"));
        let ask = async |url: &str| {
            let request = first.admin.http.post(format!("{url}/api/v1/auth/refresh"));
            let request = request.header("cookie", format!("aster_refresh={refresh}; aster_csrf={csrf}"));
            let reply = request.header("x-csrf-token", &csrf).send().await.expect("reply");
            let renewed = reply.cookies().any(|cookie| cookie.name() == "aster_refresh");
            (reply.status().as_u16(), renewed)
        };
        let (one, other) = tokio::join!(ask(&first.url), ask(&second.url));
        assert_eq!((one.0, other.0), (200, 200));
        assert!(one.1 != other.1, "exactly one of them has a new refresh token: {one:?} {other:?}");
    }
}

#[tokio::test]
async fn a_primary_with_other_keys_is_refused() {
    let postgres = Postgres::start().await;
    let (here, there) = (dir(), dir());
    let first = Process::start(here.path(), &[], &environment(&postgres.url));
    first.address().await;
    let mut keyless = environment(&postgres.url);
    for (name, _) in KEYS {
        keyless.remove(name);
    }
    let (code, output) = crate::support::process::run(there.path(), &[], &keyless).await;
    assert_eq!(code, Some(78), "{output}");
    assert!(output.contains("All primaries of a database need the same"), "{output}");
    assert!(!output.contains("postgres://"), "{output}");
}

#[tokio::test]
async fn a_primary_that_starts_before_its_database_waits_for_it() {
    let postgres = Postgres::start().await;
    let (home, later) = (dir(), Reserved::new());
    let url = postgres.url.replace(&postgres.address().to_string(), &later.address.to_string());
    let mut process = Process::start(home.path(), &[], &environment(&url));
    let line = process.line("waiting for the database").await;
    assert!(line.contains(&format!("postgres at {}", later.address)), "{line}");
    let socket = tokio::net::TcpSocket::new_v4().expect("socket");
    socket.set_reuseaddr(true).expect("reuse");
    socket.bind(later.address).expect("bind");
    postgres.forward_from(socket.listen(16).expect("listen")).await;
    process.address().await;
    assert!(process.stop().await.success());
}

#[tokio::test]
async fn a_signal_ends_the_wait_for_the_database_at_once() {
    let (home, nobody) = (dir(), Reserved::new());
    let url = format!("postgres://aster:s3cret@{}/drive", nobody.address);
    let mut process = Process::start(home.path(), &[], &environment(&url));
    process.line("waiting for the database").await;
    // The wait itself would end with a failure.
    assert!(process.stop().await.success(), "{}", process.output());
    assert!(!process.output().contains("s3cret"), "{}", process.output());
}

#[tokio::test]
async fn a_server_is_reached_through_tls_and_only_with_its_own_certificate() {
    let postgres = Postgres::start().await;
    let url = |options: &str| postgres.url.replace("sslmode=disable", options);
    let verified = url(&format!("sslmode=verify-full&sslrootcert={}", postgres.authority));
    for url in [verified, url("sslmode=require")] {
        let home = dir();
        let mut process = Process::start(home.path(), &[], &environment(&url));
        process.address().await;
        postgres
            .execute(
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
                 WHERE s.ssl AND a.usename = 'aster') THEN RAISE 'nobody uses TLS'; END IF; END $$",
            )
            .await;
        assert!(process.stop().await.success());
    }
    let home = dir();
    let (code, output) =
        crate::support::process::run(home.path(), &[], &environment(&url("sslmode=verify-full"))).await;
    assert_eq!(code, Some(78), "{output}");
    assert!(output.contains("refuses the connection") && output.contains("certificate"), "{output}");
}

#[tokio::test]
async fn a_wrong_password_is_a_mistake_in_the_configuration() {
    let postgres = Postgres::start().await;
    let home = dir();
    let wrong = postgres.url.replace(":p", ":q");
    let (code, output) = crate::support::process::run(home.path(), &[], &environment(&wrong)).await;
    assert_eq!(code, Some(78), "{output}");
    let named = format!("the database postgres at {} refuses the connection", postgres.address());
    assert!(output.contains(&named), "{output}");
    let password = wrong.split(':').nth(2).and_then(|rest| rest.split('@').next()).expect("password");
    assert!(!output.contains(password), "{output}");
}

#[tokio::test]
async fn chunks_go_to_either_primary_and_both_make_one_file_of_them() {
    const CHUNK: usize = 1024;
    let site = Installation::start().await;
    let (first, second) = (&site.first.admin, &site.second.admin);
    let policies = first.get("/api/v1/admin/policies").await.data()["items"].clone();
    let remote = policies.as_array().expect("policies").iter().find(|policy| policy["name"] == "Remote");
    let path = format!("/api/v1/admin/policies/{}", remote.expect("the remote policy")["id"]);
    first.patch(&path, json!({"chunk_size": CHUNK})).await.data();
    let whole: Vec<u8> = (0..9 * CHUNK + 1).map(|n| (n % 251) as u8).collect();
    let begun = json!({"filename": "both.bin", "total_size": whole.len()});
    let begun = first.post("/api/v1/files/upload/init", begun).await.data().clone();
    let path = format!("/api/v1/files/upload/{}", begun["upload_id"].as_str().expect("upload_id"));
    let sent = whole.chunks(CHUNK).enumerate().map(|(number, chunk)| {
        let client = if number % 2 == 0 { first } else { second };
        client.request(Method::PUT, &format!("{path}/{number}")).body(chunk.to_vec()).send()
    });
    for reply in futures_util::future::join_all(sent).await {
        assert_eq!(reply.expect("reply").status(), 200);
    }
    let complete = format!("{path}/complete");
    let (one, other) = tokio::join!(first.post(&complete, json!({})), second.post(&complete, json!({})));
    for answer in [&one, &other] {
        assert!(answer.status == 201 || answer.body["code"] == 3011, "{answer:?}");
    }
    let file = first.post(&complete, json!({})).await.data().clone();
    assert_eq!(second.post(&complete, json!({})).await.data(), &file);
    assert_eq!(content(second, &file).await, (200, whole.clone()));
    assert_eq!(first.get("/api/v1/auth/me").await.data()["storage_used"], whole.len());
}
