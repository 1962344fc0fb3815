//! The drive as programs see it: a conformance suite and real clients against real processes.

mod clients;
mod davfs;
mod litmus;
mod offline;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::primary::Primary;

const USER: &str = "programs";
const PASSWORD: &str = "a password for programs";

/// Makes an account of the administrator and gives the address of the drive, which ends with a slash.
async fn drive_of(primary: &Primary, account: Value) -> String {
    let mut body = json!({"username": USER, "password": PASSWORD});
    let members = account.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(members);
    primary.admin.post("/api/v1/webdav-accounts", body).await.data();
    format!("{}/webdav/", primary.url)
}

/// Runs a program to its end, at most ten minutes.
///
/// # Panics
/// When it is not installed.
async fn run(directory: &Path, program: &str, arguments: &[&str], input: &str) -> Output {
    run_with(directory, program, arguments, input, &[]).await
}

/// The same with variables in its environment.
async fn run_with(
    directory: &Path,
    program: &str,
    arguments: &[&str],
    input: &str,
    environment: &[(&str, &str)],
) -> Output {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "600", program]).args(arguments).current_dir(directory);
    command.env("HOME", directory).env("LC_ALL", "C.UTF-8").envs(environment.iter().copied());
    let input = input.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        use std::process::Stdio;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start");
        // A program that ends before it has read everything is no failure of ours.
        let _ = child.stdin.take().expect("input").write_all(input.as_bytes());
        child.wait_with_output().expect("output")
    });
    let output = running.await.expect("task");
    let missing = output.status.code() == Some(127);
    assert!(!missing, "`{program}` is not installed; scripts/setup test installs it");
    output
}

/// What a program printed.
fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// What a program printed that ended well.
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{:?}: {}", output.status, text(output));
    text(output)
}
