//! A client of C: its queue, its workers, and its end.

use std::collections::VecDeque;
use std::sync::{Arc, atomic::AtomicUsize};
use std::time::Duration;

use volcv::{BlockingClient, CancelToken, TimeoutGuard};

use super::credentials::HostCredentials;
use super::events::Events;
use super::hooks::{Hooks, PixelsHooks};
use super::host_http::{Exchange, HostHttp};
use super::job::{Job, JobOptions, JobResult, State, task_text};
use super::job_table::JobTable;
use super::request::JobRequest;
use super::setup::BuiltClient;
use super::sync::atomic::{AtomicBool, Ordering::*};
use super::sync::thread::{self, JoinHandle, Thread};
use super::sync::{Condvar, Mutex, nap};
use super::worker::lower_priority;
use super::{CError, Deadline, Setup, fork, lock, registry};
use crate::abi::*;
use crate::memory::{self, HostMemory};

/// What a `volcv_client` is.
pub(crate) struct Engine {
    pub(super) client: BlockingClient,
    host_http: Option<Arc<HostHttp>>,
    host_credentials: Option<Arc<HostCredentials>>,
    pub(super) hooks: Arc<Hooks>,
    /// The host's allocator.
    pub(super) memory: Option<Arc<HostMemory>>,
    pub(super) jobs: JobTable,
    pub(super) events: Events,
    pub(super) queue: Mutex<Queue>,
    /// Notified when a thread has left the client.
    thread_left: Condvar,
    pub(super) closing: AtomicBool,
    #[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are no pixels"))]
    pub(super) pixels_hooks: Option<PixelsHooks>,
    max_in_flight: usize,
    max_queued: usize,
    /// For jobs without one of their own.
    deadline: Option<Duration>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    /// Calls of C that are going on, and callbacks of the timer.
    pub(super) callers: Arc<AtomicUsize>,
    /// The number that a `volcv_client *` is.
    handle: usize,
    _alive: fork::Alive,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) running: usize,
    /// Workers that have not ended.
    threads: usize,
    /// Workers without a job. The last to come is the first to go: its memory is still warm, and the others need none.
    pub(super) idle: Vec<Thread>,
    pub(super) closing: bool,
    /// Released results that a worker frees. To free 8 MiB takes the caller 0.3 ms, to wake a worker 10 us.
    pub(super) garbage: Vec<Job>,
}

/// What is smaller than this is freed by the caller.
const LARGE: usize = 1 << 20;

pub(super) struct Waiting {
    pub(super) id: volcv_job,
    /// Ends the job if its deadline passes before there is a worker for it.
    _deadline: Option<TimeoutGuard>,
}

impl Engine {
    pub(super) fn start(setup: Setup, handle: usize) -> Result<Arc<Self>, CError> {
        let alive = fork::Alive::new();
        memory::keep_what_is_asked_for();
        let (max_in_flight, max_queued, deadline) = (setup.max_in_flight(), setup.max_queued(), setup.deadline);
        let pixels_hooks = setup.pixels_hooks;
        let memory = setup.memory.clone();
        let BuiltClient { client, host_http, host_credentials, hooks } = setup.build(handle)?;
        let engine = Arc::new(Self {
            client,
            host_http,
            host_credentials,
            hooks,
            memory,
            jobs: JobTable::new(),
            events: Events::default(),
            queue: Mutex::default(),
            thread_left: Condvar::new(),
            closing: AtomicBool::new(false),
            pixels_hooks,
            max_in_flight,
            max_queued,
            deadline,
            workers: Mutex::default(),
            callers: Arc::default(),
            handle,
            _alive: alive,
        });
        (0..max_in_flight).try_for_each(|_| engine.start_worker())?;
        Ok(engine)
    }

