//! `config print`: every setting in force, one to a line, with the origin of its value beside it.

use std::path::Path;
use std::process::ExitCode;

use super::{print, refuse};
use crate::config::{self, Environment, Inspection, Setting};

pub(super) fn run(environment: &Environment, working_dir: &Path) -> ExitCode {
    match config::inspect(environment, working_dir) {
        Ok(inspection) => print(&listing(&inspection)),
        Err(problems) => refuse(&problems),
    }
}

fn listing(inspection: &Inspection) -> String {
    let file = inspection.file.display();
    let remark =
        if inspection.file_exists { "" } else { " (not there yet; shown as the first start makes it)" };
    let mut out = format!("# {file}{remark}\n");
    let width = |of: fn(&Setting) -> usize| inspection.settings.iter().map(of).max().unwrap_or(0);
    let keys = width(|setting| setting.key.len());
    let values = width(|setting| setting.value.chars().count()).min(40);
    for Setting { key, value, origin } in &inspection.settings {
        out.push_str(&format!("{key:keys$} = {value:values$}  # {origin}\n"));
    }
    if !inspection.bootstrap_variables.is_empty() {
        out.push_str("\n# Used once, at the first start\n");
    }
    for (name, value) in &inspection.bootstrap_variables {
        out.push_str(&format!("{name} = {value}\n"));
    }
    out
}
