//! `volcv outpaint` with a flag that no single call can carry out: a whole operation, which is planned before it is paid
//! for, and whose results are looked at.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use volcv::{Bytes, CallOptions, CancelToken, Encoding, Execution, ExpandOptions, ExpandPlan, Source, Wish};

use crate::args::OutpaintArgs;
use crate::client::Client;
use crate::early::Early;
use crate::encoding;
use crate::outpaint;
use crate::output::Target;
use crate::pending::Pending;
use crate::plan::{plan_options, to_json};
use crate::progress::Bar;
use crate::report::{self, CliError, Report};
use crate::results::{Results, file};
use crate::settings::{self, with_flags};
use crate::store::Store;
use crate::{input, sheet};

/// Makes the pictures and prints what was made.
pub(crate) fn run(args: &OutpaintArgs, cancel: &CancelToken) -> ExitCode {
    let json = args.connection.json;
    let job = match Job::new(args, cancel) {
        Ok(job) => job,
        Err(failure) => return Report::failed(failure).print(json),
    };
    let mut report = Report { charges: Some(0), ..Report::default() };
    job.warnings().into_iter().for_each(|text| report.warn(text));
    if args.make.dry_run {
        return match job.preview() {
            Ok(preview) => report::result(format!("{preview:#}\n").as_bytes()),
            Err(failure) => Report::failed(failure).print(json),
        };
    }
    if let Err(failure) = job.make(cancel, &mut report) {
        report.failures.push(failure);
    }
    report.print(json)
}

/// Arguments, picture and plan, checked before anything is sent.
struct Job<'a> {
    args: &'a OutpaintArgs,
    /// Empty if the service chooses the seed.
    seeds: Vec<i64>,
    target: Target,
    pending: Pending,
    sheet: Option<(PathBuf, Encoding)>,
    /// Made already if the input had to be downloaded.
    client: Option<Client>,
    picture: Bytes,
    wish: Wish,
    plan: ExpandPlan,
    options: ExpandOptions,
    /// How the finished picture is written; `None` if the file of the service is.
    encoding: Option<Encoding>,
}

impl<'a> Job<'a> {
    fn new(args: &'a OutpaintArgs, cancel: &CancelToken) -> Result<Self, CliError> {
        let whole = &args.whole;
        if args.max_width.is_some() || args.max_height.is_some() {
            let message = "--max-width and --max-height are set by the plan of a whole operation; --to sets the size";
            return Err(CliError::invalid_input(message));
        }
        if args.make.as_task || args.make.submit_only {
            let message = "--as-task and --submit-only are for single calls; --ability painting-edit uses tasks";
            return Err(CliError::invalid_input(message));
        }
        let seeds = settings::seeds(&args.make, whole.best_of)?;
        let target = Target::new(&args.make.output, seeds.len().max(1)).best_of(whole.best_of.is_some());
        let target = target.prepare(args.connection.json, args.make.dry_run)?;
        let sheet = whole.contact_sheet.as_ref().map(|path| sheet::prepare(path)).transpose()?;
        let (picture, client) = read(args, cancel)?;
        let wish = args.wish.wish();
        let options = ExpandOptions::new()
            .settings(outpaint::settings(args))
            .plan(plan_options(args.ability, whole.max_passes, whole.max_side).strict(args.make.strict));
        let plan = options.plan_for(input::size_of(&picture)?, &wish).map_err(|error| settings::refused(&error))?;
        let pastes = whole.keep_original || plan.calls() > 1;
        let encoding = if pastes { Some(encoding::by_ending(&args.make.output)?) } else { None };
        // The best of several is found by pasting, whatever is written then.
        let options = options.paste_back(pastes || whole.best_of.is_some());
        let waits = !args.make.dry_run && plan.ability.execution() == Execution::Task;
        let pending = if waits { Pending::prepare(&target)? } else { Pending::none() };
        Ok(Self { args, seeds, target, pending, sheet, client, picture, wish, plan, options, encoding })
    }

    fn warnings(&self) -> Vec<String> {
        let fields = outpaint::settings(self.args);
        fields.warnings().iter().chain(&self.plan.warnings).map(with_flags).collect()
    }

    fn preview(&self) -> Result<Value, CliError> {
        let client = Client::dry(&self.args.connection)?;
        let first = self.options.first_request(self.picture.clone(), &self.wish)?;
        let requests = match self.seeds.as_slice() {
            [] => vec![client.preview(&*first)?],
            seeds => client.preview_variants(&*first, seeds)?,
        };
        Ok(json!({"plan": to_json(&self.plan), "requests": requests}))
    }

    fn make(mut self, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.args.connection, Some(&self.args.make.output))?,
        };
        let bar = Bar::new(&self.args.connection);
        let call = bar.watch(CallOptions::new().cancel(cancel), self.seeds.len());
        let early = Early::default();
        let options = self.watch(&early, self.options.clone().call(self.pending.watch(call, &bar)));
        let results = client.expand(Source::File(self.picture.clone()), &self.wish, &self.seeds, &options)?;
        if self.encoding.is_some_and(|encoding| !encoding::is_lossless(encoding)) {
            bar.note("note", "a jpg cannot hold the original bit for bit; png and bmp can");
        }
        let store = Store { target: &self.target, client: &client, bar: &bar, early, report };
        let best_of = self.args.whole.best_of.is_some();
        let (plan, seeds, pending) = (&self.plan, &self.seeds[..], &self.pending);
        let mut taken = Results { plan, seeds, encoding: self.encoding, best_of, pending, store };
        taken.take(&results);
        if let Some((path, encoding)) = &self.sheet {
            taken.show_all(&results, path, *encoding);
        }
        self.pending.settle(report);
        Ok(())
    }

    /// Lets each result be written as soon as it is there.
    fn watch(&self, early: &Early, options: ExpandOptions) -> ExpandOptions {
        let (early, target, encoding) = (early.clone(), self.target.clone(), self.encoding);
        options.on_result(move |index, result| match result {
            Ok(expanded) => {
                if let Ok(file) = file(expanded, encoding) {
                    early.save(&target.place(index, 0, 1), &file.bytes);
                }
            }
            Err(error) => early.keep_rejected(&target, index, error.rejected_pictures()),
        })
    }
}

/// The picture, and the client that has downloaded it, if it is a link.
fn read(args: &OutpaintArgs, cancel: &CancelToken) -> Result<(Bytes, Option<Client>), CliError> {
    let Some(link) = input::link(&args.make.input) else {
        return Ok((input::read("picture", &args.make.input, cancel)?.into(), None));
    };
    let (picture, client) = Client::with_picture(&args.make, &args.connection, link, cancel)?;
    Ok((picture, Some(client)))
}
