//! The options of one call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use volcv_core::types::Task;
use volcv_core::{Error, Outcome, Progress};

use crate::cancel::CancelToken;
use crate::journal::Journal;

/// Options of one call; all are optional.
#[derive(Clone, Default)]
#[must_use]
pub struct CallOptions {
    pub(crate) cancel: CancelToken,
    pub(crate) observer: Option<volcv_core::Observer>,
    pub(crate) on_result: Option<OnResult>,
    pub(crate) on_task: Option<OnTask>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
}

type OnTask = Arc<dyn Fn(&Task) + Send + Sync>;

pub(crate) type OnResult = Arc<dyn Fn(usize, &Result<Outcome, Error>) + Send + Sync>;

impl CallOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call when the token is cancelled.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Calls `observer` at every change: phase, bytes sent and received, totals. It runs on the thread that moves the
    /// bytes, so it has to be short.
    pub fn progress(mut self, observer: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Calls `take` with each result of a batch as soon as it is there, and with the index of its seed. So a program can
    /// save what it has paid for before the last call has ended. It runs on the thread that ran the call; results of
    /// calls that were never sent are not reported: they come with the others, at the end.
    pub fn on_result(mut self, take: impl Fn(usize, &Result<Outcome, Error>) + Send + Sync + 'static) -> Self {
        self.on_result = Some(Arc::new(take));
        self
    }

    /// Calls `take` with each task as soon as the service has accepted it. A program that stores the task can wait for its
    /// result later, in another process too. It runs on the thread that made the call.
    pub fn on_task(mut self, take: impl Fn(&Task) + Send + Sync + 'static) -> Self {
        self.on_task = Some(Arc::new(take));
        self
    }

    /// Writes each attempt that costs money into this journal before it is sent, and how it ended.
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Wins over [`RetryPolicy::poll_interval`](crate::RetryPolicy::poll_interval).
    pub fn poll_interval(mut self, time: Duration) -> Self {
        self.poll_interval = Some(time);
        self
    }

    /// The longest that the whole call may take, with all its attempts and waits; wins over the client's own.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// The options of a later call of the same operation: its deadline, if there is one, is shorter by the time that was
    /// spent before.
    pub fn after(mut self, spent: Duration) -> Self {
        self.deadline = self.deadline.map(|time| time.saturating_sub(spent));
        self
    }

    pub(crate) fn report_task(&self, task: &Task) {
        if let Some(take) = &self.on_task {
            take(task);
        }
    }

    pub(crate) fn report(&self, index: usize, result: &Result<Outcome, Error>) {
        if let Some(take) = &self.on_result {
            take(index, result);
        }
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions").field("cancel", &self.cancel).field("deadline", &self.deadline).finish()
    }
}
