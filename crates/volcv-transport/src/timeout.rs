//! The timer thread of a blocking client: it cancels attempts whose limits pass, and runs callbacks at a given time.
//!
//! There is one for each client, from the first attempt on until the client is dropped. It sleeps until the next entry is
//! due, without end if there is none.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use volcv_core::{TimeLimit, Timer, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::threads::{self, Thread};
use crate::transport::Transport;

/// An entry that is due later than this is looked at again after this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// How much earlier than the timer a transport may find that a limit has passed: ureq is up to 0.3 ms early.
const SLACK: Duration = Duration::from_millis(1);

thread_local! {
    /// Whether this is a timer thread. To ask for its name would allocate one for a thread that is not Rust's.
    static IS_TIMER_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// A transport, and the thread that cancels its attempts when their limits pass. So the limits hold for every transport that
/// heeds its token.
pub(crate) struct TimeoutThread {
    transport: Arc<dyn Transport>,
    around: Around,
    shared: Arc<Shared>,
}

/// What the program does around the work of the thread.
#[derive(Clone, Default)]
pub(crate) struct Around(Option<Arc<AroundFn>>);

type AroundFn = dyn Fn(&mut dyn FnMut()) + Send + Sync;

impl Around {
    pub(crate) fn new(around: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(around)))
    }

    fn run(&self, work: &mut dyn FnMut()) {
        match &self.0 {
            Some(around) => around(work),
            None => work(),
        }
    }
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Around" } else { "nothing" })
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    next_id: u64,
    thread: Option<Thread>,
    /// When the thread wakes up by itself. Mostly that is early enough for a new entry, and no call has to wake it.
    wakes_at: Option<Instant>,
    closed: bool,
}

struct Entry {
    id: u64,
    due: Instant,
    task: Task,
}

enum Task {
    Attempt { timer: Timer, stop: CancelToken, passed: Option<TimeLimit> },
    Callback(Option<Box<dyn FnOnce() + Send>>),
}

impl TimeoutThread {
    pub(crate) fn new(transport: impl Transport, around: Around) -> Self {
        Self { transport: Arc::new(transport), around, shared: Arc::default() }
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// Watches an attempt, and cancels `stop` when one of its limits passes.
    ///
    /// # Errors
    /// A limit has passed already, or the system has no thread.
    pub(crate) fn watch(&self, mut timer: Timer, stop: &CancelToken) -> Result<TimeoutGuard, TransportError> {
        let due = Instant::now() + timer.check(self.transport.now().mono)?.min(LONGEST_SLEEP);
        let task = Task::Attempt { timer, stop: stop.clone(), passed: None };
        self.add(due, task).map_err(|error| TransportError::with_source(TransportErrorKind::Other, error))
    }

    /// Runs `callback` on the timer thread at this time, unless the guard is dropped before. The callback must be short.
    ///
    /// # Errors
    /// The system has no thread.
    pub(crate) fn call_at(&self, due: Instant, callback: impl FnOnce() + Send + 'static) -> io::Result<TimeoutGuard> {
        self.add(due, Task::Callback(Some(Box::new(callback))))
    }

    fn add(&self, due: Instant, task: Task) -> io::Result<TimeoutGuard> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(io::Error::other("the timer of the client was stopped"));
        }
        if state.thread.is_none() {
            let (transport, shared) = (Arc::clone(&self.transport), Arc::clone(&self.shared));
            let around = self.around.clone();
            let work = Box::new(move || around.run(&mut || shared.run(&*transport)));
            state.thread = Some(threads::start("volcv-timer", threads::SMALL_STACK, work)?);
        }
        let id = state.next_id;
        state.next_id += 1;
        if state.wakes_at.is_some_and(|wakes_at| due < wakes_at) {
            self.shared.changed.notify_one();
        }
        state.entries.push(Entry { id, due, task });
        Ok(TimeoutGuard { shared: Arc::clone(&self.shared), id })
    }

    /// Lets the thread end, and says whether it has.
    pub(crate) fn stop(&self) -> bool {
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.changed.notify_one();
        state.thread.as_ref().is_none_or(|thread| thread.is_finished())
    }
}

/// The thread does not outlive the client, so that a library with it can be unloaded.
impl Drop for TimeoutThread {
    fn drop(&mut self) {
        self.stop();
        let thread = self.shared.lock().thread.take();
        // The thread itself drops the client if that happens in a callback or in a hook of a cancel.
        if let Some(thread) = thread.filter(|_| !IS_TIMER_THREAD.get()) {
            thread.join();
        }
    }
}

