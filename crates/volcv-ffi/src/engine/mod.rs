//! What is behind the C surface: clients with their workers, queue, jobs and events. Nothing here decides what to send
//! again or what an answer means.

mod borrow;
pub(crate) mod buffers;
#[cfg(feature = "image")]
mod codec;
mod credentials;
mod deadline;
#[cfg(feature = "image")]
mod deliver;
mod download;
#[allow(clippy::module_inception, reason = "the folder is named after its main file")]
mod engine;
mod error;
mod events;
#[cfg(feature = "image")]
mod expansion;
#[cfg(not(feature = "image"))]
#[path = "no_expansion.rs"]
mod expansion;
pub(crate) mod fork;
mod hooks;
mod host_http;
pub(crate) mod inject;
mod job;
mod job_table;
#[cfg(feature = "image")]
mod pixels;
pub(crate) mod registry;
mod request;
mod results;
mod setup;
mod sync;
#[cfg(windows)]
mod unload;
mod worker;

pub(crate) use borrow::Borrowed;
#[cfg(feature = "image")]
pub(crate) use codec::{decoded, encoded, encoding_of};
pub(crate) use credentials::CredentialsHooks;
pub(crate) use deadline::Deadline;
pub(crate) use engine::Engine;
pub(crate) use error::CError;
#[cfg(not(feature = "image"))]
pub(crate) use expansion::unsupported;
#[cfg(feature = "image")]
pub(crate) use expansion::{Expansion, Input, upright_size};
pub(crate) use hooks::{LogHook, PixelsHooks, ReadyHook, ThreadHooks};
pub(crate) use host_http::HostHooks;
pub(crate) use job::JobOptions;
#[cfg(feature = "image")]
pub(crate) use pixels::{Texture, layout_of};
pub(crate) use request::{JobRequest, TaskWork};
pub(crate) use setup::{AccessChoice, ProxyChoice, Setup};

use std::sync::PoisonError;

use sync::{Mutex, MutexGuard};

/// No lock of this crate can leave its value half-changed, so a poisoned one can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
