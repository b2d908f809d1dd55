//! The host's functions: called from one place, muted when a client could not be destroyed in time.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::sync::atomic::{AtomicU32, Ordering::SeqCst};
use super::sync::{Condvar, Mutex, thread, thread_local};
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

/// Told of each thread that volcv keeps for the client.
pub(crate) struct ThreadHooks {
    pub(crate) user: *mut c_void,
    pub(crate) on_start: Option<unsafe extern "C" fn(*mut c_void, *const c_char)>,
    pub(crate) on_stop: Option<unsafe extern "C" fn(*mut c_void)>,
}

impl ThreadHooks {
    fn start(&self, name: &'static CStr) {
        if let Some(on_start) = self.on_start {
            // SAFETY: the header asks for a function that takes these.
            unsafe { on_start(self.user, name.as_ptr()) }
        }
    }

    fn stop(&self) {
        if let Some(on_stop) = self.on_stop {
            // SAFETY: as above.
            unsafe { on_stop(self.user) }
        }
    }
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
unsafe impl Send for ThreadHooks {}
// SAFETY: as above.
unsafe impl Sync for ThreadHooks {}
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
    threads: Option<ThreadHooks>,
    /// How many hooks are running, and [`MUTED`].
    gate: AtomicU32,
    state: Mutex<State>,
    /// Notified when the hooks are not muted any more.
    unmuted: Condvar,
}

#[derive(Default)]
struct State {
    /// Calls that destroy the client. The last one that gives up mutes the hooks.
    destroyers: u32,
    /// Hooks that came due while they were muted, and that have to run once.
    postponed: Vec<Due>,
}

type Due = Box<dyn FnOnce() + Send>;

const MUTED: u32 = 1 << 31;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The name of a thread of volcv whose start hook has not run, because the hooks are muted.
    static UNANNOUNCED: Cell<Option<&'static CStr>> = const { Cell::new(None) };
}

impl Hooks {
    pub(super) fn new(log: Option<LogHook>, ready: Option<ReadyHook>, threads: Option<ThreadHooks>) -> Self {
        Self { log, ready, threads, gate: AtomicU32::new(0), state: Mutex::default(), unmuted: Condvar::new() }
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
        if before & MUTED != 0 {
            return None;
        }
        if let Some((hooks, name)) = self.threads.as_ref().zip(UNANNOUNCED.with(Cell::take)) {
            hooks.start(name);
        }
        Some(hook())
    }

    /// An error on a thread that is inside of a hook, where waiting could be for itself.
    pub(super) fn refuse_inside() -> Result<(), CError> {
        match DEPTH.with(Cell::get) {
            0 => Ok(()),
            _ => Err(CError::new(VOLCV_E_REENTRANT, "this function must not be called from inside a hook")),
        }
    }

    /// A call begins to destroy the client. The hooks run again, and those that were postponed first.
    pub(super) fn enter_destroy(&self) {
        let postponed = {
            let mut state = lock(&self.state);
            state.destroyers += 1;
            self.gate.fetch_and(!MUTED, SeqCst);
            std::mem::take(&mut state.postponed)
        };
        self.unmuted.notify_all();
        postponed.into_iter().for_each(|due| self.call_once(due));
    }

    /// A call leaves; one that gives up before the client has ended mutes the hooks, unless another still waits. Then no
    /// hook begins any more, until [`Hooks::enter_destroy`]. One that has just begun gets a moment to end.
    pub(super) fn leave_destroy(&self, has_ended: bool) {
        {
            let mut state = lock(&self.state);
            state.destroyers -= 1;
            if has_ended || state.destroyers > 0 {
                return;
            }
            self.gate.fetch_or(MUTED, SeqCst);
        }
        let end = Instant::now() + Duration::from_millis(5);
        while self.gate.load(SeqCst) != MUTED && Instant::now() < end {
            thread::yield_now();
        }
    }

    /// Runs a hook that has to run once: now or, if the hooks are muted, when they are not any more.
    pub(super) fn call_once(&self, due: impl FnOnce() + Send + 'static) {
        let mut due = Some(due);
        loop {
            self.call(|| due.take().map(|due| due()));
            let Some(left) = due.take() else { return };
            let mut state = lock(&self.state);
            // The lock is held where they are muted and where they are not any more.
            if self.gate.load(SeqCst) & MUTED != 0 {
                return state.postponed.push(Box::new(left));
            }
            due = Some(left);
        }
    }

    /// Says that a thread of volcv begins. Its end is the drop of what this returns, on the same thread.
    pub(super) fn thread(&self, name: &'static CStr) -> Option<HookedThread<'_>> {
        self.threads.as_ref()?;
        UNANNOUNCED.with(|unannounced| unannounced.set(Some(name)));
        // If the hooks are muted, the start hook runs before the first hook that does on this thread.
        self.call(|| ());
        Some(HookedThread(self))
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

/// A thread whose start hook has run or will run.
pub(super) struct HookedThread<'a>(&'a Hooks);

/// The stop hook is for this thread alone, so a thread that ends while the hooks are muted waits.
impl Drop for HookedThread<'_> {
    fn drop(&mut self) {
        let Self(hooks) = self;
        if UNANNOUNCED.with(Cell::take).is_none() {
            while hooks.call(|| hooks.threads.iter().for_each(ThreadHooks::stop)).is_none() {
                let mut state = lock(&hooks.state);
                while hooks.gate.load(SeqCst) & MUTED != 0 {
                    state = hooks.unmuted.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}
