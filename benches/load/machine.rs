//! The machine and the disk, as the reader of the figures must know them.

use std::path::Path;
use std::process::Command;

use super::report::mib;

/// A few lines of Markdown.
pub(super) fn describe(directory: &Path) -> String {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = line_of("/proc/meminfo", "MemTotal").unwrap_or_default();
    let memory: u64 = memory.trim_end_matches("kB").trim_end().parse().unwrap_or(0);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- {processors} processors ({model}), {:.0} MiB of memory, Linux {}\n- directory on {}\n- {}\n",
        mib(memory * 1024),
        kernel.trim(),
        file_system(directory).unwrap_or_default(),
        nginx_version().unwrap_or_default(),
    )
}

/// What stands behind the colon in the first line of `file` that starts with `name`.
fn line_of(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Type and options of the mount that holds `directory`.
fn file_system(directory: &Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holds = |fields: &Vec<&str>| fields.len() > 3 && directory.starts_with(fields[1]);
    let mount = fields.filter(holds).max_by_key(|fields| fields[1].len())?;
    Some(format!("{} ({})", mount[2], mount[3]))
}

fn nginx_version() -> Option<String> {
    let output = Command::new(super::nginx::binary().ok()?).arg("-v").output().ok()?;
    Some(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
