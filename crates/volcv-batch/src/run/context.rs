//! What all parts of a run share.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use volcv::CancelToken;

use super::Batch;
use crate::client::AnyClient;
use crate::error::BatchError;
use crate::event::{Event, Phase};
use crate::ledger::{Ledger, NewRun, Pace};
use crate::pace::Gate;
use crate::store::Store;

/// How long a ledger may be away before the run ends.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Context {
    pub(crate) client: AnyClient,
    pub(crate) ledger: Ledger,
    pub(crate) store: Arc<Store>,
    /// The run as the ledger knows it: another one after a lost lease.
    run: Mutex<Arc<NewRun>>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) base: PathBuf,
    pub(crate) max_cost: Option<u64>,
    pub(crate) tries: u32,
    /// Breaks everything off.
    pub(crate) cancel: CancelToken,
    observe: Box<dyn Fn(Event) + Send + Sync>,
    halt: watch::Sender<Option<Halt>>,
}

/// Why a run begins nothing more.
#[derive(Debug, Clone)]
pub(crate) enum Halt {
    Caller,
    CostReached,
    Account(String),
    Failed(Arc<BatchError>),
}

impl Context {
    pub(crate) fn new(
        batch: &Batch,
        gate: Arc<Gate>,
        store: Store,
        run: NewRun,
        observe: Box<dyn Fn(Event) + Send + Sync>,
    ) -> Self {
        Self {
            client: batch.client.clone(),
            ledger: batch.ledger.clone(),
            store: Arc::new(store),
            run: Mutex::new(Arc::new(run)),
            gate,
            base: batch.base.clone(),
            max_cost: batch.max_cost,
            tries: batch.tries,
            cancel: batch.cancel.clone(),
            observe,
            halt: watch::Sender::new(None),
        }
    }

    /// The run that takes items now.
    pub(crate) fn run(&self) -> Arc<NewRun> {
        Arc::clone(&self.run.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lease has passed, and another run has taken over what this one had in its hands: the process slept, or could not reach the
    /// ledger. It goes on as a new run; calls that are on their way are written down all the same when they end.
    pub(crate) async fn start_again(&self) -> Result<(), BatchError> {
        let new = Arc::new(NewRun { id: fastrand::i64(1..i64::MAX), ..NewRun::clone(&self.run()) });
        self.patiently(|| self.ledger.start_run(&new)).await?;
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.observe)(event);
    }

    pub(crate) fn working(&self, worker: usize, phase: Phase) {
        self.tell(Event::Working { worker, phase });
    }

    /// Why nothing more is begun; `None` while the run goes on.
    pub(crate) fn halt(&self) -> Option<Halt> {
        self.halt.borrow().clone()
    }

    /// Ready when nothing more is begun.
    pub(crate) async fn halted(&self) {
        // The sender lives as long as this.
        let _ = self.halt.subscribe().wait_for(Option::is_some).await;
    }

    /// Begins nothing more. The first reason counts.
    pub(crate) fn end_with(&self, halt: Halt) {
        let mut event = None;
        self.halt.send_if_modified(|current| {
            if current.is_some() {
                return false;
            }
            event = match &halt {
                Halt::Account(reason) => Some(Event::Stopped { reason: reason.clone() }),
                Halt::CostReached => Some(Event::CostReached { max_cost: self.max_cost.unwrap_or_default() }),
                Halt::Caller | Halt::Failed(_) => None,
            };
            *current = Some(halt);
            true
        });
        event.into_iter().for_each(|event| self.tell(event));
    }

    /// Repeats an operation that does the same when it is done twice, while the ledger is away.
    pub(crate) async fn patiently<T, F>(&self, operation: impl Fn() -> F + Send) -> Result<T, BatchError>
    where
        F: Future<Output = Result<T, BatchError>> + Send,
        T: Send,
    {
        let away = |message: &str| self.tell(Event::LedgerAway { message: message.to_owned() });
        self.ledger.patiently(PATIENCE, &away, operation).await
    }

    /// The service asked to slow down.
    pub(crate) async fn slow_down(&self, pause: Duration) {
        match self.ledger.slow_down(pause, self.gate.take_succeeded()).await {
            Ok(pace) => self.keep_pace(&pace, true),
            // The other runs learn of it from their own calls.
            Err(_) => self.pause(pause.max(Duration::from_secs(1))),
        }
    }

    /// Sends nothing for a while.
    pub(crate) fn pause(&self, pause: Duration) {
        self.gate.pause(pause);
    }

    pub(crate) fn keep_pace(&self, pace: &Pace, tell: bool) {
        if let Some(reason) = &pace.stopped {
            self.end_with(Halt::Account(reason.clone()));
        }
        let (before, concurrency) = self.gate.set(pace);
        if tell || concurrency < before {
            self.tell(Event::Slower { concurrency, pause: pace.pause });
        }
    }

    /// Tells the ledger of answers that are on the disk, and removes those that nobody needs any more.
    pub(crate) async fn recover(&self) -> Result<(), BatchError> {
        let store = Arc::clone(&self.store);
        let found = tokio::task::spawn_blocking(move || store.answers()).await;
        let found = found.map_err(std::io::Error::other).and_then(|found| found);
        let found = found.map_err(|source| BatchError::File { path: self.store.folder().to_owned(), source })?;
        let unused = self.patiently(|| self.ledger.recover(self.store.id(), &found)).await?;
        unused.iter().for_each(|attempt| self.store.remove(attempt));
        Ok(())
    }
}

/// The error of a run that has ended; others may hold it still.
pub(crate) fn owned(error: Arc<BatchError>) -> BatchError {
    Arc::try_unwrap(error).unwrap_or_else(|shared| BatchError::Ledger {
        ledger: "of this run".to_owned(),
        message: shared.to_string(),
        transient: shared.is_transient(),
    })
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("run", &self.run()).finish_non_exhaustive()
    }
}
