//! `volcv batch export`: the report or the contact sheets of a batch, from its ledger.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use volcv_batch::{BatchError, Ledger};

use super::ledgers::{self, Place};
use crate::args::BatchExportArgs;
use crate::output::STDOUT;
use crate::report::{self, CliError};

/// Writes the report or the sheets.
pub(crate) async fn run(args: &BatchExportArgs) -> Result<ExitCode, CliError> {
    let places = ledgers::of_batch(&args.place, &args.output)?;
    todo!()
}
