//! Plans of whole operations, and their pixels.

use super::constants::*;
use super::expand::plan_of;
use super::pixel_structs::*;
use super::read::{Filled, guarded, read, reported};
use super::structs::*;
use crate::engine::registry;

/// Says what a whole operation would do and cost, without a client, without decoding, and without sending anything.
///
/// @param request not NULL; its picture and pixels may both be NULL.
/// @param width the width of the upright source in pixels; 0 means that of the request's picture or pixels.
/// @param height the height of the source; 0 if width is 0.
/// @param out_plan filled; all zero on any error.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK; VOLCV_E_INVALID_INPUT: error names the field, its value and what is allowed;
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_plan(
    request: *const volcv_outpaint,
    width: u32,
    height: u32,
    out_plan: *mut volcv_plan_info,
    error: *mut volcv_error,
) -> volcv_result {
    reported(error, |checked| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_plan, "out_plan") };
        checked?;
        let out = out?;
        // SAFETY: the header asks for structs with their sizes in front.
        out.set(unsafe { plan_of(&read(request, "request")?, width, height) }?);
        Ok(())
    })
}

/// The size of the finished pixels of a whole operation, and what the paste-back found. It stays when the pixels were
/// submitted to a hook.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index 0.
/// @param out_info filled; all zero on any error.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: the job failed, or is no whole operation; VOLCV_E_NOT_READY, VOLCV_E_STALE,
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_pixels_info(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    out_info: *mut volcv_pixels_info,
) -> volcv_result {
    guarded(|| {
        // SAFETY: the header asks for a struct with its size in front.
        let out = unsafe { Filled::new(out_info, "out_info") }?;
        out.set(registry::find(client)?.pixels_info(job, index)?);
        Ok(())
    })
}

/// Copies the finished pixels of a whole operation into memory of the caller, as often as wanted. Nothing is decoded
/// here: the copy takes some milliseconds for a million pixels, as memory allows. Nothing is written on any error.
///
/// @param client the client.
/// @param job a job that has ended.
/// @param index 0.
/// @param into the memory and its layout, without VOLCV_PIXELS_BORROW; width and height are those of
/// volcv_job_pixels_info(). Memory without alpha takes only pixels without it.
/// @return VOLCV_OK, VOLCV_E_NO_RESULT: the job failed, is no whole operation, or its pixels were submitted to a hook;
/// VOLCV_E_NOT_READY, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, many at once. Blocks: no, but for the copy. Memory: data has to be writable during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_job_pixels(
    client: *mut volcv_client,
    job: volcv_job,
    index: u32,
    into: *const volcv_pixels,
) -> volcv_result {
    guarded(|| {
        let engine = registry::find(client)?;
        // SAFETY: the header asks for a struct with its size in front, and for memory as it says.
        unsafe { engine.copy_pixels(job, index, &read(into, "into")?) }
    })
}
