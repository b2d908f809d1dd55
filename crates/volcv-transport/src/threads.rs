//! How a client starts a thread of its own.

use std::io;
use std::thread::{Builder, JoinHandle};

/// None of them calls deeply.
const STACK: usize = 256 * 1024;

/// Starts a thread. The box is for the size of the library: one copy of the standard library's code for all kinds of work.
pub(crate) fn start(name: &str, work: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).stack_size(STACK).spawn(work)
}
