//! Starting over without the one-time variables.
//!
//! The kernel shows a process's initial environment in `/proc/PID/environ` for as long as it lives, whatever the
//! process does to its own copy. Only a new program image starts with a clean one.

use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::Stopped;
use crate::config::Environment;

/// Replaces this process (same PID) by the same program with the same arguments and without any `ASTER_BOOTSTRAP_…`
/// variable. Returns only when that failed.
pub(super) fn without_bootstrap_variables(environment: &Environment) -> Stopped {
    match try_reexec(environment) {
        Ok(never) => match never {},
        Err(error) => Stopped::failed("cannot start again without the ASTER_BOOTSTRAP_… variables", error),
    }
}

fn try_reexec(environment: &Environment) -> std::io::Result<Infallible> {
    let program = std::env::current_exe()?;
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments);
    for name in environment.bootstrap_names() {
        command.env_remove(name);
    }
    Err(command.exec())
}
