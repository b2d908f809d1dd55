//! `volcv batch status`: how far a batch is, and what it has cost.

use std::process::ExitCode;

use serde_json::{Value, json};
use volcv_batch::{Counts, Ledger, Spending};

use super::closing::{Retry, counts_line, spending_line};
use super::ledgers;
use super::overview::total;
use crate::args::BatchStatusArgs;
use crate::report::{self, CliError};

/// Prints what the ledger says, or the sum of what the ledgers of all parts say.
pub(crate) async fn run(args: &BatchStatusArgs) -> Result<ExitCode, CliError> {
    let mut texts = String::new();
    let (mut counts, mut spending) = (Counts::default(), Spending::default());
    let mut ledgers = Vec::new();
    for place in ledgers::of_batch(&args.place, &args.output)? {
        let ledger = Ledger::open(&place.url).await?;
        add_counts(&mut counts, &ledger.counts().await?);
        add_spending(&mut spending, &ledger.spending().await?);
        ledgers.push(place.url.to_string());
    }
    let printed = if args.json {
        let object = json!({
            "ok": true,
            "ledgers": ledgers,
            "total": total(&counts),
            "counts": counts,
            "spending": spending,
        });
        report::result(format!("{object}\n").as_bytes())
    } else {
        for ledger in ledgers {
            texts.push_str(&format!("{:<9} {ledger}\n", "ledger"));
        }
        texts.push_str(&counts_line(&counts));
        texts.push_str(&spending_line("calls", &spending));
        report::result(texts.as_bytes())
    };
    if !args.json {
        Retry { out: &args.output, place: &args.place }.advise(&counts);
    }
    Ok(printed)
}
