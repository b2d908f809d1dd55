//! All clients of the process by their handles. A handle is a number in the shape of a pointer that nobody follows, so a
//! late call with a destroyed client is an error code.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{Engine, Failure, Setup, fork};
use crate::abi::*;

static CLIENTS: RwLock<Vec<(usize, Arc<Engine>)>> = RwLock::new(Vec::new());

/// Makes a client.
pub(crate) fn add(setup: Setup) -> Result<*mut volcv_client, Failure> {
    fork::check()?;
    Engine::refuse_inside_hooks()?;
    // Odd addresses: no object of C has one, so that a pointer to something else is not taken for a client.
    static NEXT: AtomicUsize = AtomicUsize::new(0x1001);
    let handle = NEXT.fetch_add(2, Relaxed);
    let engine = Engine::start(setup, handle)?;
    CLIENTS.write().unwrap_or_else(PoisonError::into_inner).push((handle, engine));
    Ok(std::ptr::without_provenance_mut(handle))
}

/// The client behind a handle.
pub(crate) fn find(client: *mut volcv_client) -> Result<Arc<Engine>, Failure> {
    fork::check()?;
    if client.is_null() {
        return Err(Failure::null("client"));
    }
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner);
    let found = clients.iter().find(|(handle, _)| *handle == client.addr());
    found.map(|(_, engine)| Arc::clone(engine)).ok_or_else(|| Failure::stale("client"))
}

/// Destroys a client. On a timeout it stays known, so that the caller can try again.
pub(crate) fn destroy(client: *mut volcv_client, timeout: Option<Duration>) -> Result<(), Failure> {
    let engine = find(client)?;
    Engine::refuse_inside_hooks()?;
    engine.hooks.speak();
    engine.close();
    if !engine.join(timeout) {
        engine.hooks.be_silent();
        return Err(Failure::new(VOLCV_E_TIMEOUT, "a hook of the host does not return"));
    }
    let mut clients = CLIENTS.write().unwrap_or_else(PoisonError::into_inner);
    let gone = clients.iter().position(|(handle, _)| *handle == client.addr());
    let gone = gone.map(|place| clients.swap_remove(place));
    drop(clients);
    drop(gone);
    Ok(())
}

/// Destroys every client, within one time for all.
pub(crate) fn destroy_all(timeout: Option<Duration>) -> Result<(), Failure> {
    fork::check()?;
    Engine::refuse_inside_hooks()?;
    let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner).clone();
    // All are told first, so that they end side by side.
    clients.iter().for_each(|(_, engine)| engine.close());
    let mut result = Ok(());
    for (handle, engine) in clients {
        drop(engine);
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        match destroy(std::ptr::without_provenance_mut(handle), left) {
            // Another thread destroyed it meanwhile.
            Err(failure) if failure.error.code == VOLCV_E_STALE => {}
            Err(failure) => result = Err(failure),
            Ok(()) => {}
        }
    }
    result
}
