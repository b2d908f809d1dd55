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
pub use call::delivery::Delivery;
pub use call::limits::{Limits, TimeLimit, Timer};
pub use call::machine::{Attempt, Call, CallConfig, Step};
pub use call::meter::{Backoff, Meter, Observer, Phase, Progress};
pub use call::time::Now;
pub use error::{AttemptRecord, Error, ErrorKind};
pub use exchange::{ReplySink, Request, Stop, TransportError, TransportErrorKind};
pub use outcome::{Outcome, Output};
pub use pool::BufferPool;
pub use reply::inbox::REPLY_HEADERS;
pub use request::auth::ApiKey;
pub use request::body::{BodyReader, RequestBody, Segment};
pub use request::endpoint::Endpoint;
pub use request::plan::Plan;
pub use retry::{AttemptEvent, Decide, RULES, RetryAction, RetryBudget, RetryPolicy, Rule, parse_retry_after};
pub use {bytes, http, volcv_types as types};
