//! `volcv batch --dry-run`: how many pictures and paid calls an input means. Nothing is sent and nothing is written.

use std::fmt::Write as _;
use std::process::ExitCode;

use volcv_batch::{Ledger, LedgerUrl, Preview};

use super::progress::plain;
use super::run::Run;
use crate::args::BatchRunArgs;
use crate::report::{self, CliError, note};

/// Prints what a run would do.
pub(crate) async fn run(args: &BatchRunArgs, run: &Run<'_>) -> Result<ExitCode, CliError> {
    // A ledger that is opened is made, so only one that is there is asked what is done already.
    let ledger = match &run.place.url {
        LedgerUrl::Sqlite(file) if file.exists() => Some(Ledger::open(&run.place.url).await?),
        _ => None,
    };
    let preview = volcv_batch::preview(ledger.as_ref(), &run.input, &run.defaults, args.place.shard).await?;
    if args.connection.json {
        let mut object = serde_json::json!(preview);
        object["ok"] = true.into();
        return Ok(report::result(format!("{object}\n").as_bytes()));
    }
    let printed = report::result(to_text(&preview).as_bytes());
    for failure in &preview.failures {
        note("warning", format!("{}: {}", plain(&failure.id), plain(&failure.message)));
    }
    Ok(printed)
}

fn to_text(preview: &Preview) -> String {
    let mut items = format!("{}", preview.items);
    for (count, what) in [
        (preview.links, "links, whose sizes are not known"),
        (preview.ended, "that have ended already"),
        (preview.failing, "that cannot be carried out"),
    ] {
        if count > 0 {
            let _ = write!(items, ", of them {count} {what}");
        }
    }
    let calls = match preview.most_calls {
        most if most > preview.calls => format!("{} to {most}", preview.calls),
        _ => preview.calls.to_string(),
    };
    let mut text = format!("{:<9} {items}\n{:<9} {calls}, each of which is paid for\n", "items", "calls");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{:<9} {:.1} million pixels", "upload", preview.upload_pixels as f64 / 1e6);
    if preview.others > 0 {
        let _ = writeln!(text, "{:<9} {} files that are no pictures", "left out", preview.others);
    }
    text
}
