//! The journal of a call: what a program writes down about attempts that cost money, before and after them.
//!
//! A program that is killed knows from its journal what it may have bought. What an attempt cost is decided by the core; a
//! journal only keeps it.

use std::fmt;
use std::io::{self, Read as _};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use bytes::Bytes;
use volcv_core::http::HeaderMap;
use volcv_core::{AttemptRecord, Error, ReplySink, Request, RequestBody, Stop, TransportError, TransportErrorKind};

use crate::transport::BoxFuture;

/// Is told of each attempt of a paid call; questions about tasks and downloads cost nothing, and are not told.
///
/// A blocking client waits for its futures on the thread of the call, an async one in the task of the call.
pub trait Journal: Send + Sync + 'static {
    /// Writes down that this body is about to be sent. Nothing of it leaves before the future is ready, and no limit of the call but its
    /// deadline runs until then, so a journal may wait here for its turn. A cancel drops the future.
    ///
    /// An answer that was recorded for the same body (see [`RequestBody::sha256`]) may be given instead: the call reads it as if the
    /// service had just sent it, and sends nothing.
    ///
    /// An error ends the call; nothing was sent.
    fn begin<'a>(&'a self, body: &'a RequestBody) -> BoxFuture<'a, Result<Begun, Error>>;
}

/// What [`Journal::begin`] found.
#[derive(Debug)]
pub enum Begun {
    /// The attempt is written down, and may be sent.
    Send(Box<dyn JournalEntry>),
    /// The answer to this body is known already.
    Answered(RecordedReply),
}

/// The entry of one attempt. It is dropped without [`JournalEntry::ended`] only if the future of the whole call is dropped.
pub trait JournalEntry: fmt::Debug + Send + 'static {
    /// The answer begins. It is called at most once, in the thread or task that reads the answer.
    fn head(&mut self, status: u16, headers: &HeaderMap);

    /// The next bytes of the answer's body.
    fn data(&mut self, chunk: &[u8]);

    /// The attempt has ended: the record says what was delivered and what it cost. `None` if the call ended before it was sent. The call
    /// goes on, or gives its result, when the future is ready; a cancel does not drop it.
    fn ended(self: Box<Self>, record: Option<AttemptRecord>) -> BoxFuture<'static, ()>;
}

/// An answer that was recorded.
#[derive(Clone)]
pub struct RecordedReply {
    /// The HTTP status.
    pub status: u16,
    /// Those headers that were recorded; [`REPLY_HEADERS`](volcv_core::REPLY_HEADERS) are the ones that are read.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

/// Prints the length in place of the body.
impl fmt::Debug for RecordedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedReply(status {}, {} bytes)", self.status, self.body.len())
    }
}

/// A sink that tells a journal of the answer, too.
pub(crate) struct Told<'a> {
    pub(crate) reply: &'a mut (dyn ReplySink + Send),
    pub(crate) entry: &'a mut dyn JournalEntry,
}

impl ReplySink for Told<'_> {
    fn head(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Stop> {
        self.entry.head(status, headers);
        self.reply.head(status, headers)
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        self.entry.data(chunk);
        self.reply.data(chunk)
    }
}

/// Answers a request with what was recorded. The whole body counts as delivered, as it was then.
pub(crate) fn replay(
    request: Request,
    recorded: &RecordedReply,
    reply: &mut (dyn ReplySink + Send),
) -> Result<(), TransportError> {
    let mut piece = [0; 16 * 1024];
    let mut body = request.into_body();
    let failed = |error: io::Error| TransportError::with_source(TransportErrorKind::Other, error);
    while body.read(&mut piece).map_err(failed)? > 0 {}
    reply.head(recorded.status, &recorded.headers)?;
    Ok(reply.data(&recorded.body)?)
}

/// Waits for a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (mut context, mut future) = (Context::from_waker(&waker), pin!(future));
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
