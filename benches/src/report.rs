//! The numbers as Markdown tables, and the budgets.

use std::fmt::Write as _;
use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;

/// What volcv may cost, in words.
pub const BUDGET: &str = "CPU at 8 MiB at most 2.00 × the floor or 0.25 × the client by hand; \
                          peak memory at every size at most both pictures and 8 MiB";

/// One peer with pictures of one size: medians of the rounds.
pub struct Row {
    pub bytes: usize,
    pub name: &'static str,
    /// Seconds.
    pub cpu: f64,
    /// CPU divided by that of the raw sockets.
    pub to_floor: f64,
    /// CPU divided by that of the client that is written by hand.
    pub to_by_hand: f64,
    /// Seconds.
    pub wall: f64,
    /// MiB.
    pub peak: f64,
}

/// One peer with one number of calls at once.
pub struct ScaleRow {
    pub name: &'static str,
    pub at_once: usize,
    /// Seconds.
    pub cpu: f64,
    /// MiB.
    pub peak: f64,
}

/// CPU, time and memory.
pub fn table(rows: &[Row]) -> String {
    let mut table =
        "| picture up and down | client | CPU per call | ÷ floor | ÷ by hand | time per call | peak memory |\n\
                     | --- | --- | --: | --: | --: | --: | --: |\n"
            .to_owned();
    for row in rows {
        let Row { name, to_floor, to_by_hand, peak, .. } = row;
        let (size, cpu, wall) = (size(row.bytes), millis(row.cpu), millis(row.wall));
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            table,
            "| {size} | {name} | {cpu} ms | {to_floor:.2} | {to_by_hand:.2} | {wall} ms | {peak:.1} MiB |"
        );
    }
    table
}

/// What a user feels, and how much of it is not the service.
pub fn felt_table(rows: &[(&'static str, f64)], service_time: Duration, bytes: usize) -> String {
    let (size, service) = (size(bytes), service_time.as_secs_f64());
    let mut table = format!(
        "| {size} up and down, {service} s of service time | time of a call | without the service |\n\
         | --- | --: | --: |\n"
    );
    for (name, wall) in rows {
        let _ = writeln!(table, "| {name} | {wall:.3} s | {} ms |", millis(wall - service));
    }
    table
}

/// A line for each budget that a client of volcv does not keep. CPU is judged with pictures of `judged` bytes, where it is
/// more than the noise of the machine.
pub fn over_budget(rows: &[Row], judged: usize) -> Vec<String> {
    let mut over = Vec::new();
    for row in rows.iter().filter(|row| row.name.starts_with("volcv")) {
        let (name, size) = (row.name, size(row.bytes));
        if row.bytes == judged && row.to_floor > 2.0 && row.to_by_hand > 0.25 {
            over.push(format!("{name}, {size}: CPU {:.2} × the floor, {:.2} × by hand", row.to_floor, row.to_by_hand));
        }
        let rest = row.peak - 2.0 * row.bytes as f64 / MIB;
        if rest > 8.0 {
            over.push(format!("{name}, {size}: {rest:.1} MiB beside the pictures"));
        }
    }
    over
}

/// Many calls at once.
pub fn scale_table(rows: &[ScaleRow], bytes: usize) -> String {
    let mut table = format!(
        "| {} up and down | calls at once | CPU per call | peak memory | without the pictures |\n\
         | --- | --: | --: | --: | --: |\n",
        size(bytes)
    );
    for row in rows {
        let ScaleRow { name, at_once, peak, .. } = row;
        // All calls share the picture up; each has a picture down.
        let rest = peak - (bytes * (1 + at_once)) as f64 / MIB;
        // The floor keeps no picture.
        let rest = if rest < 0.0 { "–".to_owned() } else { format!("{rest:.1} MiB") };
        let _ = writeln!(table, "| {name} | {at_once} | {} ms | {peak:.1} MiB | {rest} |", millis(row.cpu));
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

/// Seconds as milliseconds.
fn millis(seconds: f64) -> String {
    let millis = seconds * 1000.0;
    if millis < 1.0 { format!("{millis:.3}") } else { format!("{millis:.2}") }
}
