//! The host's functions: called from one place, muted when a client could not be destroyed in time.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_void};
use std::time::{Duration, Instant};

use super::sync::atomic::{AtomicU32, Ordering::SeqCst};
use super::sync::{Mutex, thread, thread_local};
use super::{CError, lock};
use crate::abi::*;

/// Takes the log.
pub(crate) struct LogHook {
    pub(crate) log: unsafe extern "C" fn(*mut c_void, u32, volcv_job, *const c_char),
    pub(crate) user: *mut c_void,
    /// The most talkative level that is wanted.
    pub(crate) level: u32,
}

/// Told of new events.
pub(crate) struct ReadyHook {
    pub(crate) ready: unsafe extern "C" fn(*mut c_void),
    pub(crate) user: *mut c_void,
}

/// Lets pixels be written into memory of the host.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "image"), allow(dead_code, reason = "there are no pixels"))]
pub(crate) struct PixelsHooks {
    pub(crate) user: *mut c_void,
    pub(crate) acquire:
        unsafe extern "C" fn(*mut c_void, volcv_job, u64, u32, u32, u32, *mut volcv_pixels) -> volcv_result,
    pub(crate) submit: unsafe extern "C" fn(*mut c_void, volcv_job, u64, u32, volcv_result),
}

/// A release that is due.
pub(super) struct Release {
    pub(super) release: unsafe extern "C" fn(*mut c_void, *const c_void, usize),
    pub(super) user: *mut c_void,
    pub(super) data: *const c_void,
    pub(super) size: usize,
}

// SAFETY: the header says that hooks are called on any thread, and what `user` points to is the host's affair.
unsafe impl Send for LogHook {}
// SAFETY: as above.
unsafe impl Sync for LogHook {}
// SAFETY: as above.
unsafe impl Send for ReadyHook {}
// SAFETY: as above.
unsafe impl Sync for ReadyHook {}
// SAFETY: as above.
unsafe impl Send for PixelsHooks {}
// SAFETY: as above.
unsafe impl Sync for PixelsHooks {}
// SAFETY: as above.
unsafe impl Send for Release {}

impl Release {
    fn run(self) {
        // SAFETY: the header asks for a function that takes these; it is called once, because this takes the value.
        unsafe { (self.release)(self.user, self.data, self.size) }
    }
}

/// All hooks of a client.
pub(super) struct Hooks {
    log: Option<LogHook>,
    ready: Option<ReadyHook>,
    /// How many hooks are running, and [`MUTED`].
    gate: AtomicU32,
    /// Hooks that came due while they were muted, and that have to run once.
    postponed: Mutex<Vec<Due>>,
}

type Due = Box<dyn FnOnce() + Send>;

const MUTED: u32 = 1 << 31;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

impl Hooks {
    pub(super) fn new(log: Option<LogHook>, ready: Option<ReadyHook>) -> Self {
        Self { log, ready, gate: AtomicU32::new(0), postponed: Mutex::default() }
    }

    /// Runs a hook, unless the hooks are muted.
    pub(super) fn call<T>(&self, hook: impl FnOnce() -> T) -> Option<T> {
        struct Leave<'a>(&'a AtomicU32);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, SeqCst);
                DEPTH.with(|depth| depth.set(depth.get() - 1));
            }
        }
        let before = self.gate.fetch_add(1, SeqCst);
        DEPTH.with(|depth| depth.set(depth.get() + 1));
        let _leave = Leave(&self.gate);
        (before & MUTED == 0).then(hook)
    }

    /// An error on a thread that is inside of a hook, where waiting could be for itself.
    pub(super) fn refuse_inside() -> Result<(), CError> {
        match DEPTH.with(Cell::get) {
            0 => Ok(()),
            _ => Err(CError::new(VOLCV_E_REENTRANT, "this function must not be called from inside a hook")),
        }
    }

    /// No hook begins any more, until [`Hooks::unmute`]. One that has just begun gets a moment to end.
    pub(super) fn mute(&self) {
        self.gate.fetch_or(MUTED, SeqCst);
        let end = Instant::now() + Duration::from_millis(5);
        while self.gate.load(SeqCst) != MUTED && Instant::now() < end {
            thread::yield_now();
        }
    }

    /// Ends the muting, and runs the hooks that were postponed.
    pub(super) fn unmute(&self) {
        self.gate.fetch_and(!MUTED, SeqCst);
        let postponed = std::mem::take(&mut *lock(&self.postponed));
        postponed.into_iter().for_each(|due| self.call_once(due));
    }

    /// Runs a hook that has to run once: now or, if the hooks are muted, when they are not any more.
    pub(super) fn call_once(&self, due: impl FnOnce() + Send + 'static) {
        let mut due = Some(due);
        self.call(|| due.take().map(|due| due()));
        if let Some(due) = due {
            lock(&self.postponed).push(Box::new(due));
        }
    }

    pub(super) fn release(&self, release: Release) {
        self.call_once(move || release.run());
    }

    /// The events are no longer empty.
    pub(super) fn ready(&self) {
        if let Some(hook) = &self.ready {
            // SAFETY: the header asks for a function that takes this.
            self.call(|| unsafe { (hook.ready)(hook.user) });
        }
    }

    /// A line for the log, if this level is wanted.
    pub(super) fn log(&self, level: u32, job: volcv_job, text: impl FnOnce() -> String) {
        let Some(hook) = self.log.as_ref().filter(|hook| level <= hook.level) else { return };
        // Our texts have no control characters; a line with a NUL would be a defect, and is left out.
        if let Ok(text) = CString::new(text()) {
            // SAFETY: the header asks for a function that takes these, and says how long the text lives.
            self.call(|| unsafe { (hook.log)(hook.user, level, job, text.as_ptr()) });
        }
    }
}
