//! The variant with two primaries on PostgreSQL: one goes down, and people notice nothing.

use crate::engine;
use crate::stack::{ADMIN, PASSWORD, Stack, download};
use crate::support::client::Client;
use crate::support::primary::login;
use crate::support::wait;

#[tokio::test]
async fn two_primaries_share_one_database_and_one_of_them_is_enough() {
    let Some((engine, _turn)) = engine::take().await else { return };
    let stack = Stack::new(engine, &[("COMPOSE_FILE", "compose/drive.yml:compose/postgres.yml")]);
    stack.compose(&["up", "--detach"]);
    let admin = through_the_proxy(&stack).await;
    let content = b"kept by two".to_vec();
    let file = stack.first_upload(&admin, &content).await;
    for service in ["primary", "primary-2"] {
        let found_away = |log: &str| log.lines().filter(|line| is_away(line, service)).count();
        stack.compose(&["stop", service]);
        let before = found_away(&stack.log("proxy"));
        // Until its next look the proxy may hand a request to the one that is gone, and not every request can be handed
        // over twice.
        wait::until("the proxy knows", async || (found_away(&stack.log("proxy")) > before).then_some(()))
            .await;
        let again = through_the_proxy(&stack).await;
        assert_eq!(download(&again, file).await, content, "without {service}");
        // The login of before is as good at the other one.
        assert_eq!(download(&admin, file).await, content, "without {service}");
        stack.first_upload(&again, b"and it goes on").await;
        stack.compose(&["start", service]);
        wait::until("it is well again", async || {
            let health = engine.inspect(&stack.container(service), "{{.State.Health.Status}}");
            (health == "healthy").then_some(())
        })
        .await;
    }

    stack.compose(&["restart", "database"]);
    wait::until("the database is back", async || {
        let reply =
            admin.request(reqwest::Method::GET, &format!("/api/v1/files/{file}/download")).send().await;
        reply.is_ok_and(|reply| reply.status().is_success()).then_some(())
    })
    .await;
    for service in ["primary", "primary-2"] {
        let log = stack.log(service);
        assert!(!log.contains("GENERATED PASSWORD") && !log.contains("panicked"), "{log}");
    }
}

/// Whether a line of the proxy's log says that its look at a primary failed.
fn is_away(line: &str, service: &str) -> bool {
    line.contains("health_checker.active") && line.contains(&format!("\"host\":\"{service}:3000\""))
}

async fn through_the_proxy(stack: &Stack<'_>) -> Client {
    let url = format!("http://{}", stack.published("proxy", 3000));
    wait::until("the proxy hands requests on", async || {
        let reply = reqwest::get(format!("{url}/health/ready")).await;
        reply.is_ok_and(|reply| reply.status().is_success()).then_some(())
    })
    .await;
    login(&url, ADMIN, PASSWORD).await
}
