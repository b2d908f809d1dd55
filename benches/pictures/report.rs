//! The numbers as a Markdown table, and the budgets.

use std::fmt::Write as _;

/// One task with one picture: medians of the rounds.
pub struct Row {
    pub photo: String,
    pub what: &'static str,
    /// What volcv is held against.
    pub other: &'static str,
    /// Seconds of CPU of volcv.
    pub ours: f64,
    /// Seconds of CPU of the other.
    pub others: f64,
    /// Volcv's time divided by the other's.
    pub ratio: f64,
    /// The most that the ratio may be.
    pub budget: Option<f64>,
}

/// Times and ratios.
pub fn table(rows: &[Row]) -> String {
    let mut table = "| picture | task | CPU of volcv | other | CPU of the other | ratio | budget |\n\
                     | --- | --- | --: | --- | --: | --: | --: |\n"
        .to_owned();
    for Row { photo, what, other, ours, others, ratio, budget } in rows {
        let budget = budget.map_or("–".to_owned(), |budget| format!("{budget:.2}"));
        let (ours, others) = (ours * 1000.0, others * 1000.0);
        // Writing to a `String` cannot fail.
        let _ =
            writeln!(table, "| {photo} | {what} | {ours:.1} ms | {other} | {others:.1} ms | {ratio:.2} | {budget} |");
    }
    table
}

/// A line for each budget that is not kept.
pub fn over_budget(rows: &[Row]) -> Vec<String> {
    let over = rows.iter().filter_map(|row| Some((row, row.budget.filter(|budget| row.ratio > *budget)?)));
    over.map(|(row, budget)| {
        let Row { photo, what, other, ratio, .. } = row;
        format!("{photo}, {what}: {ratio:.2} × {other}, at most {budget:.2}")
    })
    .collect()
}
