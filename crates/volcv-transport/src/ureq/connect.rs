//! Connections that can be interrupted in every phase: resolving, connecting, handshake, reading and writing.
//!
//! ureq's own connectors cannot be woken while they resolve a name or wait for a TCP connection. Here both happen on
//! helper threads that are left alone when the call is cancelled.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout};

use crate::cancel::{CancelGuard, CancelToken};
use crate::proxy::handshake::{Handshake, ProxyError, Step, Target};
use crate::proxy::{Proxy, Routes};
use crate::ureq::connection::{Connection, GLANCE, Socket, Stream};
use crate::ureq::happy_eyeballs::{self, interleave};
use crate::ureq::helpers::Helpers;
use crate::ureq::memory::Memory;

/// What a lane's connector and resolver know of the call that uses the lane.
pub(super) struct Line {
    current: Mutex<Current>,
    helpers: Arc<Helpers>,
    routes: Arc<Routes>,
}

#[derive(Default)]
struct Current {
    /// Counts the calls, so that a cancel that comes late does not hit the next one.
    call: u64,
    cancel: CancelToken,
    connect: Duration,
    /// The socket of the call, for shutting it down from outside.
    socket: Option<Socket>,
    /// The credentials of the call, until the connection has sent them.
    authorization: Option<HeaderValue>,
    /// The connection while ureq does not have it: one that is there already, or the one with the rest of the reply.
    stream: Option<Stream>,
    /// A stream on which the server has answered before it had the whole request.
    early: Option<Stream>,
    /// The headers of the reply, which ureq does not get.
    headers: HeaderMap,
    memory: Memory,
}

impl Line {
    pub(super) fn new(helpers: &Arc<Helpers>, routes: &Arc<Routes>) -> Self {
        Self { current: Mutex::default(), helpers: Arc::clone(helpers), routes: Arc::clone(routes) }
    }

    /// Takes the lane for one call with so many bytes of body, on `stream` if there is one. Until the guard is dropped,
    /// cancelling shuts the lane's socket down.
    ///
    /// ureq never sees the `authorization` header: at the level of traces its protocol writes out every byte that it was
    /// given. The connection puts the header behind the request line.
    pub(super) fn open(
        self: &Arc<Self>,
        cancel: &CancelToken,
        connect: Duration,
        authorization: Option<HeaderValue>,
        stream: Option<Stream>,
        body: u64,
    ) -> CancelGuard {
        let call = {
            let mut current = self.lock();
            current.call += 1;
            current.cancel = cancel.clone();
            current.connect = connect;
            current.socket = stream.as_ref().map(|stream| stream.socket().clone());
            current.authorization = authorization;
            current.stream = stream;
            current.memory.prepare(body);
            current.call
        };
        let line = Arc::clone(self);
        cancel.on_cancel(move || line.shutdown(call))
    }

    /// Ends the call, and gives the connection that is left of it if nothing was read beyond the reply.
    pub(super) fn close(&self) -> Option<Stream> {
        let mut current = self.lock();
        current.call += 1;
        current.cancel = CancelToken::new();
        current.socket = None;
        current.authorization = None;
        let clean = current.memory.input().is_empty();
        current.stream.take().filter(|_| clean)
    }

    fn shutdown(&self, call: u64) {
        let current = self.lock();
        if let Some(socket) = current.socket.as_ref().filter(|_| current.call == call) {
            socket.shutdown();
        }
    }

    /// Makes a new socket known. A cancel that came just before would have missed it.
    fn register(&self, socket: &Socket) -> io::Result<()> {
        let mut current = self.lock();
        current.socket = Some(socket.clone());
        if current.cancel.is_cancelled() { Err(interrupted()) } else { Ok(()) }
    }

    pub(super) fn take_authorization(&self) -> Option<HeaderValue> {
        self.lock().authorization.take()
    }

    pub(super) fn put_headers(&self, headers: HeaderMap) {
        self.lock().headers = headers;
    }

    pub(super) fn take_headers(&self) -> HeaderMap {
        std::mem::take(&mut self.lock().headers)
    }

    pub(super) fn take(&self) -> (Option<Stream>, Memory) {
        let mut current = self.lock();
        (current.stream.take(), std::mem::take(&mut current.memory))
    }

    pub(super) fn put_back(&self, stream: Option<Stream>, memory: Memory) {
        let mut current = self.lock();
        current.stream = stream;
        current.memory = memory;
    }

    pub(super) fn hand_over(&self, stream: Option<Stream>) {
        self.lock().early = stream;
    }

    pub(super) fn take_early(&self) -> Option<Stream> {
        self.lock().early.take()
    }

