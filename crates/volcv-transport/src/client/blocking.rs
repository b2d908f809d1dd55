//! The blocking client.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use volcv_core::types::{CvRequest, Outpaint, Value};
use volcv_core::{Batch, Buffer, Error, Outcome, Plan};

use crate::drive;
use crate::options::CallOptions;
use crate::setup::Setup;
use crate::timeout::{TimeoutGuard, TimeoutThread};

/// A blocking client without any runtime. Cloning is cheap; clones share the connections and the retry budget.
#[derive(Clone)]
pub struct BlockingClient {
    pub(crate) timeouts: Arc<TimeoutThread>,
    pub(crate) setup: Arc<Setup>,
}

impl BlockingClient {
    /// Outpaints one picture.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`Error::charge`] says whether money was spent.
    pub fn outpaint(&self, outpaint: &Outpaint) -> Result<Outcome, Error> {
        self.outpaint_with(outpaint, &CallOptions::new())
    }

    /// As [`BlockingClient::outpaint`], with options.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn outpaint_with(&self, outpaint: &Outpaint, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan(outpaint)?, options)
    }

    /// Outpaints one picture once for each seed; results come in the order of the seeds.
    ///
    /// The rules are those of [`Client::variants`](crate::Client::variants).
    ///
    /// # Errors
    /// As [`Client::variants`](crate::Client::variants).
    pub fn variants(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let batch = self.setup.batch(outpaint, seeds, options)?;
        let run = |call| drive::run(&self.timeouts, call, &options.cancel);
        Ok(drive::run_batch(batch, run, |index, result| options.report(index, result)))
    }

    /// Runs operations of several calls each, with the rules of [`BlockingClient::variants`]: as many at once as the client
    /// may, results in the order of the jobs, and no further job after an error of the key or the account. `on_result` gets
    /// each result as soon as it is there, on the thread that ran the job.
    pub fn batch<J: Send, T: Send>(
        &self,
        jobs: Vec<J>,
        run: impl Fn(J) -> Result<T, Error> + Sync,
        on_result: impl Fn(usize, &Result<T, Error>) + Sync,
    ) -> Vec<Result<T, Error>> {
        drive::run_batch(Batch::new(jobs, self.setup.max_concurrent), run, on_result)
    }

    /// Whether the seeds are in range, and none but -1 is there twice, for variants of this outpainting.
    ///
    /// # Errors
    /// As [`BlockingClient::variants`].
    pub fn check_seeds(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<(), Error> {
        self.setup.check_seeds(outpaint, seeds)
    }

    /// Any action of the service; [`Outcome::body`] is its JSON reply.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_call(request)?, options)
    }

    /// Fetches the picture that a link of a result leads to. The rules are those of [`Client::download`](crate::Client::download).
    ///
    /// # Errors
    /// As [`Client::download`](crate::Client::download).
    pub fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        Ok(self.download_outcome(link, options)?.body)
    }

    /// As [`BlockingClient::download`], with the format, the attempts and what was odd.
    ///
    /// # Errors
    /// As [`BlockingClient::download`].
    pub fn download_outcome(&self, link: &str, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_download(link)?, options)
    }

    /// Whether [`BlockingClient::download`] would fetch this link; nothing is sent.
    ///
    /// # Errors
    /// As [`BlockingClient::download`] before it sends anything.
    pub fn check_link(&self, link: &str) -> Result<(), Error> {
        self.setup.plan_download(link).map(drop)
    }

    /// What [`BlockingClient::outpaint`] would send: method, URL, length and body, without key and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, outpaint: &Outpaint) -> Result<Value, Error> {
        Ok(self.setup.plan(outpaint)?.preview())
    }

    /// What [`BlockingClient::variants`] would send, for each seed as [`BlockingClient::preview`].
    ///
    /// # Errors
    /// As [`BlockingClient::variants`].
    pub fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(outpaint, seeds)
    }

    /// As [`Client::buffer`](crate::Client::buffer).
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.setup.buffer(bytes)
    }

    /// Runs `callback` on the timer thread of this client at this time, unless the guard is dropped before. It must be
    /// short: the same thread keeps the limits of all calls.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn call_at(&self, when: Instant, callback: impl FnOnce() + Send + 'static) -> io::Result<TimeoutGuard> {
        self.timeouts.call_at(when, callback)
    }

    fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run(&self.timeouts, self.setup.start(plan, options), &options.cancel)
    }
}

impl fmt::Debug for BlockingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingClient").field("endpoint", &self.setup.endpoint).finish_non_exhaustive()
    }
}
