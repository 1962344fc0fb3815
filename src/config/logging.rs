//! `[logging]`: what is written to standard output, and in which form.

use tracing_subscriber::filter::{Directive, LevelFilter};

use super::reader::Reader;

/// What is logged.
#[derive(Debug, Clone)]
pub struct LoggingConfig {
    /// Directives for `tracing_subscriber::EnvFilter`, separated by commas; checked.
    pub level: String,
    /// Form of a line.
    pub format: LogFormat,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object for each line.
    Json,
}

impl LoggingConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.section("logging", "What is written to standard output.");
        Self {
            level: reader
                .list(
                    "logging.level",
                    "info",
                    "a list of off, error, warn, info, debug, trace, or TARGET=LEVEL, \
                     such as info,aster_drive::http=debug",
                    directive,
                    "How much is logged: a level for everything, and levels for single modules.",
                )
                .join(","),
            format: reader.choice(
                "logging.format",
                [("text", LogFormat::Text), ("json", LogFormat::Json)],
                "Form of a line: text for people, json for log collectors.",
            ),
        }
    }
}

/// Stricter than the filter itself, which takes a misspelt level for the name of a module and then logs nothing.
fn directive(item: &str) -> Result<(), String> {
    let is_bare_word = !item.contains(['=', '[']);
    let known =
        if is_bare_word { item.parse::<LevelFilter>().is_ok() } else { item.parse::<Directive>().is_ok() };
    if known { Ok(()) } else { Err(format!("{item:?} is neither a level nor TARGET=LEVEL")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets_are_directives_and_misspelt_levels_are_not() {
        for good in ["info", "OFF", "sqlx=warn", "aster_drive::http=debug"] {
            assert_eq!(directive(good), Ok(()), "{good}");
        }
        for bad in ["inof", "sqlx=loud", "sqlx:warn"] {
            assert!(directive(bad).is_err(), "{bad}");
        }
    }
}
