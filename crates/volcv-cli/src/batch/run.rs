//! A run: reads the input into the ledger, makes the pictures, and writes the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use volcv_batch::{AnyClient, Batch, Defaults, Input, Ledger, State};

use super::closing::Closing;
use super::job;
use super::ledgers::{self, Place};
use super::or_cancelled;
use super::progress::Shown;
use crate::args::{BatchRunArgs, TransportName};
use crate::interrupt::Interrupt;
use crate::report::{self, CliError};
use crate::{connect, save};

/// Makes the pictures and prints what was made.
pub(crate) async fn run(args: &BatchRunArgs, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let run = Run::new(args)?;
    if args.dry_run {
        return or_cancelled(run.preview(), &interrupt.stop).await;
    }
    let shown = Shown::new(&args.connection, args.concurrency.into());
    let ended = run.make(interrupt, &shown).await;
    shown.clear();
    let closing = ended?;
    let code = closing.exit_code();
    let text = if args.connection.json { format!("{}\n", closing.to_json()) } else { closing.to_text() };
    let printed = report::result(text.as_bytes());
    if !args.connection.json {
        closing.advise();
    }
    Ok(if code == 0 { printed } else { ExitCode::from(code) })
}

/// Arguments, checked before anything is sent or written.
struct Run<'a> {
    args: &'a BatchRunArgs,
    input: Input,
    defaults: Defaults,
    out: &'a Path,
    place: Place,
    report: PathBuf,
}

impl<'a> Run<'a> {
    fn new(args: &'a BatchRunArgs) -> Result<Self, CliError> {
        // Clap wants both.
        let (Some(input), Some(out)) = (&args.input, &args.output) else {
            return Err(CliError::invalid_input("IN and -o are needed"));
        };
        let place = ledgers::of_run(&args.place, out)?;
        let report = args.report.clone().unwrap_or_else(|| place.report(out));
        Ok(Self { args, input: Input::find(input)?, defaults: job::defaults(args), out, place, report })
    }

    async fn preview(&self) -> Result<ExitCode, CliError> {
        todo!()
    }

    async fn make(&self, interrupt: &Interrupt, shown: &Shown) -> Result<Closing<'a>, CliError> {
        let args = self.args;
        // Its name says the format of an emulator's pictures.
        let name = Path::new("out").with_extension(args.format.ending());
        let builder = connect::online(&args.connection, Some(&name))?;
        let client: AnyClient = match args.connection.transport {
            TransportName::Ureq => builder.ureq()?.into(),
            TransportName::Reqwest => builder.reqwest()?.into(),
        };
        self.prepare()?;
        let _told = interrupt.stop.on_cancel({
            let (shown, cancel) = (shown.clone(), interrupt.cancel.clone());
            move || {
                if !cancel.is_cancelled() {
                    shown.note("note", "finishing what is paid for, and starting nothing more; once more cancels");
                }
            }
        });
        let ledger = Ledger::open(&self.place.url).await?;
        let observe = {
            let shown = shown.clone();
            move |event| shown.observe(&event)
        };
        let reading = async {
            volcv_batch::plan(&ledger, &self.input, &self.defaults, args.place.shard, &observe).await?;
            if args.resend_unknown {
                ledger.retry(&[State::Unknown]).await?;
            }
            Ok(())
        };
        or_cancelled(reading, &interrupt.stop).await?;
        let watch = tokio::spawn(shown.clone().watch(ledger.clone()));
        let ran = self.batch(client, &ledger, interrupt).run(observe).await;
        watch.abort();
        let summary = ran?;
        volcv_batch::save_report(&ledger, &[], &self.report).await?;
        let mut sheets = Vec::new();
        if args.contact_sheet {
            let folder = self.place.sheet(self.out);
            sheets = volcv_batch::contact_sheets(&ledger, self.input.base(), self.out, &folder).await?;
        }
        Ok(Closing { summary, report: self.report.clone(), sheets, out: self.out, place: &args.place })
    }

    /// Makes the folder, and finds out whether the report can be written, before anything is bought.
    fn prepare(&self) -> Result<(), CliError> {
        let failed = |path: &Path, error| CliError::config(format!("cannot write {}: {error}", path.display()));
        fs::create_dir_all(self.out).map_err(|error| failed(self.out, error))?;
        save::check(&self.report).map_err(|error| failed(&self.report, error))
    }

    fn batch(&self, client: AnyClient, ledger: &Ledger, interrupt: &Interrupt) -> Batch {
        let args = self.args;
        let mut batch = Batch::new(client, ledger.clone(), self.input.base(), self.out)
            .concurrency(args.concurrency.into())
            .stop(&interrupt.stop)
            .cancel(&interrupt.cancel);
        if let Some(rate) = args.rate {
            batch = batch.rate(rate);
        }
        if let Some(calls) = args.max_cost {
            batch = batch.max_cost(calls);
        }
        if let Some(tries) = args.tries {
            batch = batch.tries(tries);
        }
        if let Some(lease) = args.lease {
            batch = batch.lease(lease);
        }
        batch
    }
}
