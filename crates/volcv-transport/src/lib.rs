//! Clients for Volcengine's picture outpainting that never pay twice.
//!
//! [`BlockingClient`] runs on ureq without any runtime, [`Client`] on reqwest and tokio, and both on any
//! [`Transport`] or [`AsyncTransport`] of your own. Whether a call is sent again, what an answer means and what it
//! cost is decided in `volcv-core` for all of them.
//!
//! ```no_run
//! # #[cfg(feature = "ureq")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use volcv_transport::{BlockingClient, Outpaint, Sides};
//!
//! let client = BlockingClient::new("https://gateway.example", std::env::var("VOLCV_API_KEY")?)?;
//! let wider = Sides { left: 0.5, right: 0.5, ..Sides::ZERO };
//! let result = client.outpaint(&Outpaint::sides(std::fs::read("photo.jpg")?, wider))?;
//! std::fs::write("wide.png", result.picture().expect("bytes unless return_url is set"))?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "ureq"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! All are additive; none changes what code without it does.
//!
//! | feature | brings | default |
//! |---|---|---|
//! | `reqwest` | [`Client::new`], with tokio's timer | yes |
//! | `ureq` | [`BlockingClient::new`] | no |
//! | `tls-ring`, `tls-aws-lc-rs` | a crypto provider; [`Tls`] picks one where both are there | ring |
//! | `roots-webpki`, `roots-platform` | root certificates; [`Tls`] picks | webpki |
//! | `tracing` | events (target `volcv`) when an attempt starts and ends, and when a call ends | no |
//! | `test-util` | [`testing`], exempt from semver | no |
//!
//! # Cancel safety
//!
//! A future of [`Client`] may be dropped at any moment: its connection is closed, no task and no thread stays behind.
//! A [`CancelToken`] ends a blocking call in any phase; helper threads that were resolving a name or connecting then
//! end by themselves, those that connect within the connect limit. What the service had received by then may still be billed:
//! [`Error::charge`] says so.
//!
//! # Memory
//!
//! Neither a request nor a reply is ever held as text. The memory of pictures of 256 KiB and more that were dropped stays
//! with the client for the next: 24 MiB, and above that what was needed within the last five to ten seconds, after which a thread
//! that is there only then gives it back. All of it goes back when the last clone of the client is dropped.
//!
//! # Networks
//!
//! Calls go to the base URL's host and to nobody else: they follow no redirect. Downloads of result links follow up to five,
//! without the key, to `https` only, and to no address of a private network or of this machine that the base URL is not in
//! itself. Host names are not resolved for that check.
//!
//! Proxies are used only when they are named: by [`ClientBuilder::proxy`], or, for those of the environment, by
//! [`ClientBuilder::proxy_from_env`]. A [`Proxy`] is asked for a tunnel, for `http` URLs too, by calls and by downloads
//! alike: it learns the target's host and port, and never the key. A proxy that fails is [`ErrorKind::Connect`] and tried
//! again; one that asks for credentials, or for others, is [`ErrorKind::Config`] and is not.

mod builder;
mod cancel;
mod client;
mod drive;
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
pub use options::CallOptions;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub use proxy::Proxy;
#[cfg(feature = "reqwest")]
pub use reqwest::ReqwestTransport;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub use tls::{CryptoChoice, RootChoice, Tls};
pub use transport::{AsyncTransport, BoxFuture, Transport, from_async_fn, from_fn};
#[cfg(feature = "ureq")]
pub use ureq::UreqTransport;

pub use bytes::Bytes;
pub use volcv_core as core;
pub use volcv_core::types::{
    AigcMeta, Charge, CvRequest, InvalidInput, Logo, LogoLanguage, LogoPosition, Outpaint, Picture, PictureFormat,
    PictureInfo, PromptField, Reply, ServiceCode, Sides, Size,
};
pub use volcv_core::{
    AttemptRecord, Backoff, Delivery, Error, ErrorKind, Limits, Outcome, Output, Phase, Progress, ReplySink, Request,
    RetryBudget, RetryPolicy, TransportError, TransportErrorKind,
};
