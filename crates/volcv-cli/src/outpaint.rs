//! `volcv outpaint`: a picture in, one or more larger pictures out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use volcv_transport::core::bytes::Bytes;
use volcv_transport::{CallOptions, CancelToken, Error, Outcome, Outpaint, Output, PictureInfo, Sides};

use crate::args::OutpaintArgs;
use crate::client::{Client, without_key};
use crate::input::{self, STDIN};
use crate::output::{self, Target};
use crate::progress::Bar;
use crate::report::{self, Failure, Report, Saved};

/// Makes the pictures and prints what was made.
pub(crate) fn run(args: &OutpaintArgs, cancel: &CancelToken) -> ExitCode {
    let json = args.connection.json;
    let job = match Job::new(args, cancel) {
        Ok(job) => job,
        Err(failure) => return Report::failed(failure).print(json),
    };
    for warning in job.outpaint.warnings() {
        report::note("warning", warning.advice());
    }
    if args.dry_run {
        return match job.preview(args) {
            Ok(preview) => report::result(format!("{preview:#}\n").as_bytes()),
            Err(failure) => Report::failed(failure).print(json),
        };
    }
    match job.make(args, cancel) {
        Ok(report) => report.print(json),
        Err(failure) => Report::failed(failure).print(json),
    }
}

/// Arguments and files, checked before anything is sent.
struct Job {
    outpaint: Outpaint,
    /// Empty if the service chooses the seed.
    seeds: Vec<i64>,
    target: Target,
}

impl Job {
    fn new(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Self, Failure> {
        let seeds = seeds(args)?;
        let target = Target::prepare(&args.output, seeds.len().max(1))?;
        let outpaint = outpaint(args, cancel)?;
        Ok(Self { outpaint, seeds, target })
    }

    fn preview(&self, args: &OutpaintArgs) -> Result<Value, Failure> {
        let client = Client::dry(&args.connection)?;
        let of_seed = |seed: &i64| client.preview(&self.outpaint.clone().seed(*seed));
        Ok(match self.seeds.as_slice() {
            [] => client.preview(&self.outpaint)?,
            [seed] => of_seed(seed)?,
            seeds => json!({"requests": seeds.iter().map(of_seed).collect::<Result<Vec<_>, _>>()?}),
        })
    }

    fn make(&self, args: &OutpaintArgs, cancel: &CancelToken) -> Result<Report, Failure> {
        let client = Client::connect(&args.connection, Some(&args.output))?;
        let bar = Bar::new(&args.connection);
        let options = bar.watch(CallOptions::new().cancel(cancel), self.seeds.len());
        let early = Early::default();
        let results = client.outpaint(&self.outpaint, &self.seeds, &early.watch(options.clone(), &self.target))?;
        let (target, report) = (&self.target, Report::default());
        let mut saver =
            Saver { client: &client, options: &options, target, seeds: &self.seeds, bar: &bar, early, report };
        for (call, result) in results.into_iter().enumerate() {
            saver.take(call, result);
        }
        Ok(saver.report)
    }
}

/// Files that were written while other calls of the batch still ran, so that a program that is killed then has lost
/// nothing that was paid for. What cannot be written is left for [`Saver`], which can say so.
#[derive(Default)]
struct Early(Arc<Mutex<HashSet<PathBuf>>>);

impl Early {
    fn watch(&self, options: CallOptions, target: &Target) -> CallOptions {
        let (written, target) = (Arc::clone(&self.0), target.clone());
        options.on_result(move |call, result| {
            let outputs = result.as_ref().map(|outcome| &outcome.outputs[..]).unwrap_or_default();
            for (i, output) in outputs.iter().enumerate() {
                let Output::Picture { bytes, .. } = output else { continue };
                let path = target.path(call, i, outputs.len());
                if output::save(&path, bytes).is_ok() {
                    written.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
                }
            }
        })
    }

    fn has(&self, path: &Path) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
    }
}

/// Writes the pictures of each call and keeps the account of them.
struct Saver<'a> {
    client: &'a Client,
    options: &'a CallOptions,
    target: &'a Target,
    seeds: &'a [i64],
    bar: &'a Bar,
    early: Early,
    report: Report,
}

