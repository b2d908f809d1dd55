//! Asks a blocking provider on a thread of its own, once for all calls that wait.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::current;
use std::time::Duration;

use volcv_core::{Credentials, CredentialsError};

use super::{CredentialsProvider, PANICKED};
use crate::cancel::CancelToken;
use crate::threads::{self, Thread};

/// A provider, and the question that is open.
pub(crate) struct Asker {
    provider: Arc<dyn CredentialsProvider>,
    open: Mutex<Option<Arc<Question>>>,
    /// The thread of the last question.
    thread: Mutex<Option<Thread>>,
}

/// How long the end of a client waits for a thread that is about to end.
const LEAVING: Duration = Duration::from_millis(10);

/// One question to the provider, which any number of calls wait for.
pub(crate) struct Question {
    /// The process whose thread asks. A child of a fork does not have the thread, and asks anew.
    process: u32,
    /// Cancelled when there is an answer, because its hooks wake threads and tasks alike.
    answered: CancelToken,
    answer: Mutex<Option<Answer>>,
}

type Answer = Result<Credentials, SharedError>;

impl Asker {
    pub(crate) fn new(provider: impl CredentialsProvider) -> Self {
        Self { provider: Arc::new(provider), open: Mutex::default(), thread: Mutex::default() }
    }

    /// The answer, unless the limit passes or the caller cancels before.
    pub(crate) fn ask(&self, limit: Duration, cancel: &CancelToken) -> Option<Result<Credentials, CredentialsError>> {
        let question = match self.question() {
            Ok(question) => question,
            Err(error) => return Some(Err(error)),
        };
        let wake = CancelToken::new();
        let hook = || {
            let wake = wake.clone();
            move || wake.cancel()
        };
        let _guards = (question.answered().on_cancel(hook()), cancel.on_cancel(hook()));
        wake.wait(limit);
        question.answer()
    }

    /// The open question, or a new one.
    ///
    /// # Errors
    /// The system has no thread.
    pub(crate) fn question(&self) -> Result<Arc<Question>, CredentialsError> {
        let mut open = lock(&self.open);
        if let Some(question) = open.as_ref().filter(|question| question.is_open()) {
            return Ok(Arc::clone(question));
        }
        let question = Arc::new(Question::new());
        let (provider, asked) = (Arc::clone(&self.provider), Arc::clone(&question));
        let work = Box::new(move || asked.put_to(&*provider));
        *lock(&self.thread) = Some(threads::start("volcv-credentials", threads::USUAL_STACK, work)?);
        *open = Some(Arc::clone(&question));
        Ok(question)
    }
}

/// Waits for the end of the thread, unless it is this one. Nobody waits for a provider that may never return.
impl Drop for Asker {
    fn drop(&mut self) {
        let (question, thread) = (lock(&self.open).take(), lock(&self.thread).take());
        let Some((question, thread)) = question.zip(thread) else { return };
        if thread.thread().id() == current().id() {
            return;
        }
        if question.is_open() {
            question.answered.wait(LEAVING);
        }
        if question.answered.is_cancelled() {
            thread.join();
        }
    }
}

impl Question {
    fn new() -> Self {
        Self { process: process::id(), answered: CancelToken::new(), answer: Mutex::default() }
    }

    /// Whether an answer will come.
    fn is_open(&self) -> bool {
        self.process == process::id() && !self.answered.is_cancelled()
    }

    fn put_to(&self, provider: &dyn CredentialsProvider) {
        let answer = catch_unwind(AssertUnwindSafe(|| provider.credentials())).unwrap_or_else(|_| Err(PANICKED.into()));
        *lock(&self.answer) = Some(answer.map_err(|error| SharedError(error.into())));
        self.answered.cancel();
    }

    pub(crate) fn answered(&self) -> &CancelToken {
        &self.answered
    }

    pub(crate) fn answer(&self) -> Option<Result<Credentials, CredentialsError>> {
        lock(&self.answer).clone().map(|answer| answer.map_err(Into::into))
    }
}

/// The error of a provider, for every call that has waited for it.
#[derive(Debug, Clone)]
struct SharedError(Arc<dyn Error + Send + Sync>);

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread;

    use super::*;

    #[test]
    fn calls_that_wait_at_the_same_time_share_one_question() {
        let (calls, asked) = (5, Arc::new(AtomicUsize::new(0)));
        let (all_wait, wait) = std::sync::mpsc::channel::<()>();
        let (counter, wait) = (Arc::clone(&asked), Mutex::new(wait));
        let asker = Asker::new(move || {
            counter.fetch_add(1, SeqCst);
            lock(&wait).recv()?;
            Ok(Credentials::new("AK", "SK")?)
        });
        thread::scope(|scope| {
            let question = asker.question().unwrap();
            let call = || asker.ask(Duration::MAX, &CancelToken::new()).unwrap().unwrap();
            let threads: Vec<_> = (0..calls).map(|_| scope.spawn(call)).collect();
            while question.answered().hooks_waiting() < calls {
                thread::yield_now();
            }
            all_wait.send(()).unwrap();
            threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
        });
        assert_eq!(asked.load(SeqCst), 1);
        all_wait.send(()).unwrap();
        asker.ask(Duration::MAX, &CancelToken::new()).unwrap().unwrap();
        assert_eq!(asked.load(SeqCst), 2, "a later call asks again");
    }

    #[test]
    fn a_child_of_a_fork_does_not_wait_for_the_thread_of_its_parent() {
        let asker = Asker::new(|| Ok(Credentials::new("AK", "SK")?));
        let of_the_parent = Question { process: process::id() ^ 1, ..Question::new() };
        *lock(&asker.open) = Some(Arc::new(of_the_parent));
        asker.ask(Duration::MAX, &CancelToken::new()).unwrap().unwrap();
    }
}
