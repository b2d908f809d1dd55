//! How jobs end, and how the host learns of it: events, polling and waiting.

use std::collections::VecDeque;
use std::mem::MaybeUninit;

use super::job::{JobOptions, JobResult, State};
use super::request::JobRequest;
use super::sync::atomic::{AtomicUsize, Ordering::*};
use super::sync::{Condvar, Mutex};
use super::{CError, Deadline, Engine, lock};
use crate::abi::*;

/// The events that were not polled yet, and those who wait for them.
#[derive(Default)]
pub(super) struct Events {
    queue: Mutex<VecDeque<volcv_event>>,
    /// The length of the queue, for a look without the lock.
    count: AtomicUsize,
    /// [`Engine::wake`] was called, and no wait has noticed it yet.
    woken: Mutex<bool>,
    /// Notified when a job has ended, when [`Engine::wake`] is called, and when the client closes.
    changed: Condvar,
}

impl Events {
    /// Makes room, so that the end of a job does not fail for want of memory.
    pub(super) fn reserve(&self, jobs: usize) {
        lock(&self.queue).reserve(jobs);
    }

    /// Adds an event; says whether it is the only one. Whoever sees what `note_end` writes finds the event, since a poll waits
    /// for the lock; and whoever has the event sees what it writes.
    fn push(&self, event: volcv_event, note_end: impl FnOnce()) -> bool {
        let mut queue = lock(&self.queue);
        queue.push_back(event);
        self.count.store(queue.len(), Release);
        note_end();
        queue.len() == 1
    }

    /// Takes the event of a job back.
    pub(super) fn remove(&self, job: volcv_job) {
        let mut queue = lock(&self.queue);
        queue.retain(|event| event.job != job);
        self.count.store(queue.len(), Release);
    }

    /// Lets all waiting threads look again. The lock makes sure that none of them is between its look and its sleep.
    pub(super) fn notify(&self) {
        drop(lock(&self.woken));
        self.changed.notify_all();
    }
}

impl Engine {
    /// Ends a job, exactly once: its results can be read, its event can be polled, waiters are told.
    pub(super) fn end(&self, id: volcv_job, ended: JobResult) {
        let Some(slot) = self.jobs.slot(id) else { return };
        let result = ended.error.code;
        for warning in &ended.warnings {
            self.hooks.log(VOLCV_LOG_WARN, id, || warning.clone());
        }
        self.log_end(id, &ended.error);
        let mut guard = slot.job();
        let Some(job) = guard.as_mut() else { return };
        if job.released {
            drop(self.jobs.close(id, guard));
            return;
        }
        job.state = State::Ended(Box::new(ended));
        let event = volcv_event { r#type: VOLCV_EVENT_DONE, result, job: id, user: job.user };
        // Under the lock of the job, so that a release finds either a job that runs or an event to take back.
        let first = if job.quiet {
            slot.note_end(result);
            false
        } else {
            self.events.push(event, || slot.note_end(result))
        };
        drop(guard);
        self.events.notify();
        if first {
            self.hooks.ready();
        }
    }

    fn log_end(&self, id: volcv_job, error: &volcv_error) {
        match error.code {
            VOLCV_OK => self.hooks.log(VOLCV_LOG_INFO, id, || format!("done after {} attempts", error.attempts)),
            code => {
                let level = if code == VOLCV_E_CANCELLED { VOLCV_LOG_INFO } else { VOLCV_LOG_ERROR };
                self.hooks.log(level, id, || error.text());
            }
        }
    }

    /// Whether there is something to poll. One load.
    pub(crate) fn has_events(&self) -> bool {
        self.events.count.load(Acquire) > 0
    }

    /// Moves events out, oldest first; says how many.
    pub(crate) fn poll(&self, room: &mut [MaybeUninit<volcv_event>]) -> u32 {
        let mut queue = lock(&self.events.queue);
        let count = queue.len().min(room.len());
        for (slot, event) in room.iter_mut().zip(queue.drain(..count)) {
            slot.write(event);
        }
        self.events.count.store(queue.len(), Release);
        u32::try_from(count).expect("the caller's room is counted by a u32")
    }

    /// Waits until one or all of the jobs have ended; without jobs, until there is an event.
    pub(crate) fn wait(&self, jobs: &[volcv_job], all: bool, deadline: Deadline) -> Result<(), CError> {
        Self::refuse_inside_hooks()?;
        self.wait_until(jobs, all, deadline, true)
    }

    pub(crate) fn wake(&self) {
        *lock(&self.events.woken) = true;
        self.events.changed.notify_all();
    }

    /// Submits, waits, and releases what failed, unless there is a picture or a link in it. `job` is set to a job
    /// that is left.
    pub(crate) fn run(&self, request: JobRequest, options: JobOptions, job: &mut volcv_job) -> Result<(), CError> {
        Self::refuse_inside_hooks()?;
        let id = self.accept(request, options, true)?;
        self.wait_until(&[id], true, Deadline::NEVER, false)?;
        let error = self.error(id)?;
        if error.code == VOLCV_OK || self.rejected_count(id)? > 0 || self.image_count(id)? > 0 {
            *job = id;
        } else {
            self.release(id)?;
        }
        if error.code == VOLCV_OK { Ok(()) } else { Err(CError { error: Box::new(error) }) }
    }

    fn wait_until(&self, jobs: &[volcv_job], all: bool, deadline: Deadline, wakeable: bool) -> Result<(), CError> {
        let mut woken = lock(&self.events.woken);
        loop {
            if self.have_ended(jobs, all)? {
                return Ok(());
            }
            if wakeable && std::mem::take(&mut *woken) {
                return Err(CError::new(VOLCV_E_INTERRUPTED, "volcv_wake ended the wait"));
            }
            let Some(next) = deadline.wait(&self.events.changed, woken) else {
                return Err(CError::new(VOLCV_E_TIMEOUT, "the jobs go on"));
            };
            woken = next;
        }
    }

    fn have_ended(&self, jobs: &[volcv_job], all: bool) -> Result<bool, CError> {
        if jobs.is_empty() {
            return match (self.has_events(), self.closing.load(SeqCst)) {
                (true, _) => Ok(true),
                (false, true) => Err(CError::new(VOLCV_E_SHUTDOWN, "the client is being destroyed")),
                (false, false) => Ok(false),
            };
        }
        let mut ended = 0;
        for id in jobs {
            ended += usize::from(self.progress(*id)?.phase == VOLCV_PHASE_ENDED);
        }
        Ok(if all { ended == jobs.len() } else { ended > 0 })
    }
}
