//! A local stand-in for the gateway `POST /volcv/v1?Action=CVProcess&Version=2022-08-31`, and beside it for the service's own
//! endpoint, `POST /` with a signature.
//!
//! It checks requests as the service does, answers in the service's own envelopes and codes, paints a real (but not a
//! model's) picture, and misbehaves on demand, down to the socket. It shares no code with the client crates on purpose: in
//! tests it is the independent judge of what the client sent.
//!
//! ```
//! use volcv_emulator::{Emulator, Fault};
//!
//! let emulator = Emulator::start()?;
//! emulator.push(Fault::code(50429)); // one request is throttled, then it behaves
//! println!("listening on {}", emulator.base_url());
//! assert_eq!(emulator.charges(), 0);
//! # std::io::Result::Ok(())
//! ```
//!
//! # What it serves
//!
//! * `POST /volcv/v1` (the gateway) with a bearer key ([`DEFAULT_KEY`]), and `POST /` (direct access) with a signature, also on any
//!   other path that ends with a slash. Both need `Host`, `Content-Type: application/json` and a `Content-Length`, and serve the
//!   actions below.
//! * Direct access takes the pair [`DEFAULT_ACCESS_KEY`] and [`DEFAULT_SECRET_KEY`], or temporary pairs with a session token. It
//!   verifies the HMAC-SHA256 signature over the request as it came, with the signed headers that the client names (`host` and
//!   `x-date` at least), `X-Content-Sha256` where present, the scope (`cn-north-1`, `cv`) and the token, and refuses an
//!   `X-Date` that is more than 15 minutes from the server's clock ([`EmulatorBuilder::clock_offset`]). Its errors are those of
//!   the outer gateway, `ResponseMetadata.Error`. Every reply of either side has a `Date` by the server's clock.
//! * Pictures: `CVProcess` with `req_key` `i2i_outpainting`, `i2i_inpainting_edit` or `i2i_inpainting`, and the actions
//!   `Img2ImgOutpainting`, `Img2ImgInpaintingEdit` and `Img2ImgInpainting`, which imply it. Each checks its own fields. The last two
//!   abilities paint the white part of a mask, and nothing else.
//! * Tasks: `CVSync2AsyncSubmitTask` with `CVSync2AsyncGetResult`, and `CVSubmitTask` with `CVGetResult`, for those abilities and
//!   for `jimeng_img2img_seed3_painting_edit`, which has no other way. A [`TaskPace`] says how many polls find a task `in_queue`
//!   and `generating` before it is `done`. A poll with another `req_key` or of the other pair finds it `not_found`. What stands
//!   in the poll's `req_json` (`return_url`, `logo_info`, `aigc_meta`) is done; in a submit it is ignored, and recorded like the
//!   rest of the body. `CVCancelTask`, version `2024-06-06`, makes a task that is not done `not_found`.
//! * `GET /files/NAME`: the links that `return_url` asks for. They are public, so a request with an `Authorization` header
//!   is refused with 400: a client must never send its key there.
//! * A prompt with `[refuse:N]` is answered with the service code N; a task with it is taken, and has that code when it is done.
//! * `logo_info` with `add_logo` draws the letters "AI" into a corner of the result. `aigc_meta` is written into the file: a
//!   `tEXt` chunk with the keyword `AIGC` in PNG, a comment `AIGC={…}` in JPEG. Both as JSON in ASCII.
//! * A [`Distortion`] changes every result as a model does: colours, place and size.
//!
//! # Faults
//!
//! A [`Fault`] is pushed for one coming request, a download of a file included, or for one coming connection if its
//! stage is `accept`. A body with a picture makes no difference to a download. A reply that is followed by a connection
//! fault closes its connection, so that a connection pool cannot step around the fault. As text a fault is `ok`, or a
//! list of these words with commas between them:
//!
//! | word | effect |
//! |---|---|
//! | `code=N` | the service code N (or the CodeN of the outer gateway, 100002 to 100016) with its HTTP status |
//! | `status=N` | the HTTP status, 200 to 599; alone: an error of the aggregator with this status |
//! | `retry-after=TEXT` | a `Retry-After` header; the text may not hold a comma |
//! | `retry-after-date=S` | a `Retry-After` header with the date S seconds from now (negative: in the past) |
//! | `body=KIND` | the shape of the body, see below |
//! | `location=URL` | where `body=redirect` points to |
//! | `delay=MS` | a pause before the answer, or before `close` and `reset` |
//! | `stall=STAGE` | stops at `accept`, `headers`, after N request body bytes, `body` (all of it), `reply-head` or `reply-body` |
//! | `for=MS` | ends the stall after that time; the exchange goes on |
//! | `trickle=BYTES/MS` | the whole reply, head included, in pieces with a pause after each |
//! | `cut=N` | the reply body ends after N bytes, then the connection closes |
//! | `oversize=N` | the reply body is padded with spaces to N bytes, streamed |
//! | `length=+N`, `length=-N` | a wrong `Content-Length`, then the connection closes |
//! | `chunked`, `close-delimited` | how the end of the reply body is marked |
//! | `endless-headers` | the reply head never ends |
//! | `close=STAGE`, `reset=STAGE` | drops the connection at `accept`, `headers`, after N request body bytes, or `body` |
//! | `early=keep`, `early=close` | answers before the request body is read, then reads it or closes |
//! | `garbage` | bytes that are not HTTP, then the connection closes |
//! | `action=KIND` | waits for a request of this kind: `call`, `submit`, `result`, `cancel` or `file` (a download) |
//!
//! A request takes the first fault in the queue that is not aimed at another kind. Faults apply to both sides alike.
//!
//! A `delay` or `stall` ends at once when the client closes its side of the connection, also if only half.
//!
//! Kinds of body. Errors: `cv`, `cv-empty-data`, `top`, `top-cv-code`, `result-error`, `gateway`, `gateway-quota`,
//! `upstream-text`, `upstream-object`, `upstream-empty`, `success-false`, `html`, `empty`, `inner-status`,
//! `control-chars`, `nul`, `redirect`. Successes without a picture: `no-picture`, `null-arrays`. With a picture:
//! `result-success`, `both-arrays`, `string-picture`, `escaped`, `data-uri`, `unpadded`, `wrapped`, `bom`, `decoy`,
//! `gzip`, `deep`, `bad-utf8`, `empty-errors`, `error-beside`, `data-uri-link`, `base64-link`, `link-in-bytes`,
//! `padded-link`, `url-safe`, `url-safe-padded`, `raw-wrapped`, `cut-picture`, `one-of-two-cut`, `numbers`,
//! `lone-surrogate`, `raw-control`, `latin1`, `gbk`, `numeric-id`, `comment-before`, `nul-behind`, `text-behind`,
//! `two-documents`. [`BodyKind::meaning`] explains each. A request that the checks refuse gets its refusal, even when a
//! body with a picture was asked for.

