//! Against scripted peers: silence, half answers and wrong ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_s3::presigning::PresigningConfig;
use futures_util::{StreamExt, future};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::settings_for;
use crate::protocol::{ByteRange, Namespace};
use crate::storage::contract::{body, drain, key, pattern};
use crate::storage::remote::guard::{FAILURES, Guard};
use crate::storage::s3::{Addressing, S3Settings, S3Store, Timeouts};
use crate::storage::{BodyError, ErrorKind, ObjectStore, Result};

/// How long a peer that never answers is waited for.
const SILENCE: Duration = Duration::from_millis(300);
/// The same for one that answers: more than a busy machine needs for that.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer that answers every request with what the script says; `None` is silence. Ends with the test.
struct Peer {
    endpoint: String,
    /// Connections ever made.
    connections: Arc<AtomicUsize>,
    /// Requests that came in whole.
    requests: Arc<AtomicUsize>,
    _running: JoinSet<()>,
}

/// The answer to the n-th request.
type Script = fn(usize) -> Option<String>;

async fn peer(script: Script) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let endpoint = format!("http://{}", listener.local_addr().expect("address"));
    let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (opened, received) = (Arc::clone(&connections), Arc::clone(&requests));
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::Relaxed);
            open.spawn(serve(stream, script, Arc::clone(&received)));
        }
    });
    Peer { endpoint, connections, requests, _running: running }
}

async fn serve(mut stream: TcpStream, script: Script, received: Arc<AtomicUsize>) {
    while read_request(&mut stream).await.is_some() {
        let n = received.fetch_add(1, Ordering::Relaxed);
        match script(n) {
            Some(answer) => {
                let closes = answer.contains("Connection: close");
                if stream.write_all(answer.as_bytes()).await.is_err() || closes {
                    return;
                }
            }
            None => future::pending().await,
        }
    }
}

/// Takes one request with its body off the stream.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("ASCII").to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().expect("a length"));
    tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await.ok()?;
    Some(())
}

fn answer(status: &str, headers: &str, body: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()))
}

fn refusal(status: &str, code: &str) -> Option<String> {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>hunter2</Message></Error>");
    answer(status, "Content-Type: application/xml\r\n", &body)
}

/// Settings that wait so long for `peer`, and hardly longer for a connection.
fn waiting(peer: &Peer, read: Duration) -> S3Settings {
    let connect = read.max(Duration::from_millis(500));
    let timeouts = Timeouts { connect, read, operation: Duration::from_secs(3600) };
    S3Settings { timeouts, connections: 8, ..settings_for(&peer.endpoint) }
}

fn store(peer: &Peer) -> S3Store {
    S3Store::new(&waiting(peer, PATIENCE)).expect("store")
}

fn impatient_store(peer: &Peer) -> S3Store {
    S3Store::new(&waiting(peer, SILENCE)).expect("store")
}

