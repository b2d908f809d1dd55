//! When a run may send: how many calls at once, how many per second, and the pauses that the service asked for.
//!
//! The pace that all runs share is decided in the ledger; this is how one run keeps to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Notify;

use crate::error::BatchError;
use crate::ledger::Pace;

/// The gate that each attempt of a paid call passes.
#[derive(Debug)]
pub(crate) struct Gate {
    concurrency: usize,
    rate: Option<DefaultDirectRateLimiter>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    running: usize,
    /// How many may run at once now.
    limit: usize,
    /// Nothing is sent before.
    not_before: Option<Instant>,
    /// A call has succeeded since the last [`Gate::take_succeeded`].
    succeeded: bool,
}

/// The right to send one attempt, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Gate>);

impl Gate {
    /// At most `concurrency` attempts at once, and `rate` in a second.
    pub(crate) fn new(concurrency: usize, rate: Option<f64>) -> Result<Arc<Self>, BatchError> {
        if concurrency == 0 {
            return Err(BatchError::Option("concurrency is 0, but must be at least 1".to_owned()));
        }
        let state = State { running: 0, limit: concurrency, not_before: None, succeeded: false };
        let rate = rate.map(limiter).transpose()?;
        Ok(Arc::new(Self { concurrency, rate, state: Mutex::new(state), changed: Notify::new() }))
    }

    /// Waits for a turn. Dropping the future gives it up.
    pub(crate) async fn enter(self: &Arc<Self>) -> Permit {
        let permit = loop {
            // Registered before the state is looked at, so that no change is missed.
            let changed = self.changed.notified();
            match self.try_enter() {
                Ok(permit) => break permit,
                Err(Some(pause)) => {
                    // The pause may become longer, and never shorter.
                    let _ = tokio::time::timeout(pause, changed).await;
                }
                Err(None) => changed.await,
            }
        };
        if let Some(rate) = &self.rate {
            while let Err(wait) = rate.check() {
                tokio::time::sleep(wait.wait_time_from(DefaultClock::default().now())).await;
            }
        }
        permit
    }

    /// A permit, or how long the pause is; `None` while as many run as may.
    fn try_enter(self: &Arc<Self>) -> Result<Permit, Option<Duration>> {
        let mut state = self.lock();
        let pause = state.not_before.and_then(|time| time.checked_duration_since(Instant::now()));
        if let Some(pause) = pause.filter(|pause| !pause.is_zero()) {
            return Err(Some(pause));
        }
        if state.running >= state.limit {
            return Err(None);
        }
        state.running += 1;
        Ok(Permit(Arc::clone(self)))
    }

    /// Takes the pace of the ledger over, and gives the number of calls that could run at once before, and that may now.
    pub(crate) fn set(&self, pace: &Pace) -> (usize, usize) {
        let mut state = self.lock();
        let before = state.limit;
        // At least one call runs: without any, nobody would learn that the service has recovered.
        state.limit = ((self.concurrency as f64 * pace.factor).round() as usize).clamp(1, self.concurrency);
        state.not_before = (!pace.pause.is_zero()).then(|| Instant::now() + pace.pause);
        let limit = state.limit;
        drop(state);
        self.changed.notify_waiters();
        (before, limit)
    }

    /// Sends nothing for a while, or for longer if a longer pause is known.
    pub(crate) fn pause(&self, pause: Duration) {
        let mut state = self.lock();
        state.not_before = state.not_before.max(Some(Instant::now() + pause));
    }

    /// A call has succeeded.
    pub(crate) fn succeeded(&self) {
        self.lock().succeeded = true;
    }

    /// Whether a call has succeeded since the last question.
    pub(crate) fn take_succeeded(&self) -> bool {
        std::mem::take(&mut self.lock().succeeded)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.changed.notify_waiters();
    }
}

fn limiter(rate: f64) -> Result<DefaultDirectRateLimiter, BatchError> {
    let period = Some(rate).filter(|rate| *rate > 0.0).and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
    let quota = period.and_then(Quota::with_period);
    let refused = || BatchError::Option(format!("rate is {rate}, but must be a number of calls in a second above 0"));
    Ok(RateLimiter::direct(quota.ok_or_else(refused)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(factor: f64, pause: Duration) -> Pace {
        Pace { factor, pause, stopped: None }
    }

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn as_many_run_at_once_as_the_factor_allows_and_at_least_one() {
        let gate = Gate::new(8, None).unwrap();
        for (factor, expected) in [(1.0, 8), (0.5, 4), (0.3, 2), (1.0 / 64.0, 1)] {
            assert_eq!(gate.set(&pace(factor, Duration::ZERO)).1, expected);
            let permits: Vec<_> = (0..expected).map(|_| now(gate.enter()).unwrap()).collect();
            assert!(now(gate.enter()).is_none());
            drop(permits);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_are_woken_by_a_permit_that_comes_back_and_by_a_faster_pace() {
        let gate = Gate::new(2, None).unwrap();
        gate.set(&pace(0.5, Duration::ZERO));
        let first = gate.enter().await;
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        let _second = waiting.await.unwrap();
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await }
        });
        tokio::task::yield_now().await;
        gate.set(&pace(1.0, Duration::ZERO));
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_sent_in_a_pause() {
        let gate = Gate::new(2, None).unwrap();
        gate.set(&pace(1.0, Duration::from_secs(3600)));
        assert!(now(gate.enter()).is_none());
        gate.set(&pace(1.0, Duration::ZERO));
        assert!(now(gate.enter()).is_some());
    }

    #[tokio::test]
    async fn a_rate_lets_one_call_through_at_a_time() {
        let gate = Gate::new(8, Some(0.001)).unwrap();
        assert!(now(gate.enter()).is_some());
        assert!(now(gate.enter()).is_none());
        // The one that gave up has given its place back.
        assert_eq!(gate.lock().running, 0);
    }

    #[test]
    fn rates_and_concurrency_have_a_range() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
            assert!(Gate::new(1, Some(rate)).is_err(), "{rate}");
        }
        assert!(Gate::new(0, None).is_err());
        assert!(Gate::new(1, Some(0.5)).is_ok());
    }
}
