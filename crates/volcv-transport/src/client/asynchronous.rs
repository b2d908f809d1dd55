//! The async client.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use volcv_core::types::{CvRequest, Outpaint, Value};
use volcv_core::{Batch, Buffer, Error, Outcome, Plan};

use crate::drive;
use crate::options::CallOptions;
use crate::setup::Setup;
use crate::transport::{BoxFuture, ErasedTransport};

/// An async client. Cloning is cheap; clones share the connections and the retry budget.
///
/// Dropping a future of this client closes its connection, and no task stays. What had been delivered by then may still be
/// billed.
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Arc<dyn ErasedTransport>,
    pub(crate) setup: Arc<Setup>,
}

impl Client {
    /// Outpaints one picture.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`Error::charge`] says whether money was spent.
    pub async fn outpaint(&self, outpaint: &Outpaint) -> Result<Outcome, Error> {
        self.outpaint_with(outpaint, &CallOptions::new()).await
    }

    /// As [`Client::outpaint`], with options.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn outpaint_with(&self, outpaint: &Outpaint, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan(outpaint)?, options).await
    }

    /// Outpaints one picture once for each seed; results come in the order of the seeds.
    ///
    /// A success is kept whether the others succeed or not. After an error of the key or the account, no further call is sent.
    ///
    /// # Errors
    /// The request itself is invalid, or a seed other than -1 is given twice; nothing was sent.
    pub async fn variants(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let batch = self.setup.batch(outpaint, seeds, options)?;
        let run = |call| -> BoxFuture<'_, _> { Box::pin(drive::run_async(&*self.transport, call, &options.cancel)) };
        Ok(drive::run_batch_async(batch, run, |index, result| options.report(index, result)).await)
    }

    /// Runs operations of several calls each as one future, with the rules of [`Client::variants`]: as many at once as the
    /// client may, results in the order of the jobs, and no further job after an error of the key or the account.
    /// `on_result` gets each result as soon as it is there.
    pub async fn batch<'a, J: Send, T: Send>(
        &self,
        jobs: Vec<J>,
        run: impl Fn(J) -> BoxFuture<'a, Result<T, Error>> + Send + Sync,
        on_result: impl Fn(usize, &Result<T, Error>) + Send + Sync,
    ) -> Vec<Result<T, Error>> {
        drive::run_batch_async(Batch::new(jobs, self.setup.max_concurrent), run, on_result).await
    }

    /// Whether the seeds are in range, and none but -1 is there twice, for variants of this outpainting.
    ///
    /// # Errors
    /// As [`Client::variants`].
    pub fn check_seeds(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<(), Error> {
        self.setup.check_seeds(outpaint, seeds)
    }

    /// Any action of the service; [`Outcome::body`] is its JSON reply.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_call(request)?, options).await
    }

    /// Fetches the picture that a link of a result leads to, without the key. A download costs nothing, so it is tried again
    /// after every failure, up to `max_attempts`. It follows up to five redirects, to `https` and to no private address, unless
    /// the base URL is one.
    ///
    /// # Errors
    /// As [`Client::outpaint`]; the picture itself was paid for before, so [`Error::charge`] is `Charged`, and
    /// [`Error::is_retryable`] speaks of the download only.
    pub async fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        Ok(self.download_outcome(link, options).await?.body)
    }

    /// As [`Client::download`], with the format, the attempts and what was odd.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub async fn download_outcome(&self, link: &str, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_download(link)?, options).await
    }

    /// What [`Client::outpaint`] would send: method, URL, length and body, without key and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, outpaint: &Outpaint) -> Result<Value, Error> {
        Ok(self.setup.plan(outpaint)?.preview())
    }

    /// What [`Client::variants`] would send, for each seed as [`Client::preview`].
    ///
    /// # Errors
    /// As [`Client::variants`].
    pub fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(outpaint, seeds)
    }

    /// Memory for a picture of this length, from an earlier picture if that fits.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.setup.buffer(bytes)
    }

    async fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run_async(&*self.transport, self.setup.start(plan, options), &options.cancel).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.setup.endpoint).finish_non_exhaustive()
    }
}
