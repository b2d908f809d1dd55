//! `volcv batch export`: the report or the contact sheets of a batch, from its ledger.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use volcv_batch::{BatchError, Ledger, SheetOptions, State};

use super::found;
use super::ledgers::{self, Place};
use crate::args::BatchExportArgs;
use crate::output::STDOUT;
use crate::report::{self, CliError};
use crate::save::Replacement;

/// Writes the report or the sheets of all ledgers of the folder.
pub(crate) async fn run(args: &BatchExportArgs) -> Result<ExitCode, CliError> {
    let file = args.report.as_deref().filter(|file| *file != Path::new(STDOUT));
    if args.json && file.is_none() && args.contact_sheet.is_none() {
        return Err(CliError::invalid_input(
            "--json prints one object, but the report has many: give it a file with -o",
        ));
    }
    let places = ledgers::of_batch(&args.place, &args.output)?;
    if let Some(folder) = &args.contact_sheet {
        let pages = sheets(args, &places, folder).await?;
        let names: Vec<_> = pages.iter().map(|page| page.to_string_lossy()).collect();
        let object = json!({"ok": true, "contact_sheets": names});
        let text = names.iter().map(|name| format!("{name}\n")).collect();
        return Ok(print(args, &object, text));
    }
    let Some(file) = file else {
        return match write(&places, &args.states, &mut BufWriter::new(io::stdout())).await {
            // A reader that has gone away is not an error of this command.
            Err(BatchError::File { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            written => Ok(written.map(|_| ExitCode::SUCCESS)?),
        };
    };
    let failed = |error: io::Error| CliError::config(format!("cannot write {}: {error}", file.display()));
    let mut new = Replacement::new(file).map_err(failed)?;
    let items = write(&places, &args.states, &mut BufWriter::new(new.file())).await?;
    new.finish().map_err(failed)?;
    let object = json!({"ok": true, "items": items, "report": file.to_string_lossy()});
    Ok(print(args, &object, format!("{} {items} items\n", file.display())))
}

fn print(args: &BatchExportArgs, object: &serde_json::Value, text: String) -> ExitCode {
    let text = if args.json { format!("{object}\n") } else { text };
    report::result(text.as_bytes())
}

async fn write(places: &[Place], states: &[State], out: &mut (impl Write + Send)) -> Result<u64, BatchError> {
    let mut items = 0;
    for place in places {
        items += volcv_batch::report(&Ledger::open(&place.url).await?, states, out).await?;
    }
    out.flush().map_err(|source| BatchError::File { path: "the report".into(), source })?;
    Ok(items)
}

/// Several ledgers have a folder of pages each.
async fn sheets(args: &BatchExportArgs, places: &[Place], folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let base = match &args.input {
        Some(input) => found(input, &args.output).await?.base().to_owned(),
        None => PathBuf::from("."),
    };
    let options = SheetOptions::new().states(&args.states);
    let mut pages = Vec::new();
    for place in places {
        let folder = if places.len() > 1 { place.sheet(folder) } else { folder.to_owned() };
        let ledger = Ledger::open(&place.url).await?;
        pages.extend(volcv_batch::contact_sheets(&ledger, &base, &args.output, &folder, &options).await?);
    }
    Ok(pages)
}
