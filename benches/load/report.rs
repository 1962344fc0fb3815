//! What is printed: Markdown, readable in a terminal and ready for `docs/performance.md`.

use std::io::Write as _;

/// Prints a result.
pub(super) fn say(text: &str) {
    // Nobody is left to tell when standard output is closed.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a problem or progress, apart from the results.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "bench: {text}");
}

/// A table whose columns are as wide as their widest cell. Without rows it prints nothing.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new<const N: usize>(heads: [&str; N]) -> Self {
        Self { rows: vec![heads.map(str::to_owned).to_vec()] }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub(super) fn print(&self) {
        if self.rows.len() == 1 {
            return;
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let line = |row: &[String]| {
            let cells =
                row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect::<Vec<_>>();
            say(&format!("|{}|", cells.join("|")));
        };
        line(&self.rows[0]);
        say(&format!("|{}|", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|")));
        self.rows[1..].iter().for_each(|row| line(row));
        say("");
    }
}

/// How a figure stands to its target.
pub(super) fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

/// Bytes as MiB.
pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
