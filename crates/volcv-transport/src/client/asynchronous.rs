//! The async client.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use volcv_core::types::{AbilityRequest, CvRequest, Execution, Outpaint, Task, TaskRequest, Value};
use volcv_core::{Batch, Buffer, Call, Error, Outcome, Plan, TaskReport};

use crate::drive;
use crate::options::CallOptions;
use crate::setup::{self, Setup};
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
        self.generate(outpaint, options).await
    }

    /// Makes the pictures of any ability, such as an outpainting or an inpainting. An ability that exists only as a task is
    /// handed in and waited for; the deadline is that of both together. [`CallOptions::on_task`] gets the task, and so has
    /// [`Error::task`] if the wait fails.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn generate(
        &self,
        ability: &(dyn AbilityRequest + Sync),
        options: &CallOptions,
    ) -> Result<Outcome, Error> {
        match ability.execution() {
            Execution::Call => self.run(self.setup.plan(ability)?, options).await,
            _ => self.run_task(&TaskRequest::of(ability)?, options).await,
        }
    }

    /// Hands a task in and waits for its result, as [`Client::generate`] does.
    ///
    /// # Errors
    /// As [`Client::wait`]; before the task was accepted, as [`Client::outpaint`].
    pub async fn run_task(&self, request: &TaskRequest, options: &CallOptions) -> Result<Outcome, Error> {
        let begun = self.transport.now().mono;
        let (task, submitted) = self.submit_outcome(request, options).await?;
        let spent = self.transport.now().mono.saturating_sub(begun);
        match self.wait(&task, &self.setup.options_after(options, spent)).await {
            Ok(outcome) => Ok(outcome.after(submitted.attempts)),
            Err(error) => Err(error.after(submitted.attempts)),
        }
    }

    /// Hands a task in. The rules of charge are those of a call: what may have been accepted is not sent again.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn submit(&self, request: &TaskRequest, options: &CallOptions) -> Result<Task, Error> {
        Ok(self.submit_outcome(request, options).await?.0)
    }

    /// As [`Client::submit`], with the service's answer: the attempts, the request id and what was odd.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub async fn submit_outcome(&self, request: &TaskRequest, options: &CallOptions) -> Result<(Task, Outcome), Error> {
        let outcome = self.run(Plan::submit(request, &self.setup.access)?, options).await?;
        let task = outcome.task(request)?;
        options.report_task(&task);
        Ok((task, outcome))
    }

    /// Waits for the result of a task, which this or any other process has handed in. It asks again and again, first after
    /// [`RetryPolicy::poll_interval`](crate::RetryPolicy); asking costs nothing, and failures are repeated. Without a deadline
    /// it ends after an hour. The task goes on if the wait ends, and may be waited for again.
    ///
    /// # Errors
    /// The task failed, or its result did not come; [`Error::charge`] is that of the task.
    pub async fn wait(&self, task: &Task, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(Plan::wait(task, &self.setup.access)?, options).await.map_err(|error| error.of_task(task.clone()))
    }

    /// Asks how far a task is; its result comes with the answer if it is there.
    ///
    /// # Errors
    /// The task failed, or the service could not be asked.
    pub async fn task_status(&self, task: &Task, options: &CallOptions) -> Result<TaskReport, Error> {
        let answer = self.run(Plan::status(task, &self.setup.access)?, options).await;
        answer.map(TaskReport::from).map_err(|error| error.of_task(task.clone()))
    }

    /// Asks the service to give a task up. Nothing is known about the charge of a task that was cancelled.
    ///
    /// # Errors
    /// The service refused, or could not be asked.
    pub async fn cancel_task(&self, task: &Task, options: &CallOptions) -> Result<(), Error> {
        let answer = self.run(Plan::cancel(task, &self.setup.access)?, options).await;
        answer.map(drop).map_err(|error| error.of_task(task.clone()))
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
        let run = |call| -> BoxFuture<'_, _> { Box::pin(self.drive(call, options)) };
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

    /// Whether the seeds are in range, and none but -1 is there twice.
    ///
    /// # Errors
    /// As [`Client::variants`].
    pub fn check_seeds(&self, seeds: &[i64]) -> Result<(), Error> {
        setup::check_seeds(seeds)
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

    /// What [`Client::generate`] would send: method, URL, length and body, without credentials and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, ability: &dyn AbilityRequest) -> Result<Value, Error> {
        self.setup.preview(ability)
    }

    /// What [`Client::variants`] would send, for each seed as [`Client::preview`].
    ///
    /// # Errors
    /// As [`Client::variants`].
    pub fn preview_variants(&self, ability: &dyn AbilityRequest, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(ability, seeds)
    }

    /// A text that is going to be shown, such as a link of a result, with `[key]` in the place of every part of the
    /// credentials that the client knows.
    pub fn redact(&self, text: &str) -> String {
        self.setup.access.redact(text)
    }

    /// Memory for a picture of this length, from an earlier picture if that fits.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.setup.buffer(bytes)
    }

    async fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        self.drive(self.setup.start(plan, options), options).await
    }

    async fn drive(&self, call: Call, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run_async(&*self.transport, self.setup.credentials.as_ref(), call, options).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("access", &self.setup.access).finish_non_exhaustive()
    }
}
