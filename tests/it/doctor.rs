//! `doctor` on real installations, and what a start says about a volume of somebody else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::database;
use crate::support::declared::Declared;
use crate::support::follower::{self, Follower};
use crate::support::pair::Pair;
use crate::support::primary;
use crate::support::process::{BINARY, Environment, run};

async fn doctor(directory: &Path, environment: &Environment) -> (Option<i32>, Value) {
    doctor_with(directory, environment, &[]).await
}

pub(crate) async fn doctor_with(
    directory: &Path,
    environment: &Environment,
    options: &[&str],
) -> (Option<i32>, Value) {
    let arguments = [&["doctor", "--json"], options].concat();
    let (code, output) = run(directory, &arguments, environment).await;
    let report = serde_json::from_str(&output).unwrap_or_else(|_| panic!("JSON: {output}"));
    (code, report)
}

/// The findings of one check as `state: text`.
pub(crate) fn found(report: &Value, check: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let line = |finding: &Value| {
        format!("{}: {}", finding["state"].as_str().expect("state"), finding["text"].as_str().expect("text"))
    };
    findings.filter(|finding| finding["check"] == check).map(line).collect()
}

#[track_caller]
pub(crate) fn says(report: &Value, check: &str, parts: &[&str]) {
    let found = found(report, check);
    let fits = found.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(fits, "{check}: {parts:?} in {report:#}");
}

#[tokio::test]
async fn a_well_pair_has_nothing_that_fails_and_is_not_disturbed() {
    let pair = Pair::start().await;
    let (code, report) = doctor(pair.primary_home.path(), &primary::environment(0)).await;
    assert_eq!((code, &report["role"]), (Some(0), &json!("primary")), "{report:#}");
    let listening = format!("process {}", pair.primary.process.id());
    says(&report, "port", &["ok: ", "is well", &listening]);
    for check in
        ["configuration", "data directory", "space", "database", "public site URL", "bootstrap", "node"]
    {
        says(&report, check, &["ok: "]);
    }
    let (code, report) = doctor(pair.follower_home.path(), &follower::environment(0)).await;
    assert_eq!((code, &report["role"]), (Some(0), &json!("follower")), "{report:#}");
    for check in ["port", "database", "binding", "primary", "clock", "ingress target"] {
        says(&report, check, &["ok: "]);
    }
    let (_, lines) = run(pair.follower_home.path(), &["doctor"], &follower::environment(0)).await;
    assert!(lines.lines().all(|line| line.starts_with("ok  ") || line.starts_with("WARN")), "{lines}");
    assert_eq!(pair.follower.ready_status().await, 200);
}

#[tokio::test]
async fn wrong_counters_lost_objects_and_objects_of_nobody_are_found_beside_a_running_server() {
    let pair = Pair::start().await;
    let (admin, home) = (&pair.primary.admin, pair.primary_home.path());
    for content in [&b"one"[..], b"two", b"three"] {
        crate::support::declared::upload(admin, "f", content).await;
    }
    let look = async |options: &[&str]| doctor_with(home, &primary::environment(0), options).await;
    let (code, report) = look(&["--deep"]).await;
    assert_eq!(code, Some(0), "{report:#}");
    says(&report, "counts", &["ok: ", "3 blobs"]);
    says(&report, "objects", &["ok: ", "`Remote`", "all 3 blobs"]);
    says(&report, "objects", &["ok: ", "`Local Default`", "all 0 blobs"]);
    database::execute(
        home,
        "UPDATE blobs SET ref_count = 5 WHERE id = 2; UPDATE spaces SET storage_used = 1",
    );
    let (code, report) = look(&[]).await;
    assert_eq!(code, Some(1), "{report:#}");
    says(
        &report,
        "counts",
        &["fail: ", "1 of 3 blobs", "blob 2 says 5 instead of 1", "space 1 says 1 instead of 11"],
    );
    says(&report, "counts", &["doctor --fix"]);
    let (code, report) = look(&["--fix"]).await;
    assert_eq!(code, Some(0), "{report:#}");
    says(&report, "counts", &["ok: ", "2 counters were put right"]);
    let objects = pair.stored_objects();
    std::fs::remove_file(&objects[0]).expect("remove");
    std::fs::write(&objects[1], b"of another size").expect("write");
    std::fs::write(objects[2].with_file_name("stranger"), b"?").expect("write");
    let (code, report) = look(&["--deep"]).await;
    assert_eq!(code, Some(1), "{report:#}");
    says(&report, "counts", &["ok: "]);
    says(&report, "objects", &["fail: ", "`Remote` lacks the objects of 1 of 3 blobs: blob "]);
    says(&report, "objects", &["fail: ", "1 of 3 blobs have a wrong size", "has 15 instead of "]);
    says(&report, "objects", &["warn: ", "`Remote` has 1 objects that no file refers to: files/stranger"]);
}

