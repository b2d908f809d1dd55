//! The transports of the volcv client, and the loops that drive its machine.
//!
//! [`Transport`] and [`AsyncTransport`] send one request and push its reply; they decide nothing. `UreqTransport` and
//! `ReqwestTransport` are the built-in ones. [`BlockingClient`] and [`Client`] are the loops around the machine of
//! [`volcv_core`], which decides what is sent again, what an answer means and what it cost. This crate must never hold such
//! a decision.
//!
//! Programs use the crate `volcv`, which re-exports all of this and says how it is used.

#![forbid(unsafe_code)]

mod builder;
mod cancel;
mod client;
mod credentials;
mod drive;
mod journal;
mod options;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest;
mod setup;
#[cfg(feature = "test-util")]
pub mod testing;
mod threads;
mod timeout;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
mod tls;
mod trace;
mod transport;
#[cfg(feature = "reqwest")]
pub mod unversioned;
#[cfg(feature = "ureq")]
mod ureq;

pub use builder::ClientBuilder;
pub use cancel::{CancelGuard, CancelToken};
pub use client::{BlockingClient, Client};
pub use credentials::{AsyncCredentialsProvider, CredentialsProvider, CredentialsSource};
pub use journal::{Begun, Journal, JournalEntry, RecordedReply};
pub use options::CallOptions;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub use proxy::Proxy;
#[cfg(feature = "reqwest")]
pub use reqwest::ReqwestTransport;
/// Whether no thread is left behind by a client that has ended. For the C library, which may be unloaded.
#[cfg(windows)]
#[doc(hidden)]
pub use threads::left::none as no_thread_is_left;
pub use timeout::TimeoutGuard;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub use tls::{CryptoChoice, RootChoice, Tls};
pub use transport::{AsyncTransport, BoxFuture, Transport, from_async_fn, from_fn};
#[cfg(feature = "ureq")]
pub use ureq::UreqTransport;

pub use bytes::Bytes;
pub use volcv_core as core;
pub use volcv_core::types::{
    Ability, AbilityRequest, AigcMeta, Anchor, Aspect, CanvasGeometry, Charge, CvRequest, EraseQuality, Execution,
    ExpandPlan, InpaintEdit, InpaintErase, InvalidInput, Keep, Logo, LogoLanguage, LogoPosition, Margins, Outpaint,
    PaintingEdit, Pass, PassMode, Picture, PictureFormat, PictureInfo, PlanOptions, PromptField, Rect, Reply,
    ServiceCode, Sides, Size, Task, TaskActions, TaskRequest, TaskStatus, TooSmall, Wish, plan,
};
pub use volcv_core::{
    AttemptRecord, Backoff, Credentials, CredentialsError, Delivery, Error, ErrorKind, Limits, Outcome, Output, Phase,
    Progress, ReplySink, Request, RetryAction, RetryBudget, RetryPolicy, TaskReport, TransportError,
    TransportErrorKind,
};
