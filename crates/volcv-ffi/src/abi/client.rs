//! Clients: made, asked for events, waited for, destroyed.

use std::mem::MaybeUninit;
use std::slice;

use super::constants::*;
use super::options::options_of;
use super::read::{Out, deadline, guarded, reported};
use super::structs::*;
use crate::engine::{CError, registry};

/// Makes a client. It touches no network, and reads files for VOLCV_CLIENT_FIND_CREDENTIALS alone.
///
/// @param abi VOLCV_ABI_VERSION of the header that the caller was compiled with.
/// @param options not NULL.
/// @param out_client set to the client; to NULL on any error.
/// @param error filled on failure; may be NULL.
/// @return VOLCV_OK, VOLCV_E_ABI_MISMATCH, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_UNSUPPORTED, VOLCV_E_CONFIG, VOLCV_E_AUTH:
/// VOLCV_CLIENT_FIND_CREDENTIALS found none; VOLCV_E_OUT_OF_MEMORY, VOLCV_E_REENTRANT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, but not inside of a hook. Blocks: no (about a millisecond).
/// Memory: the client is the caller's, until volcv_client_destroy().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_client_create(
    abi: u32,
    options: *const volcv_client_options,
    out_client: *mut *mut volcv_client,
    error: *mut volcv_error,
) -> volcv_result {
    reported(error, |checked| {
        let out = Out::new(out_client, std::ptr::null_mut(), "out_client");
        checked?;
        if abi != VOLCV_ABI_VERSION {
            let text = format!("the header has ABI version {abi}, the library {VOLCV_ABI_VERSION}");
            return Err(CError::new(VOLCV_E_ABI_MISMATCH, text));
        }
        let out = out?;
        // SAFETY: the header asks for a pointer to a struct with its size in front.
        let setup = unsafe { options_of(options) }?;
        out.set(registry::add(setup)?);
        Ok(())
    })
}

/// Destroys a client: no new jobs, all jobs cancelled, all threads joined. When it returns VOLCV_OK, every release
/// function has run, no hook will run again, and the pointer is stale. Events that were not polled are lost: a host
/// that wants them cancels its jobs and polls until all have ended, then destroys.
///
/// @param client a client; NULL does nothing.
/// @param timeout_ms how long to wait at most; 0 only begins it; VOLCV_WAIT_FOREVER is allowed.
/// @return VOLCV_OK; VOLCV_E_TIMEOUT: it has not finished in time, most often because a hook does not return. Hooks are
/// silent from then on, unless another thread is still destroying the client; borrowed pictures stay borrowed, the jobs'
/// events can be polled, and destroy may be called again to wait on; VOLCV_E_STALE, VOLCV_E_REENTRANT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, but not inside of a hook. Blocks: up to timeout_ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_client_destroy(client: *mut volcv_client, timeout_ms: u32) -> volcv_result {
    guarded(|| match client.is_null() {
        true => Ok(()),
        false => registry::destroy(client, deadline(timeout_ms)),
    })
}

/// Destroys all clients of the process, as volcv_client_destroy() does. For the moment before the library is unloaded
/// or a game ends; new clients can be made afterwards. Where the shared library is an ELF file, dlclose() does not
/// unload it (it is linked NODELETE): a plug-in that is loaded again goes on with the code of the first time. On Windows,
/// FreeLibrary() may follow VOLCV_OK, and only that; where a thread is still connecting, it does not unload the library.
///
/// @param timeout_ms how long to wait at most, for all together.
/// @return VOLCV_OK, VOLCV_E_TIMEOUT, VOLCV_E_REENTRANT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, but not inside of a hook. Blocks: up to timeout_ms.
#[unsafe(no_mangle)]
pub extern "C" fn volcv_shutdown(timeout_ms: u32) -> volcv_result {
    guarded(|| registry::destroy_all(deadline(timeout_ms)))
}

/// Takes the events that are waiting, oldest first. For every frame: it costs nanoseconds if there are none.
///
/// Each accepted job gives exactly one VOLCV_EVENT_DONE, however it ends, unless it was released before or belongs to
/// volcv_outpaint_run().
///
/// @param client the client.
/// @param events room for capacity events; not NULL unless capacity is 0.
/// @param capacity how many to take at most.
/// @return the number of events written; 0 as well for a client that is NULL or stale, and in a forked child.
/// Thread: any; each event is given out once. Blocks: no; no allocation, no system call if there are no events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_poll(client: *mut volcv_client, events: *mut volcv_event, capacity: u32) -> u32 {
    let mut taken = 0;
    guarded(|| {
        let engine = registry::find(client)?;
        if engine.has_events() && !events.is_null() {
            // SAFETY: the header asks for room for that many events; they may hold anything before.
            let room = unsafe { slice::from_raw_parts_mut(events.cast::<MaybeUninit<_>>(), capacity as usize) };
            taken = engine.poll(room);
        }
        Ok(())
    });
    taken
}

/// Waits until jobs have ended. For tools and loading screens; frame loops use volcv_poll().
///
/// @param client the client.
/// @param jobs the jobs; NULL if count is 0.
/// @param count how many jobs; 0 waits until there is an event to poll.
/// @param all 0: one of the jobs is enough; otherwise all of them.
/// @param timeout_ms how long to wait at most; 0 only looks.
/// @return VOLCV_OK; VOLCV_E_TIMEOUT: they go on; VOLCV_E_INTERRUPTED: volcv_wake() was called; VOLCV_E_STALE: one of
/// the jobs, or the client; VOLCV_E_SHUTDOWN: count is 0 and the client is being destroyed;
/// VOLCV_E_INVALID_ARGUMENT, VOLCV_E_REENTRANT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any, but not inside of a hook; several may wait at once. Blocks: up to timeout_ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_wait(
    client: *mut volcv_client,
    jobs: *const volcv_job,
    count: u32,
    all: u32,
    timeout_ms: u32,
) -> volcv_result {
    guarded(|| {
        let engine = registry::find(client)?;
        let jobs: &[volcv_job] = match (jobs.is_null(), count) {
            (_, 0) => &[],
            (true, _) => return Err(CError::null("jobs")),
            // SAFETY: the header asks for that many jobs.
            (false, _) => unsafe { slice::from_raw_parts(jobs, count as usize) },
        };
        engine.wait(jobs, all != 0, deadline(timeout_ms))
    })
}

/// Ends one volcv_wait() early: the one that is going on, or the next.
///
/// @param client the client.
/// @return VOLCV_OK, VOLCV_E_STALE, VOLCV_E_INVALID_ARGUMENT, VOLCV_E_FORKED, VOLCV_E_INTERNAL.
/// Thread: any. Blocks: no.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn volcv_wake(client: *mut volcv_client) -> volcv_result {
    guarded(|| {
        registry::find(client)?.wake();
        Ok(())
    })
}
