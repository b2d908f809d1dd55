//! Single requests of any ability, as calls or as tasks: a picture in, one or more pictures out. What no single request can
//! do is in `whole`.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use volcv::{AbilityRequest, Bytes, CallOptions, CancelToken, Error, Execution, Outcome, Output, TaskRequest};

use crate::args::{ConnectionArgs, MakeArgs};
use crate::client::{Client, Wanted};
use crate::early::Early;
use crate::output::Target;
use crate::pending::Pending;
use crate::progress::Bar;
use crate::rejected::{self, Reason};
use crate::report::{self, CliError, Report};
use crate::settings::{self, with_flags};
use crate::store::{About, Store};
use crate::task;

/// What is asked for, and the client that has downloaded its picture, if that was needed.
pub(crate) type Asked = (Arc<dyn AbilityRequest + Send + Sync>, Option<Client>);

/// Makes the pictures and prints what was made. `ask` reads the files of the request, after OUT was checked.
pub(crate) fn run(
    args: &MakeArgs,
    connection: &ConnectionArgs,
    cancel: &CancelToken,
    ask: impl FnOnce() -> Result<Asked, CliError>,
) -> ExitCode {
    let json = connection.json;
    let job = match Job::new(args, connection, ask) {
        Ok(job) => job,
        Err(failure) => return Report::failed(failure).print(json),
    };
    let mut report = Report::default();
    for warning in job.wanted.warnings() {
        report.warn(with_flags(&warning));
    }
    if args.dry_run {
        return match job.preview() {
            Ok(preview) => report::result(format!("{preview:#}\n").as_bytes()),
            Err(failure) => Report::failed(failure).print(json),
        };
    }
    let made = if args.submit_only { job.submit(cancel, &mut report) } else { job.make(cancel, &mut report) };
    if let Err(failure) = made {
        report.failures.push(failure);
    }
    report.print(json)
}

/// Arguments and files, checked before anything is sent.
struct Job<'a> {
    args: &'a MakeArgs,
    connection: &'a ConnectionArgs,
    wanted: Wanted,
    /// Empty if the service chooses the seed.
    seeds: Vec<i64>,
    target: Target,
    pending: Pending,
    /// Made already if the input had to be downloaded.
    client: Option<Client>,
}

impl<'a> Job<'a> {
    fn new(
        args: &'a MakeArgs,
        connection: &'a ConnectionArgs,
        ask: impl FnOnce() -> Result<Asked, CliError>,
    ) -> Result<Self, CliError> {
        let seeds = settings::seeds(args, None)?;
        let target = Target::new(&args.output, seeds.len().max(1));
        let target = if args.submit_only {
            if seeds.len() > 1 {
                return Err(CliError::invalid_input("--submit-only makes one task, of one seed"));
            }
            task::check(Some(&args.output))?;
            target
        } else {
            target.prepare(connection.json, args.dry_run)?
        };
        let (ability, client) = ask()?;
        let seed = seeds.first().copied();
        let wanted = Wanted { ability, seed, as_task: args.as_task || args.submit_only };
        let waits = !args.submit_only && !args.dry_run && wanted.execution() == Execution::Task;
        let pending = if waits { Pending::prepare(&target)? } else { Pending::none() };
        Ok(Self { args, connection, wanted, seeds, target, pending, client })
    }

    fn preview(&self) -> Result<Value, CliError> {
        let client = Client::dry(self.connection)?;
        Ok(match self.seeds.as_slice() {
            [] | [_] => self.checked(&client).and_then(|()| client.preview(&self.wanted))?,
            seeds => json!({"requests": client.preview_variants(&self.wanted, seeds)?}),
        })
    }

    /// Every mistake is told once, before anything is sent.
    fn checked(&self, client: &Client) -> Result<(), Error> {
        client.check_seeds(&self.seeds)?;
        self.wanted.request()?;
        Ok(())
    }

    fn connect(&mut self) -> Result<Client, CliError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.connection, Some(&self.args.output))?,
        };
        self.checked(&client)?;
        Ok(client)
    }

    fn make(mut self, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
        let client = self.connect()?;
        let bar = Bar::new(self.connection);
        let options = bar.watch(CallOptions::new().cancel(cancel), self.seeds.len());
        let early = Early::default();
        let requests = match self.seeds.as_slice() {
            [] => vec![self.wanted.clone()],
            seeds => seeds.iter().map(|seed| Wanted { seed: Some(*seed), ..self.wanted.clone() }).collect(),
        };
        let results =
            client.generate(requests, &self.pending.watch(options.clone(), &bar), watch(&early, &self.target));
        let store = Store { target: &self.target, client: &client, bar: &bar, early, report };
        let mut saver = Saver { options: &options, seeds: &self.seeds, pending: &self.pending, store };
        for (call, result) in results.into_iter().enumerate() {
            saver.take(call, result);
        }
        self.pending.settle(report);
        Ok(())
    }

    fn submit(mut self, cancel: &CancelToken, report: &mut Report) -> Result<(), CliError> {
        let client = self.connect()?;
        let request = TaskRequest::of(&self.wanted).map_err(Error::from)?;
        task::submit(&client, &request, Some(&self.args.output), self.connection, cancel, report)
    }
}

/// Writes each result as soon as it is there.
fn watch(early: &Early, target: &Target) -> impl Fn(usize, &Result<Outcome, Error>) + Send + Sync + use<> {
    let (early, target) = (early.clone(), target.clone());
    move |call, result| {
        let outputs = result.as_ref().map(|outcome| &outcome.outputs[..]).unwrap_or_default();
        for (i, output) in outputs.iter().enumerate() {
            let Output::Picture { bytes, .. } = output else { continue };
            early.save(&target.place(call, i, outputs.len()), bytes);
        }
        early.keep_rejected(&target, call, rejected::pictures(result));
    }
}

/// Writes the pictures of each request and keeps the account of them.
pub(crate) struct Saver<'a> {
    pub(crate) options: &'a CallOptions,
    pub(crate) seeds: &'a [i64],
    pub(crate) pending: &'a Pending,
    pub(crate) store: Store<'a>,
}

impl Saver<'_> {
    pub(crate) fn take(&mut self, call: usize, result: Result<Outcome, Error>) {
        self.store.keep_rejected(call, rejected::pictures(&result), Reason::FailedCheck);
        // With one seed there is nothing to tell apart.
        let seed = self.seeds.get(call).copied().filter(|_| self.seeds.len() > 1);
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                self.pending.failed(&error);
                return self.store.report.failures.push(CliError::from(error).of_seed(seed));
            }
        };
        for warning in &outcome.warnings {
            self.store.warn(seed.map_or_else(|| warning.clone(), |seed| format!("seed {seed}: {warning}")));
        }
        self.store.report.count(outcome.request_id.as_deref(), outcome.attempts.len());
        let count = outcome.outputs.len();
        if count == 0 {
            // A task of an ability that makes no pictures: its result is the reply.
            if let Err(failure) = self.store.save(self.store.target.place(call, 0, 1), &outcome.body, About::default())
            {
                self.store.report.failures.push(failure);
            }
        }
        for (i, picture) in outcome.outputs.iter().enumerate() {
            let saved = match self.bytes(picture) {
                Ok(bytes) => {
                    // The result of a task does not repeat its seed.
                    let seed = outcome.seed.or_else(|| self.seeds.get(call).copied());
                    let about = About { seed, ..About::default() };
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
        self.store.client.download(link, self.options).inspect_err(|_| self.store.show_link(link))
    }
}
