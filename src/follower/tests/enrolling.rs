//! The enrollment client against a primary that says what the test wants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::support::{ACCESS_KEY, MASTER_URL, Node, SECRET, config, open_db};
use crate::db::Db;
use crate::follower::enrollment::{Acknowledgement, EnrollError, Enroller, RefusalReason, existing};
use crate::http::Listener;
use crate::protocol::{
    ACK_PATH, BaseUrl, REDEEM_PATH, TOKEN_COMPLETED, TOKEN_EXPIRED, TOKEN_REPLACED, sha256_hex,
};
use crate::storage::remote::transport::direct;

type Script = Arc<Mutex<(VecDeque<(u16, String)>, Vec<(String, Value)>)>>;

/// Gives the scripted answers in order and remembers what it was sent.
struct ScriptedPrimary {
    url: BaseUrl,
    script: Script,
    _stop: oneshot::Sender<()>,
}

impl ScriptedPrimary {
    async fn answering(answers: &[(u16, String)]) -> Self {
        let script: Script = Arc::new(Mutex::new((answers.iter().cloned().collect(), Vec::new())));
        let routes = Router::new().fallback(next_answer).with_state(Arc::clone(&script));
        let listener = Listener::bind("127.0.0.1", 0).await.expect("socket");
        let url = BaseUrl::parse(&format!("http://{}", listener.address())).expect("url");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            listener.serve(routes, stop, Duration::ZERO).await
        });
        Self { url, script, _stop: stop }
    }

    fn seen(&self) -> Vec<(String, Value)> {
        self.script.lock().expect("script").1.clone()
    }
}

async fn next_answer(State(script): State<Script>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 64 * 1024).await.expect("body");
    let mut script = script.lock().expect("script");
    script.1.push((path, serde_json::from_slice(&body).expect("json")));
    let (status, body) = script.0.pop_front().expect("an answer is left");
    (StatusCode::from_u16(status).expect("status"), body).into_response()
}

fn grant(change: impl FnOnce(&mut Value)) -> (u16, String) {
    let mut data = json!({"remote_node_id": 7, "remote_node_name": "edge", "master_url": MASTER_URL,
        "access_key": ACCESS_KEY, "secret_key": SECRET, "is_enabled": true,
        "ack_token": format!("enr_ack_{}", sha256_hex("ack")), "namespace": "home"});
    change(&mut data);
    (200, json!({"code": 0, "msg": "", "data": data}).to_string())
}

fn accepted() -> (u16, String) {
    (200, json!({"code": 0, "msg": ""}).to_string())
}

fn refusal(message: &str) -> (u16, String) {
    (400, json!({"code": 1000, "msg": message}).to_string())
}

fn token() -> SecretString {
    " enr_00112233445566778899aabbccddeeff\n".into()
}

/// A follower's database and the means to enroll it.
struct Candidate {
    db: Db,
    enroller: Enroller,
    _dir: TempDir,
}

impl Candidate {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("directory");
        let config = config(&dir);
        let db = open_db(&config).await;
        let enroller = Enroller::new(db.clone(), config.auth.sealing_key, direct());
        Self { db, enroller, _dir: dir }
    }

    async fn refused_by(&self, answer: (u16, String)) -> EnrollError {
        let primary = ScriptedPrimary::answering(&[answer]).await;
        self.enroller.enroll(&primary.url, &token()).await.expect_err("no enrollment")
    }
}

