//! Object requests on a follower touch no database.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::follower::{self, Follower};
use crate::support::primary::Primary;
use crate::support::signed::Signer;

const REQUESTS: usize = 1_000;
/// A line of the log for each statement.
const STATEMENT: &str = "sqlx::query";

#[tokio::test]
async fn a_thousand_object_requests_execute_no_sql_statement() {
    let homes = [TempDir::new().expect("dir"), TempDir::new().expect("dir")];
    let mut primary = Primary::start(homes[0].path()).await;
    let node = primary.create_node("edge", "home", "").await;
    let token = primary.token(node).await;
    let reply = Client::new(&primary.url)
        .post("/api/v1/public/remote-enrollment/redeem", json!({"token": token}))
        .await;
    let text = |name: &str| reply.data()[name].as_str().expect(name).to_owned();
    let signer = Signer::new(&text("access_key"), &text("secret_key"));
    let mut environment = follower::bootstrap_environment(0, &primary.url, &token);
    environment
        .insert("ASTER__LOGGING__LEVEL".into(), "info,sqlx::query=debug,aster_drive::http=debug".into());
    let mut follower = Follower::start_with(homes[1].path(), &environment).await;
    primary.patch_node(node, json!({"base_url": follower.url})).await;
    let target = json!({"driver_type": "local", "name": "t", "base_path": "default", "max_file_size": 0});
    let path = format!("/api/v1/admin/remote-nodes/{node}/ingress-profiles");
    primary.admin.post(&path, target).await.data();
    // From here on nobody else asks anything of the follower.
    primary.process.kill().await;
    follower.client.get("/health").await.data();

    for round in 0..REQUESTS / 5 {
        let path = format!("/objects/file-{round}");
        let put = signer.request(&follower.client, Method::PUT, &path, Some(4)).body("data");
        assert_eq!(put.send().await.expect("reply").status(), 200);
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::HEAD, path.clone()),
            (Method::GET, format!("{path}/metadata")),
            (Method::DELETE, path.clone()),
        ] {
            let request = signer.request(&follower.client, method, &path, None);
            assert_eq!(request.send().await.expect("reply").status(), 200);
        }
    }
    assert!(follower.process.stop().await.success());
    let log = follower.process.output();
    let (before, rest) = log.split_once("route=/health").expect("a line for the request between");
    let (requests, _) = rest.split_once("received SIGTERM").expect("a line for the stop");
    assert!(
        before.contains(STATEMENT),
        "the log shows statements, so that none of them can be missed:\n{before}"
    );
    let answered = requests.lines().filter(|line| line.contains("request answered")).count();
    assert!(answered >= REQUESTS, "{answered} requests are in the log");
    let statements: Vec<&str> = requests.lines().filter(|line| line.contains(STATEMENT)).collect();
    assert_eq!(statements, [""; 0]);
}
