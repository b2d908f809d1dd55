//! The thread that looks after the limits of a blocking client's attempts: one for all of them, there only while it is
//! needed.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use volcv_core::{TimeLimit, Timer, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::threads::{self, Thread};
use crate::transport::Transport;

/// Without an attempt to watch, the thread ends after this time. Starting one costs as much as a small call.
const LINGER: Duration = Duration::from_secs(5);
/// A limit beyond this is looked at again then.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

thread_local! {
    /// Whether this is such a thread. To ask for its name would allocate one for a thread that is not Rust's.
    static IS_TIMEOUT_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// A transport, and whoever cancels its attempts when their limits pass. So the limits hold for every transport that heeds
/// its token.
pub(crate) struct TimeoutThread {
    transport: Arc<dyn Transport>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    attempts: Vec<Watched>,
    next_id: u64,
    thread: Option<Thread>,
    /// The thread looks at the attempts at this moment, or there is none.
    alarm: Option<Instant>,
    closed: bool,
}

struct Watched {
    id: u64,
    timer: Timer,
    due: Instant,
    stop: CancelToken,
    passed: Option<TimeLimit>,
}

impl TimeoutThread {
    pub(crate) fn new(transport: impl Transport) -> Self {
        Self { transport: Arc::new(transport), shared: Arc::default() }
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// Watches an attempt, and cancels `stop` when one of its limits passes.
    ///
    /// # Errors
    /// A limit has passed already, or there is no thread to be had.
    pub(crate) fn watch(&self, mut timer: Timer, stop: &CancelToken) -> Result<TimeoutGuard<'_>, TransportError> {
        let due = Instant::now() + timer.check(self.transport.now().mono)?.min(LONGEST_SLEEP);
        let mut state = self.shared.lock();
        if state.alarm.is_none() {
            self.start(&mut state).map_err(|error| TransportError::with_source(TransportErrorKind::Other, error))?;
        }
        let id = state.next_id;
        state.next_id += 1;
        state.attempts.push(Watched { id, timer, due, stop: stop.clone(), passed: None });
        // Mostly it looks in time anyhow, and nobody has to be woken.
        if state.alarm.is_none_or(|alarm| due < alarm) {
            self.shared.changed.notify_one();
        }
        Ok(TimeoutGuard { shared: &self.shared, id })
    }

    fn start(&self, state: &mut State) -> std::io::Result<()> {
        let (transport, shared) = (Arc::clone(&self.transport), Arc::clone(&self.shared));
        state.thread = Some(threads::start("volcv-timer", Box::new(move || shared.keep_watch(&*transport)))?);
        state.alarm = Some(Instant::now());
        Ok(())
    }
}

/// The thread does not outlive the client, so that a library with it can be unloaded.
impl Drop for TimeoutThread {
    fn drop(&mut self) {
        let thread = {
            let mut state = self.shared.lock();
            state.closed = true;
            state.thread.take()
        };
        self.shared.changed.notify_one();
        // The thread itself drops the client if that happens in a hook of a cancel.
        if let Some(thread) = thread.filter(|_| !IS_TIMEOUT_THREAD.get()) {
            thread.join();
        }
    }
}

impl Shared {
    fn keep_watch(&self, transport: &dyn Transport) {
        IS_TIMEOUT_THREAD.set(true);
        loop {
            let mono = transport.now().mono;
            let mut state = self.lock();
            let now = Instant::now();
            let stopped = state.look(now, mono);
            if !stopped.is_empty() {
                // Hooks run in here, and may take their time.
                drop(state);
                stopped.iter().for_each(CancelToken::cancel);
                continue;
            }
            let next =
                state.attempts.iter().filter(|watched| watched.passed.is_none()).map(|watched| watched.due).min();
            let alarm = next.unwrap_or(now + LINGER);
            state.alarm = Some(alarm);
            if state.closed {
                return;
            }
            let (mut state, waited) =
                self.changed.wait_timeout(state, alarm - now).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && state.attempts.is_empty() && next.is_none() {
                state.alarm = None;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Checks the attempts that are due, and gives the tokens of those whose limit has passed.
    fn look(&mut self, now: Instant, mono: Duration) -> Vec<CancelToken> {
        let mut stopped = Vec::new();
        for watched in self.attempts.iter_mut().filter(|watched| watched.passed.is_none() && watched.due <= now) {
            match watched.timer.check(mono) {
                Ok(time) => watched.due = now + time.min(LONGEST_SLEEP),
                Err(limit) => {
                    watched.passed = Some(limit);
                    stopped.push(watched.stop.clone());
                }
            }
        }
        stopped
    }
}

/// An attempt under watch, until this is dropped.
pub(crate) struct TimeoutGuard<'a> {
    shared: &'a Shared,
    id: u64,
}

impl TimeoutGuard<'_> {
    /// The limit that has passed at the end of the attempt, if one has. A transport that keeps the limits by itself may
    /// have noticed before the thread did.
    pub(crate) fn passed(&self, now: Duration) -> Option<TimeLimit> {
        let mut state = self.shared.lock();
        let watched = state.attempts.iter_mut().find(|watched| watched.id == self.id)?;
        watched.passed.or_else(|| watched.timer.check(now).err())
    }
}

impl Drop for TimeoutGuard<'_> {
    fn drop(&mut self) {
        self.shared.lock().attempts.retain(|watched| watched.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use volcv_core::{Limits, ReplySink, Request};

    use super::*;

    struct Nowhere;

    impl Transport for Nowhere {
        fn send(
            &self,
            _: Request,
            _: &mut (dyn ReplySink + Send),
            _: &Limits,
            _: &CancelToken,
        ) -> Result<(), TransportError> {
            Ok(())
        }
    }

    fn attempt(milliseconds: u64) -> Timer {
        let mut config = volcv_core::CallConfig::default();
        config.limits.attempt = Duration::from_millis(milliseconds);
        let endpoint = volcv_core::Endpoint::parse("https://gateway.example", false).unwrap();
        let key = volcv_core::ApiKey::new("key").unwrap();
        let request = volcv_core::types::CvRequest::new("A", "V", serde_json_object()).unwrap();
        let plan = volcv_core::Plan::call(request, &endpoint, &key).unwrap();
        let mut call = volcv_core::Call::new(plan, config);
        match call.next(Nowhere.now()) {
            volcv_core::Step::Send(attempt) => attempt.timer,
            step => panic!("{step:?}"),
        }
    }

    fn serde_json_object() -> volcv_core::types::Value {
        volcv_core::types::Value::Object(Default::default())
    }

    #[test]
    fn a_later_attempt_with_an_earlier_end_is_stopped_in_time() {
        let timeouts = TimeoutThread::new(Nowhere);
        let (long, short) = (CancelToken::new(), CancelToken::new());
        let first = timeouts.watch(attempt(3_600_000), &long).unwrap();
        // The thread sleeps by now, and has to be woken.
        thread::sleep(Duration::from_millis(20));
        let second = timeouts.watch(attempt(30), &short).unwrap();
        assert!(short.wait(Duration::from_secs(10)));
        let now = Nowhere.now().mono;
        assert_eq!((first.passed(now), second.passed(now)), (None, Some(TimeLimit::Attempt)));
        assert!(!long.is_cancelled());
    }

    #[test]
    fn the_thread_ends_with_the_client() {
        let timeouts = TimeoutThread::new(Nowhere);
        drop(timeouts.watch(attempt(1000), &CancelToken::new()).unwrap());
        let shared = Arc::downgrade(&timeouts.shared);
        drop(timeouts);
        assert_eq!(shared.strong_count(), 0);
    }

    #[test]
    fn a_client_can_be_dropped_by_its_own_hook() {
        let timeouts = TimeoutThread::new(Nowhere);
        let stop = CancelToken::new();
        std::mem::forget(timeouts.watch(attempt(20), &stop).unwrap());
        let (done, ended) = mpsc::channel();
        let _guard = stop.on_cancel(move || {
            drop(timeouts);
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
