//! Locks, atomic numbers and threads of the engine: those of the standard library or, in `tests/interleavings`, those of
//! shuttle, which decides at each of them which thread goes on.
//!
//! What lives in a static, and what no thread ever waits for, is the standard library's everywhere.

#[cfg(not(shuttle))]
pub(super) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread, thread_local,
};

#[cfg(shuttle)]
pub(super) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread, thread_local,
};

/// Lets others go on, and looks again soon. Under shuttle the others go on at once, but for the timer's thread, which is none
/// of shuttle's.
pub(super) fn nap() {
    let time = std::time::Duration::from_micros(100);
    #[cfg(not(shuttle))]
    thread::sleep(time);
    #[cfg(shuttle)]
    {
        std::thread::sleep(time);
        thread::yield_now();
    }
}
