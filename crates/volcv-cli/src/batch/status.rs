//! `volcv batch status`: how far a batch is, and what it has cost.

use std::process::ExitCode;

use serde_json::json;
use volcv_batch::Ledger;

use super::closing::{Retry, counts_line, spending_line};
use super::ledgers;
use super::overview::{Sum, total};
use crate::args::BatchStatusArgs;
use crate::report::{self, CliError, note};

/// Prints what the ledger says, or the sum of what the ledgers of all parts say.
pub(crate) async fn run(args: &BatchStatusArgs) -> Result<ExitCode, CliError> {
    let mut sum = Sum::default();
    let mut ledgers = Vec::new();
    for place in ledgers::of_batch(&args.place, &args.output)? {
        let ledger = Ledger::open(&place.url).await?;
        sum.add(&ledger.counts().await?, &ledger.spending().await?);
        ledgers.push(place.url.to_string());
    }
    let Sum { counts, spending } = &sum;
    if args.json {
        let total = total(counts);
        let object = json!({"ok": true, "ledgers": ledgers, "total": total, "counts": counts, "spending": spending});
        return Ok(report::result(format!("{object}\n").as_bytes()));
    }
    let mut text: String = ledgers.iter().map(|ledger| format!("{:<9} {ledger}\n", "ledger")).collect();
    text.push_str(&counts_line(counts));
    text.push_str(&spending_line("calls", spending));
    let printed = report::result(text.as_bytes());
    if total(counts) == 0 {
        note("hint", "nothing was planned here yet; a batch in PostgreSQL may have another --batch NAME");
    }
    Retry { out: &args.output, place: &args.place }.advise(counts);
    Ok(printed)
}
