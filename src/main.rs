//! The process: takes in what the system gives it and hands it to the command line.

use std::process::ExitCode;

use aster_drive::cli::{self, Process};

fn main() -> ExitCode {
    cli::run(Process {
        arguments: std::env::args_os().collect(),
        environment: std::env::vars_os().collect(),
        working_dir: std::env::current_dir(),
    })
}
