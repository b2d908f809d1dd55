//! The machine of the volcv client, without any I/O.
//!
//! What to send, whether to send it again, what the answer means and what it cost: all of that is decided here, once,
//! for the blocking client, the async client, the C library and hosts that bring their own HTTP. This crate must
//! never hold a socket, a clock, a sleep, a thread or a TLS stack; time is handed in as [`Now`].
//!
//! Three ideas carry it:
//!
//! * **Requests are pulled, replies are pushed.** A transport reads the body from a [`BodyReader`] of known length,
//!   which makes base64 of raw picture bytes as it is read, and pushes the reply into a [`ReplySink`].
//! * **The [`Meter`] knows what was delivered.** The service acts on complete JSON only. Nothing or part of the body
//!   taken: nothing was bought, and the call may be sent again. All of it taken: the outcome is unknown, and it may not.
//! * **One table.** [`RULES`] says for everything that can happen whether it was charged and what follows.
//!
//! Programs use `volcv-transport`; this crate is for those who write drivers and transports.

mod auth;
mod batch;
mod body;
mod buffer;
mod call;
mod classify;
mod codec;
mod decode;
mod endpoint;
mod error;
mod exchange;
mod host;
mod inbox;
mod lenient;
mod limits;
mod meter;
mod outcome;
mod picture_text;
mod plan;
mod redact;
mod reply_text;
mod retry;
mod scan;
mod spare;
mod time;

pub use auth::ApiKey;
pub use batch::Batch;
pub use body::{BodyReader, RequestBody, Segment};
pub use buffer::Buffer;
pub use call::{Attempt, Call, CallConfig, Step};
pub use endpoint::Endpoint;
pub use error::{AttemptRecord, Error, ErrorKind};
pub use exchange::{ReplySink, Request, Stop, TransportError, TransportErrorKind};
pub use inbox::REPLY_HEADERS;
pub use limits::{Limits, TimeLimit, Watch};
pub use meter::{Backoff, Delivery, Meter, Observer, Phase, Progress};
pub use outcome::{Outcome, Output};
pub use plan::Plan;
pub use retry::{Decide, Happened, RULES, RetryBudget, RetryPolicy, Rule, Then, parse_retry_after};
pub use spare::Spare;
pub use time::Now;
pub use {bytes, http, volcv_types as types};
