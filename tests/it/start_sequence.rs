//! The start of a follower from its environment, with real processes on both ends.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::database;
use crate::support::follower::{self, Follower};
use crate::support::gateway::{Gateway, Side};
use crate::support::primary::Primary;
use crate::support::process::{Process, run};
use crate::support::reserved::Reserved;
use crate::support::wait;

const CONFIGURATION: Option<i32> = Some(78);
const TEMPORARY: Option<i32> = Some(75);
const ENROLLED: &str = "bootstrapped follower enrollment from environment";
const REDEEM: &str = "/api/v1/public/remote-enrollment/redeem";
const ACK: &str = "/api/v1/public/remote-enrollment/ack";

struct Home {
    primary: Primary,
    node: i64,
    token: String,
    _primary_home: TempDir,
    follower_home: TempDir,
}

impl Home {
    async fn new() -> Self {
        let (primary_home, follower_home) = (dir(), dir());
        let primary = Primary::start(primary_home.path()).await;
        let node = primary.create_node("edge", "home", "").await;
        let token = primary.token(node).await;
        Self { primary, node, token, _primary_home: primary_home, follower_home }
    }

    async fn enrollment_status(&self) -> String {
        self.primary.node(self.node).await["enrollment_status"].as_str().expect("status").to_owned()
    }
}

fn dir() -> TempDir {
    TempDir::new().expect("dir")
}

#[tokio::test]
async fn a_follower_enrolls_from_its_environment_and_drops_the_token() {
    let home = Home::new().await;
    let environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    let follower = Follower::start_with(home.follower_home.path(), &environment).await;

    follower.process.line(ENROLLED).await;
    assert_eq!(follower.ready_status().await, 200);
    assert_eq!(home.enrollment_status().await, "completed");
    let kernel_environment = follower.process.kernel_environment();
    assert!(kernel_environment.contains("ASTER__SERVER__START_MODE"), "{kernel_environment}");
    assert!(
        !kernel_environment.contains("ASTER_BOOTSTRAP_"),
        "the token is still in the kernel's environment"
    );
    assert!(!follower.process.output().contains(&home.token), "the token is in the log");
}

#[tokio::test]
async fn the_binding_survives_restarts_with_stale_variables_and_without_any() {
    let home = Home::new().await;
    let environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    let mut follower = Follower::start_with(home.follower_home.path(), &environment).await;
    assert!(follower.process.stop().await.success());

    let mut stale = Follower::start_with(home.follower_home.path(), &environment).await;
    stale.process.line("already enrolled with").await;
    assert_eq!(stale.ready_status().await, 200);
    assert!(!stale.process.kernel_environment().contains("ASTER_BOOTSTRAP_"));
    assert!(stale.process.stop().await.success());

    let without = Follower::start(home.follower_home.path(), 0).await;
    assert_eq!(without.ready_status().await, 200);
}

#[tokio::test]
async fn stale_variables_do_not_need_the_primary() {
    let mut home = Home::new().await;
    let environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    let mut follower = Follower::start_with(home.follower_home.path(), &environment).await;
    follower.process.stop().await;
    home.primary.process.kill().await;

    let again = Follower::start_with(home.follower_home.path(), &environment).await;
    assert_eq!(again.ready_status().await, 200);
}

#[tokio::test]
async fn a_token_may_come_from_a_file() {
    let home = Home::new().await;
    let file = home.follower_home.path().join("token");
    std::fs::write(&file, format!("{}\n", home.token)).expect("token file");
    let mut environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    environment.remove("ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN");
    environment.insert(
        "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN_FILE".into(),
        file.to_str().expect("path").to_owned(),
    );
    let follower = Follower::start_with(home.follower_home.path(), &environment).await;
    assert_eq!(follower.ready_status().await, 200);
}

#[tokio::test]
async fn a_follower_started_before_its_primary_waits_for_it() {
    let (primary_home, follower_home) = (dir(), dir());
    let mut primary = Primary::start(primary_home.path()).await;
    let node = primary.create_node("edge", "home", "").await;
    let token = primary.token(node).await;
    let address = primary.address();
    primary.process.stop().await;
    let environment = follower::bootstrap_environment(0, &primary.url, &token);
    let process = Process::start(follower_home.path(), &[], &environment);
    for nth in [1, 2] {
        let line = process.nth_line("next try in", nth).await;
        assert!(line.contains("connection refused"), "{line}");
    }
    assert!(!process.output().contains("startup complete"), "it must not serve before it is enrolled");

    let primary = Primary::start_again(primary_home.path(), address.port()).await;
    process.line(ENROLLED).await;
    process.line("startup complete").await;
    assert_eq!(primary.node(node).await["enrollment_status"], "completed");
}

