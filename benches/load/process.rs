//! A started server: its log lines, its end, and what the kernel says about it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Add;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::Outcome;

/// How long a server may take to start, and to stop.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);
/// Ticks in a second in `/proc/PID/stat`; the kernel shows this unit on every architecture.
const TICKS_PER_SECOND: u64 = 100;
/// Log lines kept for the report of a failure.
const KEPT_LINES: usize = 20;

/// A running program. Dropping it asks it to stop, then kills it.
pub(super) struct Process {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    last_lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `command`.
    pub(super) fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let stdout = child.stdout.take().ok_or("a child without standard output")?;
        let (sender, lines) = mpsc::unbounded_channel();
        let last_lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&last_lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                keep(&kept, &line);
                // Nobody listens any more once the server has started; reading on keeps it from blocking.
                let _ = sender.send(line);
            }
        });
        Ok(Self { child, lines, last_lines })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The text behind `marker` in the first log line that has it; no further line is kept for reading.
    pub(super) async fn text_after(&mut self, marker: &str) -> Outcome<String> {
        let found = async {
            while let Some(line) = self.lines.recv().await {
                if let Some((_, text)) = line.split_once(marker) {
                    self.lines.close();
                    return Some(text.to_owned());
                }
            }
            None
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(format!("it ended without saying {marker:?}:\n{}", self.last_lines()).into()),
            Err(_) => Err(format!("it did not say {marker:?} in time:\n{}", self.last_lines()).into()),
        }
    }

    /// The last lines of its log.
    pub(super) fn last_lines(&self) -> String {
        self.last_lines.lock().map(|lines| lines.join("\n")).unwrap_or_default()
    }

    /// The processes it started.
    pub(super) fn children(&self) -> Outcome<Vec<u32>> {
        let id = self.id();
        let list = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        list.split_whitespace().map(|child| Ok(child.parse()?)).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // TERM first: nginx ends its workers only when it is asked to. The child was not waited for, so the id is its.
        if let Some(pid) = i32::try_from(self.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::park_timeout(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(lines: &Mutex<Vec<String>>, line: &str) {
    if let Ok(mut lines) = lines.lock() {
        if lines.len() == KEPT_LINES {
            lines.remove(0);
        }
        lines.push(line.to_owned());
    }
}

/// Waits until something accepts connections at `address`.
pub(super) async fn until_listening(address: SocketAddr) -> Outcome<()> {
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = TcpStream::connect(address).await {
        if Instant::now() > deadline {
            return Err(format!("nothing listens on {address}: {error}").into());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// What processes use, read from `/proc`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// Processor time so far, user and system.
    pub(super) processor: Duration,
    /// Resident memory now, in bytes.
    pub(super) resident: u64,
    /// Most resident memory so far, in bytes.
    pub(super) peak_resident: u64,
}

impl Usage {
    /// Of one process.
    pub(super) fn of(id: u32) -> Outcome<Self> {
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let bytes = |name: &str| -> Outcome<u64> {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line in status")?;
            Ok(line.trim().trim_end_matches("kB").trim_end().parse::<u64>()? * 1024)
        };
        Ok(Self {
            processor: processor_time(id)?,
            resident: bytes("VmRSS:")?,
            peak_resident: bytes("VmHWM:")?,
        })
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            processor: self.processor + other.processor,
            resident: self.resident + other.resident,
            peak_resident: self.peak_resident + other.peak_resident,
        }
    }
}

fn processor_time(id: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The second field is a name that may have spaces and ends with the last parenthesis; user time is the 14th.
    let (_, fields) = stat.rsplit_once(')').ok_or("no name in stat")?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || -> Outcome<u64> { Ok(times.next().ok_or("too few fields in stat")??) };
    let ticks = next()? + next()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