#[tokio::test]
async fn an_enrollment_redeems_writes_and_acknowledges() {
    let candidate = Candidate::new().await;
    let primary = ScriptedPrimary::answering(&[grant(|_| ()), accepted()]).await;
    let enrolled = candidate.enroller.enroll(&primary.url, &token()).await.expect("enrolled");
    assert_eq!((enrolled.name.as_str(), enrolled.namespace.as_str()), ("edge", "home"));
    assert_eq!(enrolled.acknowledgement, Acknowledgement::Accepted);
    let seen = primary.seen();
    assert_eq!(seen[0], (REDEEM_PATH.into(), json!({"token": "enr_00112233445566778899aabbccddeeff"})));
    let ack = json!({"ack_token": format!("enr_ack_{}", sha256_hex("ack"))});
    assert_eq!(seen[1], (ACK_PATH.into(), ack));
    let binding = existing(&candidate.db).await.expect("read").expect("binding");
    assert_eq!((binding.master_url.as_str(), binding.ack_owed), (MASTER_URL, false));
    assert!(binding.is_for(&primary.url) && binding.is_for(&BaseUrl::parse(MASTER_URL).expect("url")));
    assert!(!binding.is_for(&BaseUrl::parse("http://elsewhere").expect("url")));
}

#[tokio::test]
async fn a_primary_without_namespaces_or_with_a_bad_one_gets_a_random_one() {
    for change in [None, Some("../escape")] {
        let candidate = Candidate::new().await;
        let primary = ScriptedPrimary::answering(&[
            grant(|data| data["namespace"] = change.map_or(Value::Null, Into::into)),
            accepted(),
        ])
        .await;
        let enrolled = candidate.enroller.enroll(&primary.url, &token()).await.expect("enrolled");
        assert!(enrolled.namespace.as_str().starts_with("mb_"), "{change:?}");
    }
}

#[tokio::test]
async fn each_refusal_keeps_its_reason_and_the_primarys_words() {
    let candidate = Candidate::new().await;
    for (message, expected) in [
        (TOKEN_REPLACED, RefusalReason::Replaced),
        (TOKEN_COMPLETED, RefusalReason::Completed),
        (TOKEN_EXPIRED, RefusalReason::Expired),
        ("enrollment token is invalid", RefusalReason::Other),
    ] {
        let error = candidate.refused_by(refusal(message)).await;
        assert!(!error.is_retryable());
        assert!(error.to_string().contains(message));
        assert!(matches!(error, EnrollError::Refused { reason, .. } if reason == expected), "{message}");
    }
    assert_eq!(existing(&candidate.db).await.expect("read"), None);
}

