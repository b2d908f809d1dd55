//! Several calls of one account: a bounded number at once, results in order, and a stop when the account fails.

use crate::call::config::CallConfig;
use crate::call::machine::Call;
use crate::call::progress::Observer;
use crate::error::{Error, ErrorKind};
use crate::outcome::Outcome;
use crate::request::plan::Plan;

/// The jobs of a batch: calls, or operations of several calls. Drivers get jobs from [`Batch::start`] and return results to
/// [`Batch::finish`].
#[derive(Debug)]
pub struct Batch<J = Call, T = Outcome> {
    waiting: std::vec::IntoIter<J>,
    started: usize,
    running: usize,
    max_concurrent: usize,
    results: Vec<Option<Result<T, Error>>>,
    /// The account failure that ends the batch: nothing more is sent.
    failed: Option<Error>,
}

impl Batch {
    /// One call for each seed, at most `max_concurrent` (at least 1) of them at the same time.
    pub fn of_seeds(
        plan: &Plan,
        seeds: &[i64],
        max_concurrent: usize,
        config: &CallConfig,
        observer: Option<Observer>,
    ) -> Self {
        let call = |(index, seed): (usize, &i64)| {
            Call::new(plan.with_seed(*seed), config.clone()).observed_by(observer.clone()).with_index(index)
        };
        Self::new(seeds.iter().enumerate().map(call).collect(), max_concurrent)
    }
}

impl<J, T> Batch<J, T> {
    /// These jobs, at most `max_concurrent` (at least 1) of them at the same time.
    pub fn new(jobs: Vec<J>, max_concurrent: usize) -> Self {
        let results = jobs.iter().map(|_| None).collect();
        Self {
            waiting: jobs.into_iter(),
            started: 0,
            running: 0,
            max_concurrent: max_concurrent.max(1),
            results,
            failed: None,
        }
    }

    /// The next job to run and its index; `None` while as many jobs run as may, or when nothing is left to send.
    pub fn start(&mut self) -> Option<(usize, J)> {
        if self.running >= self.max_concurrent || self.failed.is_some() {
            return None;
        }
        let job = self.waiting.next()?;
        self.running += 1;
        self.started += 1;
        Some((self.started - 1, job))
    }

    /// The result of the job at this index.
    pub fn finish(&mut self, index: usize, result: Result<T, Error>) {
        debug_assert!(self.results[index].is_none(), "a job ends once");
        self.running = self.running.saturating_sub(1);
        if let Err(error) = &result {
            if error.kind().is_account_failure() && self.failed.is_none() {
                self.failed = Some(error.clone());
            }
        }
        self.results[index] = Some(result);
    }

    /// How many jobs may run at once: drivers need no more workers than this.
    pub fn max_concurrent(&self) -> usize {
        self.max_concurrent.min(self.results.len())
    }

    /// The results in the order of the jobs. A job that was never started gets the error of the account.
    pub fn into_results(self) -> Vec<Result<T, Error>> {
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
