//! The real binary against the emulator, which shares no code with the client.

#![allow(clippy::unwrap_used, reason = "clippy takes only the functions marked as tests for tests, not their helpers")]

mod batch;
mod batch_ends;
mod batch_ledger;
mod batch_signals;
mod best_of;
mod call;
mod direct;
mod emulator;
mod failures;
mod files;
mod inpaint;
mod interrupt;
mod links;
mod mask;
mod network;
mod outpaint;
mod page;
mod plan;
mod rejected;
mod replaced;
mod resume;
mod stdout;
mod successor;
mod support;
mod task;
mod unfinished;
mod usage;
mod whole;
