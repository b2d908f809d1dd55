//! The client for Volcengine's picture outpainting: give it a photo, get a wider one.
//!
//! One call takes seconds, moves megabytes and costs money. So volcv never pays twice, never hangs, and says after every
//! error whether the call was charged ([`Error::charge`]).
//!
//! Blocking, on ureq and without any runtime (feature `ureq`):
//!
//! ```no_run
//! # #[cfg(feature = "ureq")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use volcv::{BlockingClient, Outpaint, Sides};
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
//! Async, on reqwest and tokio (feature `reqwest`):
//!
//! ```no_run
//! # #[cfg(feature = "reqwest")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use volcv::{Client, Outpaint};
//!
//! let client = Client::new("https://gateway.example", std::env::var("VOLCV_API_KEY")?)?;
//! let outpaint = Outpaint::aspect(std::fs::read("photo.jpg")?, 16.0, 9.0).prompt("a lake at dawn");
//! let result = client.outpaint(&outpaint).await?;
//! std::fs::write("wide.png", result.picture().expect("bytes unless return_url is set"))?;
//! # Ok(())
//! # }
//! ```
//!
//! From pixels to pixels, planned before it is paid for, with the original in the result bit for bit (feature `image`):
//!
//! ```no_run
//! # #[cfg(all(feature = "image", feature = "ureq"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use volcv::{BlockingClient, ExpandBlocking as _, ExpandOptions, Size, Wish};
//!
//! let client = BlockingClient::new("https://gateway.example", std::env::var("VOLCV_API_KEY")?)?;
//! let wish = Wish::target(Size { width: 3840, height: 2160 });
//! let wide = client.expand(std::fs::read("photo.jpg")?, &wish, &ExpandOptions::new().max_passes(2))?;
//! assert!(wide.is_exact());
//! # Ok(())
//! # }
//! # #[cfg(not(all(feature = "image", feature = "ureq")))]
//! # fn main() {}
//! ```
//!
//! With an access key of Volcengine instead of a gateway's key, and as a task whose result another process can fetch:
//!
//! ```no_run
//! # #[cfg(feature = "ureq")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use volcv::{BlockingClient, CallOptions, CredentialsSource, Outpaint, TaskRequest};
//!
//! let client = BlockingClient::direct(CredentialsSource::find()?)?;
//! let request = TaskRequest::of(&Outpaint::equal(std::fs::read("photo.jpg")?, 0.5))?;
//! let task = client.submit(&request, &CallOptions::new())?;
//! std::fs::write("task.json", task.to_string())?;
//! let result = client.wait(&task, &CallOptions::new())?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "ureq"))]
//! # fn main() {}
//! ```
//!
//! [`ClientBuilder`] sets limits, retries, proxies and TLS, and takes a [`Transport`] or an [`AsyncTransport`] of your own.
//!
//! # Features
//!
//! All are additive; none changes what code without it does.
//!
//! | feature | brings | default |
//! |---|---|---|
//! | `ureq` | [`BlockingClient`]`::new` | no |
//! | `reqwest` | [`Client`]`::new`, with tokio's timer | no |
//! | `image` | whole operations on pixels: [`Expand`], [`ExpandBlocking`], and the codecs below them | yes |
//! | `tls-ring`, `tls-aws-lc-rs` | a crypto provider; `Tls` picks one where both are there | ring |
//! | `roots-webpki`, `roots-platform` | root certificates; `Tls` picks | webpki |
//! | `tracing` | events (target `volcv`) when an attempt starts and ends, and when a call ends | no |
//! | `test-util` | `testing`, exempt from semver | no |
//!
//! # Cancel safety
//!
//! A future of [`Client`] may be dropped at any moment: its connection is closed, and no task and no thread stays.
//! A [`CancelToken`] ends a blocking call in any phase; a helper thread that was resolving a name or connecting then
//! ends by itself, one that connects within the connect limit. What the service had received by then may still be billed:
//! [`Error::charge`] says so.
//!
//! # Secrets
//!
//! Keys, secret keys and session tokens are in no text, log or `Debug` output, and are wiped when they are dropped. They are
//! replaced in texts of the service before those become part of an error.
//!
//! # Memory
//!
//! Neither a request nor a reply is ever held as text. A picture of 256 KiB or more has memory of its own, which goes back
//! to the system when the picture is dropped; a client keeps up to four such pieces, 24 MiB together, for its next pictures.
//!
//! # Networks
//!
//! Calls go to the base URL's host only: they follow no redirect. Downloads of result links follow up to five,
//! without the key, to `https` only, and to no address of a private network or of this machine that the base URL is not in
//! itself. Host names are not resolved for that check.
//!
//! Proxies are used only when they are named: by `ClientBuilder::proxy`, or, for those of the environment, by
//! `ClientBuilder::proxy_from_env`. A `Proxy` is asked for a tunnel, for `http` URLs too, by calls and by downloads
//! alike: it learns the target's host and port, and never the key. A proxy that fails is [`ErrorKind::Connect`] and tried
//! again; one that asks for credentials, or for others, is [`ErrorKind::Config`] and is not.

#![forbid(unsafe_code)]

#[cfg(feature = "image")]
mod expand;

#[cfg(feature = "image")]
pub use expand::{Expand, ExpandBlocking, ExpandOptions, Expanded, ExpandedPass, Source, best};
#[cfg(feature = "image")]
pub use volcv_image::{
    Alpha, Chroma, ColorProfile, DecodeLimits, DecodeOptions, EncodeOptions, Encoded, Encoding, Fill, FitOptions,
    FitReport, Image, ImageError, ImageInfo, Layout, Mask, PixelFormat, Pixels, PixelsMut, PngEffort, Provenance,
    RowOrder, Sheet, contact_sheet, decode, decode_into, encode, fit, pad, probe, resize,
};
#[cfg(feature = "ureq")]
pub use volcv_transport::UreqTransport;
#[cfg(windows)]
#[doc(hidden)]
pub use volcv_transport::no_thread_is_left;
pub use volcv_transport::{
    Ability, AbilityRequest, AigcMeta, Anchor, Aspect, AsyncCredentialsProvider, AsyncTransport, AttemptRecord,
    Backoff, Begun, BlockingClient, BoxFuture, Bytes, CallOptions, CancelGuard, CancelToken, CanvasGeometry, Charge,
    Client, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, CredentialsSource, CvRequest, Delivery,
    EraseQuality, Error, ErrorKind, Execution, ExpandPlan, InpaintEdit, InpaintErase, InvalidInput, Journal,
    JournalEntry, Keep, Limits, Logo, LogoLanguage, LogoPosition, Margins, Outcome, Outpaint, Output, PaintingEdit,
    Pass, PassMode, Phase, Picture, PictureFormat, PictureInfo, PlanOptions, Progress, PromptField, RecordedReply,
    Rect, Reply, ReplySink, Request, RetryAction, RetryBudget, RetryPolicy, ServiceCode, Sides, Size, Task,
    TaskActions, TaskReport, TaskRequest, TaskStatus, TimeoutGuard, TooSmall, Transport, TransportError,
    TransportErrorKind, Wish, from_async_fn, from_fn, plan,
};
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub use volcv_transport::{CryptoChoice, Proxy, RootChoice, Tls};
#[cfg(feature = "reqwest")]
pub use volcv_transport::{ReqwestTransport, unversioned};

#[cfg(feature = "test-util")]
pub use volcv_transport::testing;

/// The machine inside, for authors of transports and drivers.
pub use volcv_transport::core;
