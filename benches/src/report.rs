//! The numbers as Markdown tables.

use std::fmt::Write as _;
use std::time::Duration;

use crate::child::Cost;

/// One peer with pictures of one size.
pub struct Row {
    pub bytes: usize,
    pub name: &'static str,
    pub cost: Cost,
    /// MiB.
    pub peak: f64,
}

/// One peer with one number of calls at once.
pub struct ScaleRow {
    pub name: &'static str,
    pub at_once: usize,
    pub cost: Cost,
    /// Page faults per call.
    pub faults: u64,
    /// MiB.
    pub peak: f64,
}

/// The rows come in groups of `peers`, the floor first.
pub fn table(rows: &[Row], peers: usize) -> String {
    let mut table = "| picture up and down | client | CPU per call | ÷ floor | time per call | peak memory |\n\
                     | --- | --- | --: | --: | --: | --: |\n"
        .to_owned();
    for group in rows.chunks(peers) {
        for row in group {
            let ratio = row.cost.cpu.as_secs_f64() / group[0].cost.cpu.as_secs_f64();
            let (size, name, peak) = (size(row.bytes), row.name, row.peak);
            let (cpu, wall) = (millis(row.cost.cpu), millis(row.cost.wall));
            // Writing to a text cannot fail.
            let _ = writeln!(table, "| {size} | {name} | {cpu} ms | {ratio:.2} | {wall} ms | {peak:.1} MiB |");
        }
    }
    table
}

/// What a user feels, and how little of it is the client.
pub fn felt_table(rows: &[(&'static str, Duration)], service_time: Duration, bytes: usize) -> String {
    let (size, seconds) = (size(bytes), service_time.as_secs());
    let mut table = format!(
        "| {size} up and down, {seconds} s of service time | one call | of it not the service |\n| --- | --: | --: |\n"
    );
    for (name, wall) in rows {
        let (whole, own) = (wall.as_secs_f64(), millis(wall.saturating_sub(service_time)));
        let _ = writeln!(table, "| {name} | {whole:.3} s | {own} ms |");
    }
    table
}

/// The clients of volcv whose CPU or memory is over the budget: CPU at most twice the floor, or a quarter of the client that
/// is written by hand; peak at most both pictures and 8 MiB. Pictures of one size are
/// judged.
pub fn over_budget(rows: &[Row], peers: usize, judged: usize) -> Vec<String> {
    let mut over = Vec::new();
    for group in rows.chunks(peers).filter(|group| group[0].bytes == judged) {
        let by_hand =
            group.iter().find(|row| row.name.starts_with("by hand")).map_or(Duration::MAX, |row| row.cost.cpu);
        for row in group.iter().filter(|row| row.name.starts_with("volcv")) {
            let (cpu, size) = (row.cost.cpu, size(row.bytes));
            if cpu > (group[0].cost.cpu * 2).max(by_hand / 4) {
                over.push(format!("{} at {size}: {} ms of CPU", row.name, millis(cpu)));
            }
            let pictures = 2.0 * row.bytes as f64 / (1024.0 * 1024.0);
            if row.peak > pictures + 8.0 {
                over.push(format!("{} at {size}: {:.1} MiB at the peak", row.name, row.peak));
            }
        }
    }
    over
}

/// What is left of the peak when the pictures are taken out is what the client itself needs.
pub fn scale_table(rows: &[ScaleRow], bytes: usize) -> String {
    let mut table = format!(
        "| {} up and down | calls at once | CPU per call | page faults per call | peak memory | without the pictures |\n\
         | --- | --: | --: | --: | --: | --: |\n",
        size(bytes)
    );
    for row in rows {
        let (name, at_once, cpu, faults, peak) = (row.name, row.at_once, millis(row.cost.cpu), row.faults, row.peak);
        // One picture up, which all calls share, and one picture down for each.
        let pictures = (bytes * (1 + at_once)) as f64 / (1024.0 * 1024.0);
        let rest = peak - pictures;
        // The floor keeps none.
        let rest = if rest < 0.0 { "–".to_owned() } else { format!("{rest:.1} MiB") };
        let _ = writeln!(table, "| {name} | {at_once} | {cpu} ms | {faults} | {peak:.1} MiB | {rest} |");
    }
    table
}

/// As `64 KiB` or `8 MiB`.
pub fn size(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mib => format!("{mib} MiB"),
    }
}

fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 1.0 { format!("{millis:.3}") } else { format!("{millis:.2}") }
}
