//! The unit of `packaging/systemd`, read by systemd's own checks, and the numbers in it that depend on the program's.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::process::BINARY;

/// Of 100: what systemd's own account of a service that may do everything gives about 96.
const EXPOSURE: &str = "--threshold=15";

fn packaged(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd").join(name)
}

fn unit() -> String {
    std::fs::read_to_string(packaged("aster_drive.service")).expect("unit")
}

fn setting<'a>(unit: &'a str, name: &str) -> &'a str {
    let line = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("{name} in the unit"))
}

/// Runs a program of systemd; `None`, with a line that says so, where there is none.
fn systemd(program: &str, arguments: &[&str]) -> Option<Output> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        eprintln!("SKIPPED: there is no {program} here (Debian package: systemd)");
        return None;
    };
    Some(output)
}

#[test]
fn systemd_finds_no_fault_with_the_unit_and_little_that_the_service_may_do() {
    let directory = TempDir::new().expect("dir");
    let installed = directory.path().join("aster_drive.service");
    std::fs::write(&installed, unit().replace("/usr/local/bin/aster_drive", BINARY)).expect("write");
    let path = installed.to_str().expect("text");
    for arguments in
        [&["verify", "--man=no", path][..], &["security", "--offline=true", "--no-pager", EXPOSURE, path]]
    {
        let Some(output) = systemd("systemd-analyze", arguments) else { return };
        let said =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat();
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(arguments[0] == "security" || said.is_empty(), "{said}");
    }
}

#[test]
fn the_user_of_the_unit_is_the_one_that_sysusers_makes() {
    let root = TempDir::new().expect("dir");
    let definitions = root.path().join("usr/lib/sysusers.d");
    std::fs::create_dir_all(&definitions).expect("directory");
    std::fs::create_dir(root.path().join("etc")).expect("directory");
    std::fs::copy(packaged("aster_drive.sysusers.conf"), definitions.join("aster_drive.conf")).expect("copy");
    let place = format!("--root={}", root.path().display());
    let Some(output) = systemd("systemd-sysusers", &[&place]) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let users = std::fs::read_to_string(root.path().join("etc/passwd")).expect("passwd");
    assert!(users.starts_with(&format!("{}:", setting(&unit(), "User"))), "{users}");
}

#[test]
fn the_unit_waits_longer_than_the_drain_and_does_not_repeat_what_needs_a_person() {
    let unit = unit();
    let reference = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example"))
        .expect("reference");
    let grace = reference.lines().find_map(|line| line.strip_prefix("#ASTER__SERVER__SHUTDOWN_GRACE_SECS="));
    let grace: u64 = grace.and_then(|it| it.parse().ok()).expect("the default");
    let stop: u64 = setting(&unit, "TimeoutStopSec").trim_end_matches('s').parse().expect("seconds");
    assert!(stop >= grace + 5, "{stop} s against {grace} s");
    assert_eq!(setting(&unit, "RestartPreventExitStatus"), "2 78");
}
