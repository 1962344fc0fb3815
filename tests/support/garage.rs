//! A real S3 server for tests: `garage`, one node on free ports with its data in a temporary directory.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::reserved::Reserved;

/// The region that the server signs for.
pub(crate) const REGION: &str = "garage";
/// The bucket that is there from the start.
pub(crate) const BUCKET: &str = "objects";
/// The key pair that owns the bucket.
pub(crate) const ACCESS_KEY: &str = "GK0123456789abcdef01234567";
/// Its secret.
pub(crate) const SECRET_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Longest wait for the server to answer.
const STARTED_WITHIN: Duration = Duration::from_secs(120);

/// A running server. It ends, and its data goes, when this is dropped and also when the process ends without that.
pub(crate) struct Garage {
    endpoint: String,
    ports: [Reserved; 2],
    directory: PathBuf,
    keeper: Child,
}

impl Garage {
    /// Starts a server and waits until it takes requests.
    pub(crate) fn start() -> Self {
        assert!(
            is_installed(),
            "`garage` is missing, the S3 server for tests; `scripts/setup test` installs it"
        );
        let (rpc, s3) = (Reserved::new(), Reserved::new());
        // The keeper removes it: a static is never dropped.
        let directory = tempfile::tempdir().expect("a directory for garage").keep();
        let config = directory.join("garage.toml");
        let text = configuration(&directory, rpc.address, s3.address);
        let written = File::create(&config).and_then(|mut file| file.write_all(text.as_bytes()));
        written.expect("garage.toml");
        let keeper = spawn(&directory);
        let garage = Self { endpoint: s3.url(), ports: [rpc, s3], directory, keeper };
        garage.wait_until_it_answers();
        garage
    }

    /// The server's S3 address, `http://127.0.0.1:PORT`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + STARTED_WITHIN;
        while !answers_now(self.ports[1].address) {
            assert!(Instant::now() < deadline, "garage does not start; its output is above");
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// From here on it keeps its connections, takes new ones, and says nothing.
    pub(crate) fn stop_answering(&self) {
        self.signal("STOP");
    }

    /// Goes on with everything it was sent meanwhile.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.directory.join("pid")).expect("the server's process id");
        let sent = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "signal the server");
    }

    /// Uploads in parts that were begun and neither completed nor aborted, as the server counts them.
    pub(crate) fn unfinished_uploads(&self) -> u64 {
        let mut command = Command::new("garage");
        command.arg("-c").arg(self.directory.join("garage.toml")).args(["json-api", "GetBucketInfo"]);
        let output = command.arg(format!("{{\"globalAlias\":\"{BUCKET}\"}}")).output().expect("garage");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let count = text.split_once("\"unfinishedMultipartUploads\":").map(|(_, rest)| rest.trim_start());
        let digits: Option<String> =
            count.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no count in {text}"))
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        // The keeper ends the server at the end of its input.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn configuration(directory: &Path, rpc: SocketAddr, s3: SocketAddr) -> String {
    let directory = directory.display();
    format!(
        "metadata_dir = \"{directory}/meta\"\n\
         data_dir = \"{directory}/data\"\n\
         db_engine = \"sqlite\"\n\
         metadata_fsync = false\n\
         data_fsync = false\n\
         replication_factor = 1\n\
         compression_level = \"none\"\n\
         rpc_bind_addr = \"{rpc}\"\n\
         rpc_public_addr = \"{rpc}\"\n\
         rpc_secret = \"{SECRET_KEY}\"\n\
         [s3_api]\n\
         s3_region = \"{REGION}\"\n\
         api_bind_addr = \"{s3}\"\n\
         root_domain = \".localhost\"\n"
    )
}

/// The server as the child of a shell that ends it, and removes its directory, when our end of the pipe is closed,
/// however we end.
fn spawn(directory: &Path) -> Child {
    let script = r#"
        garage -c "$1/garage.toml" server --single-node --default-bucket </dev/null &
        echo $! >"$1/pid"
        read -r _
        kill $!
        kill -CONT $!
        wait $!
        rm -rf "$1"
    "#;
    let keeper = Command::new("sh")
        .args(["-c", script, "garage-keeper"])
        .arg(directory)
        .env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS_KEY)
        .env("GARAGE_DEFAULT_SECRET_KEY", SECRET_KEY)
        .env("GARAGE_DEFAULT_BUCKET", BUCKET)
        .env("RUST_LOG", "garage=error")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    keeper.expect("sh")
}

fn is_installed() -> bool {
    Command::new("garage").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// One request without a signature: a ready server refuses it as S3 does.
fn answers_now(s3: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&s3, Duration::from_secs(1)) else { return false };
    let request = format!("GET /{BUCKET} HTTP/1.1\r\nHost: {s3}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let sent = stream.write_all(request.as_bytes());
    sent.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 403")
}
