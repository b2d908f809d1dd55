//! `volcv outpaint`: a picture in, one or more larger pictures out. What no single call can do is in `whole`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use volcv::Bytes;
use volcv::{CallOptions, CancelToken, Error, Outcome, Outpaint, Output, Picture};

use crate::args::OutpaintArgs;
use crate::client::Client;
use crate::early::Early;
use crate::input::{self, STDIN};
use crate::output::Target;
use crate::progress::Bar;
use crate::rejected::{self, Reason};
use crate::report::{self, CliError, Report};
use crate::settings::{self, with_flags};
use crate::store::{About, Store};
use crate::whole;

/// Makes the pictures and prints what was made.
pub(crate) fn run(args: &OutpaintArgs, cancel: &CancelToken) -> ExitCode {
    if args.is_whole() {
        return whole::run(args, cancel);
    }
    let json = args.connection.json;
    let job = match Job::new(args, cancel) {
        Ok(job) => job,
        Err(failure) => return Report::failed(failure).print(json),
    };
    let mut report = Report::default();
    for warning in job.outpaint.warnings() {
        report.warn(with_flags(&warning));
    }
    if args.dry_run {
        return match job.preview(args) {
            Ok(preview) => report::result(format!("{preview:#}\n").as_bytes()),
            Err(failure) => Report::failed(failure).print(json),
        };
    }
    if let Err(failure) = job.make(args, cancel, &mut report) {
        report.failures.push(failure);
    }
    report.print(json)
}

/// Arguments and files, checked before anything is sent.
struct Job {
    outpaint: Outpaint,
    /// Empty if the service chooses the seed.
    seeds: Vec<i64>,
    target: Target,
    /// Made already if the input had to be downloaded.
    client: Option<Client>,
}

impl Job {
    fn new(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Self, CliError> {
        let seeds = settings::seeds(args)?;
        let target = Target::prepare(args, seeds.len().max(1))?;
        let (outpaint, client) = outpaint(args, cancel)?;
        Ok(Self { outpaint, seeds, target, client })
    }

    fn preview(&self, args: &OutpaintArgs) -> Result<Value, CliError> {
        let client = Client::dry(&args.connection)?;
        Ok(match self.seeds.as_slice() {
            [] => client.preview(&self.outpaint)?,
            [seed] => client.preview(&self.outpaint.clone().seed(*seed))?,
            seeds => json!({"requests": client.preview_variants(&self.outpaint, seeds)?}),
        })
    }

    fn make(mut self, args: &OutpaintArgs, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&args.connection, Some(&args.output))?,
        };
        let bar = Bar::new(&args.connection);
        let options = bar.watch(CallOptions::new().cancel(cancel), self.seeds.len());
        let early = Early::default();
        let results = client.outpaint(&self.outpaint, &self.seeds, &watch(&early, options.clone(), &self.target))?;
        let store = Store { target: &self.target, bar: &bar, early, report };
        let mut saver = Saver { client: &client, options: &options, seeds: &self.seeds, store };
        for (call, result) in results.into_iter().enumerate() {
            saver.take(call, result);
        }
        Ok(())
    }
}

/// Lets each result be written as soon as it is there.
fn watch(early: &Early, options: CallOptions, target: &Target) -> CallOptions {
    let (early, target) = (early.clone(), target.clone());
    options.on_result(move |call, result| {
        let outputs = result.as_ref().map(|outcome| &outcome.outputs[..]).unwrap_or_default();
        for (i, output) in outputs.iter().enumerate() {
            let Output::Picture { bytes, .. } = output else { continue };
            early.save(&target.place(call, i, outputs.len()), bytes);
        }
        early.keep_rejected(&target, call, rejected::pictures(result));
    })
}

/// Writes the pictures of each call and keeps the account of them.
struct Saver<'a> {
    client: &'a Client,
    options: &'a CallOptions,
    seeds: &'a [i64],
    store: Store<'a>,
}

impl Saver<'_> {
    fn take(&mut self, call: usize, result: Result<Outcome, Error>) {
        self.store.keep_rejected(call, rejected::pictures(&result), Reason::FailedCheck);
        // With one seed there is nothing to tell apart.
        let seed = self.seeds.get(call).copied().filter(|_| self.seeds.len() > 1);
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => return self.store.report.failures.push(CliError::from(error).of_seed(seed)),
        };
        for warning in &outcome.warnings {
            self.store.warn(seed.map_or_else(|| warning.clone(), |seed| format!("seed {seed}: {warning}")));
        }
        self.store.report.count(outcome.request_id.as_deref(), outcome.attempts.len());
        let count = outcome.outputs.len();
        for (i, picture) in outcome.outputs.iter().enumerate() {
            let saved = match self.bytes(picture) {
                Ok(bytes) => {
                    let about = About { seed: outcome.seed, ..About::default() };
                    self.store.save(self.store.target.place(call, i, count), &bytes, about)
                }
                Err(error) => {
                    for bytes in error.rejected_pictures() {
                        let kept = self.store.target.keep_rejected(call, i, count, bytes);
                        let kept = rejected::tell(self.store.bar, kept, Reason::FailedCheck);
                        self.store.report.rejected.extend(kept);
                    }
                    Err(error.into())
                }
            };
            if let Err(failure) = saved {
                let attempts = outcome.attempts.len();
                self.store.report.failures.push(failure.after_payment(outcome.request_id.as_deref(), attempts));
            }
        }
    }

    fn bytes(&self, picture: &Output) -> Result<Bytes, Error> {
        let link = match picture {
            Output::Picture { bytes, .. } => return Ok(bytes.clone()),
            Output::Link(link) => link,
        };
        self.client.download(link, self.options).inspect_err(|_| self.store.show_link(link))
    }
}

/// The outpainting, and the client that has downloaded its picture, if that was needed.
fn outpaint(args: &OutpaintArgs, cancel: &CancelToken) -> Result<(Outpaint, Option<Client>), CliError> {
    let stdin = Path::new(STDIN);
    if args.input == stdin && args.mask.as_deref() == Some(stdin) {
        return Err(CliError::invalid_input("picture and mask cannot both come from standard input"));
    }
    let (picture, client) = match input::link(&args.input) {
        // The size of the picture decides what is asked for.
        Some(link) if args.wish.aspect.is_some() => {
            let (picture, client) = Client::with_picture(args, link, cancel)?;
            (Picture::from(picture), Some(client))
        }
        _ => (picture("picture", &args.input, cancel)?, None),
    };
    // Clap lets exactly one of the modes through.
    let outpaint = match (&args.mask, args.wish.aspect, args.wish.equal) {
        (Some(mask), _, _) => Outpaint::canvas(picture, self::picture("mask", mask, cancel)?),
        (_, Some((width, height)), _) => Outpaint::aspect(picture, width, height),
        (_, _, Some(ratio)) => Outpaint::equal(picture, ratio),
        _ => Outpaint::sides(picture, args.wish.sides()),
    };
    Ok((settings::apply(args, outpaint), client))
}

/// A link is not read here: the service fetches it.
fn picture(what: &str, path: &Path, cancel: &CancelToken) -> Result<Picture, CliError> {
    match input::link(path) {
        Some(link) => Ok(Picture::url(link)),
        None => input::read(what, path, cancel).map(Picture::from),
    }
}
