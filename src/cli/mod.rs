//! The command line: what can be asked of the program, and with which exit code it answers. Decides nothing else.

mod config_print;
mod doctor;
mod healthcheck;
mod node_enroll;
mod secrets;
mod serve;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{self, Environment, Problems};
use crate::entrypoint::Stopped;
use crate::primary::Primary;

/// Failed; the message says why.
pub const EXIT_FAILURE: u8 = 1;
/// Something needed is out of reach for now; the same start may work later (`EX_TEMPFAIL`).
pub const EXIT_TEMPORARY: u8 = 75;
/// The configuration is wrong; the same start will fail again (`EX_CONFIG`).
pub const EXIT_CONFIGURATION: u8 = 78;

/// What the system gives a process.
#[derive(Debug)]
pub struct Process {
    /// Name of the program and its arguments.
    pub arguments: Vec<OsString>,
    /// The environment.
    pub environment: Environment,
    /// Where it was started; fails when that directory is gone.
    pub working_dir: io::Result<PathBuf>,
}

/// A self-hosted drive whose bytes live on follower nodes: one binary, two roles.
#[derive(Debug, Parser)]
#[command(name = "aster_drive", version)]
#[command(
    after_help = "Without a command it serves. Settings: data/config.toml and ASTER__SECTION__KEY; see \
                        `aster_drive config print`."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the role that the configuration names and serve until a signal ends it (the default)
    Serve,
    /// Tie this follower to its primary
    #[command(subcommand)]
    Node(NodeCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask the running server whether it is well: exit code 0 if so, else 1
    Healthcheck,
    /// Look at configuration, data, database, network and peers, and say what is wrong: exit code 0 if nothing is
    Doctor(doctor::Arguments),
    /// Write the API's description, an OpenAPI document, to standard output; a running primary has it at
    /// /api/v1/openapi.json
    Openapi,
    /// Make the secrets that a group of containers shares, once; each file is readable by its owner only
    Secrets(secrets::Arguments),
}

#[derive(Debug, Subcommand)]
enum NodeCommand {
    /// Redeem an enrollment token at the primary and keep the binding; a running follower picks it up at once
    Enroll(node_enroll::Arguments),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting in force and where it comes from, secrets hidden
    Print,
    /// Write the reference of all settings, as it lies in the repository
    #[command(hide = true)]
    Reference(ReferenceArguments),
}

#[derive(Debug, Args)]
struct ReferenceArguments {
    #[arg(long)]
    format: ReferenceFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReferenceFormat {
    /// `.env.example`
    Env,
    /// `docs/configuration.md`
    Markdown,
}

/// Does what the arguments say.
#[must_use]
pub fn run(process: Process) -> ExitCode {
    let command = match CommandLine::try_parse_from(process.arguments) {
        Ok(line) => line.command.unwrap_or(Command::Serve),
        Err(answer) => {
            // Help and version arrive here too. If even they cannot be written, the exit code has to do.
            let _ = answer.print();
            return u8::try_from(answer.exit_code()).map_or(ExitCode::from(EXIT_FAILURE), ExitCode::from);
        }
    };
    let working_dir = match process.working_dir {
        Ok(directory) => directory,
        Err(error) => return fail(&format!("the working directory cannot be used: {error}")),
    };
    dispatch(command, &process.environment, &working_dir)
}

fn dispatch(command: Command, environment: &Environment, working_dir: &Path) -> ExitCode {
    match command {
        Command::Serve => serve::run(environment, working_dir),
        Command::Node(NodeCommand::Enroll(arguments)) => {
            node_enroll::run(&arguments, environment, working_dir)
        }
        Command::Config(ConfigCommand::Print) => config_print::run(environment, working_dir),
        Command::Config(ConfigCommand::Reference(arguments)) => print(&match arguments.format {
            ReferenceFormat::Env => config::env_example(),
            ReferenceFormat::Markdown => config::markdown(),
        }),
        Command::Healthcheck => healthcheck::run(environment, working_dir),
        Command::Doctor(arguments) => doctor::run(&arguments, environment, working_dir),
        Command::Openapi => print(&Primary::openapi()),
        Command::Secrets(arguments) => secrets::run(&arguments, environment),
    }
}

/// Writes `text` to standard output.
fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(EXIT_FAILURE),
    }
}

/// Says on standard error why a start or an enrollment did not succeed.
fn stop(stopped: &Stopped) -> ExitCode {
    complain(&stopped.to_string());
    ExitCode::from(match stopped {
        Stopped::Configuration(_) => EXIT_CONFIGURATION,
        Stopped::Temporary(_) => EXIT_TEMPORARY,
        Stopped::Failed(_) => EXIT_FAILURE,
    })
}

/// Says on standard error why the command failed.
fn fail(reason: &str) -> ExitCode {
    complain(reason);
    ExitCode::from(EXIT_FAILURE)
}

/// Says on standard error what is wrong with the configuration.
fn refuse(problems: &Problems) -> ExitCode {
    complain(&format!(
        "{problems}\n\nNothing was started or written. docs/configuration.md explains every setting."
    ));
    ExitCode::from(EXIT_CONFIGURATION)
}

fn complain(text: &str) {
    // With standard error gone there is nobody left to tell; the exit code remains.
    let _ = writeln!(io::stderr(), "aster_drive: {text}");
}
