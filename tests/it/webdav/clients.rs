//! rclone, cadaver and curl.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tempfile::TempDir;

use super::{PASSWORD, USER, done, drive_of, run, run_with, text};
use crate::support::pair::Pair;
use crate::support::primary::Primary;
use crate::support::random::Random;
use crate::support::wait::until;

/// Files of the tree that rclone carries.
const FILES: usize = 2_000;

/// Writes a tree of [`FILES`] files, of which few are large, with names that have to be escaped among them.
fn write_tree(top: &Path) {
    let mut random = Random::new(7);
    for number in 0..FILES {
        let folder = top.join(format!("part {}", number % 20)).join(format!("ü&{}", number % 5));
        std::fs::create_dir_all(&folder).expect("folder");
        let size = if number % 200 == 0 { 300_000 } else { random.within(0, 2_000) };
        let content: Vec<u8> = (0..size).map(|place| (place + number as u64) as u8).collect();
        std::fs::write(folder.join(format!("{number} #100%+.bin")), content).expect("file");
    }
}

/// What makes rclone know the drive, from its environment only.
struct Rclone {
    directory: TempDir,
    url: String,
    password: String,
}

impl Rclone {
    async fn new(url: &str) -> Self {
        let directory = TempDir::new().expect("dir");
        let obscured = done(&run(directory.path(), "rclone", &["obscure", PASSWORD], "").await);
        Self { directory, url: url.to_owned(), password: obscured.trim().to_owned() }
    }

    fn environment(&self) -> [(&str, &str); 6] {
        [
            ("RCLONE_CONFIG_DRIVE_TYPE", "webdav"),
            ("RCLONE_CONFIG_DRIVE_VENDOR", "other"),
            ("RCLONE_CONFIG_DRIVE_URL", &self.url),
            ("RCLONE_CONFIG_DRIVE_USER", USER),
            ("RCLONE_CONFIG_DRIVE_PASS", &self.password),
            ("RCLONE_CONFIG", "/dev/null"),
        ]
    }

    async fn run(&self, arguments: &[&str]) -> String {
        done(&run_with(self.directory.path(), "rclone", arguments, "", &self.environment()).await)
    }

    /// Begins, in a process group of its own.
    fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new("rclone");
        command.args(arguments).current_dir(self.directory.path()).envs(self.environment());
        command.env("HOME", self.directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0).spawn().expect("start rclone")
    }
}

#[tokio::test]
async fn rclone_carries_a_tree_up_checks_moves_and_deletes_it_and_goes_on_after_a_kill() {
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let rclone = Rclone::new(&drive_of(&primary, json!({})).await).await;
    let tree = rclone.directory.path().join("tree");
    write_tree(&tree);
    let local = tree.to_str().expect("path");

    let mut child = rclone.begin(&["copy", local, "drive:tree", "--transfers", "4", "--bwlimit", "200k"]);
    until("some files have arrived", async || {
        let found = primary.admin.get("/api/v1/search?q=bin&type=file").await;
        (found.data()["total_files"].as_u64()? >= 20).then_some(())
    })
    .await;
    let pid = Pid::from_child(&child);
    kill_process_group(pid, Signal::KILL).expect("kill");
    child.wait().expect("end");

    rclone.run(&["copy", local, "drive:tree", "--transfers", "8", "--checkers", "8"]).await;
    let told = rclone.run(&["check", local, "drive:tree", "--download", "--checkers", "8"]).await;
    assert!(
        told.contains("0 differences found") && told.contains(&format!("{FILES} matching files")),
        "{told}"
    );
    // In one request: the server moves the folder.
    rclone.run(&["move", "drive:tree", "drive:moved/here"]).await;
    let told = rclone.run(&["check", local, "drive:moved/here", "--size-only", "--checkers", "8"]).await;
    assert!(told.contains(&format!("{FILES} matching files")), "{told}");
    rclone.run(&["purge", "drive:moved"]).await;
    assert_eq!(rclone.run(&["lsf", "drive:"]).await.trim(), "");
    let trash = primary.admin.get("/api/v1/trash").await;
    assert_eq!(trash.data()["folders"][0]["name"], "moved", "a deletion can be taken back");
}

