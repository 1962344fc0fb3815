//! What `make run` starts ends with the sample stored, and finds everything in place the second time.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::process::BINARY;

async fn run_once(directory: &Path) -> Output {
    let mut command = Command::new("node");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/run.mjs"))
        .args(["--once", "--primary-port", "0", "--follower-port", "0", "--binary", BINARY, "--dir"])
        .arg(directory);
    tokio::task::spawn_blocking(move || command.output().expect("node")).await.expect("run")
}

#[tokio::test]
async fn the_pair_stores_the_sample_and_a_second_run_repeats_nothing() {
    let home = TempDir::new().expect("dir");
    for run in ["first", "second"] {
        let output = run_once(home.path()).await;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{run} run: {text}\n{errors}");
        assert!(text.contains("sha256"), "{run} run: {text}");
    }
    let objects = home.path().join("follower/data/managed-ingress/default/home/files");
    assert_eq!(std::fs::read_dir(objects).expect("objects").count(), 1, "the sample is stored once");
}