#[tokio::test]
async fn an_empty_directory_is_described_and_left_empty() {
    let home = tempfile::tempdir().expect("dir");
    let (code, report) = doctor(home.path(), &primary::environment(0)).await;
    assert_eq!(code, Some(0), "{report:#}");
    says(&report, "data directory", &["warn: ", "the first start makes it"]);
    says(&report, "port", &["ok: ", "is free"]);
    assert_eq!(std::fs::read_dir(home.path()).expect("dir").count(), 0);
}

#[tokio::test]
async fn a_taken_port_and_a_wrong_configuration_fail_with_advice() {
    let home = tempfile::tempdir().expect("dir");
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = other.local_addr().expect("address").port();
    let (code, report) = doctor(home.path(), &primary::environment(port)).await;
    assert_eq!(code, Some(1));
    says(&report, "port", &["fail: ", "another program has", "server.port"]);
    let mut environment = primary::environment(0);
    environment.insert("ASTER__SERVER__PROT".into(), "1".into());
    environment.insert("ASTER_BOOTSTRAP_FILE".into(), "nowhere.toml".into());
    let (code, report) = doctor(home.path(), &environment).await;
    assert_eq!(code, Some(1));
    says(&report, "configuration", &["fail: ", "did you mean ASTER__SERVER__PORT?"]);
    environment.remove("ASTER__SERVER__PROT");
    let (_, report) = doctor(home.path(), &environment).await;
    says(&report, "configuration", &["fail: ", "nowhere.toml", "cannot be read"]);
}

#[tokio::test]
async fn a_primary_with_a_wrong_site_url_an_open_bootstrap_and_a_bad_node_says_so() {
    let declared = Declared::new();
    let mut primary = declared.start_primary();
    let admin = declared.log_in(&primary).await;
    let stranger = "http://127.0.0.1:9";
    admin.put("/api/v1/admin/config/public_site_url", json!({"value": [stranger]})).await.data();
    // Or its background work would write the steps anew.
    primary.stop().await;
    let home = declared.primary_home.path();
    let failed = "UPDATE bootstrap_steps SET state = 'failed', message = 'the bucket is gone' WHERE kind = 'target' \
                  AND node = 'follower-2'; UPDATE enrollments SET acked_at = 1 WHERE node_id = 1; UPDATE nodes SET \
                  last_error = 'connection refused', clock_difference_ms = 600000 WHERE id = 1";
    database::execute(home, failed);
    let (code, report) = doctor(home, &declared.plain_environment()).await;
    assert_eq!(code, Some(1));
    says(&report, "public site URL", &["fail: ", stranger, "correct the setting"]);
    says(&report, "bootstrap", &["warn: ", "of 10 steps are open"]);
    says(&report, "bootstrap", &["fail: ", "ingress target `data` of node `follower-2`: the bucket is gone"]);
    says(&report, "node", &["fail: ", "`follower-1`: connection refused"]);
    says(&report, "node", &["warn: ", "`follower-2` waits for its follower to enroll"]);
    says(&report, "clock", &["fail: ", "node `follower-1` is 600 s ahead of ours", "NTP"]);
}