    /// Starts a worker; without it, the client ends.
    fn start_worker(self: &Arc<Self>) -> Result<(), CError> {
        let engine = Arc::clone(self);
        lock(&self.queue).threads += 1;
        let spawned = thread::Builder::new().name("volcv-worker".to_owned()).spawn(move || {
            let _guard = ThreadGuard(&engine);
            lower_priority();
            let _hooked = engine.hooks.thread(c"volcv-worker");
            memory::of_client(engine.memory.as_ref(), || engine.work());
        });
        match spawned {
            Ok(thread) => lock(&self.workers).push(thread),
            Err(error) => {
                lock(&self.queue).threads -= 1;
                self.close();
                self.join(Deadline::NEVER);
                return Err(CError::new(VOLCV_E_OUT_OF_MEMORY, format!("no thread for a client: {error}")));
            }
        }
        Ok(())
    }

    /// Queues a job, which `job` is set to; never blocks.
    pub(crate) fn submit(&self, request: JobRequest, options: JobOptions, job: &mut volcv_job) -> Result<(), CError> {
        *job = self.accept(request, options, false)?;
        Ok(())
    }

    /// Runs work of a caller in the client's memory.
    pub(crate) fn in_memory<T>(&self, work: impl FnOnce() -> T) -> T {
        memory::of_client(self.memory.as_ref(), work)
    }

    /// Refuses a link that may not be fetched.
    pub(crate) fn check_link(&self, link: &str) -> Result<(), CError> {
        self.client.check_link(link).map_err(|error| CError::from_error(&error))
    }

    /// As [`Engine::submit`]; a quiet job ends without an event.
    pub(super) fn accept(&self, request: JobRequest, options: JobOptions, quiet: bool) -> Result<volcv_job, CError> {
        let mut queue = lock(&self.queue);
        if queue.closing {
            return Err(CError::new(VOLCV_E_SHUTDOWN, "the client is being destroyed"));
        }
        // A job for which there is a worker does not wait.
        let idle = self.max_in_flight - queue.running;
        let full = || CError::new(VOLCV_E_BUSY, format!("{} jobs are waiting already", self.max_queued));
        if queue.waiting.len() >= self.max_queued + idle {
            return Err(full());
        }
        let deadline = Deadline::after(options.deadline.or(self.deadline));
        // The end of a job must not fail for want of memory: there is room for all events before the job exists.
        self.events.reserve(queue.waiting.len() + queue.running + 1);
        queue.waiting.reserve(1);
        let worker = queue.idle.pop();
        let open = |_| {
            let tasks = Vec::from_iter(request.task().map(task_text));
            let state = State::Queued(request.accept());
            Job { user: options.user, deadline, quiet, released: false, cancel: CancelToken::new(), tasks, state }
        };
        let Some(id) = self.jobs.open(open) else {
            queue.idle.extend(worker);
            return Err(full());
        };
        let at_deadline = if worker.is_none() { self.end_at(id, deadline) } else { None };
        queue.waiting.push_back(Waiting { id, _deadline: at_deadline });
        drop(queue);
        worker.iter().for_each(Thread::unpark);
        self.hooks.log(VOLCV_LOG_INFO, id, || "the job is queued".to_owned());
        Ok(id)
    }

    /// Ends a job at its deadline if it is still in the queue then. Without memory for a thread it is ended by the
    /// worker that takes it.
    fn end_at(&self, id: volcv_job, deadline: Deadline) -> Option<TimeoutGuard> {
        let handle = self.handle;
        let end = move || {
            let Ok(engine) = registry::find(std::ptr::without_provenance_mut(handle)) else { return };
            if engine.unqueue(id) {
                // A call without any time left is not sent; the core says so in the error.
                engine.end(id, engine.perform(id));
            }
        };
        self.client.call_at(deadline.instant()?, end).ok()
    }

    /// Takes a job out of the queue; false if a worker or the timer was quicker.
    fn unqueue(&self, id: volcv_job) -> bool {
        let waiting = &mut lock(&self.queue).waiting;
        let index = waiting.iter().position(|waiting| waiting.id == id);
        index.is_some_and(|index| waiting.remove(index).is_some())
    }

    /// What becomes of a job that was taken out of the queue by the caller and is not sent.
    pub(super) fn withdraw(&self, id: volcv_job) -> JobResult {
        let request = self
            .jobs
            .slot(id)
            .and_then(|slot| slot.job().as_mut().map(|job| std::mem::replace(&mut job.state, State::Running)));
        // Borrowed pictures are released here, outside of every lock and before the event.
        drop(request);
        let text = "the job was cancelled before it was sent; nothing was charged";
        JobResult::failed(&CError::new(VOLCV_E_CANCELLED, text))
    }

