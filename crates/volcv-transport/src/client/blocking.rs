//! The blocking client.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use volcv_core::types::{AbilityRequest, CvRequest, Execution, Outpaint, Task, TaskRequest, Value};
use volcv_core::{Batch, Buffer, Call, Error, Outcome, Plan, TaskReport};

use crate::drive;
use crate::options::CallOptions;
use crate::setup::{self, Setup};
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
        self.generate(outpaint, options)
    }

    /// Makes the pictures of any ability, such as an outpainting or an inpainting. An ability that exists only as a task is
    /// handed in and waited for; the deadline is that of both together. [`CallOptions::on_task`] gets the task, and so has
    /// [`Error::task`] if the wait fails.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn generate(&self, ability: &dyn AbilityRequest, options: &CallOptions) -> Result<Outcome, Error> {
        match ability.execution() {
            Execution::Call => self.run(self.setup.plan(ability)?, options),
            _ => self.run_task(&TaskRequest::of(ability)?, options),
        }
    }

    /// Hands a task in and waits for its result, as [`BlockingClient::generate`] does.
    ///
    /// # Errors
    /// As [`BlockingClient::wait`]; before the task was accepted, as [`BlockingClient::outpaint`].
    pub fn run_task(&self, request: &TaskRequest, options: &CallOptions) -> Result<Outcome, Error> {
        let begun = self.timeouts.transport().now().mono;
        let (task, submitted) = self.submit_outcome(request, options)?;
        let spent = self.timeouts.transport().now().mono.saturating_sub(begun);
        match self.wait(&task, &self.setup.options_after(options, spent)) {
            Ok(outcome) => Ok(outcome.after(submitted.attempts)),
            Err(error) => Err(error.after(submitted.attempts)),
        }
    }

    /// Hands a task in. The rules of charge are those of a call: what may have been accepted is not sent again.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn submit(&self, request: &TaskRequest, options: &CallOptions) -> Result<Task, Error> {
        Ok(self.submit_outcome(request, options)?.0)
    }

    /// As [`BlockingClient::submit`], with the service's answer: the attempts, the request id and what was odd.
    ///
    /// # Errors
    /// As [`BlockingClient::submit`].
    pub fn submit_outcome(&self, request: &TaskRequest, options: &CallOptions) -> Result<(Task, Outcome), Error> {
        let outcome = self.run(Plan::submit(request, &self.setup.access)?, options)?;
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
    pub fn wait(&self, task: &Task, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(Plan::wait(task, &self.setup.access)?, options).map_err(|error| error.of_task(task.clone()))
    }

    /// Asks how far a task is; its result comes with the answer if it is there.
    ///
    /// # Errors
    /// The task failed, or the service could not be asked.
    pub fn task_status(&self, task: &Task, options: &CallOptions) -> Result<TaskReport, Error> {
        let answer = self.run(Plan::status(task, &self.setup.access)?, options);
        answer.map(TaskReport::from).map_err(|error| error.of_task(task.clone()))
    }

    /// Asks the service to give a task up. Nothing is known about the charge of a task that was cancelled.
    ///
    /// # Errors
    /// The service refused, or could not be asked.
    pub fn cancel_task(&self, task: &Task, options: &CallOptions) -> Result<(), Error> {
        let answer = self.run(Plan::cancel(task, &self.setup.access)?, options);
        answer.map(drop).map_err(|error| error.of_task(task.clone()))
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
        let run = |call| self.drive(call, options);
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

    /// Whether the seeds are in range, and none but -1 is there twice.
    ///
    /// # Errors
    /// As [`BlockingClient::variants`].
    pub fn check_seeds(&self, seeds: &[i64]) -> Result<(), Error> {
        setup::check_seeds(seeds)
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

    /// What [`BlockingClient::generate`] would send: method, URL, length and body, without credentials and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, ability: &dyn AbilityRequest) -> Result<Value, Error> {
        self.setup.preview(ability)
    }

    /// What [`BlockingClient::variants`] would send, for each seed as [`BlockingClient::preview`].
    ///
    /// # Errors
    /// As [`BlockingClient::variants`].
    pub fn preview_variants(&self, ability: &dyn AbilityRequest, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(ability, seeds)
    }

    /// As [`Client::redact`](crate::Client::redact).
    pub fn redact(&self, text: &str) -> String {
        self.setup.access.redact(text)
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

    /// Lets the timer thread of this client end, and says whether it has, without waiting for it: for a program that
    /// destroys a client and has a limit for that. Calls end with an error from then on.
    pub fn stop_timer(&self) -> bool {
        self.timeouts.stop()
    }

    fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        self.drive(self.setup.start(plan, options), options)
    }

    fn drive(&self, call: Call, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run(&self.timeouts, self.setup.credentials.as_ref(), call, options)
    }
}

impl fmt::Debug for BlockingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingClient").field("access", &self.setup.access).finish_non_exhaustive()
    }
}