mod ability;
mod answer;
mod body;
mod clock;
mod codes;
mod connection;
mod direct;
mod distortion;
mod emulator;
mod envelope;
mod exchange;
mod fault;
mod format;
mod gateway;
mod gzip;
mod http;
mod kind;
mod paint;
mod provenance;
mod record;
mod reply;
mod send;
mod server;
mod service;
mod shared;
mod task;

pub use distortion::{Distortion, DistortionError};
pub use emulator::{Emulator, EmulatorBuilder};
pub use fault::{BodyKind, Early, Fault, FaultError, Framing, HangUp, Stage, Trickle};
pub use format::OutputFormat;
pub use kind::{AccessKind, RequestKind};
pub use record::RequestRecord;
pub use task::{TaskPace, TaskPaceError};

/// The key that an emulator accepts unless it is told otherwise.
pub const DEFAULT_KEY: &str = "emulator-key";

/// The access key that an emulator accepts on direct access unless it is told otherwise.
pub const DEFAULT_ACCESS_KEY: &str = "AKEMULATOR";

/// The secret key of [`DEFAULT_ACCESS_KEY`].
pub const DEFAULT_SECRET_KEY: &str = "emulator-secret-key";

/// For programs to print when they start an emulator or use one.
pub const BANNER: &str =
    "volcv emulator: its pictures are painted locally, not made by a model, and nothing is charged";

// The code of the README is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
