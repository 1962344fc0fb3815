//! A follower that accepts and never answers slows nothing but itself.

use std::time::{Duration, Instant};

use futures_util::future::select_all;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use rustix::process::Signal;
use serde_json::json;

use crate::support::client::{Answer, Client};
use crate::support::pair::{Pair, id};
use crate::support::primary::{Primary, login};
use crate::support::wait;

const PASSWORD: &str = "a-long-enough-password";
/// Requests at once to the silent follower: many times the connections to a database.
const WAITING: usize = 100;
/// What a request that waits for a silent follower exceeds (30 s), and one that waits for nobody does not, also on a
/// busy machine.
const FAST: Duration = Duration::from_secs(25);

async fn upload(client: &Client) -> Answer {
    let form = Form::new().part("file", Part::bytes(&b"content"[..]).file_name("f.bin"));
    let request = client.request(Method::POST, "/api/v1/files/upload").multipart(form);
    Answer::read(request.send().await.expect("reply")).await
}

/// A user whose files go to the policy that every new installation has.
async fn local_user(primary: &Primary) -> Client {
    let user = json!({"username": "local", "email": "local@example.com", "password": PASSWORD});
    primary.admin.post("/api/v1/admin/users", user).await.data();
    login(&primary.url, "local", PASSWORD).await
}

/// Connections to a port of this machine, at their clients' ends.
fn connections_to(port: u16) -> usize {
    let remote = format!("0100007F:{port:04X}");
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel's table");
    let is_one = |line: &&str| line.split_whitespace().skip(2).take(2).eq([remote.as_str(), "01"]);
    table.lines().filter(is_one).count()
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a running process").count()
}

#[tokio::test]
async fn requests_to_a_silent_follower_hold_up_nobody_else() {
    let pair = Pair::start().await;
    let other = local_user(&pair.primary).await;
    let admin = pair.primary.admin.clone();
    let stored = id(upload(&admin).await.data());
    let pid = pair.primary.process.id();
    let before = open_files(pid);
    pair.follower.process.suspend().await;

    let waiting: Vec<_> = (0..WAITING)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move {
                let path = format!("/api/v1/files/{stored}/download");
                admin.request(Method::GET, &path).send().await.map(|answer| answer.status().as_u16())
            })
        })
        .collect();
    // Each of them gets as far as the follower; what that takes of a busy machine is not the follower's doing.
    wait::until("all wait for the follower", async || {
        let answered = waiting.iter().filter(|request| request.is_finished()).count();
        (answered + connections_to(pair.follower.port()) >= WAITING).then_some(())
    })
    .await;
    for _ in 0..5 {
        let started = Instant::now();
        let file = id(upload(&other).await.data());
        other.get(&format!("/api/v1/files/{file}")).await.data();
        assert!(started.elapsed() < FAST, "{:?}", started.elapsed());
    }
    // A connection from the browser's end and one to the follower for each, and little else.
    assert!(open_files(pid) < before + 2 * WAITING + 50, "{} open files", open_files(pid));

    let node = format!("/api/v1/admin/remote-nodes/{}", pair.node);
    assert!(!admin.post(&format!("{node}/test"), json!({})).await.status.is_success(), "it is silent");
    assert!(admin.get(&node).await.data()["unreachable_since"].is_string());
    // One of them may be sent, to find out whether the follower is back. The others wait for nothing.
    let started = Instant::now();
    let path = format!("/api/v1/files/{stored}/download");
    let (refused, ..) = select_all((0..10).map(|_| Box::pin(admin.get(&path)))).await;
    assert!(started.elapsed() < FAST, "refused at once, not after {:?}", started.elapsed());
    let text = refused.body["msg"].as_str().expect("msg");
    assert!(text.contains("node `edge`: unreachable since 2"), "{text}");

    pair.follower.process.signal(Signal::CONT);
    admin.post(&format!("{node}/test"), json!({})).await.data();
    assert!(admin.get(&node).await.data()["unreachable_since"].is_null());
    upload(&admin).await.data();
    for request in waiting {
        let status = request.await.expect("task").expect("an answer");
        assert!(status == 200 || status == 500, "{status}");
    }
}