impl Saver<'_> {
    fn take(&mut self, call: usize, result: Result<Outcome, Error>) {
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                // With one seed there is nothing to tell apart.
                let seed = self.seeds.get(call).filter(|_| self.seeds.len() > 1);
                return self.report.failures.push(Failure::from(error).of_seed(seed.copied()));
            }
        };
        self.report.attempts += outcome.attempts.len();
        if self.report.request_id.is_none() {
            self.report.request_id.clone_from(&outcome.request_id);
        }
        for (i, picture) in outcome.outputs.iter().enumerate() {
            let path = self.target.path(call, i, outcome.outputs.len());
            match self.bytes(picture).and_then(|bytes| self.save(&path, &bytes)) {
                Ok(info) => self.report.outputs.push(Saved { path, info, seed: outcome.seed }),
                Err(failure) => {
                    let attempts = outcome.attempts.len();
                    self.report.failures.push(failure.after_payment(outcome.request_id.as_deref(), attempts));
                }
            }
        }
    }

    fn bytes(&self, picture: &Output) -> Result<Bytes, Failure> {
        let link = match picture {
            Output::Picture { bytes, .. } => return Ok(bytes.clone()),
            Output::Link(link) => link,
        };
        self.client.download(link, self.options).map_err(|error| {
            // It is paid for, so the way to it must not be lost. Links come from outside: nothing of one may steer
            // the terminal.
            self.bar.note("note", format!("the picture is paid for; its link: {}", without_key(link).escape_default()));
            error.into()
        })
    }

    fn save(&self, path: &Path, bytes: &[u8]) -> Result<Option<PictureInfo>, Failure> {
        let info = PictureInfo::read(bytes);
        let format = info.map(|info| info.format);
        let saved = if self.early.has(path) { Ok(()) } else { output::save(path, bytes) };
        if let Err(error) = saved {
            match output::rescue(bytes, format) {
                Ok(rescued) => {
                    self.bar.note("note", format!("the picture is paid for; it is kept in {}", rescued.display()))
                }
                Err(error) => {
                    self.bar.note("warning", format!("the picture could not be kept elsewhere either: {error}"))
                }
            }
            return Err(Failure::config(format!("cannot write {}: {error}; the call was charged", path.display())));
        }
        if let Some(format) = format.filter(|format| output::ending_differs(path, *format)) {
            self.bar
                .note("warning", format!("{} holds a picture in the format {}", path.display(), format.extension()));
        }
        Ok(info)
    }
}

fn outpaint(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Outpaint, Failure> {
    let stdin = Path::new(STDIN);
    if args.input == stdin && args.mask.as_deref() == Some(stdin) {
        return Err(Failure::invalid_input("picture and mask cannot both come from standard input"));
    }
    let picture = input::read("picture", &args.input, cancel)?;
    // Clap lets exactly one of the modes through.
    let mut outpaint = match (&args.mask, args.aspect, args.equal) {
        (Some(mask), _, _) => Outpaint::canvas(picture, input::read("mask", mask, cancel)?),
        (_, Some((width, height)), _) => Outpaint::aspect(picture, width, height),
        (_, _, Some(ratio)) => Outpaint::equal(picture, ratio),
        _ => {
            let side = |ratio: Option<f64>| ratio.unwrap_or_default();
            let (top, bottom) = (side(args.top), side(args.bottom));
            Outpaint::sides(picture, Sides { top, bottom, left: side(args.left), right: side(args.right) })
        }
    };
    if let Some(text) = &args.prompt {
        outpaint = outpaint.prompt(text);
    }
    if let Some(field) = args.prompt_field {
        outpaint = outpaint.prompt_field(field.into());
    }
    if let Some(scale) = args.scale {
        outpaint = outpaint.scale(scale);
    }
    if let Some(steps) = args.steps {
        outpaint = outpaint.steps(steps);
    }
    if let Some(strength) = args.strength {
        outpaint = outpaint.strength(strength);
    }
    if let Some(pixels) = args.max_width {
        outpaint = outpaint.max_width(pixels);
    }
    if let Some(pixels) = args.max_height {
        outpaint = outpaint.max_height(pixels);
    }
    if args.return_url {
        outpaint = outpaint.return_url(true);
    }
    Ok(outpaint.strict(args.strict))
}

/// The seeds to call with, in order.
fn seeds(args: &OutpaintArgs) -> Result<Vec<i64>, Failure> {
    let Some(variants) = args.variants else { return Ok(args.seeds.clone()) };
    match args.seeds.as_slice() {
        // -1 asks for a random one.
        [] | [-1] => Ok(random_seeds(variants.into())),
        // The library refuses what is out of range, the last one included.
        [first] => Ok((0..variants).map(|i| first.saturating_add(i.into())).collect()),
        seeds if seeds.len() == usize::from(variants) => Ok(seeds.to_vec()),
        seeds => Err(Failure::invalid_input(format!(
            "--variants is {variants}, but {} seeds are given; leave one of them out",
            seeds.len()
        ))),
    }
}

fn random_seeds(count: usize) -> Vec<i64> {
    let mut seeds = Vec::with_capacity(count);
    while seeds.len() < count {
        let seed = fastrand::i64(0..1 << 31);
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    seeds
}
