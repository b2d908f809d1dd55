//! Notices that this process is a forked child in which the clients' threads do not exist.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::CError;
use crate::abi::VOLCV_E_FORKED;

static CHILD: AtomicBool = AtomicBool::new(false);
/// Clients that exist or are being made. A child without any can use the library.
static CLIENTS: AtomicUsize = AtomicUsize::new(0);

/// An error in a child that was forked while there were clients. One load: no lock and no system call.
pub(crate) fn check() -> Result<(), CError> {
    match CHILD.load(SeqCst) {
        false => Ok(()),
        true => Err(CError::new(VOLCV_E_FORKED, "the process was forked while clients existed; use exec in the child")),
    }
}

/// Counts a client for as long as it lives.
pub(super) struct Alive(());

impl Alive {
    pub(super) fn new() -> Self {
        watch();
        CLIENTS.fetch_add(1, SeqCst);
        Self(())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        CLIENTS.fetch_sub(1, SeqCst);
    }
}

fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(unix)]
        {
            extern "C" fn in_child() {
                if CLIENTS.load(SeqCst) > 0 {
                    CHILD.store(true, SeqCst);
                }
            }
            // SAFETY: the handler only touches atomics. If it cannot be registered for want of memory, a child that
            // uses volcv without exec hangs, as it would without this module.
            unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
        }
    });
}
