//! New jobs.

use std::ffi::c_char;

use super::constants::*;
use super::options::job_options_of;
use super::read::{Out, reported};
use super::request::{download_of, outpaint_of, raw_of};
use super::structs::*;
use crate::engine::{CError, Engine, JobOptions, JobRequest, registry};

/// Queues an outpainting. The request is checked at once; nothing is encoded, connected or waited for here.
///
/// @param client the client.
/// @param request not NULL; everything in it is copied, but for pictures with VOLCV_PICTURE_BORROW and pixels with
/// VOLCV_PIXELS_BORROW.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK; VOLCV_E_BUSY: the queue is full; VOLCV_E_INVALID_INPUT: error names the field, its value and
/// what is allowed; VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_OUT_OF_MEMORY, VOLCV_E_STALE,
/// VOLCV_E_SHUTDOWN, VOLCV_E_FORKED, VOLCV_E_INTERNAL. On any error the job does not exist and release is not called.
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_outpaint_submit(
    client: *mut volcv_client,
    request: *const volcv_outpaint,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, request, options, out_job, error, outpaint_of, Engine::submit) }
}

/// Outpaints and waits for the result: volcv_outpaint_submit() and volcv_wait() in one. There is no event for it.
///
/// @param client the client.
/// @param request as for volcv_outpaint_submit().
/// @param options may be NULL; its deadline_ms is the way to limit the wait.
/// @param out_job set to the job, which has ended with success. On an error it is set to 0, unless the failed job has
/// rejected pictures, see volcv_job_rejected_take(), or pictures or links, see volcv_job_image_count(): then it is set to
/// that job, which is released like any other.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK, all of volcv_outpaint_submit(), VOLCV_E_REENTRANT, and how the job ended: VOLCV_E_AUTH,
/// VOLCV_E_QUOTA, VOLCV_E_THROTTLED, VOLCV_E_REFUSED, VOLCV_E_SERVICE, VOLCV_E_CONNECT, VOLCV_E_TLS, VOLCV_E_TIMEOUT,
/// VOLCV_E_OUTCOME_UNKNOWN, VOLCV_E_DECODE, VOLCV_E_RESPONSE_TOO_LARGE, VOLCV_E_CANCELLED, VOLCV_E_CONFIG.
/// Thread: any, but not inside of a hook. Blocks: until the job has ended.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_outpaint_run(
    client: *mut volcv_client,
    request: *const volcv_outpaint,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, request, options, out_job, error, outpaint_of, Engine::run) }
}

/// Queues any action of the service. Its reply is read with volcv_job_reply(), and pictures in it like others. Where
/// one of them is damaged or in no known format the job succeeds all the same, with an image count of 0.
///
/// @param client the client.
/// @param request not NULL; copied, but for pictures with VOLCV_PICTURE_BORROW.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return as volcv_outpaint_submit().
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_raw_submit(
    client: *mut volcv_client,
    request: *const volcv_raw,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, request, options, out_job, error, raw_of, Engine::submit) }
}

/// Queues the download of a picture from a link that volcv_job_image_link() gave. Downloads are free, and the key is
/// not sent along: the link is fetched again where that can help, and redirects are checked as the link itself is.
/// The picture is read like that of an outpainting, with index 0; volcv_job_reply() has nothing.
///
/// @param client the client.
/// @param link not NULL; https, or on this machine if base_url is; copied.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL. Its charge is VOLCV_CHARGE_CHARGED, because the picture was paid for
/// by the job that gave the link.
/// @return as volcv_outpaint_submit(), with VOLCV_E_DECODE for VOLCV_E_INVALID_INPUT: the link is not a URL, or leads
/// to where it must not be followed.
/// Thread: any. Blocks: no.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_download_submit(
    client: *mut volcv_client,
    link: *const c_char,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    // SAFETY: what the header asks for.
    unsafe { submit(client, link, options, out_job, error, download_of, Engine::submit) }
}

/// What the submits have in common: `read` checks the request, and `take` makes a job of it.
///
/// # Safety
/// As the header says of the pointers.
pub(super) unsafe fn submit<R>(
    client: *mut volcv_client,
    request: *const R,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
    read: unsafe fn(&Engine, *const R) -> Result<JobRequest, CError>,
    take: fn(&Engine, JobRequest, JobOptions, &mut volcv_job) -> Result<(), CError>,
) -> volcv_result {
    reported(error, |checked| {
        let out = Out::new(out_job, 0, "out_job")?;
        checked?;
        let engine = registry::find(client)?;
        // SAFETY: what this function asks for.
        let (options, checked) = unsafe { (job_options_of(options)?, engine.in_memory(|| read(&engine, request))?) };
        let checked = checked.with(&options)?;
        let mut job = 0;
        let taken = take(&engine, checked, options, &mut job);
        out.set(job);
        taken
    })
}