#[tokio::test]
async fn servers_that_are_no_primary_are_told_from_primaries_that_are_away() {
    let candidate = Candidate::new().await;
    for (status, body) in [
        (200, "<!doctype html><title>Welcome</title>"),
        (404, "404 page not found"),
        (200, r#"{"code":0,"msg":""}"#),
        (200, r#"{"code":0,"msg":"","data":{"remote_node_id":7}}"#),
        (404, r#"{"code":1005,"msg":"there is no endpoint"}"#),
        (200, &"x".repeat(100_000)),
    ] {
        let error = candidate.refused_by((status, body.to_owned())).await;
        assert!(matches!(error, EnrollError::NotThePrimary(_)), "{error}");
        assert!(!error.is_retryable() && error.to_string().contains(&candidate_status(status)), "{error}");
    }
    let html = candidate.refused_by((200, "<!doctype html><title>Welcome</title>".into())).await;
    assert!(html.to_string().contains("<!doctype html>"), "{html}");
    for status in [500, 502, 503] {
        let error = candidate.refused_by((status, "<html>bad gateway".into())).await;
        assert!(matches!(error, EnrollError::Unreachable(_)) && error.is_retryable(), "{error}");
    }
    let nobody = BaseUrl::parse("http://127.0.0.1:1").expect("url");
    let error = candidate.enroller.enroll(&nobody, &token()).await.expect_err("nobody there");
    assert!(error.is_retryable() && error.to_string().contains("refused"), "{error}");
}

/// A success without data names no status.
fn candidate_status(status: u16) -> String {
    if status == 200 { "answered".into() } else { status.to_string() }
}

#[tokio::test]
async fn answers_with_blank_members_are_invalid_and_write_nothing() {
    let candidate = Candidate::new().await;
    for (member, value) in [
        ("remote_node_name", " "),
        ("access_key", ""),
        ("secret_key", " "),
        ("ack_token", ""),
        ("master_url", "drive.example.com"),
    ] {
        let error = candidate.refused_by(grant(|data| data[member] = value.into())).await;
        assert!(matches!(error, EnrollError::Invalid(_)), "{member}: {error}");
    }
    assert_eq!(existing(&candidate.db).await.expect("read"), None);
    let primary = ScriptedPrimary::answering(&[]).await;
    let blank = candidate.enroller.enroll(&primary.url, &" ".into()).await;
    assert!(matches!(blank, Err(EnrollError::Invalid(_))));
}

#[tokio::test]
async fn a_second_primary_is_refused_without_a_call_and_by_its_keys() {
    let candidate = Candidate::new().await;
    let first = ScriptedPrimary::answering(&[
        grant(|_| ()),
        accepted(),
        grant(|data| data["access_key"] = "rn_other".into()),
        grant(|data| {
            data["access_key"] = "rn_other".into();
            data["master_url"] = "https://moved.example.com".into();
        }),
        grant(|data| data["secret_key"] = "rns_other".into()),
    ])
    .await;
    candidate.enroller.enroll(&first.url, &token()).await.expect("enrolled");
    let second = ScriptedPrimary::answering(&[]).await;
    let error = candidate.enroller.enroll(&second.url, &token()).await.expect_err("refused");
    assert!(matches!(&error, EnrollError::OtherPrimary { bound_to } if bound_to == MASTER_URL), "{error}");
    assert!(second.seen().is_empty());

    let error = candidate.enroller.enroll(&first.url, &token()).await.expect_err("other node");
    assert!(matches!(&error, EnrollError::OtherNode { name } if name == "edge"), "{error}");
    let error = candidate.enroller.enroll(&first.url, &token()).await.expect_err("other primary");
    assert!(matches!(error, EnrollError::OtherPrimary { .. }), "{error}");
    let error = candidate.enroller.enroll(&first.url, &token()).await.expect_err("other secret");
    assert!(matches!(error, EnrollError::Invalid(_)), "{error}");
    assert_eq!(first.seen().len(), 5, "none of them was acknowledged");
}

#[tokio::test]
async fn a_lost_acknowledgement_is_owed_and_a_repeated_enrollment_keeps_the_namespace() {
    let candidate = Candidate::new().await;
    let primary = ScriptedPrimary::answering(&[
        grant(|_| ()),
        (503, String::new()),
        grant(|data| {
            data["remote_node_name"] = "renamed".into();
            data["namespace"] = "another".into();
        }),
        accepted(),
    ])
    .await;
    let first = candidate.enroller.enroll(&primary.url, &token()).await.expect("enrolled");
    assert!(matches!(first.acknowledgement, Acknowledgement::Owed(_)));
    assert!(existing(&candidate.db).await.expect("read").expect("binding").ack_owed);
    let second = candidate.enroller.enroll(&primary.url, &token()).await.expect("enrolled again");
    assert_eq!((second.name.as_str(), second.namespace.as_str()), ("renamed", "home"));
    assert!(!existing(&candidate.db).await.expect("read").expect("binding").ack_owed);
}

#[tokio::test]
async fn an_owed_acknowledgement_is_repeated_until_the_primary_decides() {
    for decision in [accepted(), refusal("enrollment token has been replaced by a newer session")] {
        let node = Node::new().await;
        let enroller = Enroller::new(node.db.clone(), node.config.auth.sealing_key.clone(), direct());
        let primary = ScriptedPrimary::answering(&[]).await;
        let url = primary.url.to_string();
        let grant = grant(|data| data["master_url"] = url.into());
        primary.script.lock().expect("script").0 = [grant, (502, String::new()), decision].into();
        enroller.enroll(&primary.url, &token()).await.expect("enrolled");
        let follower = node.follower.clone();
        let settled = tokio::spawn(async move { follower.settle_pending_ack(direct()).await });
        settled.await.expect("it runs beside the service");
        assert!(!existing(&node.db).await.expect("read").expect("binding").ack_owed);
        assert_eq!(primary.seen().len(), 3);
    }
}
