//! `node enroll`: ties this follower to its primary, also beside a running follower.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use secrecy::SecretString;

use super::{print, stop};
use crate::config::{CLI_DATABASE_URL, CLI_ENROLLMENT_TOKEN, CLI_MASTER_URL, Environment};
use crate::entrypoint::{EnrollByHand, Stopped, enroll_by_hand};

/// More than any token, so that a wrong file is not read whole.
const MAX_TOKEN_BYTES: u64 = 4096;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Address of the primary, as this machine reaches it
    #[arg(long, env = CLI_MASTER_URL, value_name = "URL")]
    master_url: String,
    /// Enrollment token; `-` reads it from standard input, so that it stands in no process list
    #[arg(
        long,
        env = CLI_ENROLLMENT_TOKEN,
        hide_env_values = true,
        value_name = "TOKEN",
        required_unless_present = "token_file",
        conflicts_with = "token_file"
    )]
    token: Option<String>,
    /// File that holds the enrollment token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Database of the follower, when it is not the configured one
    #[arg(long, env = CLI_DATABASE_URL, value_name = "URL")]
    database_url: Option<String>,
}

pub(super) fn run(arguments: &Arguments, environment: &Environment, working_dir: &Path) -> ExitCode {
    let token = match token(arguments) {
        Ok(token) => token,
        Err(reason) => return stop(&Stopped::Configuration(reason)),
    };
    let request = EnrollByHand {
        master_url: &arguments.master_url,
        token: &token,
        database_url: arguments.database_url.as_deref(),
    };
    match enroll_by_hand(&request, environment, working_dir) {
        Ok(report) => print(&format!("{report}\n")),
        Err(stopped) => stop(&stopped),
    }
}

fn token(arguments: &Arguments) -> Result<SecretString, String> {
    let read = match (&arguments.token, &arguments.token_file) {
        (Some(token), _) if token == "-" => read_all(std::io::stdin().lock(), "standard input"),
        (Some(token), _) => Ok(token.clone()),
        (None, Some(file)) => match std::fs::File::open(file) {
            Ok(open) => read_all(open, &file.display().to_string()),
            Err(error) => Err(format!("the token file {} cannot be read: {error}", file.display())),
        },
        (None, None) => Err("give the token with --token or --token-file".to_owned()),
    };
    let text = read?;
    match text.trim() {
        "" => Err("the token is empty; make one at the primary under this node's record".to_owned()),
        token => Ok(token.to_owned().into()),
    }
}

fn read_all(source: impl Read, name: &str) -> Result<String, String> {
    let mut text = String::new();
    source
        .take(MAX_TOKEN_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| format!("the token cannot be read from {name}: {error}"))?;
    Ok(text)
}
