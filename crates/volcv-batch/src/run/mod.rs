//! A run: takes items from the ledger, gives them to workers, and ends when nothing is left or it is told to.

mod beat;
mod context;
mod queue;
mod verdict;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use volcv::CancelToken;

pub(crate) use context::{Context, Halt};

use crate::client::AnyClient;
use crate::error::BatchError;
use crate::event::Event;
use crate::ledger::{Counts, Ledger, NewRun, Spending};
use crate::pace::Gate;
use crate::store::Store;

/// Failures of one item that cost nothing and may pass, beside the retries of each call.
const TRIES: u32 = 5;
const LEASE: Duration = Duration::from_secs(30);
const SHORTEST_LEASE: Duration = Duration::from_secs(2);
const LONGEST_LEASE: Duration = Duration::from_secs(3600);

/// Runs the items of a ledger.
///
/// Any number of batches, in any number of processes and on any number of machines, can run one ledger at the same time.
#[derive(Debug)]
#[must_use]
pub struct Batch {
    client: AnyClient,
    ledger: Ledger,
    base: PathBuf,
    output: PathBuf,
    name: String,
    concurrency: usize,
    rate: Option<f64>,
    max_cost: Option<u64>,
    tries: u32,
    lease: Duration,
    stop: CancelToken,
    cancel: CancelToken,
}

/// How a run has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Summary {
    /// All items of the ledger, by state.
    pub counts: Counts,
    /// What all runs of the ledger have cost.
    pub spending: Spending,
    /// What was spent between the start and the end of this run, by all runs of the ledger.
    pub spent: Spending,
    /// Why it has ended.
    pub ended: Ended,
}

/// Why a run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Nothing is left that a run could do by itself.
    AllDone,
    /// The caller said so.
    Stopped,
    /// [`Batch::max_cost`] was reached.
    CostReached,
    /// The key or the account was refused; the reason.
    AccountRefused(String),
}

impl Batch {
    /// [`Batch::concurrency`] if it is not set. It is small because gateways throttle early.
    pub const CONCURRENCY: u16 = 4;
    /// The most that [`Batch::concurrency`] may be: each blocking call has a thread, and so has each file that is being written.
    pub const MAX_CONCURRENCY: u16 = 256;

    /// A run of the items of `ledger`. Relative pictures are below `base`; finished ones are written below `output`, which is made.
    pub fn new(
        client: impl Into<AnyClient>,
        ledger: Ledger,
        base: impl Into<PathBuf>,
        output: impl Into<PathBuf>,
    ) -> Self {
        Self {
            client: client.into(),
            ledger,
            base: base.into(),
            output: output.into(),
            name: own_name(),
            concurrency: Self::CONCURRENCY.into(),
            rate: None,
            max_cost: None,
            tries: TRIES,
            lease: LEASE,
            stop: CancelToken::new(),
            cancel: CancelToken::new(),
        }
    }

    /// Paid calls that this run has on their way at once, 1 to 256; 4 if not set. All runs of the ledger use less of theirs while the service
    /// asks to slow down.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Paid calls that this run begins in a second at most, above 0; no limit if not set.
    pub fn rate(mut self, calls_per_second: f64) -> Self {
        self.rate = Some(calls_per_second);
        self
    }

    /// The most calls of the ledger, over all of its runs, that are or may be charged; no limit if not set. The run ends before a call that
    /// could be one more.
    pub fn max_cost(mut self, calls: u64) -> Self {
        self.max_cost = Some(calls);
        self
    }

    /// How often one item may fail where the failure is free of charge and may pass, at least 1; 5 if not set. The retries of the
    /// client within one call come before; being throttled does not count.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// How long other runs wait for a sign of life of this one before they take its items over, 2 s to 1 hour; 30 s if not set.
    pub fn lease(mut self, time: Duration) -> Self {
        self.lease = time;
        self
    }

    /// The name of this run in the ledger, for people; machine and process if not set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Stops the run when the token is cancelled: calls that are on their way end, their pictures are finished, and tasks are left to
    /// the next run.
    pub fn stop(mut self, token: &CancelToken) -> Self {
        self.stop = token.clone();
        self
    }

