//! davfs2: the drive as a directory, where this machine lets somebody mount one.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{PASSWORD, USER, done, drive_of, run, text};
use crate::support::primary::Primary;

/// Newer kernels read a directory in larger pieces than the program has room for by default.
const BUFFER_KIB: u32 = 256;

/// Why nothing can be mounted here.
fn obstacle() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root may mount".to_owned());
    }
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        return Some(format!("/dev/fuse cannot be opened: {error}"));
    }
    None
}

/// Unmounts when dropped.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[tokio::test]
async fn davfs2_mounts_the_drive_where_this_machine_lets_it() {
    if let Some(obstacle) = obstacle() {
        eprintln!("SKIPPED: davfs2 is not tried, because {obstacle}");
        return;
    }
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let drive = drive_of(&primary, json!({})).await;
    let directory = TempDir::new().expect("dir");
    let (at, cache) = (directory.path().join("drive"), directory.path().join("cache"));
    for path in [&at, &cache] {
        std::fs::create_dir(path).expect("directory");
    }
    // The program gives up its rights before it looks for its cache.
    for (path, mode) in [(directory.path(), 0o755), (cache.as_path(), 0o777)] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode");
    }
    let secrets = directory.path().join("secrets");
    std::fs::write(&secrets, format!("{drive} {USER} \"{PASSWORD}\"\n")).expect("secrets");
    std::fs::set_permissions(&secrets, Permissions::from_mode(0o600)).expect("mode");
    let settings = format!(
        "secrets {}\ncache_dir {}\nuse_locks 1\ndelay_upload 0\nbuf_size {BUFFER_KIB}\n",
        secrets.display(),
        cache.display()
    );
    let config = directory.path().join("davfs2.conf");
    std::fs::write(&config, settings).expect("config");
    let options = format!("conf={},uid=0,gid=0", config.display());
    let path = at.to_str().expect("path");
    let mounting = run(directory.path(), "mount.davfs", &[&drive, path, "-o", &options], "").await;
    if !mounting.status.success() && text(&mounting).contains("not permitted") {
        eprintln!("SKIPPED: davfs2 is not tried, because mounting is not permitted: {}", text(&mounting));
        return;
    }
    done(&mounting);
    let mounted = Mounted(&at);
    let script = "set -e; mkdir d; printf content > d/f.txt; cp d/f.txt d/g.txt; mv d/g.txt h.txt; cat h.txt; rm d/f.txt; \
                  rmdir d; ls";
    let told = run(&at, "sh", &["-c", script], "").await;
    let told = done(&told);
    assert!(told.starts_with("content") && told.contains("h.txt"), "{told}");
    drop(mounted);
    let listed = primary.admin.get("/api/v1/folders").await;
    assert_eq!(listed.data()["files"][0]["name"], "h.txt");
    assert_eq!(listed.data()["folders_total"], 0);
}
