//! The machine of the volcv client, without any I/O.
//!
//! This crate decides what to send, whether to send it again, what a reply means and what a call cost. The blocking
//! client, the async client, the C library and hosts with their own HTTP share these decisions. The crate must never
//! hold a socket, a clock, a sleep, a thread or a TLS stack; the driver passes the time as [`Now`].
//!
//! The design rests on three ideas:
//!
//! * **Requests are pulled, replies are pushed.** A transport reads the body from a [`BodyReader`] of known length,
//!   which makes base64 of raw picture bytes as it is read, and pushes the reply into a [`ReplySink`].
//! * **The [`Meter`] knows what was delivered.** The service acts on complete JSON only. If the transport took a part
//!   of the body or nothing, nothing was bought, and the call may be sent again. If it took the whole body, the outcome
//!   is unknown, and the call may not be sent again.
//! * **One decision.** [`RULES`] (calls), [`POLL_RULES`] (questions about tasks) and [`DOWNLOAD_RULES`] (downloads) say for
//!   each [`AttemptEvent`] what it cost and what follows.
//!
//! Programs use the crate `volcv`; this crate is for authors of drivers and transports.

mod buffer;
mod call;
mod codec;
mod error;
mod exchange;
mod outcome;
mod pool;
mod redact;
mod reply;
mod request;
mod retry;

pub use buffer::Buffer;
pub use call::batch::Batch;
pub use call::config::CallConfig;
pub use call::delivery::Delivery;
pub use call::limits::{Limits, TimeLimit, Timer};
pub use call::machine::Call;
pub use call::meter::Meter;
pub use call::policy::{Decide, RetryBudget, RetryPolicy};
pub use call::progress::{Backoff, Observer, Phase, Progress};
pub use call::step::{Attempt, CredentialsError, Step};
pub use call::time::Now;
pub use error::{AttemptRecord, Error, ErrorKind};
pub use exchange::{ReplySink, Request, Stop, TransportError, TransportErrorKind};
pub use outcome::{Outcome, Output, TaskReport};
pub use pool::BufferPool;
pub use reply::inbox::REPLY_HEADERS;
pub use reply::retry_after::parse_retry_after;
pub use request::access::Access;
pub use request::auth::ApiKey;
pub use request::body::{BodyReader, RequestBody, Segment};
pub use request::credentials::Credentials;
pub use request::endpoint::Endpoint;
pub use request::plan::Plan;
pub use request::signature::{Signature, SigningRequest, sign};
pub use retry::{AttemptEvent, DOWNLOAD_RULES, POLL_RULES, RULES, RetryAction, Rule};
pub use {bytes, http, volcv_types as types};