    /// Ends the run at once when the token is cancelled: calls that are on their way are broken off, and may have been charged.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Runs until nothing is left, and waits for items that other runs have in their hands. `observe` is called from the threads of the
    /// runtime; it has to be short.
    ///
    /// It needs tokio's multi-threaded runtime with I/O and time. Dropping the future leaves the run to its lease.
    ///
    /// # Errors
    /// An option is out of range, the output folder cannot be written, or the ledger cannot be reached for several minutes.
    pub async fn run(&self, observe: impl Fn(Event) + Send + Sync + 'static) -> Result<Summary, BatchError> {
        let gate = self.check()?;
        let store = Store::open(&self.output)?;
        let run = NewRun {
            id: fastrand::i64(1..i64::MAX),
            name: self.name.clone(),
            store: store.id().to_owned(),
            lease: self.lease,
        };
        let context = Arc::new(Context::new(self, gate, store, run, Box::new(observe)));
        let before = self.ledger.spending().await?;
        context.recover().await?;
        let run = context.run();
        context.patiently(|| self.ledger.start_run(&run)).await?;
        let ended = self.work(&context).await;
        let run = context.run();
        let given_back = context.patiently(|| self.ledger.end_run(&run)).await;
        let ended = ended?;
        given_back?;
        let (counts, spending) = (self.ledger.counts().await?, self.ledger.spending().await?);
        Ok(Summary { counts, spending, spent: spending.since(&before), ended })
    }

    /// Runs the workers and the heartbeat beside them.
    async fn work(&self, context: &Arc<Context>) -> Result<Ended, BatchError> {
        let _stop = self.stop.on_cancel({
            let context = Arc::clone(context);
            move || context.end_with(Halt::Caller)
        });
        let _cancel = self.cancel.on_cancel({
            let context = Arc::clone(context);
            move || context.end_with(Halt::Caller)
        });
        // The service may have asked an earlier run to slow down.
        beat::beat(context).await;
        let queue = Arc::new(queue::Queue::new(context));
        // While some call the service, others prepare the next picture or finish the last one.
        let workers = self.concurrency + self.concurrency.clamp(2, 16);
        let workers: Vec<_> = (0..workers)
            .map(|number| tokio::spawn(worker::run(Arc::clone(context), Arc::clone(&queue), number)))
            .collect();
        let beat = tokio::spawn(beat::run(Arc::clone(context)));
        let mut panicked = None;
        for worker in workers {
            if let Err(error) = worker.await {
                context.end_with(Halt::Caller);
                panicked = error.try_into_panic().ok();
            }
        }
        beat.abort();
        if let Some(panic) = panicked {
            std::panic::resume_unwind(panic);
        }
        match context.halt() {
            None => Ok(Ended::AllDone),
            Some(Halt::Caller) => Ok(Ended::Stopped),
            Some(Halt::CostReached) => Ok(Ended::CostReached),
            Some(Halt::Account(reason)) => Ok(Ended::AccountRefused(reason)),
            Some(Halt::Failed(error)) => Err(context::owned(error)),
        }
    }

    fn check(&self) -> Result<Arc<Gate>, BatchError> {
        let refused = |text: String| Err(BatchError::Option(text));
        if self.concurrency > Self::MAX_CONCURRENCY.into() {
            let (calls, most) = (self.concurrency, Self::MAX_CONCURRENCY);
            return refused(format!("concurrency is {calls}, but must be at most {most}"));
        }
        if self.tries == 0 {
            return refused("tries is 0, but must be at least 1".to_owned());
        }
        if !(SHORTEST_LEASE..=LONGEST_LEASE).contains(&self.lease) {
            return refused(format!("the lease is {} s, but must be 2 s to 1 hour", self.lease.as_secs_f64()));
        }
        Gate::new(self.concurrency, self.rate)
    }
}

/// `render-7, process 4711`; the machine is left out where nothing tells its name.
fn own_name() -> String {
    let told = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(told).unwrap_or_default();
    let process = format!("process {}", std::process::id());
    match machine.trim() {
        "" => process,
        machine => format!("{machine}, {process}"),
    }
}
