//! `volcv outpaint`: a picture in, one or more larger pictures out.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use volcv::Bytes;
use volcv::{CallOptions, CancelToken, Error, InvalidInput, Outcome, Outpaint, Output, PictureInfo, Sides};

use crate::args::OutpaintArgs;
use crate::client::{Client, without_key};
use crate::input::{self, STDIN};
use crate::output::{self, Place, Target};
use crate::progress::Bar;
use crate::rejected;
use crate::report::{self, CliError, Report, Saved};
use crate::save;

/// Makes the pictures and prints what was made.
pub(crate) fn run(args: &OutpaintArgs, cancel: &CancelToken) -> ExitCode {
    let json = args.connection.json;
    let job = match Job::new(args, cancel) {
        Ok(job) => job,
        Err(failure) => return Report::failed(failure).print(json),
    };
    let mut report = Report::default();
    for warning in job.outpaint.warnings() {
        let text = with_flags(&warning);
        report::note("warning", &text);
        report.warnings.push(text);
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

/// A warning in the words of the command: of the fields that it names, those with a flag of their own are named so.
fn with_flags(warning: &InvalidInput) -> String {
    let field = warning.field();
    let flags: Vec<String> = field.split(", ").map(|name| format!("--{}", name.replace('_', "-"))).collect();
    let text = warning.advice();
    if field.starts_with("max_") { text.replacen(field, &flags.join(" and "), 1) } else { text }
}

/// Arguments and files, checked before anything is sent.
struct Job {
    outpaint: Outpaint,
    /// Empty if the service chooses the seed.
    seeds: Vec<i64>,
    target: Target,
}

impl Job {
    fn new(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Self, CliError> {
        let seeds = seeds(args)?;
        let target = Target::prepare(args, seeds.len().max(1))?;
        let outpaint = outpaint(args, cancel)?;
        Ok(Self { outpaint, seeds, target })
    }

    fn preview(&self, args: &OutpaintArgs) -> Result<Value, CliError> {
        let client = Client::dry(&args.connection)?;
        Ok(match self.seeds.as_slice() {
            [] => client.preview(&self.outpaint)?,
            [seed] => client.preview(&self.outpaint.clone().seed(*seed))?,
            seeds => json!({"requests": client.preview_variants(&self.outpaint, seeds)?}),
        })
    }

    fn make(&self, args: &OutpaintArgs, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
        let client = Client::connect(&args.connection, Some(&args.output))?;
        let bar = Bar::new(&args.connection);
        let options = bar.watch(CallOptions::new().cancel(cancel), self.seeds.len());
        let early = Early::default();
        let results = client.outpaint(&self.outpaint, &self.seeds, &early.watch(options.clone(), &self.target))?;
        let (target, seeds) = (&self.target, self.seeds.as_slice());
        let mut saver = Saver { client: &client, options: &options, target, seeds, bar: &bar, early, report };
        for (call, result) in results.into_iter().enumerate() {
            saver.take(call, result);
        }
        Ok(())
    }
}

/// What was written while other calls of the batch still ran, so that a program that is killed then has lost nothing
/// that was paid for. What cannot be written is left for [`Saver`], which can say so.
#[derive(Clone, Default)]
struct Early(Arc<Mutex<Written>>);

#[derive(Default)]
struct Written {
    pictures: HashSet<PathBuf>,
    /// By call and place among the rejected pictures of the call.
    rejected: HashMap<(usize, usize), PathBuf>,
}

impl Early {
    fn watch(&self, options: CallOptions, target: &Target) -> CallOptions {
        let (early, target) = (self.clone(), target.clone());
        options.on_result(move |call, result| {
            let outputs = result.as_ref().map(|outcome| &outcome.outputs[..]).unwrap_or_default();
            for (i, output) in outputs.iter().enumerate() {
                let Output::Picture { bytes, .. } = output else { continue };
                let Place::File(path) = target.place(call, i, outputs.len()) else { continue };
                if save::save(&path, bytes).is_ok() {
                    early.lock().pictures.insert(path);
                }
            }
            let rejected = rejected::pictures(result);
            for (i, bytes) in rejected.iter().enumerate() {
                if let Ok(path) = target.keep_rejected(call, i, rejected.len(), bytes) {
                    early.lock().rejected.insert((call, i), path);
                }
            }
        })
    }

    fn has(&self, path: &Path) -> bool {
        self.lock().pictures.contains(path)
    }

    fn rejected(&self, call: usize, i: usize) -> Option<PathBuf> {
        self.lock().rejected.get(&(call, i)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    report: &'a mut Report,
}

impl Saver<'_> {
    fn take(&mut self, call: usize, result: Result<Outcome, Error>) {
        let rejected = rejected::pictures(&result);
        for (i, bytes) in rejected.iter().enumerate() {
            let keep = || self.target.keep_rejected(call, i, rejected.len(), bytes);
            let kept = self.early.rejected(call, i).map_or_else(keep, Ok);
            self.report.rejected.extend(rejected::tell(self.bar, kept));
        }
        // With one seed there is nothing to tell apart.
        let seed = self.seeds.get(call).copied().filter(|_| self.seeds.len() > 1);
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => return self.report.failures.push(CliError::from(error).of_seed(seed)),
        };
        for warning in &outcome.warnings {
            self.warn(seed.map_or_else(|| warning.clone(), |seed| format!("seed {seed}: {warning}")));
        }
        self.report.attempts += outcome.attempts.len();
        if self.report.request_id.is_none() {
            self.report.request_id.clone_from(&outcome.request_id);
        }
        let count = outcome.outputs.len();
        for (i, picture) in outcome.outputs.iter().enumerate() {
            let saved = match self.bytes(picture) {
                Ok(bytes) => self.save(self.target.place(call, i, count), &bytes, outcome.seed),
                Err(error) => {
                    for bytes in error.rejected_pictures() {
                        let kept = self.target.keep_rejected(call, i, count, bytes);
                        self.report.rejected.extend(rejected::tell(self.bar, kept));
                    }
                    Err(error.into())
                }
            };
            if let Err(failure) = saved {
                let attempts = outcome.attempts.len();
                self.report.failures.push(failure.after_payment(outcome.request_id.as_deref(), attempts));
            }
        }
    }

    fn bytes(&self, picture: &Output) -> Result<Bytes, Error> {
        let link = match picture {
            Output::Picture { bytes, .. } => return Ok(bytes.clone()),
            Output::Link(link) => link,
        };
        self.client.download(link, self.options).inspect_err(|_| {
            // It is paid for, so the way to it must not be lost. Links come from outside: nothing of one may steer
            // the terminal.
            self.bar.note("note", format!("the picture is paid for; its link: {}", without_key(link).escape_default()));
        })
    }

    fn save(&mut self, place: Place, bytes: &[u8], seed: Option<i64>) -> Result<(), CliError> {
        let info = PictureInfo::read(bytes);
        let ending = info.map(|info| format!(".{}", info.format.extension())).unwrap_or_default();
        let path = match place {
            Place::File(path) => path,
            // Standard output has the picture and nothing else, so there is nothing to report either.
            Place::Stdout => {
                let written = save::write_to_stdout(bytes);
                return written.map_err(|error| self.unsaved("to standard output", &error, bytes, &ending));
            }
            Place::TemporaryFolder => {
                let kept = save::rescue(bytes, &ending).map_err(|error| {
                    CliError::config(format!("cannot keep a further picture: {error}; the call was charged"))
                })?;
                self.bar.note("note", format!("the reply has a further picture; it is kept in {}", kept.display()));
                return Ok(());
            }
        };
        let saved = if self.early.has(&path) { Ok(()) } else { save::save(&path, bytes) };
        saved.map_err(|error| self.unsaved(&path.display().to_string(), &error, bytes, &ending))?;
        if let Some(format) = info.map(|info| info.format).filter(|format| output::ending_differs(&path, *format)) {
            self.warn(format!("{} holds a picture in the format {}", path.display(), format.extension()));
        }
        self.report.outputs.push(Saved { path, info, seed });
        Ok(())
    }

    /// Keeps a picture that could not be written where it should be.
    fn unsaved(&self, place: &str, error: &io::Error, bytes: &[u8], ending: &str) -> CliError {
        match save::rescue(bytes, ending) {
            Ok(kept) => self.bar.note("note", format!("the picture is paid for; it is kept in {}", kept.display())),
            Err(error) => self.bar.note("warning", format!("the picture could not be kept elsewhere either: {error}")),
        }
        CliError::config(format!("cannot write {place}: {error}; the call was charged"))
    }

    fn warn(&mut self, text: String) {
        self.bar.note("warning", &text);
        self.report.warnings.push(text);
    }
}

fn outpaint(args: &OutpaintArgs, cancel: &CancelToken) -> Result<Outpaint, CliError> {
    let stdin = Path::new(STDIN);
    if args.input == stdin && args.mask.as_deref() == Some(stdin) {
        return Err(CliError::invalid_input("picture and mask cannot both come from standard input"));
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
fn seeds(args: &OutpaintArgs) -> Result<Vec<i64>, CliError> {
    let Some(variants) = args.variants else { return Ok(args.seeds.clone()) };
    match args.seeds.as_slice() {
        // -1 asks for a random one.
        [] | [-1] => Ok(random_seeds(variants.into())),
        // The library refuses what is out of range, the last one included.
        [first] => Ok((0..variants).map(|i| first.saturating_add(i.into())).collect()),
        seeds if seeds.len() == usize::from(variants) => Ok(seeds.to_vec()),
        seeds => Err(CliError::invalid_input(format!(
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
