//! The default Compose file: from an empty machine to a stored file, and through everything that ends a container.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use reqwest::Method;
use reqwest::multipart::{Form, Part};

use crate::engine;
use crate::stack::{Stack, download};
use crate::support::client::Client;
use crate::support::wait;

const SERVICES: [&str; 3] = ["primary", "follower-1", "follower-2"];
/// "No further action within 60 s".
const READY_WITHIN: Duration = Duration::from_secs(60);
/// What lies below `/data` of a follower: objects of its target.
const OBJECTS: &str = "/data/managed-ingress/data";
/// `stop_grace_period` of the containers.
const GRACE: Duration = Duration::from_secs(45);

const MIB: usize = 1024 * 1024;
const LARGE: usize = 1024 * MIB;

#[tokio::test]
async fn an_empty_machine_stores_on_a_follower_within_a_minute_and_loses_nothing() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(engine, &[]);
    let started = Instant::now();
    stack.compose(&["up", "--detach"]);
    let admin = stack.admin().await;
    let content = b"the first file of a new drive".to_vec();
    let file = stack.first_upload(&admin, &content).await;
    let took = started.elapsed();
    assert!(took < READY_WITHIN, "{took:?}");
    println!("from `up` to a stored file: {:.1} s", took.as_secs_f64());
    assert_eq!(
        stack.files_in("follower-1", OBJECTS),
        std::slice::from_ref(&content),
        "the bytes lie on the follower's volume"
    );

    stack.compose(&["restart"]);
    assert_eq!(settled(&stack, file).await, content, "after a restart");

    for service in SERVICES {
        let container = stack.container(service);
        let pid = engine.inspect(&container, "{{.State.Pid}}");
        engine::output(engine.command("kill").args(["-9", &pid]));
        wait::until(&format!("{service} runs again"), async || {
            let now = engine.inspect(&container, "{{.State.Running}} {{.State.Pid}}");
            (now.starts_with("true ") && now != format!("true {pid}")).then_some(())
        })
        .await;
        assert_eq!(settled(&stack, file).await, content, "after kill -9 of {service}");
    }

    stack.compose(&["down"]);
    stack.compose(&["up", "--detach"]);
    assert_eq!(settled(&stack, file).await, content, "after down and up");
    let admin = stack.admin().await;
    let second = stack.first_upload(&admin, b"and it goes on").await;
    assert_ne!(second, file);
    assert_eq!(stack.files_in("follower-1", OBJECTS).len(), 2, "nothing was stored twice");
}

#[tokio::test]
async fn a_stop_in_the_middle_of_a_large_upload_is_clean_on_both_sides() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(engine, &[]);
    stack.compose(&["up", "--detach"]);
    let admin = stack.admin().await;
    stack.first_upload(&admin, b"ready").await;

    for service in ["primary", "follower-1"] {
        let admin = stack.admin().await;
        let container = stack.container(service);
        let (half_sent, is_half_sent) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
        let sending = tokio::spawn(send_large(admin, half_sent, may_go_on));
        is_half_sent.await.expect("half of the file is sent");
        let stop = tokio::task::spawn_blocking({
            let mut stop = engine.command("docker");
            stop.args(["stop", "--time", &GRACE.as_secs().to_string(), &container]);
            move || engine::output(&mut stop)
        });
        stop.await.expect("stop");
        // Or it would have been killed when the time was over.
        assert_eq!(engine.inspect(&container, "{{.State.ExitCode}}"), "0", "{}", stack.log(service));
        drop(go_on);
        let stored = sending.await.expect("upload");
        assert!(!stored, "{service} acknowledged a file of which it has half");

        stack.compose(&["start", service]);
        let admin = stack.admin().await;
        let whole = stack.first_upload(&admin, service.as_bytes()).await;
        assert_eq!(download(&admin, whole).await, service.as_bytes());
    }
    let mut left: Vec<_> =
        stack.files_in("follower-1", "/data/managed-ingress").into_iter().map(|file| file.len()).collect();
    left.sort_unstable();
    assert_eq!(
        left,
        ["ready".len(), "primary".len(), "follower-1".len()],
        "no piece of the large file is left"
    );
}

/// The content of the file, once every container serves again.
async fn settled(stack: &Stack<'_>, file: i64) -> Vec<u8> {
    let admin = stack.admin().await;
    wait::until("the follower serves again", async || {
        let reply =
            admin.request(Method::GET, &format!("/api/v1/files/{file}/download")).send().await.ok()?;
        reply.status().is_success().then_some(())
    })
    .await;
    download(&admin, file).await
}

/// Sends the first half of a file of 1 GiB, waits, and then breaks off. Tells whether it was acknowledged.
async fn send_large(
    client: Client,
    half_sent: tokio::sync::oneshot::Sender<()>,
    may_go_on: tokio::sync::oneshot::Receiver<()>,
) -> bool {
    let piece = Bytes::from(vec![0x5a_u8; MIB]);
    let pieces = stream::unfold((0, Some((half_sent, may_go_on))), move |(sent, mut signals)| {
        let piece = piece.clone();
        async move {
            if sent == LARGE / 2
                && let Some((half_sent, may_go_on)) = signals.take()
            {
                let _ = half_sent.send(());
                let _ = may_go_on.await;
            }
            (sent < LARGE).then(|| (Ok::<_, std::io::Error>(piece), (sent + MIB, signals)))
        }
    });
    let body = reqwest::Body::wrap_stream(pieces);
    let form = Form::new().part("file", Part::stream_with_length(body, LARGE as u64).file_name("large.bin"));
    let request = client.request(Method::POST, "/api/v1/files/upload").multipart(form);
    request.send().await.is_ok_and(|reply| reply.status().is_success())
}
