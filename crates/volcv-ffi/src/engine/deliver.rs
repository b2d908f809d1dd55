//! Finished pixels on their way to the host: into memory that it gives to a worker, or copied when it asks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use volcv::Image;

use super::hooks::{Hooks, PixelsHooks};
use super::job::JobResult;
use super::pixels::{Finished, Room};
use super::results::no_result;
use super::{CError, Engine, inject};
use crate::abi::*;

impl Engine {
    /// Writes the pixels of a job that is about to end into memory of the host, if it has hooks and gives some.
    pub(super) fn deliver(&self, id: volcv_job, ended: &mut JobResult) {
        let (Some(hooks), Some(finished)) = (self.pixels_hooks, &mut ended.pixels) else { return };
        let Some(image) = &finished.image else { return };
        let user = self.jobs.slot(id).and_then(|slot| {
            let job = slot.job();
            job.as_ref().filter(|job| !job.released).map(|job| job.user)
        });
        let Some(job_user) = user.filter(|_| !self.closing.load(SeqCst)) else { return };
        let offer = Offer { hooks, job: id, job_user };
        if self.acquire(offer, image).is_some_and(|pixels| self.fill(offer, &pixels, image)) {
            finished.image = None;
        }
    }

    /// Asks the host for memory.
    fn acquire(&self, offer: Offer, image: &Image) -> Option<volcv_pixels> {
        let Offer { hooks, job, job_user } = offer;
        let (width, height) = (image.size().width, image.size().height);
        let mut pixels = volcv_pixels::empty();
        (pixels.width, pixels.height) = (width, height);
        let answer = self.hooks.call(|| {
            // SAFETY: the header asks for a function that takes these.
            unsafe { (hooks.acquire)(hooks.user, job, job_user, 0, width, height, &mut pixels) }
        })?;
        match answer {
            VOLCV_OK => return Some(pixels),
            VOLCV_E_NOT_READY => {}
            other => self.hooks.log(VOLCV_LOG_WARN, job, || {
                format!("acquire returned {other}; the pixels wait for volcv_job_pixels()")
            }),
        }
        None
    }

    /// Fills the memory of the host and submits it. Says whether the host has the pixels now.
    fn fill(&self, offer: Offer, pixels: &volcv_pixels, image: &Image) -> bool {
        let mut due = SubmitDue { offer, gate: Arc::clone(&self.hooks), result: VOLCV_E_INTERNAL };
        let fill = || -> Result<(), CError> {
            // SAFETY: the host has just given this memory, until its submit.
            inject::point(inject::Layer::Pixels, || unsafe { Room::new(pixels)?.fill(image) })
        };
        let filled = catch_unwind(AssertUnwindSafe(fill)).unwrap_or_else(|panic| Err(CError::panic(&*panic)));
        due.result = filled.as_ref().map_or_else(|failure| failure.error.code, |()| VOLCV_OK);
        if let Err(failure) = &filled {
            let level = if due.result == VOLCV_E_INTERNAL { VOLCV_LOG_ERROR } else { VOLCV_LOG_WARN };
            self.hooks.log(level, offer.job, || format!("the pixels were not written: {}", failure.error.text()));
        }
        filled.is_ok()
    }

    pub(crate) fn pixels_info(&self, id: volcv_job, index: u32) -> Result<volcv_pixels_info, CError> {
        self.finished(id, index, |finished| Ok(finished.info))
    }

    /// Copies finished pixels to the host, outside of every lock.
    ///
    /// # Safety
    /// The memory that `into` speaks of is there, and nobody else uses it.
    pub(crate) unsafe fn copy_pixels(&self, id: volcv_job, index: u32, into: &volcv_pixels) -> Result<(), CError> {
        let room = Room::new(into)?;
        let image = self.finished(id, index, |finished| {
            finished.image.clone().ok_or_else(|| no_result("the pixels were submitted to the hook of the host"))
        })?;
        // SAFETY: what this function asks for.
        unsafe { room.fill(&image) }
    }

    fn finished<T>(
        &self,
        id: volcv_job,
        index: u32,
        read: impl FnOnce(&Finished) -> Result<T, CError>,
    ) -> Result<T, CError> {
        self.ended(id, |ended| match (&ended.pixels, index) {
            (Some(finished), 0) => read(finished),
            (Some(_), _) => Err(no_result("the job has no pixels with this index")),
            (None, _) => Err(no_result("the job has no pixels: it failed, or is no whole operation")),
        })
    }
}

/// The pixels of a job, offered to the host.
#[derive(Clone, Copy)]
struct Offer {
    hooks: PixelsHooks,
    job: volcv_job,
    job_user: u64,
}

impl Offer {
    fn submit(self, result: volcv_result) {
        let Offer { hooks, job, job_user } = self;
        // SAFETY: the header asks for a function that takes these.
        unsafe { (hooks.submit)(hooks.user, job, job_user, 0, result) }
    }
}

/// A submit that is due, however the thread leaves.
struct SubmitDue {
    offer: Offer,
    gate: Arc<Hooks>,
    result: volcv_result,
}

impl Drop for SubmitDue {
    fn drop(&mut self) {
        let (offer, result) = (self.offer, self.result);
        self.gate.call_once(move || offer.submit(result));
    }
}
