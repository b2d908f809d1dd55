//! A client of C: its workers, its queue, and its end.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use volcv::{Backoff, BlockingClient, CallOptions, CancelToken, Phase};

use super::hooks::Hooks;
use super::host::{Exchange, Host};
use super::priority::let_others_go_first;
use super::setup::Parts;
use super::slots::Slots;
use super::work::{Ended, Job, State};
use super::{Deadline, Failure, Options, Order, Setup, fork, lock};
use crate::abi::*;

/// What a `volcv_client` is.
pub(crate) struct Engine {
    pub(super) client: BlockingClient,
    host: Option<Arc<Host>>,
    pub(super) hooks: Arc<Hooks>,
    pub(super) slots: Slots,
    pub(super) events: Mutex<VecDeque<volcv_event>>,
    /// Length of `events`, for a look without the lock.
    pub(super) waiting_events: AtomicUsize,
    /// Rung when a job has ended, for [`Engine::wait`].
    pub(super) bell: Mutex<Bell>,
    pub(super) rung: Condvar,
    queue: Mutex<Queue>,
    /// Rung for the timekeeper when a job with a deadline has to wait, and when the client closes.
    clock: Condvar,
    /// A thread has ended.
    left: Condvar,
    pub(super) closing: AtomicBool,
    max_in_flight: usize,
    max_queued: usize,
    /// For jobs without one of their own.
    deadline: Option<Duration>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Calls of C that are going on.
    pub(super) visits: AtomicUsize,
    _alive: fork::Alive,
}

#[derive(Default)]
pub(super) struct Bell {
    /// [`Engine::wake`] was called and no wait has noticed yet.
    pub(super) woken: bool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    running: usize,
    /// Threads that have not ended, the timekeeper among them.
    threads: usize,
    /// Workers without a job. The last to come is the first to go: its memory is still warm, and the others need none.
    idle: Vec<Thread>,
    closing: bool,
}

struct Waiting {
    id: volcv_job,
    deadline: Deadline,
}

impl Engine {
    pub(super) fn start(setup: Setup, handle: usize) -> Result<Arc<Self>, Failure> {
        let alive = fork::Alive::new();
        let (max_in_flight, max_queued, deadline) = (setup.max_in_flight(), setup.max_queued(), setup.deadline);
        let Parts { client, host, hooks } = setup.build(handle)?;
        let engine = Arc::new(Self {
            client,
            host,
            hooks,
            slots: Slots::new(),
            events: Mutex::default(),
            waiting_events: AtomicUsize::new(0),
            bell: Mutex::default(),
            rung: Condvar::new(),
            queue: Mutex::default(),
            clock: Condvar::new(),
            left: Condvar::new(),
            closing: AtomicBool::new(false),
            max_in_flight,
            max_queued,
            deadline,
            threads: Mutex::default(),
            visits: AtomicUsize::new(0),
            _alive: alive,
        });
        engine.spawn("volcv-clock", Self::keep_time)?;
        (0..max_in_flight).try_for_each(|_| engine.spawn("volcv-worker", Self::work))?;
        Ok(engine)
    }