#[tokio::test]
async fn a_primary_that_stays_away_ends_the_start_with_a_temporary_failure() {
    let home = dir();
    let nobody = Reserved::new();
    let mut environment =
        follower::bootstrap_environment(0, &nobody.url(), "enr_00112233445566778899aabbccddeeff");
    environment.insert("ASTER__SERVER__FOLLOWER__ENROLLMENT_DEADLINE_SECS".into(), "0".into());
    let (code, output) = run(home.path(), &[], &environment).await;
    assert_eq!(code, TEMPORARY, "{output}");
    assert!(output.contains("connection refused") && output.contains("enrollment_deadline_secs"), "{output}");
}

#[tokio::test]
async fn half_set_variables_are_refused_with_the_missing_name() {
    for missing in ["ASTER_BOOTSTRAP_REMOTE_MASTER_URL", "ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN"] {
        let home = dir();
        let mut environment = follower::bootstrap_environment(0, "http://127.0.0.1:9", "enr_x");
        environment.remove(missing);
        let (code, output) = run(home.path(), &[], &environment).await;
        assert_eq!(code, CONFIGURATION, "{output}");
        assert!(output.contains(missing), "{output}");
    }
}

#[tokio::test]
async fn a_primary_refuses_the_variables_of_a_follower_with_the_reason() {
    let home = dir();
    let mut environment = follower::bootstrap_environment(0, "http://127.0.0.1:9", "enr_x");
    environment.insert("ASTER__SERVER__START_MODE".into(), "primary".into());
    let (code, output) = run(home.path(), &[], &environment).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains("start_mode") && output.contains("follower"), "{output}");
}

#[tokio::test]
async fn variables_make_a_fresh_volume_a_follower() {
    let home = Home::new().await;
    let mut environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    environment.remove("ASTER__SERVER__START_MODE");
    environment.remove("ASTER__SERVER__HOST");
    let follower = Process::start(home.follower_home.path(), &[], &environment);
    let address = follower.address().await;
    assert!(address.ip().is_unspecified(), "{address}");
    let written =
        std::fs::read_to_string(home.follower_home.path().join("data/config.toml")).expect("config");
    assert!(written.contains("start_mode = \"follower\""), "{written}");
}

#[tokio::test]
async fn a_refused_token_ends_the_start_with_the_primarys_message() {
    let home = Home::new().await;
    let newer = home.primary.token(home.node).await;
    let environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    let (code, output) = run(home.follower_home.path(), &[], &environment).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains("enrollment token has been replaced by a newer session"), "{output}");

    let unknown =
        follower::bootstrap_environment(0, &home.primary.url, "enr_ffffffffffffffffffffffffffffffff");
    let (code, output) = run(home.follower_home.path(), &[], &unknown).await;
    assert_eq!(code, CONFIGURATION, "{output}");

    let environment = follower::bootstrap_environment(0, &home.primary.url, &newer);
    let follower = Follower::start_with(home.follower_home.path(), &environment).await;
    assert_eq!(follower.ready_status().await, 200);

    let completed = follower::bootstrap_environment(0, &home.primary.url, &newer);
    let (code, output) = run(dir().path(), &[], &completed).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains("enrollment token has already been completed"), "{output}");
}

#[tokio::test]
async fn a_server_that_is_no_primary_is_told_apart() {
    let home = dir();
    let html = axum::Router::new()
        .fallback(|| async { axum::response::Html("<!doctype html><title>Welcome</title>") });
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let url = format!("http://{}", socket.local_addr().expect("address"));
    tokio::spawn(async move { axum::serve(socket, html).await.expect("serve") });
    let environment = follower::bootstrap_environment(0, &url, "enr_00112233445566778899aabbccddeeff");
    let (code, output) = run(home.path(), &[], &environment).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains("<!doctype html>"), "{output}");
}

#[tokio::test]
async fn a_second_different_primary_is_refused() {
    let first = Home::new().await;
    let second = Home::new().await;
    let environment = follower::bootstrap_environment(0, &first.primary.url, &first.token);
    let mut follower = Follower::start_with(first.follower_home.path(), &environment).await;
    follower.process.stop().await;

    let environment = follower::bootstrap_environment(0, &second.primary.url, &second.token);
    let (code, output) = run(first.follower_home.path(), &[], &environment).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains(&first.primary.url), "it names the primary it belongs to: {output}");
    assert_eq!(second.enrollment_status().await, "pending", "the token of the other primary is not used up");
}

/// Kills the follower while a message of its enrollment stands at a gate, then starts it again.
async fn killed_at(path: &'static str, side: Side, binding_is_written: bool) {
    let home = Home::new().await;
    let gateway = Gateway::start(&home.primary.url).await;
    let gate = gateway.close(path, side);
    let environment = follower::bootstrap_environment(0, &gateway.url, &home.token);
    let mut process = Process::start(home.follower_home.path(), &[], &environment);
    gate.reached().await;
    process.kill().await;
    assert_eq!(bindings(home.follower_home.path()), usize::from(binding_is_written));
    gate.open();

    let follower = Follower::start_with(home.follower_home.path(), &environment).await;
    assert_eq!(follower.ready_status().await, 200);
    wait::until("the primary knows", async || (home.enrollment_status().await == "completed").then_some(()))
        .await;
    assert_eq!(bindings(home.follower_home.path()), 1);
}