/// Every operation once; each must fail.
async fn all_fail(store: &S3Store, kind: ErrorKind) {
    let (object, other) = (key("object"), key("other"));
    let content = pattern(9 * 1024 * 1024, 1);
    let small = content.slice(..100);
    let outcomes: [(&str, Result<()>); 8] = [
        ("put", store.put(&object, 100, body(&small, 100)).await.map(drop)),
        ("put in parts", store.put(&object, content.len() as u64, body(&content, 65_536)).await.map(drop)),
        ("get", store.get(&object, None).await.map(drop)),
        ("head", store.head(&object).await.map(drop)),
        ("delete", store.delete(&object).await),
        ("list", store.list_up_to(100_000, None).await.map(drop)),
        ("compose", store.compose(&object, &[other], 1).await.map(drop)),
        ("check", store.check().await),
    ];
    for (operation, outcome) in outcomes {
        let error = outcome.expect_err(operation);
        assert_eq!(error.kind(), kind, "{operation}: {error}");
        assert!(!error.to_string().contains("hunter2"), "a peer's text in {error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_never_answers_fails_every_operation_in_time() {
    let peer = peer(|_| None).await;
    let started = Instant::now();
    all_fail(&impatient_store(&peer), ErrorKind::Transient).await;
    assert!(started.elapsed() >= SILENCE * 8, "one wait for each of the eight");
    // What timed out is not tried again; the put in parts begins with two requests at once.
    assert_eq!(peer.requests.load(Ordering::Relaxed), 9);
}

#[tokio::test]
async fn many_calls_to_a_silent_endpoint_share_few_connections_and_all_fail() {
    let peer = peer(|_| None).await;
    let store = impatient_store(&peer);
    let object = key("object");
    let outcomes = future::join_all((0..500).map(|_| store.head(&object))).await;
    for outcome in outcomes {
        assert_eq!(outcome.expect_err("silence").kind(), ErrorKind::Transient);
    }
    // Eight at a time, for as long as calls are willing to wait for one of them.
    let connections = peer.connections.load(Ordering::Relaxed);
    assert!((8..=32).contains(&connections), "{connections}");
}

#[tokio::test]
async fn a_body_that_stalls_or_breaks_off_is_no_whole_object() {
    let stalling = peer(|_| Some("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_owned())).await;
    // The head has to come in time, too.
    const STALL: Duration = Duration::from_secs(5);
    let store_of_stalling = S3Store::new(&waiting(&stalling, STALL)).expect("store");
    let reader = store_of_stalling.get(&key("object"), None).await.expect("a head");
    assert_eq!(reader.meta.size, 10);
    let error = drain(reader.body).await.expect_err("stalled");
    assert!(matches!(error, BodyError::Stalled(STALL)), "{error:?}");

    let breaking =
        peer(|_| Some("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf".to_owned()))
            .await;
    let reader = store(&breaking).get(&key("object"), None).await.expect("a head");
    let error = drain(reader.body).await.expect_err("broken off");
    assert!(matches!(error, BodyError::Interrupted(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_with_another_range_is_refused() {
    let scripts: [Script; 4] = [
        |_| answer("200 OK", "", "the whole object"),
        |_| answer("206 Partial Content", "Content-Range: bytes 0-3/16\r\n", "the "),
        |_| answer("206 Partial Content", "Content-Range: bytes 4-8/16\r\n", "whol"),
        |_| answer("206 Partial Content", "Content-Range: whatever\r\n", "whole"),
    ];
    for script in scripts {
        let peer = peer(script).await;
        let range = ByteRange::parse_header("bytes=4-8").expect("range");
        let error = store(&peer).get(&key("object"), Some(range)).await.expect_err("another range");
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    let peer = peer(|_| answer("206 Partial Content", "Content-Range: bytes 4-8/16\r\n", "whole")).await;
    let range = ByteRange::parse_header("bytes=4-8").expect("range");
    let reader = store(&peer).get(&key("object"), Some(range)).await.expect("the range");
    assert_eq!(drain(reader.body).await.expect("body"), "whole");
}

#[tokio::test]
async fn each_refusal_has_the_kind_its_caller_can_act_on() {
    let cases: [(Script, ErrorKind); 15] = [
        (|_| refusal("403 Forbidden", "InvalidAccessKeyId"), ErrorKind::Auth),
        (|_| refusal("403 Forbidden", "SignatureDoesNotMatch"), ErrorKind::Auth),
        (|_| refusal("400 Bad Request", "ExpiredToken"), ErrorKind::Auth),
        (|_| refusal("401 Unauthorized", "Anything"), ErrorKind::Auth),
        (|_| refusal("403 Forbidden", "AccessDenied"), ErrorKind::Permission),
        (|_| refusal("404 Not Found", "NoSuchBucket"), ErrorKind::Misconfigured),
        (|_| refusal("301 Moved Permanently", "PermanentRedirect"), ErrorKind::Misconfigured),
        (
            |_| answer("404 Not Found", "Content-Type: text/html\r\n", "<html>hunter2</html>"),
            ErrorKind::Misconfigured,
        ),
        (
            |_| answer("200 OK", "Content-Type: text/html\r\n", "<html>hunter2</html>"),
            ErrorKind::Misconfigured,
        ),
        (|_| refusal("503 Slow Down", "SlowDown"), ErrorKind::RateLimited),
        (|_| answer("429 Too Many Requests", "", ""), ErrorKind::RateLimited),
        (|_| refusal("500 Internal Server Error", "InternalError"), ErrorKind::Transient),
        (|_| answer("502 Bad Gateway", "", "<html>hunter2</html>"), ErrorKind::Transient),
        (|_| answer("507 Insufficient Storage", "", ""), ErrorKind::Full),
        (|_| refusal("501 Not Implemented", "NotImplemented"), ErrorKind::Unsupported),
    ];
    for (n, (script, kind)) in cases.into_iter().enumerate() {
        let peer = peer(script).await;
        let error = store(&peer).list_up_to(100_000, None).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "case {n}: {error}");
        assert!(!error.to_string().contains("hunter2"), "a peer's text in {error}");
    }
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_with_the_same_body() {
    let peer = peer(|n| match n {
        0 => refusal("500 Internal Server Error", "InternalError"),
        1 => Some("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()),
        _ => answer("200 OK", "ETag: \"x\"\r\n", ""),
    })
    .await;
    let content = pattern(200_000, 1);
    store(&peer).put(&key("object"), 200_000, body(&content, 9999)).await.expect("the third attempt");
    assert_eq!(peer.requests.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_fault_that_stays_is_tried_three_times() {
    let peer = peer(|_| refusal("503 Service Unavailable", "ServiceUnavailable")).await;
    let error = store(&peer).head(&key("object")).await.expect_err("the fault stays");
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert_eq!(peer.requests.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_list_that_cannot_go_on_is_refused() {
    let peer = peer(|_| {
        answer("200 OK", "", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")
    })
    .await;
    let error = store(&peer).list_up_to(100_000, None).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
}

/// A page of a listing in [`listed_store`], and whether there is more.
fn page(names: &[&str], truncated: bool) -> Option<String> {
    let contents: String =
        names.iter().map(|name| format!("<Contents><Key>base path/listed/{name}</Key></Contents>")).collect();
    let body = format!(
        "<ListBucketResult><IsTruncated>{truncated}</IsTruncated><NextContinuationToken>t</NextContinuationToken>{contents}</ListBucketResult>"
    );
    answer("200 OK", "", &body)
}

fn listed_store(peer: &Peer) -> S3Store {
    let namespace = Namespace::parse("listed").expect("namespace");
    S3Store::new(&S3Settings { namespace: Some(namespace), ..waiting(peer, PATIENCE) }).expect("store")
}

#[tokio::test]
async fn a_list_is_asked_for_page_by_page_as_it_is_taken() {
    let peer = peer(|n| if n == 0 { page(&["a", "b"], true) } else { page(&["c", "d"], false) }).await;
    let store = listed_store(&peer);
    let mut keys = store.list(None).await.expect("the first page");
    assert_eq!(keys.next().await.expect("a key").expect("a"), "a");
    assert_eq!(keys.next().await.expect("a key").expect("b"), "b");
    assert_eq!(peer.requests.load(Ordering::Relaxed), 1);
    let rest: Vec<String> = keys.map(|key| key.expect("a key")).collect().await;
    assert_eq!(rest, ["c", "d"]);
    assert_eq!(peer.requests.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_list_out_of_order_is_refused_also_across_pages() {
    let scripts: [Script; 2] = [
        |_| page(&["b", "a"], false),
        |n| if n == 0 { page(&["a", "c"], true) } else { page(&["b"], false) },
    ];
    for script in scripts {
        let peer = peer(script).await;
        let error = listed_store(&peer).list_up_to(100, None).await.expect_err("out of order");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[tokio::test]
async fn a_bucket_stands_in_the_path_or_in_the_host() {
    let expiry = PresigningConfig::expires_in(Duration::from_secs(60)).expect("a minute");
    for (endpoint, addressing, expected) in [
        ("https://s3.example.com", Addressing::Path, "https://s3.example.com/objects/"),
        ("https://s3.example.com:8443/", Addressing::Path, "https://s3.example.com:8443/objects/"),
        ("https://s3.example.com/an/api", Addressing::Path, "https://s3.example.com/an/api/objects/"),
        ("https://s3.example.com/an/api/", Addressing::Path, "https://s3.example.com/an/api/objects/"),
        ("https://s3.example.com:8443", Addressing::VirtualHost, "https://objects.s3.example.com:8443/"),
        ("https://s3.example.com/api", Addressing::VirtualHost, "https://objects.s3.example.com/api/"),
        // An address has no names below it.
        ("http://127.0.0.1:3900", Addressing::VirtualHost, "http://127.0.0.1:3900/objects/"),
    ] {
        let store = S3Store::new(&S3Settings { addressing, ..settings_for(endpoint) }).expect("store");
        let request =
            store.bucket.client.get_object().bucket(&*store.bucket.name).key(store.full_key(&key("a")));
        let request = request.presigned(expiry.clone()).await.expect("a request");
        let expected = format!("{expected}base%20path/");
        assert!(request.uri().starts_with(&expected), "{} for {endpoint}", request.uri());
    }
}

#[test]
fn settings_and_stores_do_not_print_the_secret() {
    let settings = settings_for("http://127.0.0.1:1");
    let store = S3Store::new(&settings).expect("store");
    for text in [format!("{settings:?}"), format!("{store:?}")] {
        assert!(!text.contains(super::garage::SECRET_KEY), "{text}");
    }
}

#[test]
fn a_ca_file_that_is_none_is_refused_by_name() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("ca.pem");
    let settings = S3Settings { ca_file: Some(path.clone()), ..settings_for("https://127.0.0.1:1") };
    let refused = || S3Store::new(&settings).expect_err("refused");
    let missing = refused();
    std::fs::File::create(&path).expect("an empty file");
    for error in [missing, refused()] {
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains("ca.pem"), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_in_a_row_is_left_alone_for_a_while_and_the_message_says_since_when() {
    let peer = peer(|_| None).await;
    let guard = Guard::default();
    let settings = S3Settings { guard: Some(guard.clone()), ..waiting(&peer, SILENCE) };
    let store = S3Store::new(&settings).expect("store");
    let mut asked = Vec::new();
    for _ in 0..FAILURES {
        asked.push(store.head(&key("object")).await.expect_err("no answer").to_string());
    }
    assert!(asked.iter().all(|message| !message.contains("since")), "{asked:?}");
    assert!(guard.unreachable_since().is_some());
    // The while begins anew, however long the last answer took to get here.
    guard.is_dead();
    let error = store.head(&key("object")).await.expect_err("left alone");
    assert_eq!(error.kind(), ErrorKind::Transient);
    let text = error.to_string();
    assert!(text.contains("(since 2") && text.contains(&peer.endpoint), "{text}");
    assert_eq!(peer.requests.load(Ordering::Relaxed), FAILURES as usize);
}
