//! The traits of transports. A transport sends one attempt of one request, and decides nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use volcv_core::{Limits, Now, ReplySink, Request, TransportError};

use crate::cancel::CancelToken;

/// An idle connection older than this is not used again by the built-in transports. A server that closes it at the same
/// moment turns a small request into an unknown outcome; a new handshake costs little beside a call of seconds.
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// The idle connections that the built-in transports keep for each host.
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub(crate) const MAX_IDLE: usize = 64;

/// The headers that the built-in transports take of a reply; more are an error. hyper allocates 64 bytes for each of them
/// whenever it looks for a head.
#[cfg(any(feature = "ureq", feature = "reqwest"))]
pub(crate) const MAX_HEADERS: usize = 2000;

/// Sends a request and blocks until its reply has been pushed.
///
/// Exactly one attempt: no redirects, no retries, no error for a status, no decompression, no cookies. The body is
/// read from `request`, its `Content-Length` is among the headers. What a failure means is decided by the core.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and pushes the reply: [`ReplySink::head`] once, then [`ReplySink::data`] as it arrives.
    ///
    /// When `cancel` is cancelled, by the caller or because one of the `limits` has passed, it closes the connection
    /// and returns soon; the error it returns then does not matter. [`CancelToken::on_cancel`] is the way to wake a
    /// blocked thread, for example by shutting its socket down, which is not enough on Windows.
    ///
    /// The call ends only when this function returns. So a transport whose HTTP cannot be interrupted must not wait longer
    /// than the `limits` say, for all of it [`Limits::attempt`] at most (it never reaches beyond the deadline of the
    /// call), and has to look at `cancel` whenever it wakes. A cancel then takes effect as late as that.
    ///
    /// # Errors
    /// What went wrong below HTTP.
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError>;

    /// Sleeps between two attempts, or until cancelled.
    fn sleep(&self, time: Duration, cancel: &CancelToken) {
        cancel.wait(time);
    }

    /// The time; transports with virtual time replace it.
    fn now(&self) -> Now {
        system_now()
    }
}

/// As [`Transport`], as a future. Dropping the future closes the connection.
///
/// Implement it with plain `async fn`s. It holds the timer as well, because a timer lives with its reactor: that keeps
/// this crate free of any runtime.
pub trait AsyncTransport: Send + Sync + 'static {
    /// Sends `request` and pushes the reply, as [`Transport::send`] does.
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
    ) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Sleeps.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// The time; transports with virtual time replace it.
    fn now(&self) -> Now {
        system_now()
    }
}

/// A blocking transport from a closure with the arguments of [`Transport::send`].
pub fn from_fn<F>(send: F) -> impl Transport
where
    F: Fn(Request, &mut (dyn ReplySink + Send), &Limits, &CancelToken) -> Result<(), TransportError>
        + Send
        + Sync
        + 'static,
{
    FromFn(send)
}

/// An async transport from two closures: one with the arguments of [`AsyncTransport::send`], one that sleeps.
pub fn from_async_fn<F, S>(send: F, sleep: S) -> impl AsyncTransport
where
    F: for<'a> Fn(Request, &'a mut (dyn ReplySink + Send), &'a Limits) -> BoxFuture<'a, Result<(), TransportError>>
        + Send
        + Sync
        + 'static,
    S: Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
{
    FromAsyncFn(send, sleep)
}

/// A boxed future, as the closures of [`from_async_fn`] return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`AsyncTransport`] as a trait object, so that [`Client`](crate::Client) is not generic.
pub(crate) trait ErasedTransport: Send + Sync + 'static {
    fn send<'a>(
        &'a self,
        request: Request,
        reply: &'a mut (dyn ReplySink + Send),
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<(), TransportError>>;
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
    fn now(&self) -> Now;
}

impl<T: AsyncTransport> ErasedTransport for T {
    fn send<'a>(
        &'a self,
        request: Request,
        reply: &'a mut (dyn ReplySink + Send),
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<(), TransportError>> {
        Box::pin(AsyncTransport::send(self, request, reply, limits))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(AsyncTransport::sleep(self, time))
    }

    fn now(&self) -> Now {
        AsyncTransport::now(self)
    }
}

struct FromFn<F>(F);

impl<F> Transport for FromFn<F>
where
    F: Fn(Request, &mut (dyn ReplySink + Send), &Limits, &CancelToken) -> Result<(), TransportError>
        + Send
        + Sync
        + 'static,
{
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        (self.0)(request, reply, limits, cancel)
    }
}

struct FromAsyncFn<F, S>(F, S);

impl<F, S> AsyncTransport for FromAsyncFn<F, S>
where
    F: for<'a> Fn(Request, &'a mut (dyn ReplySink + Send), &'a Limits) -> BoxFuture<'a, Result<(), TransportError>>
        + Send
        + Sync
        + 'static,
    S: Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
{
    async fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
    ) -> Result<(), TransportError> {
        (self.0)(request, reply, limits).await
    }

    async fn sleep(&self, time: Duration) {
        (self.1)(time).await;
    }
}

/// The clocks of this machine. Monotonic time counts from the first use in this process.
fn system_now() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    Now { mono: START.get_or_init(Instant::now).elapsed(), wall: SystemTime::now() }
}
