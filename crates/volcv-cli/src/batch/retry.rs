//! `volcv batch retry`: lets the next run take items again.

use std::process::ExitCode;

use serde_json::json;
use volcv_batch::{Ledger, State};

use super::ledgers;
use crate::args::BatchRetryArgs;
use crate::report::{self, CliError, note};

/// Makes items planned again, and prints their number.
pub(crate) async fn run(args: &BatchRetryArgs) -> Result<ExitCode, CliError> {
    let wanted = [(args.failed, State::Failed), (args.refused, State::Refused), (args.unknown, State::Unknown)];
    let mut states: Vec<State> = wanted.into_iter().filter(|(wanted, _)| *wanted).map(|(_, state)| state).collect();
    if states.is_empty() {
        states.push(State::Failed);
    }
    let (mut items, mut unknown) = (0, 0);
    for place in ledgers::of_batch(&args.place, &args.output)? {
        let ledger = Ledger::open(&place.url).await?;
        let before = ledger.counts().await?.unknown;
        items += ledger.retry(&states).await?;
        unknown += before - ledger.counts().await?.unknown.min(before);
    }
    if unknown > 0 && !args.json {
        note("warning", format!("{unknown} of them may have been paid for, and will be bought a second time then"));
    }
    let text = match args.json {
        true => format!("{}\n", json!({"ok": true, "items": items, "unknown": unknown})),
        false => format!("{items} items are taken again by the next run\n"),
    };
    Ok(report::result(text.as_bytes()))
}
