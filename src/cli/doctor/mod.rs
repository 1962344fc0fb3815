//! `doctor`: looks at everything an installation needs, beside a running server or without one, and says what is wrong
//! and what to do. Without `--fix` it changes nothing.

mod content;
mod follower;
mod machine;
mod primary;
#[cfg(test)]
mod tests;
mod visit;

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{EXIT_FAILURE, print};
use crate::config::{self, Environment, StartMode};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

/// What a primary is asked for beyond a look at its settings.
#[derive(Debug, Clone, Copy, Args)]
struct Options {
    /// On a primary, also look at the object of every stored blob, and for objects that no file refers to
    #[arg(long)]
    deep: bool,
    /// On a primary, put wrong reference counts and stored bytes right
    #[arg(long)]
    fix: bool,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warn,
    /// Broken, or going to be.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    /// What was found, and what to do about it.
    text: String,
}

/// Everything found so far.
#[derive(Debug, Default, Serialize)]
struct Report {
    role: Option<&'static str>,
    findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, check: &'static str, state: State, text: impl Into<String>) {
        // One line each, whatever a message brings along.
        let text = text.into().split_whitespace().collect::<Vec<_>>().join(" ");
        self.findings.push(Finding { check, state, text });
    }

    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Ok, text);
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Warn, text);
    }

    fn fail(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Fail, text);
    }

    fn failed(&self) -> bool {
        self.findings.iter().any(|finding| finding.state == State::Fail)
    }

    fn lines(&self) -> String {
        let width = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        let line = |finding: &Finding| {
            let state = match finding.state {
                State::Ok => "ok  ",
                State::Warn => "WARN",
                State::Fail => "FAIL",
            };
            format!("{state}  {:width$}  {}\n", finding.check, finding.text)
        };
        self.findings.iter().map(line).collect()
    }
}

pub(super) fn run(arguments: &Arguments, environment: &Environment, working_dir: &Path) -> ExitCode {
    let mut report = Report::default();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(examine(&mut report, environment, working_dir, arguments.options)),
        Err(error) => report.fail("machine", format!("the runtime cannot be started: {error}")),
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&report).map(|json| json + "\n").unwrap_or_default()
    } else {
        report.lines()
    };
    let printed = print(&text);
    if report.failed() { ExitCode::from(EXIT_FAILURE) } else { printed }
}

async fn examine(report: &mut Report, environment: &Environment, working_dir: &Path, options: Options) {
    if !machine::may_use_data(report, &config::data_dir(working_dir)) {
        return;
    }
    let inspection = match config::inspect(environment, working_dir) {
        Ok(inspection) => inspection,
        Err(problems) => return report.fail("configuration", problems.to_string()),
    };
    if let Err(problems) = config::check(environment, working_dir) {
        report.fail("configuration", problems.to_string());
    } else if inspection.file_exists {
        report.ok("configuration", format!("{} can be used", inspection.file.display()));
    } else {
        let text = format!("{} is not there yet; the first start makes it", inspection.file.display());
        report.warn("configuration", text);
    }
    let config = &inspection.config;
    machine::space(report, "space", &config.data_dir);
    machine::port(report, config).await;
    match config.server.start_mode {
        StartMode::Primary => {
            report.role = Some("primary");
            primary::examine(report, config, options).await;
        }
        StartMode::Follower => {
            report.role = Some("follower");
            follower::examine(report, config).await;
        }
    }
}
