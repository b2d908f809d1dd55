//! What is behind the C surface: clients with their workers, queue, jobs and events. Nothing here decides what to send
//! again or what an answer means.

mod borrow;
pub(crate) mod buffers;
mod client;
mod deadline;
mod failure;
mod fork;
mod hooks;
mod host;
pub(crate) mod inject;
mod jobs;
mod priority;
pub(crate) mod registry;
mod results;
mod setup;
mod slots;
mod work;

pub(crate) use borrow::Borrowed;
pub(crate) use client::Engine;
pub(crate) use deadline::Deadline;
pub(crate) use failure::Failure;
pub(crate) use hooks::{LogHook, ReadyHook};
pub(crate) use host::HostHooks;
pub(crate) use setup::{ProxyChoice, Setup};
pub(crate) use work::{Options, Order};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No lock of this crate can leave its value half-changed, so a poisoned one is as good as new.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
