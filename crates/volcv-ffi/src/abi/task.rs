//! Tasks: the functions, and the readers of what they are given. Every pointer comes from C, and the header says what it
//! has to be: that is what the readers rest on.

use std::ffi::c_char;

use volcv::{InvalidInput, Task, TaskActions, TaskRequest};

use super::constants::*;
use super::inpaint::ability_of;
use super::modes::{check, is_operation};
use super::read::{only, read, text};
use super::request::{call_of, invalid, raw_call_of};
use super::structs::*;
use super::submit::submit;
use super::task_structs::*;
use crate::engine::{Borrowed, CError, Engine, JobRequest, TaskWork};

/// Queues a request that the service only accepts, as a task. The job ends as soon as it has; volcv_job_task() gives the
/// task, and volcv_task_wait() its result. The service keeps results for a limited time, 24 hours by most of its pages.
/// The rules of charge are those of a call: what may have been accepted is not submitted again. No page says when a task is
/// billed: volcv_error::charge of a task that was accepted is VOLCV_CHARGE_UNKNOWN, that of its result VOLCV_CHARGE_CHARGED.
///
/// @param client the client.
/// @param request not NULL; everything in it is copied, but for pictures with VOLCV_PICTURE_BORROW.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_task_submit(
    client: *mut volcv_client,
    request: *const volcv_task_request,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, request, options, out_job, error, request_of, Engine::submit) }
}

/// Queues the wait for the result of a task, which this or another process has submitted. The result is read like that of an
/// outpainting. Asking is free, and is repeated; without a deadline the job ends after an hour. The task goes on if the job
/// ends early, by volcv_job_cancel() too, and may be waited for again. A waiting job keeps its worker: see
/// volcv_client_options::max_in_flight.
///
/// @param client the client, with the key that submitted the task.
/// @param task what volcv_job_task() gave: a JSON object with task_id and req_key, and maybe actions ("sync2async" or
/// "plain") and req_json; not NULL; copied.
/// @param options may be NULL; VOLCV_JOB_DOWNLOAD is for links.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_task_wait(
    client: *mut volcv_client,
    task: *const c_char,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, task, options, out_job, error, wait_of, Engine::submit) }
}

/// Queues the question how far a task is, asked once. volcv_job_task_status() has the answer; if the task is done, the job has
/// its result too. A task that failed is a job that failed.
///
/// @param client the client, with the key that submitted the task.
/// @param task as for volcv_task_wait().
/// @param options may be NULL; VOLCV_JOB_DOWNLOAD is for links.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_task_status(
    client: *mut volcv_client,
    task: *const c_char,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, task, options, out_job, error, status_of, Engine::submit) }
}

/// Queues the demand that the service gives a task up. What becomes of a task that is at work, and of its charge, is not
/// documented. Asking is free.
///
/// @param client the client, with the key that submitted the task.
/// @param task as for volcv_task_wait().
/// @param options may be NULL.
/// @param out_job set to the job, which succeeds if the service agrees; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_task_cancel(
    client: *mut volcv_client,
    task: *const c_char,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, task, options, out_job, error, cancel_of, Engine::submit) }
}

unsafe fn request_of(engine: &Engine, request: *const volcv_task_request) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    let request = unsafe { read(request, "request") }?;
    only(0, request.flags, "volcv_task_request.flags")?;
    only(0, request.reserved, "volcv_task_request.reserved")?;
    if !request.reserved_pointer.is_null() {
        return Err(CError::argument("volcv_task_request.reserved_pointer", "a pointer", "NULL"));
    }
    let actions = match request.actions {
        VOLCV_ACTIONS_SYNC2ASYNC => TaskActions::Sync2Async,
        VOLCV_ACTIONS_PLAIN => TaskActions::Plain,
        other => return Err(CError::argument("volcv_task_request.actions", other, "a VOLCV_ACTIONS_ number")),
    };
    let given = [!request.outpaint.is_null(), !request.inpaint.is_null(), !request.raw.is_null()];
    // SAFETY: what this function asks for.
    let (task, warnings, borrows) = unsafe {
        match given {
            [true, false, false] => of_outpaint(engine, &read(request.outpaint, "volcv_task_request.outpaint")?)?,
            [false, true, false] => of_inpaint(engine, &read(request.inpaint, "volcv_task_request.inpaint")?)?,
            [false, false, true] => of_raw(engine, &read(request.raw, "volcv_task_request.raw")?)?,
            _ => {
                let (count, name) =
                    (given.iter().filter(|given| **given).count(), "volcv_task_request.outpaint, inpaint and raw");
                return Err(CError::argument(name, format!("{count} of them"), "exactly one"));
            }
        }
    };
    Ok(JobRequest::submit(task.actions(actions), &warnings, borrows))
}

/// A task, what may spoil its result, and the handles of its pictures.
type Checked = (TaskRequest, Vec<InvalidInput>, Vec<Borrowed>);

unsafe fn of_outpaint(engine: &Engine, request: &volcv_outpaint) -> Result<Checked, CError> {
    if is_operation(request) {
        return Err(CError::argument("volcv_task_request.outpaint", "a whole operation", "one call"));
    }
    check(request, false)?;
    refuse_download("volcv_outpaint", request.flags & VOLCV_OUTPAINT_DOWNLOAD)?;
    // SAFETY: what this function asks for.
    let (outpaint, borrows) = unsafe { call_of(engine, request) }?;
    Ok((TaskRequest::of(&outpaint).map_err(invalid)?, outpaint.warnings(), borrows))
}

unsafe fn of_inpaint(engine: &Engine, request: &volcv_inpaint) -> Result<Checked, CError> {
    refuse_download("volcv_inpaint", request.flags & VOLCV_INPAINT_DOWNLOAD)?;
    // SAFETY: what this function asks for.
    let (ability, borrows) = unsafe { ability_of(engine, request) }?;
    Ok((TaskRequest::of(&*ability).map_err(invalid)?, ability.warnings(), borrows))
}

unsafe fn of_raw(engine: &Engine, request: &volcv_raw) -> Result<Checked, CError> {
    for (name, text) in [("action", request.action), ("version", request.version)] {
        if !text.is_null() {
            let allowed = "NULL in a task, which has volcv_task_request.actions";
            return Err(CError::argument(&format!("volcv_raw.{name}"), "given", allowed));
        }
    }
    // SAFETY: what this function asks for.
    let (request, borrows) = unsafe { raw_call_of(engine, request) }?;
    Ok((TaskRequest::new(request).map_err(invalid)?, Vec::new(), borrows))
}

/// A task is downloaded when it is waited for.
fn refuse_download(name: &str, flag: u32) -> Result<(), CError> {
    match flag {
        0 => Ok(()),
        _ => {
            let allowed = "without this bit in a task: see VOLCV_JOB_DOWNLOAD";
            Err(CError::argument(&format!("{name}.flags"), format!("{flag:#x}"), allowed))
        }
    }
}

unsafe fn wait_of(_: &Engine, task: *const c_char) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    unsafe { task_of(task, TaskWork::Wait) }
}

unsafe fn status_of(_: &Engine, task: *const c_char) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    unsafe { task_of(task, TaskWork::Status) }
}

unsafe fn cancel_of(_: &Engine, task: *const c_char) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    unsafe { task_of(task, TaskWork::Cancel) }
}

unsafe fn task_of(task: *const c_char, work: TaskWork) -> Result<JobRequest, CError> {
    // SAFETY: what this function asks for.
    let task: Task = unsafe { text(task, "task") }?.parse().map_err(invalid)?;
    Ok(JobRequest::of_task(task, work))
}
