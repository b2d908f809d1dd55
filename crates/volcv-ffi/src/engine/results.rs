//! Results of jobs: borrowed while the job lives, or taken out of it.

use std::ffi::c_char;

use volcv::Bytes;

use super::job::{Image, JobResult, State};
use super::{CError, Engine};
use crate::abi::*;

impl Engine {
    /// Where a job stands; takes no lock.
    pub(crate) fn progress(&self, id: volcv_job) -> Result<volcv_progress, CError> {
        let slot = self.jobs.find(id)?;
        let progress = slot.progress();
        // The slot may have been given to another job meanwhile.
        if slot.has(id) { Ok(progress) } else { Err(CError::stale("job")) }
    }

    pub(crate) fn error(&self, id: volcv_job) -> Result<volcv_error, CError> {
        self.ended(id, |ended| Ok(ended.error))
    }

    /// The reply's text and its length without the NUL.
    pub(crate) fn reply(&self, id: volcv_job) -> Result<(*const c_char, usize), CError> {
        let written = |ended: &mut JobResult| ended.write_reply().map_err(|none| CError::no_memory(none.to_string()));
        let read = |ended: &mut JobResult| match ended.reply.len() {
            0 if ended.error.code == VOLCV_OK => Err(no_result("the job has no reply")),
            0 => Err(no_result("the job failed, see volcv_job_error")),
            size => Ok((ended.reply.as_ptr().cast(), size - 1)),
        };
        self.in_memory(|| self.ended(id, |ended| written(ended).and_then(|()| read(ended))))
    }

    /// The newest task of a job, also of one that runs, and its length without the NUL.
    pub(crate) fn task(&self, id: volcv_job) -> Result<(*const c_char, usize), CError> {
        let slot = self.jobs.find(id)?;
        let job = slot.job();
        let job = job.as_ref().filter(|_| slot.has(id)).ok_or_else(|| CError::stale("job"))?;
        match (job.tasks.last(), &job.state) {
            (Some(task), _) => Ok((task.as_ptr().cast(), task.len() - 1)),
            (None, State::Ended(_)) => Err(no_result("the job had no task")),
            (None, _) => Err(CError::new(VOLCV_E_NOT_READY, "the service has not accepted a task yet")),
        }
    }

    pub(crate) fn task_status(&self, id: volcv_job) -> Result<u32, CError> {
        self.ended(id, |ended| ended.task_status.ok_or_else(|| no_result("the job is no volcv_task_status, or failed")))
    }

    pub(crate) fn image_count(&self, id: volcv_job) -> Result<u32, CError> {
        self.ended(id, |ended| Ok(u32::try_from(ended.images.len()).unwrap_or(u32::MAX)))
    }

    pub(crate) fn image_info(&self, id: volcv_job, index: u32) -> Result<volcv_image_info, CError> {
        self.image(id, index, |image| Ok(image.info()))
    }

    pub(crate) fn image_link(&self, id: volcv_job, index: u32) -> Result<*const c_char, CError> {
        self.image(id, index, |image| match image {
            Image::Link(link) => Ok(link.as_ptr().cast()),
            Image::Picture(..) => Err(no_result("it is a picture, not a link")),
        })
    }

    pub(crate) fn image_take(&self, id: volcv_job, index: u32) -> Result<Bytes, CError> {
        self.image(id, index, |image| match image {
            Image::Picture(bytes, _) => bytes.take().ok_or_else(|| no_result("the picture was taken before")),
            Image::Link(_) => Err(no_result("it is a link, not a picture")),
        })
    }

    pub(crate) fn rejected_count(&self, id: volcv_job) -> Result<u32, CError> {
        self.ended(id, |ended| Ok(u32::try_from(ended.rejected.len()).unwrap_or(u32::MAX)))
    }

    pub(crate) fn rejected_take(&self, id: volcv_job, index: u32) -> Result<Bytes, CError> {
        self.ended(id, |ended| {
            let picture = ended.rejected.get_mut(index as usize);
            let picture = picture.ok_or_else(|| no_result("the job has no rejected picture with this index"))?;
            picture.take().ok_or_else(|| no_result("the picture was taken before"))
        })
    }

    fn image<T>(
        &self,
        id: volcv_job,
        index: u32,
        read: impl FnOnce(&mut Image) -> Result<T, CError>,
    ) -> Result<T, CError> {
        self.ended(id, |ended| {
            let image = ended.images.get_mut(index as usize);
            read(image.ok_or_else(|| no_result("the job has no picture with this index"))?)
        })
    }

    pub(super) fn ended<T>(
        &self,
        id: volcv_job,
        read: impl FnOnce(&mut JobResult) -> Result<T, CError>,
    ) -> Result<T, CError> {
        let slot = self.jobs.find(id)?;
        let mut job = slot.job();
        let job = job.as_mut().filter(|_| slot.has(id)).ok_or_else(|| CError::stale("job"))?;
        match &mut job.state {
            State::Ended(ended) => read(ended),
            _ => Err(CError::new(VOLCV_E_NOT_READY, "the job has not ended yet")),
        }
    }
}

pub(super) fn no_result(why: &str) -> CError {
    CError::new(VOLCV_E_NO_RESULT, why)
}
