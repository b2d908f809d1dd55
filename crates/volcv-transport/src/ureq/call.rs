//! What a connection of ureq has to know of the call that it serves: its cancel, its socket, its key.

use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use volcv_core::BodyReader;

use crate::cancel::{CancelGuard, CancelToken};
use crate::ureq::happy_eyeballs::interrupted;
use crate::ureq::socket::Socket;

/// One call. ureq runs a call on the thread that asks for it, and tells its connections nothing of the call, so the call is
/// a variable of the thread.
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) cancel: CancelToken,
    pub(super) connect_limit: Duration,
    /// The length of the request's body.
    pub(super) body: u64,
    socket: Arc<Mutex<Option<Socket>>>,
    /// The credentials, until they are sent.
    pub(super) credentials: Mutex<Vec<(HeaderName, HeaderValue)>>,
    /// The headers of the reply, of which ureq gets only the framing.
    pub(super) headers: Mutex<HeaderMap>,
    /// The server has answered before it had the whole request.
    pub(super) answered_early: AtomicBool,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Call>>> = const { RefCell::new(None) };
}

impl Call {
    /// Begins a call on this thread. It ends when the guard is dropped.
    pub(super) fn begin(
        cancel: &CancelToken,
        connect_limit: Duration,
        credentials: Vec<(HeaderName, HeaderValue)>,
        body: u64,
    ) -> CallGuard {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let call = Arc::new(Self {
            id: NEXT.fetch_add(1, Relaxed),
            cancel: cancel.clone(),
            connect_limit,
            body,
            socket: Arc::default(),
            credentials: Mutex::new(credentials),
            headers: Mutex::default(),
            answered_early: AtomicBool::new(false),
        });
        let (id, socket) = (call.id, Arc::clone(&call.socket));
        let on_cancel = cancel.on_cancel(move || {
            let socket = lock(&socket).clone();
            socket.iter().for_each(|socket| socket.shut_down_for(id));
        });
        let outer = CURRENT.replace(Some(Arc::clone(&call)));
        CallGuard { call, outer, _on_cancel: on_cancel }
    }

    pub(super) fn current() -> io::Result<Arc<Call>> {
        CURRENT.with_borrow(Clone::clone).ok_or_else(|| io::Error::other("no call is in progress on this thread"))
    }

    pub(super) fn take_headers(&self) -> HeaderMap {
        std::mem::take(&mut *lock(&self.headers))
    }

    /// Says which socket a cancel of this call has to shut down.
    pub(super) fn uses(&self, socket: &Socket) -> io::Result<()> {
        socket.belongs_to(self.id);
        *lock(&self.socket) = Some(socket.clone());
        // A cancel that came just before has missed the socket.
        if self.cancel.is_cancelled() { Err(interrupted()) } else { Ok(()) }
    }
}

/// The call of this thread. An observer of its progress may run another call, which ends first.
pub(super) struct CallGuard {
    pub(super) call: Arc<Call>,
    outer: Option<Arc<Call>>,
    _on_cancel: CancelGuard,
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        CURRENT.set(self.outer.take());
    }
}

/// The body of the request. Behind an early answer ureq still wants all of it: it gets zeros, which are never sent, and the
/// meter keeps the count of what was delivered.
pub(super) struct Upload {
    body: BodyReader,
    call: Arc<Call>,
    zeros: u64,
}

impl Upload {
    pub(super) fn new(body: BodyReader, call: &Arc<Call>) -> Self {
        Self { body, call: Arc::clone(call), zeros: 0 }
    }
}

impl Read for Upload {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.call.answered_early.load(Relaxed) {
            return self.body.read(out);
        }
        let left = usize::try_from(self.body.remaining() - self.zeros).unwrap_or(usize::MAX);
        let bytes = left.min(out.len());
        out[..bytes].fill(0);
        self.zeros += bytes as u64;
        Ok(bytes)
    }
}

/// No lock of this transport can leave its value half-changed, so a poisoned one can be used.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
