//! New jobs.

use super::client::engine;
use super::options::job_options_of;
use super::read::{Out, reported};
use super::request::{outpaint_of, raw_of};
use super::structs::*;
use crate::engine::Engine;

/// Queues an outpainting. The request is checked at once; nothing is encoded, connected or waited for here.
///
/// @param client the client.
/// @param request not NULL; everything in it is copied, but for pictures with VOLCV_PICTURE_BORROW.
/// @param options may be NULL.
/// @param out_job set to the job; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK; VOLCV_E_BUSY: the queue is full; VOLCV_E_INVALID_INPUT: error names the field, its value and what is
/// allowed; VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_OUT_OF_MEMORY, VOLCV_E_STALE, VOLCV_E_SHUTDOWN,
/// VOLCV_E_REENTRANT, VOLCV_E_FORKED, VOLCV_E_INTERNAL. On any error the job does not exist and release is not called.
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
    reported(error, |checked| {
        let out = Out::new(out_job, 0, "out_job")?;
        checked?;
        let engine = engine(client)?;
        // SAFETY: the header asks for pointers to structs with their sizes in front.
        let options = unsafe { job_options_of(options) }?;
        // SAFETY: as above.
        let order = unsafe { outpaint_of(&engine, request) }?;
        out.set(engine.submit(order, options)?);
        Ok(())
    })
}

/// Outpaints and waits for the result: volcv_outpaint_submit() and volcv_wait() in one. There is no event for it.
///
/// @param client the client.
/// @param request as for volcv_outpaint_submit().
/// @param options may be NULL; its deadline_ms is the way to limit the wait.
/// @param out_job set to the job, which has ended with success; to 0 on any error.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK, all of volcv_outpaint_submit(), and how the job ended: VOLCV_E_AUTH, VOLCV_E_QUOTA,
/// VOLCV_E_THROTTLED, VOLCV_E_REFUSED, VOLCV_E_SERVICE, VOLCV_E_CONNECT, VOLCV_E_TLS, VOLCV_E_TIMEOUT,
/// VOLCV_E_OUTCOME_UNKNOWN, VOLCV_E_DECODE, VOLCV_E_RESPONSE_TOO_LARGE, VOLCV_E_CANCELLED, VOLCV_E_CONFIG.
/// Thread: any but those of hooks. Blocks: until the job has ended.
/// Memory: the job is the caller's, until volcv_job_release().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_outpaint_run(
    client: *mut volcv_client,
    request: *const volcv_outpaint,
    options: *const volcv_job_options,
    out_job: *mut volcv_job,
    error: *mut volcv_error,
) -> volcv_result {
    reported(error, |checked| {
        let out = Out::new(out_job, 0, "out_job")?;
        checked?;
        let engine = engine(client)?;
        Engine::refuse_inside_hooks()?;
        // SAFETY: the header asks for pointers to structs with their sizes in front.
        let options = unsafe { job_options_of(options) }?;
        // SAFETY: as above.
        let order = unsafe { outpaint_of(&engine, request) }?;
        out.set(engine.run(order, options)?);
        Ok(())
    })
}

/// Queues any action of the service. Its reply is read with volcv_job_reply(), and pictures in it like others.
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
    reported(error, |checked| {
        let out = Out::new(out_job, 0, "out_job")?;
        checked?;
        let engine = engine(client)?;
        // SAFETY: the header asks for pointers to structs with their sizes in front.
        let options = unsafe { job_options_of(options) }?;
        // SAFETY: as above.
        let order = unsafe { raw_of(&engine, request) }?;
        out.set(engine.submit(order, options)?);
        Ok(())
    })
}