#[tokio::test]
async fn what_curl_sends_without_a_length_goes_to_a_follower_in_parts() {
    let pair = Pair::start().await;
    let drive = drive_of(&pair.primary, json!({})).await;
    let directory = TempDir::new().expect("dir");
    let login = format!("{USER}:{PASSWORD}");
    let content = "0123456789abcdef".repeat(1_300_000);
    let file = format!("{drive}stream.bin");
    let base = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--user", &login];
    let send = [&base[..], &["--upload-file", "-", &file]].concat();
    done(&run(directory.path(), "curl", &send, &content).await);
    let back = done(&run(directory.path(), "curl", &[&base[..], &[&file]].concat(), "").await);
    assert!(back == content, "{} of {} bytes", back.len(), content.len());
    assert_eq!(pair.stored_objects().len(), 1, "the parts have become one object");
}

#[tokio::test]
async fn cadaver_works_through_its_commands() {
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let drive = drive_of(&primary, json!({})).await;
    let directory = TempDir::new().expect("dir");
    // Its file of logins has no way to write a blank.
    let password = PASSWORD.replace(' ', "-");
    let account = json!({"username": "cadaver", "password": password});
    primary.admin.post("/api/v1/webdav-accounts", account).await.data();
    let login = format!("machine 127.0.0.1 login cadaver password {password}\n");
    std::fs::write(directory.path().join(".netrc"), login).expect("netrc");
    std::fs::write(directory.path().join("f.txt"), "content").expect("file");
    let commands = "mkcol folder\ncd folder\nput f.txt\nlock f.txt\nunlock f.txt\npropset f.txt color red\n\
                    propget f.txt color\ncopy f.txt g.txt\nmove g.txt h.txt\nget h.txt back.txt\nls\ndelete f.txt\n\
                    cd ..\nrmcol folder\nls\nquit\n";
    let told = text(&run(directory.path(), "cadaver", &[&drive], commands).await);
    assert!(!told.contains("failed"), "{told}");
    assert!(told.contains("Value of color is: red"), "{told}");
    assert_eq!(std::fs::read(directory.path().join("back.txt")).expect("back"), b"content");
}

#[tokio::test]
async fn curl_reads_parts_and_waits_for_leave_to_send() {
    let home = TempDir::new().expect("dir");
    let primary = Primary::start(home.path()).await;
    let drive = drive_of(&primary, json!({})).await;
    let directory = TempDir::new().expect("dir");
    let login = format!("{USER}:{PASSWORD}");
    let curl = async |arguments: &[&str]| {
        let all = [&["--silent", "--show-error", "--noproxy", "*", "--user", &login], arguments].concat();
        done(&run(directory.path(), "curl", &all, "").await)
    };
    std::fs::write(directory.path().join("f.bin"), "0123456789".repeat(200_000)).expect("file");
    let file = format!("{drive}f.bin");
    let expect = ["--verbose", "--header", "Expect: 100-continue", "--upload-file", "f.bin"];
    let told = curl(&[&expect[..], &[&file]].concat()).await;
    assert!(told.contains("HTTP/1.1 100 Continue") && told.contains("HTTP/1.1 201"), "{told}");
    assert_eq!(curl(&["--range", "10-14", &file]).await, "01234");
    // Who is refused is told so before the content.
    let wrong = format!("{drive}nowhere/f.bin");
    let told = curl(&[&expect[..], &[&wrong]].concat()).await;
    assert!(told.contains("HTTP/1.1 409") && !told.contains("100 Continue"), "{told}");
    let chunked = ["--header", "Transfer-Encoding: chunked", "--upload-file", "f.bin", &file];
    curl(&chunked).await;
    let size = curl(&["--head", &file]).await;
    assert!(size.to_lowercase().contains("content-length: 2000000"), "{size}");
}
