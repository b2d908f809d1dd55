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
