//! Jobs from the outside: ended, cancelled, released, waited for, and their events.

use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::*;

use super::work::{Ended, State};
use super::{Deadline, Engine, Failure, Options, Order, lock};
use crate::abi::*;

impl Engine {
    /// Ends a job, exactly once: its results can be read, its event can be polled, waiters are told.
    pub(super) fn end(&self, id: volcv_job, ended: Ended) {
        let Some(slot) = self.slots.place(id) else { return };
        let result = ended.error.code;
        for warning in &ended.warnings {
            self.hooks.log(VOLCV_LOG_WARN, id, || warning.clone());
        }
        self.log_end(id, &ended.error);
        let mut guard = slot.job();
        let Some(job) = guard.as_mut() else { return };
        if job.released {
            drop(self.slots.close(id, guard));
            return;
        }
        job.state = State::Ended(Box::new(ended));
        slot.note_end(result);
        let mut first = false;
        if !job.quiet {
            // Under the lock of the job, so that a release finds either a job that runs or an event to take back.
            let mut events = lock(&self.events);
            events.push_back(volcv_event { r#type: VOLCV_EVENT_DONE, result, job: id, user: job.user });
            first = events.len() == 1;
            self.waiting_events.store(events.len(), Release);
        }
        drop(guard);
        self.ring();
        if first {
            self.hooks.ready();
        }
    }

    fn log_end(&self, id: volcv_job, error: &volcv_error) {
        match error.code {
            VOLCV_OK => self.hooks.log(VOLCV_LOG_INFO, id, || format!("done after {} attempts", error.attempts)),
            code => {
                self.hooks.log(if code == VOLCV_E_CANCELLED { VOLCV_LOG_INFO } else { VOLCV_LOG_ERROR }, id, || {
                    let text = error.message.iter().take_while(|byte| **byte != 0);
                    String::from_utf8_lossy(&text.map(|byte| *byte as u8).collect::<Vec<_>>()).into_owned()
                })
            }
        }
    }

    /// What becomes of a job that was taken out of the queue by the caller and is not sent.
    pub(super) fn withdraw(&self, id: volcv_job) -> Ended {
        let order = self
            .slots
            .place(id)
            .and_then(|slot| slot.job().as_mut().map(|job| std::mem::replace(&mut job.state, State::Running)));
        // Borrowed pictures are released here, outside of every lock and before the event.
        drop(order);
        let text = "the job was cancelled before it was sent; nothing was charged";
        Ended::failed(&Failure::new(VOLCV_E_CANCELLED, text))
    }

    /// Ends a job soon.
    pub(crate) fn cancel(&self, id: volcv_job) -> Result<(), Failure> {
        let slot = self.slots.find(id)?;
        if self.unqueue(id) {
            self.end(id, self.withdraw(id));
            return Ok(());
        }
        let cancel = slot.job().as_ref().filter(|_| slot.has(id)).map(|job| job.cancel.clone());
        cancel.ok_or_else(|| Failure::stale("job"))?.cancel();
        Ok(())
    }

    /// Gives a job back.
    pub(crate) fn release(&self, id: volcv_job) -> Result<(), Failure> {
        let slot = self.slots.find(id)?;
        let mut guard = slot.job();
        let job = guard.as_mut().filter(|_| slot.has(id)).ok_or_else(|| Failure::stale("job"))?;
        slot.forget();
        if let State::Ended(_) = job.state {
            let mut events = lock(&self.events);
            events.retain(|event| event.job != id);
            self.waiting_events.store(events.len(), Release);
            drop(events);
            drop(self.slots.close(id, guard));
        } else {
            job.released = true;
            let cancel = job.cancel.clone();
            drop(guard);
            if self.unqueue(id) {
                drop(self.slots.close(id, slot.job()));
            } else {
                cancel.cancel();
            }
        }
        self.ring();
        Ok(())
    }

    /// Whether there is something to poll. One load.
    pub(crate) fn has_events(&self) -> bool {
        self.waiting_events.load(Acquire) > 0
    }

    /// Moves events out, oldest first; says how many.
    pub(crate) fn poll(&self, room: &mut [MaybeUninit<volcv_event>]) -> u32 {
        let mut events = lock(&self.events);
        let count = events.len().min(room.len());
        for (place, event) in room.iter_mut().zip(events.drain(..count)) {
            place.write(event);
        }
        self.waiting_events.store(events.len(), Release);
        u32::try_from(count).expect("the caller's room is counted by a u32")
    }

    /// Waits until one or all of the jobs have ended; without jobs, until there is an event.
    pub(crate) fn wait(&self, jobs: &[volcv_job], all: bool, deadline: Deadline) -> Result<(), Failure> {
        Self::refuse_inside_hooks()?;
        self.wait_until(jobs, all, deadline, true)
    }

    fn wait_until(&self, jobs: &[volcv_job], all: bool, deadline: Deadline, wakeable: bool) -> Result<(), Failure> {
        let mut bell = lock(&self.bell);
        loop {
            if self.is_over(jobs, all)? {
                return Ok(());
            }
            if wakeable && std::mem::take(&mut bell.woken) {
                return Err(Failure::new(VOLCV_E_INTERRUPTED, "volcv_wake ended the wait"));
            }
            let Some(next) = deadline.wait(&self.rung, bell) else {
                return Err(Failure::new(VOLCV_E_TIMEOUT, "the jobs go on"));
            };
            bell = next;
        }
    }

    fn is_over(&self, jobs: &[volcv_job], all: bool) -> Result<bool, Failure> {
        if jobs.is_empty() {
            return match (self.has_events(), self.closing.load(SeqCst)) {
                (true, _) => Ok(true),
                (false, true) => Err(Failure::new(VOLCV_E_SHUTDOWN, "the client is being destroyed")),
                (false, false) => Ok(false),
            };
        }
        let mut ended = 0;
        for id in jobs {
            ended += usize::from(self.progress(*id)?.phase == VOLCV_PHASE_ENDED);
        }
        Ok(if all { ended == jobs.len() } else { ended > 0 })
    }

    pub(crate) fn wake(&self) {
        lock(&self.bell).woken = true;
        self.rung.notify_all();
    }

    /// Lets all waiters look again. The lock makes sure that none of them is between its look and its sleep.
    pub(super) fn ring(&self) {
        drop(lock(&self.bell));
        self.rung.notify_all();
    }

    /// Submits, waits, and releases what failed, unless there is a picture in it. `job` is set to a job that is left.
    pub(crate) fn run(&self, order: Order, options: Options, job: &mut volcv_job) -> Result<(), Failure> {
        Self::refuse_inside_hooks()?;
        let id = self.accept(order, options, true)?;
        self.wait_until(&[id], true, Deadline::NEVER, false)?;
        let error = self.error(id)?;
        if error.code == VOLCV_OK || self.rejected_count(id)? > 0 {
            *job = id;
        } else {
            self.release(id)?;
        }
        if error.code == VOLCV_OK { Ok(()) } else { Err(Failure { error: Box::new(error) }) }
    }
}
