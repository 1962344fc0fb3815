//! `serve`: the server itself.

use std::path::Path;
use std::process::ExitCode;

use super::stop;
use crate::config::Environment;
use crate::entrypoint;

pub(super) fn run(environment: &Environment, working_dir: &Path) -> ExitCode {
    match entrypoint::run(environment, working_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) => stop(&stopped),
    }
}