impl Shared {
    fn run(&self, transport: &dyn Transport) {
        IS_TIMER_THREAD.set(true);
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            let due = state.take_due(now, transport.now().mono);
            if !due.is_empty() {
                // Callbacks and hooks of cancels run without the lock.
                drop(state);
                for run in due {
                    // A panic in code of the caller has been reported by its hook; the other limits still hold.
                    let _ = catch_unwind(AssertUnwindSafe(run));
                }
                state = self.lock();
                continue;
            }
            let next = state.entries.iter().map(|entry| entry.due).min();
            let sleep = next.map_or(LONGEST_SLEEP, |next| next.saturating_duration_since(now)).min(LONGEST_SLEEP);
            state.wakes_at = Some(now + sleep);
            state = self.changed.wait_timeout(state, sleep).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is to be run now: the callbacks that are due, and the cancels of attempts whose limit has passed.
    fn take_due(&mut self, now: Instant, mono: Duration) -> Vec<Box<dyn FnOnce() + Send>> {
        let mut due: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.due <= now) {
            // An entry that has been run is dropped by its guard.
            entry.due = now + LONGEST_SLEEP;
            match &mut entry.task {
                Task::Callback(callback) => due.extend(callback.take()),
                Task::Attempt { passed: Some(_), .. } => {}
                Task::Attempt { timer, stop, passed } => match timer.check(mono) {
                    Ok(time) => entry.due = now + time.min(LONGEST_SLEEP),
                    Err(limit) => {
                        *passed = Some(limit);
                        let stop = stop.clone();
                        due.push(Box::new(move || stop.cancel()));
                    }
                },
            }
        }
        due
    }
}

/// An entry of the timer thread, until this is dropped.
pub struct TimeoutGuard {
    shared: Arc<Shared>,
    id: u64,
}

impl TimeoutGuard {
    /// The limit that has passed at the end of a failed attempt, if one has. A transport that keeps the limits by itself may
    /// have noticed before the thread did, and by its own clock a little early.
    pub(crate) fn passed(&self, now: Duration) -> Option<TimeLimit> {
        let mut state = self.shared.lock();
        match &mut state.entries.iter_mut().find(|entry| entry.id == self.id)?.task {
            Task::Attempt { timer, passed, .. } => passed.or_else(|| timer.check(now.saturating_add(SLACK)).err()),
            Task::Callback(_) => None,
        }
    }
}

impl Drop for TimeoutGuard {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let index = state.entries.iter().position(|entry| entry.id == self.id);
        let entry = index.map(|index| state.entries.swap_remove(index));
        // What a callback owns is dropped without the lock.
        drop(state);
        drop(entry);
    }
}

impl fmt::Debug for TimeoutGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimeoutGuard")
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
        let plan = volcv_core::Plan::call(request, &volcv_core::Access::gateway(endpoint, key)).unwrap();
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
        let timeouts = TimeoutThread::new(Nowhere, Around::default());
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
    fn a_callback_runs_at_its_time_unless_its_guard_is_dropped() {
        let timeouts = TimeoutThread::new(Nowhere, Around::default());
        let (sender, called) = mpsc::channel();
        let at = |milliseconds, name: &'static str| {
            let (sender, due) = (sender.clone(), Instant::now() + Duration::from_millis(milliseconds));
            timeouts.call_at(due, move || sender.send((name, due)).unwrap()).unwrap()
        };
        let (_second, _never, dropped, _first) =
            (at(60, "second"), at(3_600_000, "never"), at(30, "x"), at(20, "first"));
        drop(dropped);
        for expected in ["first", "second"] {
            let (name, due) = called.recv_timeout(Duration::from_secs(10)).unwrap();
            assert!(name == expected && due <= Instant::now());
        }
        assert!(called.try_recv().is_err());
    }

    #[test]
    fn the_thread_ends_with_the_client() {
        let timeouts = TimeoutThread::new(Nowhere, Around::default());
        drop(timeouts.watch(attempt(1000), &CancelToken::new()).unwrap());
        let shared = Arc::downgrade(&timeouts.shared);
        drop(timeouts);
        assert_eq!(shared.strong_count(), 0);
    }

    #[test]
    fn what_the_program_does_around_the_thread_comes_first_and_last_also_when_it_is_stopped_early() {
        let (sender, said) = mpsc::channel();
        let of_callback = sender.clone();
        let around = Around::new(move |work| {
            sender.send("first").unwrap();
            work();
            sender.send("last").unwrap();
        });
        let timeouts = TimeoutThread::new(Nowhere, around);
        let _guard = timeouts.call_at(Instant::now(), move || of_callback.send("called").unwrap()).unwrap();
        let next = || said.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!([next(), next()], ["first", "called"]);
        timeouts.stop();
        assert_eq!(next(), "last");
        while !timeouts.stop() {
            thread::yield_now();
        }
        assert!(timeouts.call_at(Instant::now(), || ()).is_err());
        assert!(timeouts.watch(attempt(1000), &CancelToken::new()).is_err());
    }

    #[test]
    fn a_client_can_be_dropped_by_its_own_hook() {
        let timeouts = TimeoutThread::new(Nowhere, Around::default());
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
