//! Jobs while they run.

use super::constants::*;
use super::read::{Filled, guarded};
use super::structs::*;
use crate::engine::registry;

/// Asks a job to end soon: within 50 ms, with its connection closed. A whole operation that decodes or encodes at
/// that moment ends that first, which takes a fraction of a second. Its event comes as for every other job, with
/// VOLCV_E_CANCELLED, or with its own result if it was quicker. What the service had received may still be billed.
///
/// @param client the client.
/// @param job the job; one that has ended stays as it is.
/// @return VOLCV_OK, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_cancel(client: *mut volcv_client, job: volcv_job) -> volcv_result {
    guarded(|| registry::find(client)?.cancel(job))
}

/// Says where a job stands. Lock-free: it can be called in every frame for every job.
///
/// @param client the client.
/// @param job the job.
/// @param out_progress filled; all zero on any error. Each number is whole, but they are not read at one instant.
/// @return VOLCV_OK, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_progress(
    client: *mut volcv_client,
    job: volcv_job,
    out_progress: *mut volcv_progress,
) -> volcv_result {
    guarded(|| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_progress, "out_progress") }?;
        out.set(registry::find(client)?.progress(job)?);
        Ok(())
    })
}

/// Says why a job failed. After a success the code is VOLCV_OK, attempts and charge say what it took, and message says
/// what was odd about the reply, if anything was.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param out_error filled; all zero on any error.
/// @return VOLCV_OK, VOLCV_E_NOT_READY, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_error(
    client: *mut volcv_client,
    job: volcv_job,
    out_error: *mut volcv_error,
) -> volcv_result {
    guarded(|| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_error, "out_error") }?;
        out.set(registry::find(client)?.error(job)?);
        Ok(())
    })
}

/// Gives a job back, in any state: its results are freed and its id is stale. A job that still runs is cancelled; its
/// event will not be given out any more, and its release function is still called once. Buffers that were taken stay.
///
/// @param client the client.
/// @param job the job.
/// @return VOLCV_OK, VOLCV_E_STALE (harmless), VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_release(client: *mut volcv_client, job: volcv_job) -> volcv_result {
    guarded(|| registry::find(client)?.release(job))
}
