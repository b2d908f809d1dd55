//! All clients of the process by their handles. A handle is a number in the shape of a pointer that is never followed, so a
//! late call with a destroyed client is an error code.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, PoisonError, RwLock};

use super::{CError, Deadline, Engine, Setup, fork, sync};
use crate::abi::*;

static CLIENTS: RwLock<Vec<(usize, Arc<Engine>)>> = RwLock::new(Vec::new());

/// Makes a client.
pub(crate) fn add(setup: Setup) -> Result<*mut volcv_client, CError> {
    fork::check()?;
    Engine::refuse_inside_hooks()?;
    // Odd addresses: no object of C has one, so that a pointer to something else is not taken for a client.
    static NEXT: AtomicUsize = AtomicUsize::new(0x1001);
    let handle = NEXT.fetch_add(2, Relaxed);
    let engine = Engine::start(setup, handle)?;
    CLIENTS.write().unwrap_or_else(PoisonError::into_inner).push((handle, engine));
    Ok(std::ptr::without_provenance_mut(handle))
}

/// A client in use: it is not destroyed before this is dropped.
pub(crate) struct ClientGuard {
    // The fields are dropped in this order, so that `destroy` has the last reference when it finds no caller.
    engine: Arc<Engine>,
    _caller: Caller,
}

struct Caller(Arc<AtomicUsize>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Release);
    }
}

impl Deref for ClientGuard {
    type Target = Arc<Engine>;

    fn deref(&self) -> &Arc<Engine> {
        &self.engine
    }
}

/// The client behind a handle.
pub(crate) fn find(client: *mut volcv_client) -> Result<ClientGuard, CError> {
    look_up(client, |engine| {
        engine.callers.fetch_add(1, Relaxed);
        ClientGuard { engine: Arc::clone(engine), _caller: Caller(Arc::clone(&engine.callers)) }
    })
}

/// What `take` makes of a client, while it cannot be destroyed.
fn look_up<T>(client: *mut volcv_client, take: impl FnOnce(&Arc<Engine>) -> T) -> Result<T, CError> {
    fork::check()?;
    if client.is_null() {
        return Err(CError::null("client"));
    }
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner);
    let found = clients.iter().find(|(handle, _)| *handle == client.addr());
    found.map(|(_, engine)| take(engine)).ok_or_else(|| CError::stale("client"))
}

/// Destroys a client. On a timeout it stays known, so that the caller can try again.
pub(crate) fn destroy(client: *mut volcv_client, deadline: Deadline) -> Result<(), CError> {
    let engine = look_up(client, Arc::clone)?;
    Engine::refuse_inside_hooks()?;
    engine.hooks.enter_destroy();
    let result = end(&engine, client, deadline);
    engine.hooks.leave_destroy(result.is_ok());
    result
}

fn end(engine: &Engine, client: *mut volcv_client, deadline: Deadline) -> Result<(), CError> {
    engine.close();
    if !engine.join(deadline) {
        return Err(too_late());
    }
    let mut clients = CLIENTS.write().unwrap_or_else(PoisonError::into_inner);
    let index = clients.iter().position(|(handle, _)| *handle == client.addr());
    let gone = index.map(|index| clients.swap_remove(index));
    drop(clients);
    // No new call can find the client. Those that are going on may still be about to call a hook.
    while engine.callers.load(Acquire) > 0 {
        if deadline.is_over() {
            CLIENTS.write().unwrap_or_else(PoisonError::into_inner).extend(gone);
            return Err(too_late());
        }
        sync::nap();
    }
    Ok(())
}

fn too_late() -> CError {
    let text = "the client has not ended in time, most often because a hook of the host does not return";
    CError::new(VOLCV_E_TIMEOUT, text)
}

/// Destroys every client, with one deadline for all.
pub(crate) fn destroy_all(deadline: Deadline) -> Result<(), CError> {
    fork::check()?;
    Engine::refuse_inside_hooks()?;
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner).clone();
    // All are told first, so that they end side by side.
    clients.iter().for_each(|(_, engine)| engine.close());
    let mut result = Ok(());
    for (handle, engine) in clients {
        drop(engine);
        match destroy(std::ptr::without_provenance_mut(handle), deadline) {
            // Another thread destroyed it meanwhile.
            Err(failure) if failure.error.code == VOLCV_E_STALE => {}
            Err(failure) => result = Err(failure),
            Ok(()) => {}
        }
    }
    #[cfg(windows)]
    super::unload::refuse_while_a_thread_runs();
    result
}