    /// Starts a thread; without it, the client ends.
    fn spawn(self: &Arc<Self>, name: &str, life: fn(&Arc<Self>)) -> Result<(), Failure> {
        let engine = Arc::clone(self);
        lock(&self.queue).threads += 1;
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _leaves = Leaves(&engine);
            life(&engine);
        });
        match spawned {
            Ok(thread) => lock(&self.threads).push(thread),
            Err(error) => {
                lock(&self.queue).threads -= 1;
                self.close();
                self.join(Deadline::NEVER);
                return Err(Failure::new(VOLCV_E_OUT_OF_MEMORY, format!("no thread for a client: {error}")));
            }
        }
        Ok(())
    }

    /// Queues a job, which `job` is set to; never blocks.
    pub(crate) fn submit(&self, order: Order, options: Options, job: &mut volcv_job) -> Result<(), Failure> {
        *job = self.accept(order, options, false)?;
        Ok(())
    }

    /// Refuses a link that may not be fetched.
    pub(crate) fn check_link(&self, link: &str) -> Result<(), Failure> {
        self.client.check_link(link).map_err(|error| Failure::from_error(&error))
    }

    pub(super) fn accept(&self, order: Order, options: Options, quiet: bool) -> Result<volcv_job, Failure> {
        let mut queue = lock(&self.queue);
        if queue.closing {
            return Err(Failure::new(VOLCV_E_SHUTDOWN, "the client is being destroyed"));
        }
        // A job for which there is a worker does not wait.
        let idle = self.max_in_flight - queue.running;
        let full = || Failure::new(VOLCV_E_BUSY, format!("{} jobs are waiting already", self.max_queued));
        if queue.waiting.len() >= self.max_queued + idle {
            return Err(full());
        }
        let deadline = Deadline::after(options.deadline.or(self.deadline));
        // The end of a job must not fail for want of memory: there is room for all events before the job exists.
        let jobs = queue.waiting.len() + queue.running + 1;
        lock(&self.events).reserve(jobs);
        queue.waiting.reserve(1);
        let open = |_| {
            let state = State::Queued(order.accept());
            Job { user: options.user, deadline, quiet, released: false, cancel: CancelToken::new(), state }
        };
        let id = self.slots.open(open).ok_or_else(full)?;
        queue.waiting.push_back(Waiting { id, deadline });
        let worker = queue.idle.pop();
        if worker.is_none() && !deadline.is_never() {
            self.clock.notify_one();
        }
        drop(queue);
        worker.iter().for_each(Thread::unpark);
        self.hooks.log(VOLCV_LOG_INFO, id, || "the job is queued".to_owned());
        Ok(id)
    }

    /// Takes a job out of the queue; false if a worker or somebody else was quicker.
    pub(super) fn unqueue(&self, id: volcv_job) -> bool {
        let waiting = &mut lock(&self.queue).waiting;
        let place = waiting.iter().position(|waiting| waiting.id == id);
        place.is_some_and(|place| waiting.remove(place).is_some())
    }

    /// The life of a worker.
    fn work(self: &Arc<Self>) {
        let_others_go_first();
        while let Some((id, closing)) = self.next() {
            let ended = if closing { self.withdraw(id) } else { self.perform(id) };
            lock(&self.queue).running -= 1;
            self.end(id, ended);
        }
    }

    /// The life of the timekeeper: ends jobs whose deadline passes before there is a worker for them.
    fn keep_time(self: &Arc<Self>) {
        let mut queue = lock(&self.queue);
        while !queue.closing {
            let first = Deadline::first(queue.waiting.iter().map(|waiting| waiting.deadline));
            match first.filter(|(_, deadline)| deadline.is_over()) {
                Some((place, _)) => {
                    let late = queue.waiting.remove(place);
                    drop(queue);
                    // A call without any time left is not sent; what to say of it is the core's.
                    late.iter().for_each(|late| self.end(late.id, self.perform(late.id)));
                    queue = lock(&self.queue);
                }
                None => {
                    let next = first.map_or(Deadline::NEVER, |(_, deadline)| deadline);
                    // What has passed by now is seen in the next round.
                    queue = next.wait(&self.clock, queue).unwrap_or_else(|| lock(&self.queue));
                }
            }
        }
    }

    /// The next job, and whether it has to end unsent.
    fn next(&self) -> Option<(volcv_job, bool)> {
        let me = thread::current();
        loop {
            let mut queue = lock(&self.queue);
            if let Some(next) = queue.waiting.pop_front() {
                queue.running += 1;
                return Some((next.id, queue.closing));
            }
            if queue.closing {
                return None;
            }
            // A thread can wake up for no reason; then it stands there still.
            if queue.idle.iter().all(|worker| worker.id() != me.id()) {
                queue.idle.push(me.clone());
            }
            drop(queue);
            thread::park();
        }
    }

    fn perform(self: &Arc<Self>, id: volcv_job) -> Ended {
        let begun = self.slots.place(id).and_then(|slot| {
            let mut job = slot.job();
            let job = job.as_mut()?;
            match std::mem::replace(&mut job.state, State::Running) {
                State::Queued(order) => Some((order, job.deadline, job.cancel.clone())),
                _ => None,
            }
        });
        let Some((order, deadline, cancel)) = begun else { return Ended::failed(&Failure::stale("job")) };
        let engine = Arc::clone(self);
        let observe = move |progress: &volcv::Progress| engine.observe(id, progress);
        let mut call = CallOptions::new().cancel(&cancel).progress(observe);
        if let Some(left) = deadline.left() {
            call = call.deadline(left);
        }
        let work = || {
            order.advice().into_iter().for_each(|advice| self.hooks.log(VOLCV_LOG_WARN, id, || advice));
            order.perform(&self.client, &call)
        };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let mut failure = Failure::panic(&*panic);
            // Nobody knows any more how far it had come.
            failure.error.charge = VOLCV_CHARGE_UNKNOWN;
            Ended::failed(&failure)
        })
    }

    fn observe(&self, id: volcv_job, progress: &volcv::Progress) {
        let Some(slot) = self.slots.place(id).filter(|slot| slot.has(id)) else { return };
        if let Some(Backoff { reason, wait, .. }) = progress.backoff {
            let (number, wait) = (progress.attempt, wait.as_millis() as u64);
            let text = || format!("attempt {number} failed: {reason}; the job is tried again in {wait} ms");
            self.hooks.log(VOLCV_LOG_WARN, id, text);
        }
        if progress.phase == Phase::Connecting && slot.progress().attempt < progress.attempt {
            self.hooks.log(VOLCV_LOG_DEBUG, id, || format!("attempt {} begins", progress.attempt));
        }
        slot.note(progress);
    }

    /// Refuses new jobs and lets the workers end the others: their hooks must not hold the caller up.
    pub(super) fn close(&self) {
        let idle = {
            let mut queue = lock(&self.queue);
            queue.closing = true;
            std::mem::take(&mut queue.idle)
        };
        self.closing.store(true, SeqCst);
        self.clock.notify_one();
        idle.iter().for_each(Thread::unpark);
        for slot in self.slots.all() {
            let cancel = slot.job().as_ref().map(|job| job.cancel.clone());
            cancel.iter().for_each(CancelToken::cancel);
        }
        self.ring();
    }

    /// Waits until the threads have ended; false if they have not when the deadline comes.
    pub(super) fn join(&self, deadline: Deadline) -> bool {
        let mut queue = lock(&self.queue);
        while queue.threads > 0 {
            let Some(next) = deadline.wait(&self.left, queue) else { return false };
            queue = next;
        }
        drop(queue);
        // They have nothing left to do but to end.
        lock(&self.threads).drain(..).for_each(|thread| drop(thread.join()));
        // Another thread may have lost its patience meanwhile, and asked for silence.
        self.hooks.speak();
        if let Some(host) = &self.host {
            host.destroy();
        }
        true
    }

    /// An exchange of the host's transport.
    pub(crate) fn exchange(&self, id: volcv_exchange) -> Result<Arc<Exchange>, Failure> {
        self.host.as_ref().and_then(|host| host.find(id)).ok_or_else(|| Failure::stale("exchange"))
    }

    /// Waiting inside of a hook could be waiting for oneself.
    pub(crate) fn refuse_inside_hooks() -> Result<(), Failure> {
        Hooks::refuse_inside()
    }
}

/// Counts a thread out, however it ends.
struct Leaves<'a>(&'a Engine);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        lock(&self.0.queue).threads -= 1;
        self.0.left.notify_all();
    }
}
