//! litmus, the conformance suite: every test passes and none warns.

use serde_json::json;
use tempfile::TempDir;

use super::{PASSWORD, USER, drive_of, run, text};
use crate::support::pair::Pair;
use crate::support::primary::Primary;

const SUITES: [&str; 5] = ["basic", "copymove", "props", "locks", "http"];

async fn conforms(primary: &Primary) {
    let drive = drive_of(primary, json!({})).await;
    let directory = TempDir::new().expect("dir");
    let output = run(directory.path(), "litmus", &["--keep-going", &drive, USER, PASSWORD], "").await;
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    for suite in SUITES {
        let summary = told.lines().find(|line| line.contains(&format!("summary for `{suite}'")));
        let summary = summary.unwrap_or_else(|| panic!("{suite} did not run: {told}"));
        assert!(summary.contains(" 0 failed") && summary.contains("100.0%"), "{told}");
    }
    for word in ["WARNING", "warning", "FAIL", "SKIPPED"] {
        assert!(!told.contains(word), "{told}");
    }
}

#[tokio::test]
async fn every_conformance_test_passes_on_a_local_policy() {
    let home = TempDir::new().expect("dir");
    conforms(&Primary::start(home.path()).await).await;
}

#[tokio::test]
async fn every_conformance_test_passes_on_a_follower() {
    let pair = Pair::start().await;
    conforms(&pair.primary).await;
    assert!(!pair.stored_objects().is_empty(), "the contents were on the follower");
}
