//! A drive whose node is away, and one whose primary was.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::{PASSWORD, USER, drive_of};
use crate::support::pair::Pair;
use crate::support::primary::Primary;
use crate::support::wait::until;

#[tokio::test]
async fn a_node_that_is_away_is_503_with_the_reason_and_comes_back_by_itself() {
    let mut pair = Pair::start().await;
    let drive = drive_of(&pair.primary, json!({})).await;
    let http = pair.primary.admin.http.clone();
    let send = async |method: &str, name: &str| {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let request = http.request(method.clone(), format!("{drive}{name}")).basic_auth(USER, Some(PASSWORD));
        let request =
            if ["PUT", "MKCOL"].contains(&method.as_str()) { request.body("content") } else { request };
        request.send().await.expect("reply")
    };
    assert_eq!(send("PUT", "f.txt").await.status(), 201);
    let (home, port) = (pair.follower_home.path().to_owned(), pair.follower.port());
    pair.follower.process.kill().await;
    for (method, name) in [("GET", "f.txt"), ("PUT", "f.txt"), ("PUT", "new.txt")] {
        let reply = send(method, name).await;
        assert_eq!(reply.status(), 503, "{method} {name}");
        assert!(reply.headers().contains_key("retry-after"));
        let body = reply.text().await.expect("body");
        assert!(body.contains("edge") || body.contains("follower"), "{body}");
    }
    // Names are with the primary: they can be listed, and deleted, meanwhile.
    assert_eq!(send("PROPFIND", "").await.status(), 207);
    assert_eq!(send("MKCOL", "folder").await.status(), 415, "a body says that it means something else");
    pair.follower = crate::support::follower::Follower::start(&home, port).await;
    until("the content can be read again", async || {
        let reply = send("GET", "f.txt").await;
        (reply.status() == 200).then_some(())
    })
    .await;
    assert_eq!(send("GET", "f.txt").await.text().await.expect("body"), "content");
}

#[tokio::test]
async fn a_lock_is_still_there_after_a_restart() {
    let home = TempDir::new().expect("dir");
    let mut primary = Primary::start(home.path()).await;
    let drive = drive_of(&primary, json!({})).await;
    let port = primary.address().port();
    let http = primary.admin.http.clone();
    let send = |method: &str, condition: &str, body: &'static str| {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let request =
            http.request(method, format!("{drive}f.txt")).basic_auth(USER, Some(PASSWORD)).body(body);
        if condition.is_empty() { request } else { request.header("if", condition) }
    };
    let wanted = "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/>\
                  </D:locktype></D:lockinfo>";
    let locked = send("LOCK", "", wanted).send().await.expect("reply");
    assert_eq!(locked.status(), 201);
    let token = locked.headers()["lock-token"].to_str().expect("token").to_owned();
    primary.process.kill().await;
    drop(primary);
    let _again = Primary::start_again(home.path(), port).await;
    assert_eq!(send("PUT", "", "x").send().await.expect("reply").status(), 423);
    assert_eq!(send("PUT", &format!("({token})"), "x").send().await.expect("reply").status(), 204);
}
