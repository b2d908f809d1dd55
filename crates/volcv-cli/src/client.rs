//! One client over both transports, whose methods wait for the result.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use volcv::{AbilityRequest, BlockingClient, BoxFuture, Bytes, CallOptions, CancelToken, ClientBuilder, CvRequest};
use volcv::{Error, Execution, Expand as _, ExpandBlocking as _, ExpandOptions, Expanded, InvalidInput, Outcome};
use volcv::{Source, Task, TaskReport, TaskRequest, Wish};

use crate::args::{ConnectionArgs, MakeArgs, TransportName};
use crate::connect;
use crate::report::CliError;

/// A request of any ability, as the flags want it to be run.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) ability: Arc<dyn AbilityRequest + Send + Sync>,
    /// Wins over the seed of the ability.
    pub(crate) seed: Option<i64>,
    /// Run it as a task, although the service could do it in one call.
    pub(crate) as_task: bool,
}

impl AbilityRequest for Wanted {
    fn request(&self) -> Result<CvRequest, InvalidInput> {
        let request = self.ability.request()?;
        Ok(match self.seed {
            Some(seed) => request.with_seed(seed),
            None => request,
        })
    }

    fn warnings(&self) -> Vec<InvalidInput> {
        self.ability.warnings()
    }

    fn execution(&self) -> Execution {
        if self.as_task { Execution::Task } else { self.ability.execution() }
    }
}

/// A client of either transport whose methods wait for the result.
#[derive(Debug)]
pub(crate) enum Client {
    Ureq(BlockingClient),
    Reqwest(volcv::Client, &'static Runtime),
}

impl Client {
    /// A client for what arguments and environment name, or for an emulator that is started for it.
    pub(crate) fn connect(args: &ConnectionArgs, out: Option<&Path>) -> Result<Self, CliError> {
        Self::new(args.transport, connect::online(args, out)?)
    }

    /// A client, and the picture that IN links to, whose size has to be known before a call.
    pub(crate) fn with_picture(
        args: &MakeArgs,
        connection: &ConnectionArgs,
        link: &str,
        cancel: &CancelToken,
    ) -> Result<(Bytes, Self), CliError> {
        if args.dry_run {
            let message = "a dry run downloads nothing, but the size of the picture is needed; give a file";
            return Err(CliError::invalid_input(message));
        }
        let client = Self::connect(connection, Some(&args.output))?;
        let picture = client.download(link, &CallOptions::new().cancel(cancel)).map_err(Error::uncharged)?;
        Ok((picture, client))
    }

    /// A client that is good for [`Client::preview`] only; it needs neither key nor gateway.
    pub(crate) fn dry(args: &ConnectionArgs) -> Result<Self, CliError> {
        Self::new(args.transport, connect::dry(args)?)
    }

    /// As [`Client::dry`], without arguments.
    pub(crate) fn offline() -> Result<Self, CliError> {
        Self::new(TransportName::Ureq, connect::offline())
    }

    fn new(transport: TransportName, builder: ClientBuilder) -> Result<Self, CliError> {
        Ok(match transport {
            TransportName::Ureq => Self::Ureq(builder.ureq()?),
            TransportName::Reqwest => {
                let runtime = Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(|error| CliError::config(format!("cannot start tokio: {error}")))?;
                // Dropping the runtime would wait for a running name lookup, so the runtime ends with the process.
                Self::Reqwest(builder.reqwest()?, Box::leak(Box::new(runtime)))
            }
        })
    }

    /// Makes the pictures of each request, as many at once as the library lets; `take` gets each result as soon as it is there.
    pub(crate) fn generate(
        &self,
        requests: Vec<Wanted>,
        options: &CallOptions,
        take: impl Fn(usize, &Result<Outcome, Error>) + Send + Sync,
    ) -> Vec<Result<Outcome, Error>> {
        match self {
            Self::Ureq(client) => client.batch(requests, |wanted| client.generate(&wanted, options), take),
            Self::Reqwest(client, runtime) => {
                let run = |wanted: Wanted| -> BoxFuture<'_, _> {
                    Box::pin(async move { client.generate(&wanted, options).await })
                };
                runtime.block_on(client.batch(requests, run, take))
            }
        }
    }

    /// Whether the seeds are in range, and none but -1 is there twice.
    pub(crate) fn check_seeds(&self, seeds: &[i64]) -> Result<(), Error> {
        match self {
            Self::Ureq(client) => client.check_seeds(seeds),
            Self::Reqwest(client, _) => client.check_seeds(seeds),
        }
    }

    /// Hands a task in; gives the service's answer, too.
    pub(crate) fn submit(&self, request: &TaskRequest, options: &CallOptions) -> Result<(Task, Outcome), Error> {
        match self {
            Self::Ureq(client) => client.submit_outcome(request, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.submit_outcome(request, options)),
        }
    }

    pub(crate) fn wait(&self, task: &Task, options: &CallOptions) -> Result<Outcome, Error> {
        match self {
            Self::Ureq(client) => client.wait(task, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.wait(task, options)),
        }
    }

    pub(crate) fn task_status(&self, task: &Task, options: &CallOptions) -> Result<TaskReport, Error> {
        match self {
            Self::Ureq(client) => client.task_status(task, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.task_status(task, options)),
        }
    }

    pub(crate) fn cancel_task(&self, task: &Task, options: &CallOptions) -> Result<(), Error> {
        match self {
            Self::Ureq(client) => client.cancel_task(task, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.cancel_task(task, options)),
        }
    }

    /// One whole operation with the seed of the options if `seeds` has none, otherwise one for each seed.
    pub(crate) fn expand(
        &self,
        source: Source,
        wish: &Wish,
        seeds: &[i64],
        options: &ExpandOptions,
    ) -> Result<Vec<Result<Expanded, Error>>, Error> {
        match (self, seeds) {
            (Self::Ureq(client), []) => Ok(vec![client.expand(source, wish, options)]),
            (Self::Ureq(client), seeds) => client.expand_variants(source, wish, seeds, options),
            (Self::Reqwest(client, runtime), []) => Ok(vec![runtime.block_on(client.expand(source, wish, options))]),
            (Self::Reqwest(client, runtime), seeds) => {
                runtime.block_on(client.expand_variants(source, wish, seeds, options))
            }
        }
    }

    pub(crate) fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        match self {
            Self::Ureq(client) => client.call(request, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.call(request, options)),
        }
    }

    pub(crate) fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        match self {
            Self::Ureq(client) => client.download(link, options),
            Self::Reqwest(client, runtime) => runtime.block_on(client.download(link, options)),
        }
    }

    pub(crate) fn preview(&self, ability: &dyn AbilityRequest) -> Result<Value, Error> {
        match self {
            Self::Ureq(client) => client.preview(ability),
            Self::Reqwest(client, _) => client.preview(ability),
        }
    }

    pub(crate) fn preview_variants(&self, ability: &dyn AbilityRequest, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        match self {
            Self::Ureq(client) => client.preview_variants(ability, seeds),
            Self::Reqwest(client, _) => client.preview_variants(ability, seeds),
        }
    }

    /// A text of the service that is going to be shown: some gateways repeat the key that they were given.
    pub(crate) fn redact(&self, text: &str) -> String {
        match self {
            Self::Ureq(client) => client.redact(text),
            Self::Reqwest(client, _) => client.redact(text),
        }
    }
}
