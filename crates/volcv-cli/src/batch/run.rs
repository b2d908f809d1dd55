//! A run: reads the input into the ledger, makes the pictures, and writes the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use volcv_batch::{AnyClient, Batch, BatchError, Counts, Defaults, Ended, Event, Input, Ledger, LedgerUrl};
use volcv_batch::{SheetOptions, State, Summary};

use super::closing::Closing;
use super::ledgers::{self, Place};
use super::overview::{Sum, total};
use super::progress::Shown;
use super::{found, job, or_cancelled, preview};
use crate::args::{BatchRunArgs, TransportName};
use crate::interrupt::Interrupt;
use crate::report::{self, CliError};
use crate::{connect, save};

/// Makes the pictures and prints what was made.
pub(crate) async fn run(args: &BatchRunArgs, interrupt: &Interrupt) -> Result<ExitCode, CliError> {
    let run = or_cancelled(Run::new(args), &interrupt.stop).await?;
    if args.dry_run {
        return or_cancelled(preview::run(args, &run), &interrupt.stop).await;
    }
    let shown = Shown::new(&args.connection);
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
pub(crate) struct Run<'a> {
    args: &'a BatchRunArgs,
    pub(crate) input: Input,
    pub(crate) defaults: Defaults,
    out: &'a Path,
    pub(crate) place: Place,
    report: PathBuf,
}

impl<'a> Run<'a> {
    async fn new(args: &'a BatchRunArgs) -> Result<Self, CliError> {
        // Clap wants both.
        let (Some(input), Some(out)) = (&args.input, &args.output) else {
            return Err(CliError::invalid_input("IN and -o are needed"));
        };
        let place = ledgers::of_run(&args.place, out)?;
        for other in ledgers::others(&place, out) {
            let counts = Ledger::open(&LedgerUrl::Sqlite(other.clone())).await?.counts().await?;
            if total(&counts) > 0 {
                return Err(ledgers::refused(&place, out, &other));
            }
        }
        let report = args.report.clone().unwrap_or_else(|| place.report(out));
        let input = found(input, out).await?;
        Ok(Self { args, input, defaults: job::defaults(args), out, place, report })
    }

    async fn make(&self, interrupt: &Interrupt, shown: &Shown) -> Result<Closing<'a>, CliError> {
        let args = self.args;
        let client = self.client()?;
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
        let observe = |event| shown.observe(&event);
        let reading = async {
            volcv_batch::plan(&ledger, &self.input, &self.defaults, args.place.shard, &observe).await?;
            if args.resend_unknown {
                ledger.retry(&[State::Unknown]).await?;
            }
            Ok(())
        };
        or_cancelled(reading, &interrupt.stop).await?;
        let watch = tokio::spawn(shown.clone().watch(ledger.clone()));
        let ran = self.rounds(&self.batch(client, &ledger, interrupt), &ledger, shown).await;
        watch.abort();
        let summary = ran?;
        let mut failures = Vec::new();
        let written = volcv_batch::save_report(&ledger, &[], &self.report).await;
        let report = written.map(|_| self.report.clone()).map_err(|error| failures.push(error.into())).ok();
        let mut sheets = Vec::new();
        if args.contact_sheet {
            let pages = self.sheets(&ledger, interrupt, shown).await;
            sheets = pages.map_err(|failure| failures.push(failure)).unwrap_or_default();
        }
        Ok(Closing { summary, report, sheets, failures, out: self.out, place: &args.place })
    }

    fn client(&self) -> Result<AnyClient, CliError> {
        let connection = &self.args.connection;
        // The ending says the format of an emulator's pictures.
        let name = Path::new("out").with_extension(self.args.format.ending());
        let builder = connect::online(connection, Some(&name))?;
        Ok(match connection.transport {
            TransportName::Ureq => builder.ureq()?.into(),
            TransportName::Reqwest => builder.reqwest()?.into(),
        })
    }

    /// Runs until the end, and once more for what an earlier run had left behind when its lease passed, if that is to be sent again.
    async fn rounds(&self, batch: &Batch, ledger: &Ledger, shown: &Shown) -> Result<Summary, BatchError> {
        let lost = Arc::new(AtomicU64::new(0));
        let observe = {
            let (shown, lost) = (shown.clone(), Arc::clone(&lost));
            move |event| {
                if let Event::Ended { state: State::Unknown, .. } = &event {
                    lost.fetch_add(1, Relaxed);
                }
                shown.observe(&event);
            }
        };
        let first = batch.run(observe.clone()).await?;
        let is_left = first.counts.unknown > lost.load(Relaxed);
        if !(self.args.resend_unknown && first.ended == Ended::AllDone && is_left) {
            return Ok(first);
        }
        ledger.retry(&[State::Unknown]).await?;
        let mut second = batch.run(observe).await?;
        let mut spent = Sum::default();
        [&first, &second].into_iter().for_each(|summary| spent.add(&Counts::default(), &summary.spent));
        second.spent = spent.spending;
        Ok(second)
    }

    /// Writes the pages, unless a second Ctrl-C says that nobody waits for them.
    async fn sheets(&self, ledger: &Ledger, interrupt: &Interrupt, shown: &Shown) -> Result<Vec<PathBuf>, CliError> {
        let options = SheetOptions::new().observe({
            let shown = shown.clone();
            move |done, all| shown.say(format!("contact sheets: {done} of {all}"))
        });
        let folder = self.place.sheet(self.out);
        let pages =
            async { Ok(volcv_batch::contact_sheets(ledger, self.input.base(), self.out, &folder, &options).await?) };
        match or_cancelled(pages, &interrupt.cancel).await {
            Err(_) if interrupt.cancel.is_cancelled() => Ok(Vec::new()),
            pages => pages,
        }
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
