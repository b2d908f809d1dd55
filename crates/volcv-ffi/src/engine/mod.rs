//! What is behind the C surface: clients with their workers, queue, jobs and events. Nothing here decides what to send
//! again or what an answer means.

mod borrow;
pub(crate) mod buffers;
mod deadline;
#[allow(clippy::module_inception, reason = "the folder is named after its main file")]
mod engine;
mod error;
mod events;
mod fork;
mod hooks;
mod host_http;
pub(crate) mod inject;
mod job;
mod job_table;
pub(crate) mod registry;
mod results;
mod setup;
mod worker;

pub(crate) use borrow::Borrowed;
pub(crate) use deadline::Deadline;
pub(crate) use engine::Engine;
pub(crate) use error::CError;
pub(crate) use hooks::{LogHook, ReadyHook};
pub(crate) use host_http::HostHooks;
pub(crate) use job::{JobOptions, JobRequest};
pub(crate) use setup::{ProxyChoice, Setup};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No lock of this crate can leave its value half-changed, so a poisoned one can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
