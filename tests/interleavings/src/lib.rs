//! The C library under shuttle, which runs one thread at a time and decides at each lock, atomic number and park of the
//! engine which goes on. The tests, in `tests/orders.rs`, run thousands of such orders.
//!
//! ThreadSanitizer sees what is wrong in the orders that happen. These tests make the orders that hardly ever do.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    non_camel_case_types,
    clippy::missing_safety_doc,
    reason = "the library's source is compiled in"
)]

#[path = "../../../crates/volcv-ffi/src/abi/mod.rs"]
mod abi;
#[path = "../../../crates/volcv-ffi/src/engine/mod.rs"]
mod engine;
#[path = "../../../crates/volcv-ffi/src/memory.rs"]
mod memory;

mod host;
pub mod orders;
