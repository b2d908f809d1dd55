//! The loops around the machines of the core: they send, sleep and cancel. The core decides.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use volcv_core::{Attempt, AttemptRecord, Batch, Call, Credentials, CredentialsError, Error, Outcome, ReplySink};
use volcv_core::{RequestBody, Step, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::credentials::{CredentialsSource, NO_PROVIDER, Source};
use crate::journal::{Begun, Told, block_on, replay};
use crate::options::CallOptions;
use crate::timeout::TimeoutThread;
use crate::trace::Trace;
use crate::transport::{BoxFuture, ErasedTransport};

/// Runs one call to its end on this thread.
pub(crate) fn run(
    timeouts: &TimeoutThread,
    credentials: Option<&CredentialsSource>,
    mut call: Call,
    options: &CallOptions,
) -> Result<Outcome, Error> {
    let (transport, cancel) = (timeouts.transport(), &options.cancel);
    let (mut trace, mut begun) = (Trace::new(), None);
    call = call.journaled(options.journal.is_some());
    loop {
        if cancel.is_cancelled() {
            call.cancel(transport.now());
        }
        match call.next(transport.now()) {
            Step::Begin(body) => begun = block_on(begin(options, &mut call, &body)),
            Step::Credentials(limit) => {
                let found = ask(credentials, limit, cancel);
                // A cancel is told to the call at the start of the loop.
                if !cancel.is_cancelled() {
                    call.on_credentials(transport.now(), found);
                }
            }
            Step::Send(attempt) => {
                trace.attempt_starts();
                let result = match &mut begun {
                    Some(Begun::Answered(recorded)) => replay(attempt.request, recorded, call.reply()),
                    Some(Begun::Send(entry)) => {
                        let mut told = Told { reply: call.reply(), entry: &mut **entry };
                        send(timeouts, attempt, &mut told, cancel)
                    }
                    None => send(timeouts, attempt, call.reply(), cancel),
                };
                call.on_sent(transport.now(), result);
                trace.attempt_ended(&call);
                block_on(write_down(&mut begun, call.attempts().last()));
            }
            Step::Wait(time) => transport.sleep(time, cancel),
            Step::Done(result) => {
                block_on(write_down(&mut begun, None));
                trace.ended(&result);
                return result;
            }
        }
    }
}

/// Writes an attempt down before it is sent.
async fn begin(options: &CallOptions, call: &mut Call, body: &RequestBody) -> Option<Begun> {
    let Some(journal) = &options.journal else {
        call.on_begun(Err(Error::config("the call has no journal")));
        return None;
    };
    // A cancel is told to the call at the start of the loop.
    match unless_cancelled(&options.cancel, journal.begin(body)).await? {
        Ok(begun) => {
            call.on_begun(Ok(()));
            Some(begun)
        }
        Err(error) => {
            call.on_begun(Err(error));
            None
        }
    }
}

/// Writes down how an attempt ended, or that the call ended before it.
async fn write_down(begun: &mut Option<Begun>, record: Option<&AttemptRecord>) {
    if let Some(Begun::Send(entry)) = begun.take() {
        entry.ended(record.cloned()).await;
    }
}

/// New credentials; `None` if there are none in time.
fn ask(
    source: Option<&CredentialsSource>,
    limit: Duration,
    cancel: &CancelToken,
) -> Option<Result<Credentials, CredentialsError>> {
    match source.map(|source| &source.0) {
        Some(Source::Blocking(asker)) => asker.ask(limit, cancel),
        _ => Some(Err(NO_PROVIDER.into())),
    }
}

/// Sends one attempt, which the timer thread cancels when a limit passes.
fn send(
    timeouts: &TimeoutThread,
    attempt: Attempt,
    reply: &mut (dyn ReplySink + Send),
    cancel: &CancelToken,
) -> Result<(), TransportError> {
    let Attempt { request, limits, timer, .. } = attempt;
    let stop = CancelToken::new();
    let _forward = cancel.on_cancel({
        let stop = stop.clone();
        move || stop.cancel()
    });
    let (guard, transport) = (timeouts.watch(timer, &stop)?, timeouts.transport());
    let result = transport.send(request, reply, &limits, &stop);
    match (result, guard.passed(transport.now().mono)) {
        (Err(_), _) if cancel.is_cancelled() => Err(TransportError::new(TransportErrorKind::Cancelled)),
        (Err(_), Some(limit)) => Err(limit.into()),
        (result, _) => result,
    }
}

/// Runs a batch on this thread and on one thread for each further job at a time.
pub(crate) fn run_batch<J: Send, T: Send>(
    batch: Batch<J, T>,
    run: impl Fn(J) -> Result<T, Error> + Sync,
    on_result: impl Fn(usize, &Result<T, Error>) + Sync,
) -> Vec<Result<T, Error>> {
    let helpers = batch.max_concurrent().saturating_sub(1);
    let batch = Mutex::new(batch);
    let locked = || batch.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        loop {
            // The lock is not held while a job runs.
            let next = locked().start();
            let Some((index, job)) = next else { break };
            let result = run(job);
            on_result(index, &result);
            locked().finish(index, result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers {
            // Fewer threads make the batch slower, not wrong.
            let _ = thread::Builder::new().name("volcv-batch".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
    batch.into_inner().unwrap_or_else(PoisonError::into_inner).into_results()
}

/// Runs one call to its end. Dropping the future closes the connection.
pub(crate) async fn run_async(
    transport: &dyn ErasedTransport,
    credentials: Option<&CredentialsSource>,
    mut call: Call,
    options: &CallOptions,
) -> Result<Outcome, Error> {
    let cancel = &options.cancel;
    let (mut trace, mut begun) = (Trace::new(), None);
    call = call.journaled(options.journal.is_some());
    loop {
        if cancel.is_cancelled() {
            call.cancel(transport.now());
        }
        match call.next(transport.now()) {
            Step::Begin(body) => begun = begin(options, &mut call, &body).await,
            Step::Credentials(limit) => {
                let found = ask_async(transport, credentials, limit, cancel).await;
                if !cancel.is_cancelled() {
                    call.on_credentials(transport.now(), found);
                }
            }
            Step::Send(attempt) => {
                trace.attempt_starts();
                let result = match &mut begun {
                    Some(Begun::Answered(recorded)) => replay(attempt.request, recorded, call.reply()),
                    Some(Begun::Send(entry)) => {
                        let mut told = Told { reply: call.reply(), entry: &mut **entry };
                        send_async(transport, attempt, &mut told, cancel).await
                    }
                    None => send_async(transport, attempt, call.reply(), cancel).await,
                };
                call.on_sent(transport.now(), result);
                trace.attempt_ended(&call);
                write_down(&mut begun, call.attempts().last()).await;
            }
            Step::Wait(time) => {
                unless_cancelled(cancel, transport.sleep(time)).await;
            }
            Step::Done(result) => {
                write_down(&mut begun, None).await;
                trace.ended(&result);
                return result;
            }
        }
    }
}

/// As [`ask`], without blocking.
async fn ask_async(
    transport: &dyn ErasedTransport,
    source: Option<&CredentialsSource>,
    limit: Duration,
    cancel: &CancelToken,
) -> Option<Result<Credentials, CredentialsError>> {
    let mut sleep = transport.sleep(limit);
    match source.map(|source| &source.0) {
        Some(Source::Async(provider)) => {
            let mut asking = provider.credentials();
            let either = poll_fn(move |context| match asking.as_mut().poll(context) {
                Poll::Ready(found) => Poll::Ready(Some(found)),
                Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
            });
            unless_cancelled(cancel, Box::pin(either)).await.flatten()
        }
        Some(Source::Blocking(asker)) => {
            let question = match asker.question() {
                Ok(question) => question,
                Err(error) => return Some(Err(error)),
            };
            let answered = unless_cancelled(question.answered(), sleep);
            unless_cancelled(cancel, Box::pin(answered)).await;
            question.answer()
        }
        _ => Some(Err(NO_PROVIDER.into())),
    }
}

async fn send_async(
    transport: &dyn ErasedTransport,
    attempt: Attempt,
    reply: &mut (dyn ReplySink + Send),
    cancel: &CancelToken,
) -> Result<(), TransportError> {
    let Attempt { request, limits, mut timer, .. } = attempt;
    let mut send = transport.send(request, reply, &limits);
    loop {
        let time = timer.check(transport.now().mono)?;
        let mut sleep = transport.sleep(time);
        // The reply is polled first, so that a limit that passes at the same moment does not throw it away.
        let either = poll_fn(|context| match send.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
        });
        match unless_cancelled(cancel, Box::pin(either)).await {
            Some(Some(result)) => return result,
            Some(None) => {}
            None => return Err(TransportError::new(TransportErrorKind::Cancelled)),
        }
    }
}

/// The future's value, or nothing if the token is cancelled first.
async fn unless_cancelled<T>(cancel: &CancelToken, mut future: BoxFuture<'_, T>) -> Option<T> {
    let mut guard = None;
    poll_fn(move |context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        let waker = context.waker().clone();
        // A future may be polled with another waker each time.
        drop(guard.replace(cancel.on_cancel(move || waker.wake())));
        if cancel.is_cancelled() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Runs a batch as one future, without a runtime to spawn on.
pub(crate) async fn run_batch_async<'a, J: Send, T: Send>(
    mut batch: Batch<J, T>,
    run: impl Fn(J) -> BoxFuture<'a, Result<T, Error>> + Send + Sync,
    on_result: impl Fn(usize, &Result<T, Error>) + Send + Sync,
) -> Vec<Result<T, Error>> {
    let mut running = Vec::new();
    loop {
        while let Some((index, job)) = batch.start() {
            running.push((index, run(job)));
        }
        if running.is_empty() {
            return batch.into_results();
        }
        let (index, result) = poll_fn(|context| {
            for i in 0..running.len() {
                if let Poll::Ready(result) = running[i].1.as_mut().poll(context) {
                    return Poll::Ready((running.swap_remove(i).0, result));
                }
            }
            Poll::Pending
        })
        .await;
        on_result(index, &result);
        batch.finish(index, result);
    }
}
