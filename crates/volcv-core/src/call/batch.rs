//! Several seeds of one picture: a bounded number of calls at once, results in order, and a stop when the account fails.

use crate::call::config::CallConfig;
use crate::call::machine::Call;
use crate::call::progress::Observer;
use crate::error::{Error, ErrorKind};
use crate::outcome::Outcome;
use crate::request::plan::Plan;

/// The calls of a batch. Drivers get calls from [`Batch::start`] and return results to [`Batch::finish`].
#[derive(Debug)]
pub struct Batch {
    waiting: std::vec::IntoIter<Call>,
    started: usize,
    running: usize,
    max_concurrent: usize,
    results: Vec<Option<Result<Outcome, Error>>>,
    /// The account failure that ends the batch: nothing more is sent.
    failed: Option<Error>,
}

impl Batch {
    /// One call for each seed, at most `max_concurrent` (at least 1) of them at the same time.
    pub fn new(
        plan: &Plan,
        seeds: &[i64],
        max_concurrent: usize,
        config: &CallConfig,
        observer: Option<Observer>,
    ) -> Self {
        let call = |(index, seed): (usize, &i64)| {
            Call::new(plan.with_seed(*seed), config.clone()).observed_by(observer.clone()).with_index(index)
        };
        let calls: Vec<Call> = seeds.iter().enumerate().map(call).collect();
        let results = calls.iter().map(|_| None).collect();
        Self {
            waiting: calls.into_iter(),
            started: 0,
            running: 0,
            max_concurrent: max_concurrent.max(1),
            results,
            failed: None,
        }
    }

    /// The next call to run and its index; `None` while as many calls run as may, or when nothing is left to send.
    pub fn start(&mut self) -> Option<(usize, Call)> {
        if self.running >= self.max_concurrent || self.failed.is_some() {
            return None;
        }
        let call = self.waiting.next()?;
        self.running += 1;
        self.started += 1;
        Some((self.started - 1, call))
    }

    /// The result of the call at this index.
    pub fn finish(&mut self, index: usize, result: Result<Outcome, Error>) {
        debug_assert!(self.results[index].is_none(), "a call ends once");
        self.running = self.running.saturating_sub(1);
        if let Err(error) = &result {
            if error.kind().is_account_failure() && self.failed.is_none() {
                self.failed = Some(error.clone());
            }
        }
        self.results[index] = Some(result);
    }

    /// How many calls may run at once: drivers need no more workers than this.
    pub fn max_concurrent(&self) -> usize {
        self.max_concurrent.min(self.results.len())
    }

    /// The results in the order of the seeds. A call that was never sent gets the error of the account.
    pub fn into_results(self) -> Vec<Result<Outcome, Error>> {
        let never_sent = || {
            let error = match &self.failed {
                Some(failed) => Error::new(failed.kind(), failed.message().to_owned())
                    .with_code(failed.service_code().cloned())
                    .prefixed("not sent after another call of the batch had failed: "),
                None => Error::new(ErrorKind::Cancelled, "the batch ended before this call was sent"),
            };
            Err(error)
        };
        self.results.into_iter().map(|result| result.unwrap_or_else(never_sent)).collect()
    }
}
