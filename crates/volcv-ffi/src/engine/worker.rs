//! The life of a worker: takes jobs out of the queue and makes their calls.

use std::sync::Arc;

use volcv::{Backoff, CallOptions, Phase, Progress, Task};

use super::job::{JobResult, State, task_text};
use super::sync::thread;
use super::{CError, Engine, lock};
use crate::abi::*;

impl Engine {
    /// The life of a worker.
    pub(super) fn work(self: &Arc<Self>) {
        while let Some((id, closing)) = self.next() {
            let ended = if closing { self.withdraw(id) } else { self.perform(id) };
            lock(&self.queue).running -= 1;
            self.end(id, ended);
        }
    }

    /// The next job, and whether it has to end unsent.
    fn next(&self) -> Option<(volcv_job, bool)> {
        let me = thread::current();
        loop {
            let mut queue = lock(&self.queue);
            let garbage = std::mem::take(&mut queue.garbage);
            if !garbage.is_empty() {
                drop(queue);
                drop(garbage);
                continue;
            }
            if let Some(next) = queue.waiting.pop_front() {
                queue.running += 1;
                return Some((next.id, queue.closing));
            }
            if queue.closing {
                return None;
            }
            // A thread can wake up for no reason; then it is in the list already.
            if queue.idle.iter().all(|worker| worker.id() != me.id()) {
                queue.idle.push(me.clone());
            }
            drop(queue);
            thread::park();
        }
    }

    pub(super) fn perform(self: &Arc<Self>, id: volcv_job) -> JobResult {
        let begun = self.jobs.slot(id).and_then(|slot| {
            let mut job = slot.job();
            let job = job.as_mut()?;
            match std::mem::replace(&mut job.state, State::Running) {
                State::Queued(request) => Some((request, job.deadline, job.cancel.clone())),
                _ => None,
            }
        });
        let Some((request, deadline, cancel)) = begun else { return JobResult::failed(&CError::stale("job")) };
        // The timer, which ends jobs whose deadline passes in the queue, has no time for codecs.
        if request.has_codec_work() && deadline.is_over() {
            drop(request);
            return JobResult::failed(&CError::late());
        }
        let engine = Arc::clone(self);
        let observe = move |progress: &Progress| engine.observe(id, progress);
        let engine = Arc::clone(self);
        let keep = move |task: &Task| engine.note_task(id, task);
        let mut call = CallOptions::new().cancel(&cancel).progress(observe).on_task(keep);
        if let Some(left) = deadline.left() {
            call = call.deadline(left);
        }
        let work = || {
            request.warnings().into_iter().for_each(|warning| self.hooks.log(VOLCV_LOG_WARN, id, || warning));
            let mut ended = request.perform(&self.client, &call);
            self.count_attempts(id, &mut ended);
            self.deliver(id, &mut ended);
            ended
        };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let mut failure = CError::panic(&*panic);
            // How far the call had come is not known any more.
            failure.error.charge = VOLCV_CHARGE_UNKNOWN;
            JobResult::failed(&failure)
        })
    }

    /// A task was accepted: the host can read it from now on.
    fn note_task(&self, id: volcv_job, task: &Task) {
        self.hooks.log(VOLCV_LOG_INFO, id, || format!("the service accepted task {} of {}", task.id(), task.req_key()));
        if let Some(slot) = self.jobs.slot(id) {
            slot.job().iter_mut().for_each(|job| job.tasks.push(task_text(task)));
        }
    }

    /// The answer to a question about a task has no record of its attempts: they were observed.
    fn count_attempts(&self, id: volcv_job, ended: &mut JobResult) {
        let slot = self.jobs.slot(id).filter(|_| ended.error.code == VOLCV_OK && ended.error.attempts == 0);
        if let Some(slot) = slot {
            (ended.error.attempts, ended.error.delivery) = (slot.progress().attempt, VOLCV_DELIVERY_FULL);
        }
    }

    fn observe(&self, id: volcv_job, progress: &Progress) {
        let Some(slot) = self.jobs.slot(id).filter(|slot| slot.has(id)) else { return };
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
}

/// Tells the kernel that this thread is in no hurry. A submit wakes a worker, and a worker that is woken would
/// otherwise push the game's thread from its core, for milliseconds on a busy machine. Threads made by this one
/// inherit it.
pub(super) fn lower_priority() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let param = libc::sched_param { sched_priority: 0 };
        // SAFETY: a plain system call for this thread. It needs no privilege; if it fails, all is as it was.
        unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const param) };
    }
}
