//! The host's own HTTP as a transport: the worker waits while the host pulls the body and pushes the reply, from
//! whatever thread it likes.

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::sync::{Arc, PoisonError};

use volcv::core::http::request;
use volcv::core::http::{HeaderMap, HeaderName, HeaderValue};
use volcv::core::{BodyReader, Stop, TimeLimit};
use volcv::{CancelToken, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use super::hooks::Hooks;
use super::sync::{Condvar, Mutex};
use super::{CError, inject, lock};
use crate::abi::*;

/// The functions of a `volcv_http_transport`.
pub(crate) struct HostHooks {
    pub(crate) user: *mut c_void,
    pub(crate) start:
        unsafe extern "C" fn(*mut c_void, *mut volcv_client, volcv_exchange, *const volcv_http_request) -> volcv_result,
    pub(crate) cancel: unsafe extern "C" fn(*mut c_void, volcv_exchange),
    pub(crate) destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the header says that these are called on any thread, and what `user` points to is the host's affair.
unsafe impl Send for HostHooks {}
// SAFETY: as above.
unsafe impl Sync for HostHooks {}

/// The host's transport and its exchanges.
pub(super) struct HostHttp {
    functions: HostHooks,
    client: usize,
    hooks: Arc<Hooks>,
    exchanges: Mutex<HashMap<volcv_exchange, Arc<Exchange>>>,
    destroyed: AtomicBool,
}

/// One attempt in the hands of the host.
pub(crate) struct Exchange {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The rest of the body and the place for the reply; `None` once volcv has no more interest.
    open: Option<Open>,
    /// How the host ended it.
    ended: Option<Result<(), TransportError>>,
}

struct Open {
    body: BodyReader,
    reply: *mut (dyn ReplySink + Send),
    has_head: bool,
}

// SAFETY: the sink is Send, and it is only used under the lock, by one thread at a time.
unsafe impl Send for Open {}

impl HostHttp {
    pub(super) fn new(functions: HostHooks, client: usize, hooks: Arc<Hooks>) -> Self {
        Self { functions, client, hooks, exchanges: Mutex::default(), destroyed: AtomicBool::new(false) }
    }

    pub(super) fn find(&self, id: volcv_exchange) -> Option<Arc<Exchange>> {
        lock(&self.exchanges).get(&id).map(Arc::clone)
    }

    /// The last call to the host.
    pub(super) fn destroy(&self) {
        if let (false, Some(destroy)) = (self.destroyed.swap(true, SeqCst), self.functions.destroy) {
            // SAFETY: the header asks for a function that takes this, and says that it is the last call.
            self.hooks.call(|| unsafe { destroy(self.functions.user) });
        }
    }

    /// One attempt, with the arguments of [`Transport::send`](volcv::Transport::send).
    pub(super) fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Relaxed);
        let (head, body) = request.into_parts();
        let size = body.remaining();
        let reply: *mut (dyn ReplySink + Send + '_) = reply;
        // SAFETY: only the lifetime is stretched. `Guard` takes the pointer back, under the lock, before this function
        // returns or unwinds, and it is copied nowhere.
        let reply =
            unsafe { std::mem::transmute::<*mut (dyn ReplySink + Send + '_), *mut (dyn ReplySink + Send)>(reply) };
        let state = State { open: Some(Open { body, reply, has_head: false }), ended: None };
        let exchange = Arc::new(Exchange { state: Mutex::new(state), changed: Condvar::new() });
        lock(&self.exchanges).insert(id, Arc::clone(&exchange));
        let guard = Guard { host: self, id, exchange: &exchange };

        let waiting = Arc::clone(&exchange);
        let _on_cancel = cancel.on_cancel(move || waiting.wake());
        if !cancel.is_cancelled() {
            if let Err(result) = self.start(id, &head, size, limits) {
                lock(&exchange.state).ended.get_or_insert(Err(error_of(result, None)));
            }
        }
        let ended = exchange.wait(cancel);
        drop(guard);
        ended.unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Cancelled)))
    }

    fn start(
        &self,
        id: volcv_exchange,
        head: &request::Parts,
        body_size: u64,
        limits: &Limits,
    ) -> Result<(), volcv_result> {
        // Neither a URL nor a valid header can have a NUL.
        let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| VOLCV_E_INTERNAL);
        let (method, url) = (text(head.method.as_str().as_bytes())?, text(head.uri.to_string().as_bytes())?);
        let pair = |(name, value): (&HeaderName, &HeaderValue)| Ok((text(name.as_ref())?, text(value.as_bytes())?));
        let texts = head.headers.iter().map(pair).collect::<Result<Vec<_>, volcv_result>>()?;
        let headers: Vec<_> =
            texts.iter().map(|(name, value)| volcv_header { name: name.as_ptr(), value: value.as_ptr() }).collect();
        let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        let request = volcv_http_request {
            struct_size: size_of::<volcv_http_request>() as u32,
            flags: 0,
            body_size,
            connect_limit_ms: ms(limits.connect),
            attempt_limit_ms: ms(limits.attempt),
            method: method.as_ptr(),
            url: url.as_ptr(),
            headers: headers.as_ptr(),
            header_count: headers.len(),
        };
        let client = std::ptr::without_provenance_mut(self.client);
        // SAFETY: the header asks for a function that takes these, and says that the request lives during the call.
        let started = self.hooks.call(|| unsafe { (self.functions.start)(self.functions.user, client, id, &request) });
        wipe(texts);
        match started {
            Some(VOLCV_OK) => Ok(()),
            Some(failed) => Err(failed),
            // Silence: the client is being destroyed.
            None => Err(VOLCV_E_CANCELLED),
        }
    }
}

