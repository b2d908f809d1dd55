//! libvolcv: the C library for Volcengine's picture outpainting, made for game engines.
//!
//! Two halves: `abi` is what C sees, and holds no logic; `engine` stands around
//! [`BlockingClient`](volcv::BlockingClient): workers, a bounded queue, events, and the host's own HTTP. `abi` has
//! unsafe code where it reads and writes the host's memory, `engine` where it calls the host's functions, borrows the
//! host's pictures, and asks the system for what the standard library does not have. What is sent again, what an answer
//! means and what it cost is decided in `volcv-core`, as for every other client.
//!
//! Rust programs use `volcv`; C and C++ programs read `include/volcv.h`.

mod abi;
mod engine;
mod memory;

pub use abi::*;
#[cfg(test)]
mod panics;
