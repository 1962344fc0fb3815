//! The administration calls over HTTP: what each gives, and what it says when it refuses.

mod nodes;
mod policies;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::pair::id;
use crate::support::primary::{PASSWORD, Primary, login};

const NODES: &str = "/api/v1/admin/remote-nodes";
const POLICIES: &str = "/api/v1/admin/policies";
const GROUPS: &str = "/api/v1/admin/policy-groups";
const USERS: &str = "/api/v1/admin/users";

async fn start() -> (TempDir, Primary) {
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    (home, primary)
}

/// Asserts status, `error.code` and a piece of the message.
fn refused(answer: &Answer, status: u16, code: &str, says: &str) {
    assert_eq!((answer.status.as_u16(), answer.error()), (status, code), "{answer:?}");
    assert!(answer.message().contains(says), "`{says}` in {answer:?}");
}

async fn call(client: &Client, method: &Method, path: &str) -> Answer {
    Answer::read(client.request(method.clone(), path).json(&json!({})).send().await.expect("reply")).await
}

async fn ids(client: &Client, path: &str) -> Vec<i64> {
    let page = client.get(path).await;
    page.data()["items"].as_array().expect("items").iter().map(id).collect()
}

async fn upload(client: &Client, bytes: &'static [u8]) -> Answer {
    use reqwest::multipart::{Form, Part};
    let form = Form::new().part("file", Part::bytes(bytes).file_name("f.bin"));
    let request = client.request(Method::POST, "/api/v1/files/upload").multipart(form);
    Answer::read(request.send().await.expect("reply")).await
}

#[tokio::test]
async fn every_administration_call_is_closed_to_strangers_and_users() {
    let (_home, primary) = start().await;
    let user = json!({"username": "alice", "email": "alice@example.com", "password": PASSWORD});
    primary.admin.post(USERS, user).await.data();
    let alice = login(&primary.url, "alice", PASSWORD).await;
    let stranger = Client::new(primary.url.clone());
    for (path, methods) in [
        ("/config", "GET"),
        ("/config/schema", "GET"),
        ("/config/public_site_url", "GET PUT DELETE"),
        ("/remote-nodes", "GET POST"),
        ("/remote-nodes/test", "POST"),
        ("/remote-nodes/1", "GET PATCH DELETE"),
        ("/remote-nodes/1/test", "POST"),
        ("/remote-nodes/1/enrollment-token", "POST"),
        ("/remote-nodes/1/ingress-profiles", "GET POST"),
        ("/remote-nodes/1/ingress-profiles/igp_1", "PATCH DELETE"),
        ("/policies", "GET POST"),
        ("/policies/test", "POST"),
        ("/policies/1", "GET PATCH DELETE"),
        ("/policies/1/test", "POST"),
        ("/policy-groups", "GET POST"),
        ("/policy-groups/1", "GET PATCH DELETE"),
        ("/policy-groups/1/migrate-users", "POST"),
        ("/policy-groups/1/match?size=1", "GET"),
        ("/users/1/policy-match?size=1", "GET"),
        ("/storage-migrations", "GET POST"),
        ("/storage-migrations/dry-run", "POST"),
        ("/storage-migrations/1/resume", "POST"),
        ("/overview", "GET"),
        ("/shares", "GET"),
        ("/shares/1", "DELETE"),
        ("/tasks", "GET"),
        ("/tasks/cleanup", "POST"),
        ("/tasks/1", "GET"),
        ("/tasks/1/retry", "POST"),
        ("/tasks/1/cancel", "POST"),
        ("/users", "GET POST"),
        ("/users/1", "GET PATCH"),
    ] {
        for method in methods.split(' ') {
            let method = Method::from_bytes(method.as_bytes()).expect("method");
            let path = format!("/api/v1/admin{path}");
            refused(&call(&stranger, &method, &path).await, 401, "auth.token_missing", "log in");
            refused(&call(&alice, &method, &path).await, 403, "auth.forbidden", "administrators");
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_whatever_is_done_with_it() {
    let (_home, primary) = start().await;
    for (path, methods) in [
        ("remote-nodes/99", "GET PATCH DELETE"),
        ("remote-nodes/99/test", "POST"),
        ("remote-nodes/99/enrollment-token", "POST"),
        ("remote-nodes/99/ingress-profiles", "GET"),
        ("remote-nodes/99/ingress-profiles/igp_1", "PATCH DELETE"),
        ("policies/99", "GET PATCH DELETE"),
        ("policies/99/test", "POST"),
        ("policy-groups/99", "GET PATCH DELETE"),
        ("policy-groups/99/match?size=1", "GET"),
        ("users/99/policy-match?size=1", "GET"),
        ("storage-migrations/99/resume", "POST"),
        ("tasks/99", "GET"),
        ("tasks/99/retry", "POST"),
        ("tasks/99/cancel", "POST"),
        ("users/99", "GET PATCH"),
    ] {
        for method in methods.split(' ') {
            let method = Method::from_bytes(method.as_bytes()).expect("method");
            let answer = call(&primary.admin, &method, &format!("/api/v1/admin/{path}")).await;
            refused(&answer, 404, "not_found", "99");
        }
    }
}
