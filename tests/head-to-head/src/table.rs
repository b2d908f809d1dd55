//! The table as Markdown, and the wrong cells of volcv.

use crate::Cell;
use crate::clients::CONTESTANTS;
use crate::faults::ROWS;

const LOCK: &str = include_str!("../Cargo.lock");

/// One row for each fault, one column for each client.
pub fn markdown(rows: &[Vec<Cell>]) -> String {
    let names = CONTESTANTS.iter().map(|contestant| {
        let packages: Vec<_> = contestant.packages.iter().map(|name| format!("{name} {}", version(name))).collect();
        packages.join(contestant.joint)
    });
    let mut text = line("the server …", names);
    text += &line("---", CONTESTANTS.iter().map(|_| "---".to_owned()));
    for (row, cells) in ROWS.iter().zip(rows) {
        text += &line(row.title, cells.iter().map(|cell| format!("{}, {}", cell.bodies, cell.outcome)));
    }
    text
}

/// A line for each wrong cell of volcv.
pub fn wrong(rows: &[Vec<Cell>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (row, cells) in ROWS.iter().zip(rows) {
        for (contestant, cell) in CONTESTANTS.iter().zip(cells).filter(|(contestant, _)| contestant.judged) {
            if cell.bodies != row.bodies || cell.outcome != row.outcome {
                lines.push(format!(
                    "{}, {}: {}, {} instead of {}, {}",
                    contestant.name, row.title, cell.bodies, cell.outcome, row.bodies, row.outcome
                ));
            }
        }
    }
    lines
}

fn line(title: &str, cells: impl Iterator<Item = String>) -> String {
    cells.fold(format!("| {title} |"), |line, cell| line + " " + &cell + " |") + "\n"
}

/// The version that the lock file holds.
fn version(package: &str) -> &'static str {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let rest = LOCK.split_once(&entry).map_or("?", |(_, rest)| rest);
    rest.split('"').next().unwrap_or("?")
}
