//! A committed table of numbers that may not grow: a comment on top, then a name and a number in each line.

use std::fmt::Write as _;
use std::fs;

use crate::sh::{root, say};

/// A number may grow by this much. More is an error until `--update` writes the new number.
const TOLERANCE: f64 = 0.02;

/// One line.
pub(crate) type Row = (String, u64);

/// A table by its path from the root.
pub(crate) struct Table(pub(crate) &'static str);

impl Table {
    /// The lines of the table's comment.
    pub(crate) fn comment(&self) -> Result<String, String> {
        Ok(self.read()?.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect())
    }

    /// Says how each number has changed, and fails if one has grown by more than the tolerance.
    pub(crate) fn compare(&self, rows: &[Row]) -> Result<(), String> {
        let Self(path) = self;
        let text = self.read()?;
        let mut grown = Vec::new();
        for (name, now) in rows {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            let before =
                lines.find(|(found, _)| found == name).and_then(|(_, number)| number.trim().parse::<u64>().ok());
            let before = before.ok_or_else(|| format!("{path} has no number for {name}"))?;
            let change = *now as f64 / before as f64 - 1.0;
            say(&format!("{name:20} {before:>9} -> {now:>9}  {:+.2} %", change * 100.0));
            if change > TOLERANCE {
                grown.push(name.as_str());
            } else if change < -TOLERANCE {
                say(&format!("{name} is smaller than in {path}: write that down with --update"));
            }
        }
        if grown.is_empty() { Ok(()) } else { Err(format!("more than {path} allows: {}", grown.join(", "))) }
    }

    pub(crate) fn write(&self, comment: &str, rows: &[Row]) -> Result<(), String> {
        let mut text = comment.to_owned();
        for (name, number) in rows {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{name:20} {number:>9}");
        }
        let Self(path) = self;
        fs::write(root().join(path), text).map_err(|error| format!("{path}: {error}"))
    }

    fn read(&self) -> Result<String, String> {
        let Self(path) = self;
        fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
    }
}