#[tokio::test]
async fn a_follower_whose_primary_is_away_or_lives_in_another_time_says_so() {
    let mut pair = Pair::start().await;
    pair.primary.process.stop().await;
    let home = pair.follower_home.path();
    let (code, report) = doctor(home, &follower::environment(0)).await;
    assert_eq!(code, Some(0), "it serves all the same: {report:#}");
    says(&report, "primary", &["warn: ", &pair.primary.url, "connection refused"]);

    for (minutes, state) in [(10, "fail: "), (-10, "fail: "), (1, "warn: ")] {
        let health =
            move || async move { ([("date", httpdate(minutes))], r#"{"code":0,"msg":"","data":{}}"#) };
        let routes = Router::new().route("/health", get(health));
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let url = format!("http://{}", socket.local_addr().expect("address"));
        tokio::spawn(async move { axum::serve(socket, routes).await.expect("serve") });
        database::execute_in_file(home, &format!("UPDATE binding SET enrolled_through = '{url}'"));
        let (code, report) = doctor(home, &follower::environment(0)).await;
        assert_eq!(code == Some(1), state == "fail: ", "{report:#}");
        let direction = if minutes > 0 { "ahead of" } else { "behind" };
        says(&report, "clock", &[state, "the primary", direction, "300 s every request is refused"]);
    }
}

/// The present time, moved, as HTTP writes it.
fn httpdate(minutes: i64) -> String {
    let moved = format!("{minutes} minutes");
    let output = Command::new("date").args(["-u", "-d", &moved, "+%a, %d %b %Y %H:%M:%S GMT"]).output();
    String::from_utf8(output.expect("date").stdout).expect("text").trim().to_owned()
}

#[tokio::test]
async fn a_failed_target_shows_at_the_follower_too() {
    let pair = Pair::start().await;
    let home = pair.follower_home.path();
    database::execute_in_file(home, "UPDATE ingress_targets SET last_error = 'the directory is gone'");
    let (code, report) = doctor(home, &follower::environment(0)).await;
    assert_eq!(code, Some(1));
    says(&report, "ingress target", &["fail: ", "(default): the directory is gone"]);
}

#[tokio::test]
async fn a_volume_of_another_user_is_named_with_both_ids_and_the_command_that_mends_it() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can run a process as another user");
        return;
    }
    let home = tempfile::tempdir().expect("dir");
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o755)).expect("mode");
    let mut owned = Follower::start(home.path(), 0).await;
    owned.process.stop().await;
    // The build directory may be closed to others.
    let program = home.path().join("aster_drive");
    std::fs::copy(BINARY, &program).expect("copy");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("mode");
    let data = home.path().join("data");
    let as_other = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=10001", "--regid=10001", "--clear-groups"]).arg(&program).args(arguments);
        command.current_dir(home.path()).env_clear().envs(follower::environment(0));
        let output = command.output().expect("setpriv");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("text"))
    };
    let mend = format!("chown -R 10001:10001 {}", data.display());
    for (arguments, expected) in [(&[][..], 78), (&["doctor"][..], 1)] {
        let (code, output) = as_other(arguments);
        assert_eq!(code, Some(expected), "{output}");
        for part in ["belongs to user 0:0", "runs as 10001:10001", &mend] {
            assert!(output.contains(part), "{part}: {output}");
        }
    }
    // Given away by halves: the directory, and not what is in it.
    std::os::unix::fs::chown(&data, Some(10001), Some(10001)).expect("chown");
    let (code, output) = as_other(&[]);
    assert_eq!(code, Some(78), "{output}");
    assert!(output.contains("data/") && output.contains(&mend), "{output}");
    let chown = Command::new("chown").args(["-R", "10001:10001"]).arg(&data).status();
    assert!(chown.expect("chown").success());
    let (code, output) = as_other(&["doctor"]);
    assert_eq!(code, Some(0), "{output}");
}
