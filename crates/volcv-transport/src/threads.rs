//! How a client starts a thread of its own, and waits for its end.

use std::io;
use std::ops::Deref;
use std::thread::{Builder, JoinHandle};

/// The stack of a thread that runs code of this crate, which needs little.
pub(crate) const SMALL_STACK: usize = 256 * 1024;

/// The stack of a thread that runs code of the program: as much as the standard library gives.
pub(crate) const USUAL_STACK: usize = 2 * 1024 * 1024;

/// Starts a thread. The box is for the size of the library: one copy of the standard library's code for all kinds of work.
pub(crate) fn start(name: &str, stack: usize, work: Box<dyn FnOnce() + Send>) -> io::Result<Thread> {
    let handle = Builder::new().name(name.to_owned()).stack_size(stack).spawn(work)?;
    Ok(Thread { handle, process: std::process::id() })
}

/// Starts a thread that ends by itself, some time after the client perhaps.
#[cfg(feature = "ureq")]
pub(crate) fn start_and_leave(name: &str, stack: usize, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    let thread = start(name, stack, work)?;
    #[cfg(windows)]
    left::add(thread.handle);
    #[cfg(not(windows))]
    drop(thread);
    Ok(())
}

/// The threads that were left. A library must not be unloaded while one of them runs its code.
#[cfg(windows)]
pub(crate) mod left {
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::thread::JoinHandle;

    static THREADS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

    #[cfg(feature = "ureq")]
    pub(super) fn add(thread: JoinHandle<()>) {
        running().push(thread);
    }

    /// Whether all of them have ended.
    pub fn none() -> bool {
        running().is_empty()
    }

    /// Those that go on. Of one that has done its work, the last instruction is waited for.
    fn running() -> MutexGuard<'static, Vec<JoinHandle<()>>> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        let (ended, on): (Vec<_>, Vec<_>) = threads.drain(..).partition(JoinHandle::is_finished);
        ended.into_iter().for_each(|thread| drop(thread.join()));
        *threads = on;
        threads
    }
}

/// A thread, and the process that has it.
pub(crate) struct Thread {
    handle: JoinHandle<()>,
    process: u32,
}

impl Thread {
    /// Waits for its end. A child of a fork does not have the thread, and has nothing to wait for.
    pub(crate) fn join(self) {
        if self.process == std::process::id() {
            // It ends with a panic only if work of a caller did, which has been reported by then.
            let _ = self.handle.join();
        } else {
            std::mem::forget(self.handle);
        }
    }
}

impl Deref for Thread {
    type Target = JoinHandle<()>;

    fn deref(&self) -> &JoinHandle<()> {
        &self.handle
    }
}
