//! `volcv batch status`: how far a batch is, and what it has cost.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use volcv_batch::{Activity, Ledger};

use super::closing::{Retry, counts_line, spending_line};
use super::ledgers;
use super::overview::{Span, Sum, total};
use crate::args::BatchStatusArgs;
use crate::report::{self, CliError, note};

/// Prints what the ledger says, or the sum of what the ledgers of all parts say.
pub(crate) async fn run(args: &BatchStatusArgs) -> Result<ExitCode, CliError> {
    let mut sum = Sum::default();
    let (mut ledgers, mut activities) = (Vec::new(), Vec::new());
    for place in ledgers::of_batch(&args.place, &args.output)? {
        let ledger = Ledger::open(&place.url).await?;
        sum.add(&ledger.counts().await?, &ledger.spending().await?);
        ledgers.push(place.url.to_string());
        activities.push(ledger.activity().await?);
    }
    let Sum { counts, spending } = &sum;
    if args.json {
        let total = total(counts);
        let object = json!({"ok": true, "ledgers": ledgers, "activity": activities, "total": total, "counts": counts, "spending": spending});
        return Ok(report::result(format!("{object}\n").as_bytes()));
    }
    let mut text: String = ledgers.iter().map(|ledger| format!("{:<9} {ledger}\n", "ledger")).collect();
    activities.iter().for_each(|activity| text.push_str(&activity_lines(activity)));
    text.push_str(&counts_line(counts));
    text.push_str(&spending_line("calls", spending));
    let printed = report::result(text.as_bytes());
    if total(counts) == 0 {
        note("hint", "nothing was planned here yet; a batch in PostgreSQL may have another --batch NAME");
    }
    Retry { out: &args.output, place: &args.place }.advise(counts);
    Ok(printed)
}

/// One line for each run at work, and one for a pace that is not the usual one.
fn activity_lines(activity: &Activity) -> String {
    let span = |ms: u64| Span(Duration::from_millis(ms));
    let mut text = String::new();
    for run in &activity.runs {
        let (name, items) = (&run.name, run.items);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<9} {name}, for {}, with {items} in hand", "run", span(run.running_ms));
    }
    if activity.factor < 1.0 {
        let _ = writeln!(text, "{:<9} {:.0} % of the concurrency", "pace", activity.factor * 100.0);
    }
    if activity.pause_ms > 0 {
        let _ = writeln!(text, "{:<9} nothing is sent for {}", "pause", span(activity.pause_ms));
    }
    if let Some(reason) = &activity.stopped {
        let _ = writeln!(text, "{:<9} {reason}", "stopped");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_at_rest_has_no_lines_and_a_slow_one_says_why() {
        let activity = |json: &str| activity_lines(&serde_json::from_str(json).unwrap());
        assert_eq!(activity(r#"{"runs":[],"factor":1.0,"pause_ms":0,"stopped":null}"#), "");
        let run = r#"{"name":"render-7, process 12","items":4,"running_ms":61000,"lease_ms":29000}"#;
        let text = activity(&format!(r#"{{"runs":[{run}],"factor":0.25,"pause_ms":3000,"stopped":"no quota"}}"#));
        let lines = [
            "run       render-7, process 12, for 61 s, with 4 in hand",
            "pace      25 % of the concurrency",
            "pause     nothing is sent for 3 s",
            "stopped   no quota",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }
}
