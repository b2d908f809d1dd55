//! A transport without a network: replies from a script, in virtual time. Exempt from semver.
//!
//! ```
//! use volcv_transport::testing::{Act, ScriptedTransport};
//! use volcv_transport::{ClientBuilder, ErrorKind, Outpaint, TransportErrorKind};
//!
//! let script = ScriptedTransport::new([
//!     Act::fail(TransportErrorKind::Io).after(100),
//!     Act::reply(200, r#"{"code":50412,"message":"Text Risk Not Pass"}"#),
//! ]);
//! let client = ClientBuilder::new("https://gateway.example", "key").transport(script.clone()).unwrap();
//! let picture = b"GIF89a\x40\0\x40\0".to_vec();
//! let error = client.outpaint(&Outpaint::equal(picture, 0.5)).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Refused);
//! // The first attempt broke in mid-upload, so it was safe to send again.
//! assert_eq!((script.sent().len(), script.complete_bodies()), (2, 1));
//! ```

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use volcv_core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv_core::{Limits, Now, ReplySink, Request, TimeLimit, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::transport::{AsyncTransport, Transport};

/// Plays one [`Act`] for each attempt. Clones share script, record and clock; it serves both clients.
#[derive(Debug, Clone, Default)]
pub struct ScriptedTransport(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Act>,
    sent: Vec<Sent>,
    waits: Vec<Duration>,
    mono: Duration,
}

/// What one attempt does.
#[derive(Debug, Clone)]
#[must_use]
pub struct Act {
    /// Bytes of the body to take; all if `None`.
    take: Option<u64>,
    time: Duration,
    end: End,
}

#[derive(Debug, Clone)]
enum End {
    Reply { status: u16, headers: HeaderMap, body: Vec<u8>, cut: Option<TransportErrorKind> },
    Fail(TransportErrorKind),
    Hang,
}

impl Act {
    /// Takes the whole body and replies.
    pub fn reply(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(None, End::Reply { status, headers: HeaderMap::new(), body: body.into(), cut: None })
    }

    /// Fails before the first byte of the body, unless [`Act::after`] or [`Act::after_all`] say otherwise.
    pub fn fail(kind: TransportErrorKind) -> Self {
        Self::new(Some(0), End::Fail(kind))
    }

    /// Never goes on, until a limit or the caller ends it.
    pub fn hang() -> Self {
        Self::new(Some(0), End::Hang)
    }

    /// Takes this many bytes of the body first.
    pub fn after(mut self, bytes: u64) -> Self {
        self.take = Some(bytes);
        self
    }

    /// Takes the whole body first.
    pub fn after_all(mut self) -> Self {
        self.take = None;
        self
    }

    /// Takes this long, in virtual time.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// Adds a header to the reply. Only for [`Act::reply`], and only names and values that HTTP allows.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let (End::Reply { headers, .. }, Ok(value)) = (&mut self.end, HeaderValue::from_str(value)) {
            headers.append(HeaderName::from_static(name), value);
        }
        self
    }

    /// Gives the reply these headers. Only for [`Act::reply`].
    pub fn headers(mut self, all: HeaderMap) -> Self {
        if let End::Reply { headers, .. } = &mut self.end {
            *headers = all;
        }
        self
    }

    /// Breaks the connection after the reply's body.
    pub fn cut(mut self, with: TransportErrorKind) -> Self {
        if let End::Reply { cut, .. } = &mut self.end {
            *cut = Some(with);
        }
        self
    }

    fn new(take: Option<u64>, end: End) -> Self {
        Self { take, time: Duration::ZERO, end }
    }
}

/// What one attempt received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sent {
    /// The URL.
    pub uri: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes taken of the body.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub complete: bool,
}

impl ScriptedTransport {
    /// Plays these acts in order. An attempt beyond the last one fails with [`TransportErrorKind::Other`].
    pub fn new(script: impl IntoIterator<Item = Act>) -> Self {
        let transport = Self::default();
        transport.state().script.extend(script);
        transport
    }

    /// Every attempt so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// Attempts whose whole body was taken: what an honest service could have billed.
    pub fn complete_bodies(&self) -> usize {
        self.state().sent.iter().filter(|sent| sent.complete).count()
    }

    /// The waits between attempts. With an async client they include the waits for the limits of a hanging attempt.
    pub fn waits(&self) -> Vec<Duration> {
        self.state().waits.clone()
    }

    /// Acts that were not played.
    pub fn left(&self) -> usize {
        self.state().script.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays the next act; `None` means that it hangs.
    fn play(&self, mut request: Request, reply: &mut dyn ReplySink) -> Option<Result<(), TransportError>> {
        let act = self.state().script.pop_front().unwrap_or(Act::fail(TransportErrorKind::Other));
        let mut body = Vec::new();
        let total = request.body().remaining();
        let take = act.take.unwrap_or(total).min(total);
        if let Err(error) = request.body_mut().take(take).read_to_end(&mut body) {
            return Some(Err(TransportError::with_source(TransportErrorKind::Io, error)));
        }
        {
            let mut state = self.state();
            let (uri, headers) = (request.uri().to_string(), request.headers().clone());
            state.sent.push(Sent { uri, headers, complete: take == total, body });
            state.mono += act.time;
        }
        match act.end {
            End::Hang => None,
            End::Fail(kind) => Some(Err(TransportError::new(kind))),
            End::Reply { status, headers, body, cut } => Some(push(reply, status, &headers, &body, cut)),
        }
    }

    fn wait(&self, time: Duration) {
        let mut state = self.state();
        state.waits.push(time);
        state.mono = state.mono.saturating_add(time);
    }

    fn virtual_now(&self) -> Now {
        let mono = self.state().mono;
        // The start is the example of RFC 9110 for dates: Sun, 06 Nov 1994 08:49:37 GMT.
        Now { mono, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777) + mono }
    }
}

fn push(
    reply: &mut dyn ReplySink,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    cut: Option<TransportErrorKind>,
) -> Result<(), TransportError> {
    reply.head(status, headers)?;
    // A network delivers a reply in pieces.
    for chunk in body.chunks(1000) {
        reply.data(chunk)?;
    }
    cut.map_or(Ok(()), |kind| Err(TransportError::new(kind)))
}

impl Transport for ScriptedTransport {
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        if let Some(result) = self.play(request, reply) {
            return result;
        }
        // The timer thread runs on real time, so a hang in virtual time ends here, at the same limit.
        let sent = self.state().sent.last().map_or((0, true), |sent| (sent.body.len(), sent.complete));
        let (limit, kind) = match sent {
            (0, false) => (limits.connect, TimeLimit::Connect),
            (_, false) => (limits.stall, TimeLimit::Stall),
            (_, true) => (limits.attempt, TimeLimit::Attempt),
        };
        if cancel.is_cancelled() {
            return Err(TransportError::new(TransportErrorKind::Cancelled));
        }
        let (limit, kind) = if limit < limits.attempt { (limit, kind) } else { (limits.attempt, TimeLimit::Attempt) };
        self.state().mono += limit;
        Err(TransportError::new(TransportErrorKind::Timeout(kind)))
    }

    fn sleep(&self, time: Duration, _: &CancelToken) {
        self.wait(time);
    }

    fn now(&self) -> Now {
        self.virtual_now()
    }
}

impl AsyncTransport for ScriptedTransport {
    async fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        _: &Limits,
    ) -> Result<(), TransportError> {
        match self.play(request, reply) {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }

    async fn sleep(&self, time: Duration) {
        self.wait(time);
    }

    fn now(&self) -> Now {
        self.virtual_now()
    }
}