/// One of the headers is the key.
fn wipe(texts: Vec<(CString, CString)>) {
    use zeroize::Zeroize as _;
    texts.into_iter().for_each(|(_, value)| value.into_bytes().zeroize());
}

/// Ends the exchange for the host, however the worker leaves it.
struct Guard<'a> {
    host: &'a HostHttp,
    id: volcv_exchange,
    exchange: &'a Exchange,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        lock(&self.host.exchanges).remove(&self.id);
        let mut state = lock(&self.exchange.state);
        state.open = None;
        let unended = state.ended.is_none();
        drop(state);
        if unended {
            let HostHooks { user, cancel, .. } = self.host.functions;
            // SAFETY: the header asks for a function that takes these.
            self.host.hooks.call(|| unsafe { cancel(user, self.id) });
        }
    }
}

impl Exchange {
    /// Waits for the end; `None` if cancelled before.
    fn wait(&self, cancel: &CancelToken) -> Option<Result<(), TransportError>> {
        let mut state = lock(&self.state);
        loop {
            if let Some(ended) = &mut state.ended {
                // `Ok` stays behind, so that the guard knows that it has ended.
                return Some(std::mem::replace(ended, Ok(())));
            }
            if cancel.is_cancelled() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wake(&self) {
        drop(lock(&self.state));
        self.changed.notify_all();
    }

    /// The next bytes of the body.
    pub(crate) fn read(&self, room: &mut [u8]) -> Result<usize, CError> {
        let mut state = lock(&self.state);
        let open = state.open()?;
        // The reader fails only when the attempt is over.
        open.body.read(room).map_err(|_| over())
    }

    pub(crate) fn head(&self, status: u16, headers: &HeaderMap) -> Result<(), CError> {
        let mut state = lock(&self.state);
        let open = state.open()?;
        if status < 200 {
            return Ok(());
        }
        if open.has_head {
            return Err(CError::new(VOLCV_E_INVALID_ARGUMENT, "the exchange has a head already"));
        }
        open.has_head = true;
        self.push(&mut state, |reply| reply.head(status, headers))
    }

    pub(crate) fn data(&self, data: &[u8]) -> Result<(), CError> {
        let mut state = lock(&self.state);
        if !state.open()?.has_head {
            return Err(CError::new(VOLCV_E_INVALID_ARGUMENT, "the exchange has no head yet"));
        }
        self.push(&mut state, |reply| inject::point(inject::Layer::Reply, || reply.data(data)))
    }

    /// Pushes a part of the reply. A panic leaves it in an unknown state, so the exchange is over.
    fn push(&self, state: &mut State, part: impl FnOnce(&mut dyn ReplySink) -> Result<(), Stop>) -> Result<(), CError> {
        let reply = state.open()?.reply;
        // SAFETY: the sink lives as long as the exchange is open, which the lock keeps it.
        let push = || part(unsafe { &mut *reply });
        let (error, failure) = match catch_unwind(AssertUnwindSafe(push)) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(stop)) => (stop.into(), CError::new(VOLCV_E_CANCELLED, "volcv wants no more of this reply")),
            Err(panic) => (TransportError::new(TransportErrorKind::Other), CError::panic(&*panic)),
        };
        state.open = None;
        state.ended = Some(Err(error));
        self.changed.notify_all();
        Err(failure)
    }

    pub(crate) fn complete(&self, result: volcv_result, reason: Option<String>) -> Result<(), CError> {
        let mut state = lock(&self.state);
        let has_head = state.open()?.has_head;
        state.open = None;
        state.ended = Some(match result {
            VOLCV_OK if has_head => Ok(()),
            VOLCV_OK => Err(error_of(VOLCV_E_PROTOCOL, Some("the reply has no head".to_owned()))),
            failed => Err(error_of(failed, reason)),
        });
        self.changed.notify_all();
        Ok(())
    }
}

impl State {
    fn open(&mut self) -> Result<&mut Open, CError> {
        self.open.as_mut().ok_or_else(over)
    }
}

fn over() -> CError {
    CError::stale("exchange")
}

fn error_of(result: volcv_result, reason: Option<String>) -> TransportError {
    let kind = match result {
        VOLCV_E_CONNECT => TransportErrorKind::Connect,
        VOLCV_E_TLS => TransportErrorKind::Tls,
        VOLCV_E_TIMEOUT => TransportErrorKind::Timeout(TimeLimit::Attempt),
        VOLCV_E_IO => TransportErrorKind::Io,
        VOLCV_E_PROTOCOL => TransportErrorKind::Protocol,
        VOLCV_E_CANCELLED => TransportErrorKind::Cancelled,
        _ => TransportErrorKind::Other,
    };
    match reason {
        Some(reason) => TransportError::with_source(kind, reason),
        None => TransportError::new(kind),
    }
}