/// Rows of the binding table, read by another program than ours.
fn bindings(home: &Path) -> usize {
    database::execute_in_file(home, "SELECT COUNT(*) FROM binding").parse().expect("a count")
}

#[tokio::test]
async fn a_kill_before_the_redeem_reaches_the_primary_is_healed_by_the_next_start() {
    killed_at(REDEEM, Side::Request, false).await;
}

#[tokio::test]
async fn a_kill_between_redeem_and_write_is_healed_by_the_next_start() {
    killed_at(REDEEM, Side::Answer, false).await;
}

#[tokio::test]
async fn a_kill_between_write_and_ack_is_healed_by_the_next_start() {
    killed_at(ACK, Side::Request, true).await;
}

#[tokio::test]
async fn a_kill_between_ack_and_its_answer_is_healed_by_the_next_start() {
    killed_at(ACK, Side::Answer, true).await;
}

#[tokio::test]
async fn an_owed_acknowledgement_is_delivered_without_the_variables() {
    let home = Home::new().await;
    let gateway = Gateway::start(&home.primary.url).await;
    let gate = gateway.close(ACK, Side::Request);
    let environment = follower::bootstrap_environment(0, &gateway.url, &home.token);
    let mut process = Process::start(home.follower_home.path(), &[], &environment);
    gate.reached().await;
    process.kill().await;
    gate.open();
    let _follower = Follower::start(home.follower_home.path(), 0).await;
    wait::until("the primary knows", async || (home.enrollment_status().await == "completed").then_some(()))
        .await;
}

#[tokio::test]
async fn a_second_process_on_the_same_data_directory_is_refused() {
    let home = dir();
    let first = Follower::start(home.path(), 0).await;
    let (code, output) = run(home.path(), &[], &follower::environment(0)).await;
    assert_eq!(code, TEMPORARY, "{output}");
    let pid = format!("pid {}", first.process.id());
    assert!(output.contains(&pid) && output.contains("must not share a data directory"), "{output}");
    assert_eq!(first.client.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_named() {
    let home = dir();
    std::fs::write(home.path().join("data"), "not a directory").expect("file");
    let (code, output) = run(home.path(), &[], &follower::environment(0)).await;
    assert_eq!(code, CONFIGURATION, "{output}");
    assert!(output.contains("data/config.toml") && output.contains("Not a directory"), "{output}");
}

#[tokio::test]
async fn term_during_the_wait_for_the_primary_ends_the_process_at_once() {
    let home = dir();
    let nobody = Reserved::new();
    let environment =
        follower::bootstrap_environment(0, &nobody.url(), "enr_00112233445566778899aabbccddeeff");
    let mut process = Process::start(home.path(), &[], &environment);
    process.line("next try in").await;
    assert!(process.stop().await.success());
}

#[tokio::test]
async fn a_renamed_node_reaches_the_follower() {
    let home = Home::new().await;
    let environment = follower::bootstrap_environment(0, &home.primary.url, &home.token);
    let follower = Follower::start_with(home.follower_home.path(), &environment).await;
    let change = json!({"base_url": follower.url, "name": "attic"});
    assert_eq!(home.primary.patch_node(home.node, change).await["name"], "attic");
    let name = database::execute_in_file(home.follower_home.path(), "SELECT name FROM binding");
    assert_eq!(name, "attic");
}

#[tokio::test]
async fn the_health_check_follows_the_server() {
    let home = dir();
    let environment = follower::environment(0);
    let (code, output) = run(home.path(), &["healthcheck"], &environment).await;
    assert_eq!(code, Some(1), "nothing runs yet: {output}");
    let mut follower = Follower::start(home.path(), 0).await;
    let (code, output) = run(home.path(), &["healthcheck"], &environment).await;
    assert_eq!((code, output.as_str()), (Some(0), ""), "an un-enrolled follower is well");
    follower.process.stop().await;
    let (code, output) = run(home.path(), &["healthcheck"], &environment).await;
    assert_eq!(code, Some(1), "{output}");
}

#[tokio::test]
async fn a_follower_answers_every_other_path_with_an_envelope() {
    let home = dir();
    let follower = Follower::start(home.path(), 0).await;
    for path in ["/", "/api/v1/auth/login", "/api/v1/internal/storage/nothing", "/index.html"] {
        let answer = follower.client.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["code"].as_i64()),
            (404, Some(1005)),
            "{path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_low_soft_limit_of_open_files_is_raised_to_the_hard_one() {
    let home = dir();
    let process = Process::start_with_limit(home.path(), &[], &follower::environment(0), Some(256));
    process.address().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", process.id())).expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("the limit");
    let numbers: Vec<&str> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers[0], numbers[1], "{line}");
    assert_ne!(numbers[0], "256", "{line}");
}