    /// Runs something that cannot be interrupted on another thread, and waits for it or for a cancel.
    fn run<T: Send + 'static>(&self, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let cancel = self.lock().cancel.clone();
        let (done, result) = mpsc::channel();
        let _guard = cancel.on_cancel({
            let done = done.clone();
            move || drop(done.send(Err(interrupted())))
        });
        self.helpers.run(move || drop(done.send(work())))?;
        result.recv().unwrap_or_else(|_| Err(interrupted()))
    }

    /// Connects to the first of these addresses that answers, on other threads.
    fn connect(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let (cancel, limit) = {
            let current = self.lock();
            (current.cancel.clone(), current.connect)
        };
        happy_eyeballs::connect(addresses, limit, &cancel, &self.helpers, TcpStream::connect_timeout)
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

/// Marks an error as one of connecting, so that it can be told from a connection that broke later.
#[derive(Debug)]
struct ConnectError(io::Error);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

pub(super) fn is_connect_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ConnectError>())
}

fn connect_error(error: io::Error) -> ureq::Error {
    ureq::Error::Io(io::Error::new(error.kind(), ConnectError(error)))
}

pub(super) fn interrupted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cancelled")
}

/// Resolves names with the system's resolver.
#[derive(Debug)]
pub(super) struct Resolve(pub(super) Arc<Line>);

impl Resolver for Resolve {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        if self.0.lock().stream.is_some() {
            return Ok(addresses);
        }
        if let Some(proxy) = self.0.routes.proxy_for(uri) {
            let address = proxy.address();
            let found = self.0.run(move || address.to_socket_addrs().map(Iterator::collect));
            let found: Vec<SocketAddr> =
                found.map_err(|error| connect_error(io::Error::other(ProxyError::unreachable(error))))?;
            found.into_iter().take(16).for_each(|address| addresses.push(address));
            return Ok(addresses);
        }
        let host = uri.scheme().zip(uri.authority());
        let host = host.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let host = host.ok_or(ureq::Error::HostNotFound)?;
        let found: Vec<SocketAddr> = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => match self.0.run(move || host.to_socket_addrs().map(Iterator::collect)) {
                Ok(found) => found,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => return Err(connect_error(error)),
                Err(_) => return Err(ureq::Error::HostNotFound),
            },
        };
        interleave(found).into_iter().take(16).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// Connects by TCP, and shakes hands where the URL asks for TLS.
pub(super) struct Connect {
    pub(super) line: Arc<Line>,
    pub(super) tls: Arc<ClientConfig>,
}

impl Connector for Connect {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let there = self.line.lock().stream.take();
        if let Some(stream) = there {
            return Ok(Some(Connection::new(stream, Arc::clone(&self.line))));
        }
        let addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
        let proxy = self.line.routes.proxy_for(details.uri);
        let connected = self.line.connect(&addresses);
        let connected = connected.map_err(|error| match proxy {
            Some(_) => io::Error::other(ProxyError::unreachable(error)),
            None => error,
        });
        let connected = connected.and_then(|socket| {
            socket.set_nodelay(true)?;
            socket.set_write_timeout(Some(GLANCE))?;
            let mut socket = Socket::new(socket);
            self.line.register(&socket)?;
            if let Some(proxy) = proxy {
                self.tunnel(proxy, details.uri, &mut socket).map_err(io::Error::other)?;
            }
            let host = details.uri.host().unwrap_or_default();
            Ok(if details.needs_tls() { Stream::tls(self.shake_hands(socket, host)?) } else { Stream::tcp(socket) })
        });
        let stream = connected.map_err(connect_error)?;
        Ok(Some(Connection::new(stream, Arc::clone(&self.line))))
    }
}

impl Connect {
    /// Makes a connection to a proxy one that leads to the target.
    fn tunnel(&self, proxy: &Proxy, uri: &Uri, socket: &mut Socket) -> Result<(), ProxyError> {
        let target = Target::of(uri);
        let target = match target.to_resolve(proxy) {
            Some(name) => target.resolved(self.line.run(move || name.to_socket_addrs()))?,
            None => target,
        };
        follow(Handshake::new(proxy, target), socket)
    }

    fn shake_hands(&self, mut socket: Socket, host: &str) -> io::Result<StreamOwned<ClientConnection, Socket>> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        connection.complete_io(&mut socket)?;
        Ok(StreamOwned::new(connection, socket))
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect")
    }
}

/// Follows a handshake to its end.
fn follow(mut handshake: Handshake<'_>, socket: &mut Socket) -> Result<(), ProxyError> {
    let mut received = Vec::new();
    loop {
        let moved = match handshake.next(&received)? {
            Step::Send(bytes) => {
                received.clear();
                socket.write_all(&bytes)
            }
            Step::Receive(count) => {
                received.resize(count, 0);
                socket.read_exact(&mut received)
            }
            Step::Done => return Ok(()),
        };
        moved.map_err(|error| ProxyError::broken(&error))?;
    }
}
