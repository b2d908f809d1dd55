//! Results of jobs that have ended.

use std::ffi::c_char;
use std::ptr;

use super::constants::*;
use super::read::{Filled, Out, guarded};
use super::structs::*;
use crate::engine::{buffers, registry};

/// The service's reply to a job that succeeded, as JSON. That of an outpainting has empty texts for its pictures; that
/// of volcv_raw_submit() is as it came, with their base64. That of a whole operation is the reply to its last call.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param out_json set to the text, ended by NUL, valid until the job is released; to NULL on any error.
/// @param out_size set to its bytes without the NUL; may be NULL.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: the job failed, or is a download, a volcv_task_cancel(), or a volcv_task_status()
/// without a result; VOLCV_E_OUT_OF_MEMORY: there is no memory for the text now, and it is not lost; VOLCV_E_NOT_READY,
/// VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the text belongs to the job.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_reply(
    client: *mut volcv_client,
    job: volcv_job,
    out_json: *mut *const c_char,
    out_size: *mut usize,
) -> volcv_result {
    guarded(|| {
        let size = Out::optional(out_size, 0);
        let json = Out::new(out_json, ptr::null(), "out_json")?;
        let (text, bytes) = registry::find(client)?.reply(job)?;
        json.set(text);
        size.set(bytes);
        Ok(())
    })
}

/// The task of a job, as one line of JSON: that of volcv_task_submit(), of an inpainting or of a whole operation that is a
/// task, from the moment the service accepted it, also while the job runs and after it failed; and that which the other
/// functions of tasks were given. Store it: volcv_task_wait() takes it, in another process too. A whole operation of
/// several calls has several tasks, of which this is the newest.
///
/// @param client the client.
/// @param job the job, in any state.
/// @param out_task set to the text, ended by NUL, valid until the job is released; to NULL on any error.
/// @param out_size set to its bytes without the NUL; may be NULL.
/// @return VOLCV_OK, VOLCV_E_NOT_READY: the job runs, and no task was accepted yet; VOLCV_E_NO_RESULT: the job has ended, and
/// none was; VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the text belongs to the job.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_task(
    client: *mut volcv_client,
    job: volcv_job,
    out_task: *mut *const c_char,
    out_size: *mut usize,
) -> volcv_result {
    guarded(|| {
        let size = Out::optional(out_size, 0);
        let task = Out::new(out_task, ptr::null(), "out_task")?;
        let (text, bytes) = registry::find(client)?.task(job)?;
        task.set(text);
        size.set(bytes);
        Ok(())
    })
}

/// How far a task is, by volcv_task_status().
///
/// @param client the client.
/// @param job a job of volcv_task_status() that has ended.
/// @param out_status set to VOLCV_TASK_*; to 0 on any error.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: the job failed, or is another one; VOLCV_E_NOT_READY, VOLCV_E_STALE,
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_task_status(
    client: *mut volcv_client,
    job: volcv_job,
    out_status: *mut u32,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_status, 0, "out_status")?;
        out.set(registry::find(client)?.task_status(job)?);
        Ok(())
    })
}

/// The number of pictures and links of a job that has ended. Those of a whole operation are the files of the service,
/// one for each call in order, and then what else came with them. A job that failed has 0, unless a picture was paid
/// for but could not be downloaded, then it has links; or could not be decoded for want of memory, then it has files.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param out_count set to the number; to 0 on any error.
/// @return VOLCV_OK, VOLCV_E_NOT_READY, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_image_count(
    client: *mut volcv_client,
    job: volcv_job,
    out_count: *mut u32,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_count, 0, "out_count")?;
        out.set(registry::find(client)?.image_count(job)?);
        Ok(())
    })
}

/// Format, size and bytes of a picture, borrowed: no copy is made.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index from 0.
/// @param out_info filled; all zero on any error. For a link, and for a picture that was taken, its data is NULL.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT, VOLCV_E_NOT_READY, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED,
/// VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the bytes belong to the job.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_image_info(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    out_info: *mut volcv_image_info,
) -> volcv_result {
    guarded(|| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_info, "out_info") }?;
        out.set(registry::find(client)?.image_info(job, index)?);
        Ok(())
    })
}

/// The link to a picture, for jobs with VOLCV_OUTPAINT_RETURN_LINK and for those that failed to download it; it is
/// valid for about 24 hours, and volcv_download_submit() fetches it.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index from 0.
/// @param out_link set to the text, ended by NUL, valid until the job is released; to NULL on any error.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: it is a picture, or there is none; VOLCV_E_NOT_READY, VOLCV_E_STALE,
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the text belongs to the job.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_image_link(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    out_link: *mut *const c_char,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_link, ptr::null(), "out_link")?;
        out.set(registry::find(client)?.image_link(job, index)?);
        Ok(())
    })
}

/// Takes the bytes of a picture out of its job, without a copy.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index from 0.
/// @param out_buffer set to the bytes; all zero on any error. What was in it before is not released.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: it is a link, was taken before, or there is none; VOLCV_E_NOT_READY,
/// VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the bytes are the caller's, until volcv_buffer_release(); they outlive the client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_image_take(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    out_buffer: *mut volcv_buffer,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_buffer, volcv_buffer::EMPTY, "out_buffer")?;
        out.set(buffers::keep(registry::find(client)?.image_take(job, index)?));
        Ok(())
    })
}

/// The number of pictures of a job that has ended that were paid for but failed a check: cut, damaged, in no known
/// format, or inside a reply that cannot be trusted. It is 0 for nearly every job. A job that failed with
/// VOLCV_E_DECODE or VOLCV_E_RESPONSE_TOO_LARGE may have some, and so may one that succeeded with another picture.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param out_count set to the number, also of those that were taken; to 0 on any error.
/// @return VOLCV_OK, VOLCV_E_NOT_READY, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_rejected_count(
    client: *mut volcv_client,
    job: volcv_job,
    out_count: *mut u32,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_count, 0, "out_count")?;
        out.set(registry::find(client)?.rejected_count(job)?);
        Ok(())
    })
}

/// Takes the bytes of a rejected picture out of its job, without a copy. What is in them is not known: a decoder may
/// make something of them, a person can look at them.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index from 0, in the order of the reply.
/// @param out_buffer set to the bytes; all zero on any error. What was in it before is not released.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: it was taken before, or there is none; VOLCV_E_NOT_READY, VOLCV_E_STALE,
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no. Memory: the bytes are the caller's, until volcv_buffer_release(); they outlive the client.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_rejected_take(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    out_buffer: *mut volcv_buffer,
) -> volcv_result {
    guarded(|| {
        let out = Out::new(out_buffer, volcv_buffer::EMPTY, "out_buffer")?;
        out.set(buffers::keep(registry::find(client)?.rejected_take(job, index)?));
        Ok(())
    })
}

/// Frees a buffer and makes it empty.
///
/// @param buffer a buffer; NULL and an empty one do nothing.
/// @return VOLCV_OK, VOLCV_E_STALE: it was released before, by way of a copy of the struct; nothing was freed;
/// VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_buffer_release(buffer: *mut volcv_buffer) -> volcv_result {
    guarded(|| {
        if buffer.is_null() {
            return Ok(());
        }
        // SAFETY: the header asks for a buffer of volcv's, or an empty one.
        let id = unsafe { buffer.replace(volcv_buffer::EMPTY) }.id;
        buffers::free(id)
    })
}

impl volcv_buffer {
    pub(super) const EMPTY: Self = Self { id: 0, data: ptr::null(), size: 0 };
}
