//! One process of the binary in its own working directory, with its log lines.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::reserved::port_for_good;
use super::wait::PATIENCE;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_aster_drive");

/// Environment of a process: nothing of the test runner's but what a program needs to run.
pub(crate) type Environment = BTreeMap<String, String>;

/// `environment` with a port of its own in place of any, which stays free when the server ends: it can be started there
/// again, and until then its clients find nobody.
pub(crate) fn with_own_port(environment: &Environment) -> Environment {
    let mut environment = environment.clone();
    let host = environment.get("ASTER__SERVER__HOST").and_then(|host| host.parse().ok());
    if let (Some(port), Some(host)) = (environment.get_mut("ASTER__SERVER__PORT"), host)
        && port == "0"
    {
        *port = port_for_good(host).to_string();
    }
    environment
}

#[derive(Default)]
struct Log {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<String>,
    open_streams: usize,
}

/// A started process. Dropping it kills it by its id and waits for the end.
pub(crate) struct Process {
    child: Child,
    log: Arc<Log>,
    directory: PathBuf,
}

impl Process {
    /// Starts the binary with `arguments` in `directory`, with exactly `environment`; a primary that names no database
    /// gets the one of `directory`.
    pub(crate) fn start(directory: &Path, arguments: &[&str], environment: &Environment) -> Self {
        Self::start_with_limit(directory, arguments, environment, None)
    }

    /// The same with a soft limit of open files, as a service is started by its system.
    pub(crate) fn start_with_limit(
        directory: &Path,
        arguments: &[&str],
        environment: &Environment,
        open_files: Option<u32>,
    ) -> Self {
        let limit = open_files.map_or_else(String::new, |limit| format!("ulimit -Sn {limit}; "));
        let mut child = Command::new("/bin/sh")
            .args(["-c", &format!("{limit}exec \"$0\" \"$@\""), BINARY])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .envs(environment)
            .envs(database_of(directory, environment))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start the binary");
        let log = Arc::new(Log::default());
        log.lines.lock().expect("log").open_streams = 2;
        follow(child.stdout.take().expect("stdout"), &log);
        follow(child.stderr.take().expect("stderr"), &log);
        Self { child, log, directory: directory.to_owned() }
    }

    /// Working directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed so far.
    pub(crate) fn output(&self) -> String {
        self.log.lines.lock().expect("log").text.join("\n")
    }

    /// Waits for a line that contains `text` and gives it.
    ///
    /// # Panics
    /// When the process ends or the time runs out before that, with what it printed.
    pub(crate) async fn line(&self, text: &str) -> String {
        self.nth_line(text, 1).await
    }

    /// Like [`Self::line`], for the `nth` such line (1 is the first).
    pub(crate) async fn nth_line(&self, text: &str, nth: usize) -> String {
        let (log, wanted) = (Arc::clone(&self.log), text.to_owned());
        let found = tokio::task::spawn_blocking(move || log.wait_for(&wanted, nth, PATIENCE)).await;
        found
            .expect("wait for a line")
            .unwrap_or_else(|| panic!("no line {nth} with {text:?} in:\n{}", self.output()))
    }

    /// The address it serves on, once it does.
    pub(crate) async fn address(&self) -> SocketAddr {
        let line = self.line("startup complete - listening on ").await;
        let (_, address) = line.split_once("listening on ").expect("the line has an address");
        let address: String = address.chars().take_while(|c| !c.is_whitespace() && *c != '"').collect();
        address.parse().unwrap_or_else(|_| panic!("an address in {line:?}"))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.id()).expect("pid")).expect("pid");
        kill_process(pid, signal).expect("signal the process");
    }

    /// SIGSTOP; returns when none of its threads runs any more, so that it answers nothing until it is sent SIGCONT.
    pub(crate) async fn suspend(&self) {
        self.signal(Signal::STOP);
        let threads = format!("/proc/{}/task", self.id());
        super::wait::until("all threads are stopped", async || {
            let mut threads = std::fs::read_dir(&threads).expect("a process").flatten();
            threads.all(|thread| is_stopped(&thread.path())).then_some(())
        })
        .await;
    }

    /// Waits for the end; [`Self::output`] is all of what it has printed then.
    ///
    /// # Panics
    /// When it does not end in time.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let status =
            super::wait::until("the process ends", async || self.child.try_wait().expect("wait")).await;
        self.drained().await;
        status
    }

    /// SIGTERM, then the end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// SIGKILL, then the end.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// The environment the kernel keeps for the process, as text.
    pub(crate) fn kernel_environment(&self) -> String {
        let raw = std::fs::read(format!("/proc/{}/environ", self.id())).expect("environ");
        String::from_utf8_lossy(&raw).replace('\0', "\n")
    }

    /// Most resident memory so far, in bytes.
    pub(crate) fn peak_resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("status");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("VmHWM");
        let kib: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number of kB");
        kib * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killing an ended child that was waited for does nothing; the id cannot belong to anybody else before wait.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a thread is stopped, or gone.
fn is_stopped(thread: &Path) -> bool {
    let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
}

/// What tells a primary which database it has, when tests run on PostgreSQL.
fn database_of(directory: &Path, environment: &Environment) -> Option<(&'static str, String)> {
    const URL: &str = "ASTER__DATABASE__URL";
    let is_primary = environment.get("ASTER__SERVER__START_MODE").is_some_and(|mode| mode == "primary");
    let url = (is_primary && !environment.contains_key(URL)).then(|| super::database::url_for(directory));
    url.flatten().map(|url| (URL, url))
}

/// Runs the binary to its end and gives exit code and output.
pub(crate) async fn run(
    directory: &Path,
    arguments: &[&str],
    environment: &Environment,
) -> (Option<i32>, String) {
    let mut process = Process::start(directory, arguments, environment);
    let status = process.ended().await;
    (status.code(), process.output())
}

impl Process {
    /// Waits until both output streams are read to their end.
    async fn drained(&self) {
        let log = Arc::clone(&self.log);
        tokio::task::spawn_blocking(move || {
            let lines = log.lines.lock().expect("log");
            let (lines, _) =
                log.changed.wait_timeout_while(lines, PATIENCE, |lines| lines.open_streams > 0).expect("log");
            assert_eq!(lines.open_streams, 0, "nobody holds the output of an ended process open");
        })
        .await
        .expect("drain");
    }
}

impl Log {
    fn wait_for(&self, text: &str, nth: usize, limit: Duration) -> Option<String> {
        let deadline = Instant::now() + limit;
        let mut lines = self.lines.lock().expect("log");
        loop {
            if let Some(line) = lines.text.iter().filter(|line| line.contains(text)).nth(nth - 1) {
                return Some(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || lines.open_streams == 0 {
                return None;
            }
            lines = self.changed.wait_timeout(lines, left).expect("log").0;
        }
    }
}

fn follow(stream: impl Read + Send + 'static, log: &Arc<Log>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            log.lines.lock().expect("log").text.push(String::from_utf8_lossy(&line).into_owned());
            log.changed.notify_all();
        }
        log.lines.lock().expect("log").open_streams -= 1;
        log.changed.notify_all();
    });
}