    /// Ends a job soon.
    pub(crate) fn cancel(&self, id: volcv_job) -> Result<(), CError> {
        let slot = self.jobs.find(id)?;
        if self.unqueue(id) {
            self.end(id, self.withdraw(id));
            return Ok(());
        }
        let cancel = slot.job().as_ref().filter(|_| slot.has(id)).map(|job| job.cancel.clone());
        cancel.ok_or_else(|| CError::stale("job"))?.cancel();
        Ok(())
    }

    /// Gives a job back.
    pub(crate) fn release(&self, id: volcv_job) -> Result<(), CError> {
        let slot = self.jobs.find(id)?;
        let mut guard = slot.job();
        let job = guard.as_mut().filter(|_| slot.has(id)).ok_or_else(|| CError::stale("job"))?;
        slot.forget();
        if let State::Ended(ended) = &job.state {
            let is_large = ended.bytes() >= LARGE;
            self.events.remove(id);
            let last = self.jobs.close(id, guard);
            if is_large {
                self.discard(last);
            }
        } else {
            job.released = true;
            let cancel = job.cancel.clone();
            drop(guard);
            if self.unqueue(id) {
                drop(self.jobs.close(id, slot.job()));
            } else {
                cancel.cancel();
            }
        }
        self.events.notify();
        Ok(())
    }

    /// Frees a job on a worker: one that has nothing to do, or the first that is done.
    fn discard(&self, job: Option<Job>) {
        let mut queue = lock(&self.queue);
        queue.garbage.extend(job);
        let worker = queue.idle.pop();
        drop(queue);
        worker.iter().for_each(Thread::unpark);
    }

    /// Refuses new jobs and lets the workers end the others: their hooks must not hold the caller up.
    pub(super) fn close(&self) {
        let idle = {
            let mut queue = lock(&self.queue);
            queue.closing = true;
            std::mem::take(&mut queue.idle)
        };
        self.closing.store(true, SeqCst);
        self.host_credentials.iter().for_each(|host| host.close());
        idle.iter().for_each(Thread::unpark);
        for slot in self.jobs.all() {
            let cancel = slot.job().as_ref().map(|job| job.cancel.clone());
            cancel.iter().for_each(CancelToken::cancel);
        }
        self.events.notify();
    }

    /// Waits until the threads have ended; false if they have not when the deadline comes.
    pub(super) fn join(&self, deadline: Deadline) -> bool {
        let mut queue = lock(&self.queue);
        while queue.threads > 0 {
            let Some(next) = deadline.wait(&self.thread_left, queue) else { return false };
            queue = next;
        }
        drop(queue);
        if self.host_credentials.as_ref().is_some_and(|host| !host.wait(deadline)) {
            return false;
        }
        // They have nothing left to do but to end.
        lock(&self.workers).drain(..).for_each(|thread| drop(thread.join()));
        while !self.client.stop_timer() {
            if deadline.is_over() {
                return false;
            }
            nap();
        }
        if let Some(host_http) = &self.host_http {
            host_http.destroy();
        }
        true
    }

    /// An exchange of the host's transport.
    pub(crate) fn exchange(&self, id: volcv_exchange) -> Result<Arc<Exchange>, CError> {
        self.host_http.as_ref().and_then(|host| host.find(id)).ok_or_else(|| CError::stale("exchange"))
    }

    /// A thread that waits inside of a hook could wait for itself.
    pub(crate) fn refuse_inside_hooks() -> Result<(), CError> {
        Hooks::refuse_inside()
    }
}

/// A worker. [`Engine::join`] waits until it is dropped.
struct ThreadGuard<'a>(&'a Engine);

impl Drop for ThreadGuard<'_> {
    fn drop(&mut self) {
        lock(&self.0.queue).threads -= 1;
        self.0.thread_left.notify_all();
    }
}
