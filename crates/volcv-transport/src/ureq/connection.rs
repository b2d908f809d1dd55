//! A connection of ureq, from top to bottom: connecting, sending, receiving.
//!
//! Three promises need more than ureq's own connections do, and this file keeps them:
//!
//! * A cancel ends every phase. Names are resolved and connections are made on helper threads that the caller can leave,
//!   and the socket of a call can be shut down from any thread.
//! * The answer of a server that refuses a request before it has all of it is read. ureq would fail with the write.
//! * ureq never sees the key, because its trace log prints every byte that it sends.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use volcv_core::types::memory::Working;
use zeroize::Zeroizing;

use crate::proxy::handshake::{Handshake, ProxyError, Step, Target};
use crate::proxy::{Proxy, Routes};
use crate::ureq::call::{Call, lock};
use crate::ureq::happy_eyeballs::{self, interleave, run_on_thread};
use crate::ureq::head::{HeadReader, end_of};
use crate::ureq::socket::Socket;

/// An early answer is known to be one by fewer bytes than these.
const MAX_EARLY: usize = 16 * 1024;

/// A request is pulled and sent in about this many pieces. What is pulled counts as delivered, so a piece is a small part of
/// it; each piece costs a wake-up of the server, so those of a large request are larger.
const PIECES: u64 = 16;
const SMALLEST_PIECE: u64 = 64 * 1024;
const LARGEST_PIECE: u64 = 256 * 1024;

/// The reply is read in pieces of this size.
const INPUT: usize = 128 * 1024;

// ---------------------------------------------------------------------------------------------------- Connecting

/// ureq resolves names before it looks into its pool. Here a name is resolved only for a new connection, by [`Connect`].
#[derive(Debug)]
pub(super) struct ResolveLater;

impl Resolver for ResolveLater {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Makes connections: TCP, the proxy's tunnel, and TLS where the URL asks for it.
pub(super) struct Connect {
    pub(super) routes: Arc<Routes>,
    pub(super) tls: Arc<ClientConfig>,
}

impl Connector for Connect {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let call = Call::current()?;
        let proxy = self.routes.proxy_for(details.uri);
        let addresses = match proxy {
            Some(proxy) => proxy_addresses(proxy, &call)?,
            None => addresses(details.uri, &call)?,
        };
        let connected =
            happy_eyeballs::connect(&addresses, call.connect_limit, &call.cancel, TcpStream::connect_timeout);
        let connected = connected.map_err(|error| match proxy {
            Some(_) => io::Error::other(ProxyError::unreachable(error)),
            None => error,
        });
        let stream = connected.and_then(|socket| {
            let mut socket = Socket::new(socket)?;
            call.uses(&socket)?;
            if let Some(proxy) = proxy {
                tunnel(proxy, details.uri, &call, &mut socket).map_err(io::Error::other)?;
            }
            let io = if details.needs_tls() { self.shake_hands(socket, details.uri)? } else { Io::Tcp(socket) };
            Ok(Stream { io, ahead: Vec::new(), ended: false })
        });
        Ok(Some(Connection::new(stream.map_err(connect_error)?, call.body)?))
    }
}

impl Connect {
    fn shake_hands(&self, mut socket: Socket, uri: &Uri) -> io::Result<Io> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        connection.complete_io(&mut socket)?;
        Ok(Io::Tls(Box::new(Tls { connection, socket })))
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect")
    }
}

/// The addresses of the URL's host, the families of addresses by turns.
fn addresses(uri: &Uri, call: &Call) -> Result<Vec<SocketAddr>, ureq::Error> {
    let host = uri.scheme().zip(uri.authority());
    let host = host.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
    let host = host.ok_or(ureq::Error::HostNotFound)?;
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    match run_on_thread(&call.cancel, move || host.to_socket_addrs().map(Iterator::collect)) {
        Ok(found) if !Vec::is_empty(&found) => Ok(interleave(found)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Err(connect_error(error)),
        _ => Err(ureq::Error::HostNotFound),
    }
}

fn proxy_addresses(proxy: &Proxy, call: &Call) -> Result<Vec<SocketAddr>, ureq::Error> {
    let address = proxy.address();
    let found = run_on_thread(&call.cancel, move || address.to_socket_addrs().map(Iterator::collect));
    found.map_err(|error| connect_error(io::Error::other(ProxyError::unreachable(error))))
}

/// Makes a connection to a proxy one that leads to the target.
fn tunnel(proxy: &Proxy, uri: &Uri, call: &Call, socket: &mut Socket) -> Result<(), ProxyError> {
    let target = Target::of(uri);
    let target = match target.to_resolve(proxy) {
        Some(name) => target.resolved(run_on_thread(&call.cancel, move || name.to_socket_addrs()))?,
        None => target,
    };
    let (mut handshake, mut received) = (Handshake::new(proxy, target), Vec::new());
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

fn connect_error(error: io::Error) -> ureq::Error {
    ureq::Error::Io(io::Error::new(error.kind(), ConnectError(error)))
}

pub(super) fn is_connect_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ConnectError>())
}

// ---------------------------------------------------------------------------------------------------- Sending

/// A connection in ureq's pool or in use.
pub(super) struct Connection {
    stream: Stream,
    buffers: LazyBuffers,
    /// The id of the call that uses it, or used it last.
    call: u64,
    /// The head of that call's reply has been read.
    has_head: bool,
    /// That call was answered early, so the rest of its request was never sent.
    answered_early: bool,
}

impl Connection {
    /// A connection whose pieces are made for a first request with a body of this length.
    fn new(stream: Stream, body: u64) -> io::Result<Self> {
        let piece = (body / PIECES).clamp(SMALLEST_PIECE, LARGEST_PIECE) as usize;
        let mut buffers = LazyBuffers::new(INPUT, piece);
        let working =
            Working::new(INPUT + piece + 4096).map_err(|none| io::Error::new(io::ErrorKind::OutOfMemory, none))?;
        // Now, because a picture that is paid for must not be lost for want of a buffer.
        working.run(|| {
            buffers.output();
        });
        Ok(Self { stream, buffers, call: 0, has_head: false, answered_early: false })
    }

    /// Begins a request: sends its first line and the credentials behind it, and gives how much of the output that was.
    fn begin(&mut self, call: &Call, amount: usize) -> io::Result<usize> {
        (self.call, self.has_head) = (call.id, false);
        call.uses(self.stream.socket())?;
        let credentials = std::mem::take(&mut *lock(&call.credentials));
        if credentials.is_empty() {
            return Ok(0);
        }
        let output = &self.buffers.output()[..amount];
        let Some(end) = output.windows(2).position(|pair| pair == b"\r\n").map(|end| end + 2) else {
            return Err(io::Error::other("the request has no first line"));
        };
        // Wiped when it is dropped, and large enough from the start, so that no copy stays behind.
        let length: usize = credentials.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let mut first = Zeroizing::new(Vec::with_capacity(end + length));
        first.extend_from_slice(&output[..end]);
        for (name, value) in &credentials {
            for piece in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                first.extend_from_slice(piece);
            }
        }
        self.stream.io.write_all(&first)?;
        Ok(end)
    }

    /// Sends one piece and gives how much of it was taken, 0 if the server is slow or has answered.
    fn send(&mut self, call: &Call, from: usize, to: usize) -> io::Result<usize> {
        let written = match self.stream.has_answer() {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => self.stream.io.write(&self.buffers.output()[from..to]),
        };
        match written {
            Ok(0) if from < to => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if is_pause(&error) => Ok(0),
            Err(_) if self.stream.has_answer() && !self.stream.ahead.is_empty() => {
                self.answered_early = true;
                call.answered_early.store(true, Relaxed);
                Ok(0)
            }
            written => written,
        }
    }
}

/// A write that was stuck for a while, behind which sending goes on.
fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let call = Call::current()?;
        let mut sent = if self.call == call.id { 0 } else { self.begin(&call, amount)? };
        while (sent < amount || self.stream.io.has_unsent()) && !self.answered_early {
            sent += self.send(&call, sent, amount)?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        if !self.has_head {
            let call = Call::current()?;
            let head = self.stream.read_head(&call)?;
            self.buffers.input_append_buf()[..head.len()].copy_from_slice(head.as_bytes());
            self.buffers.input_appended(head.len());
            self.has_head = true;
            return Ok(true);
        }
        let bytes = self.stream.read_some(self.buffers.input_append_buf())?;
        self.buffers.input_appended(bytes);
        Ok(bytes > 0)
    }

    /// ureq asks before it puts a connection into its pool, and before it uses one again. An idle connection is open as
    /// long as there is nothing to read: neither an end nor a stray byte.
    fn is_open(&mut self) -> bool {
        !self.answered_early && self.stream.ahead.is_empty() && self.stream.io.is_silent()
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream.io, Io::Tls(_))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

// ---------------------------------------------------------------------------------------------------- Receiving

/// A socket, with or without TLS, and the bytes that were read before ureq asked for them.
struct Stream {
    io: Io,
    /// Bytes of an answer that came while the request was still being sent, or behind the head of the reply.
    ahead: Vec<u8>,
    /// Behind these, the server has ended the connection.
    ended: bool,
}

impl Stream {
    fn socket(&self) -> &Socket {
        self.io.socket()
    }

    /// Whether the server has answered, or has ended the connection, so that it never will; without waiting for it. Interim
    /// answers (1xx) are taken out: a server that sends `100 Continue` or `103 Early Hints` wants the rest of the request.
    fn has_answer(&mut self) -> bool {
        if self.ahead.len() < MAX_EARLY && self.socket().set_waiting(false).is_ok() {
            let mut buffer = [0; 4096];
            while let Ok(bytes) = self.io.read(&mut buffer) {
                self.ahead.extend_from_slice(&buffer[..bytes]);
                self.ended |= bytes == 0;
                if self.ended || self.ahead.len() >= MAX_EARLY {
                    break;
                }
            }
            // A socket that cannot be made to wait again fails at its next use.
            let _ = self.socket().set_waiting(true);
        }
        while self.ahead.starts_with(INTERIM) {
            let Some(end) = end_of(&self.ahead, 0) else { return false };
            self.ahead.drain(..end);
        }
        // Too few bytes to tell an interim answer from a final one are no answer yet.
        self.ended || !INTERIM.starts_with(&self.ahead)
    }

    /// Reads the head of the final reply: its headers go to the call, its status and framing come as a head for ureq.
    fn read_head(&mut self, call: &Call) -> Result<String, ureq::Error> {
        let mut reader = HeadReader::default();
        let mut buffer = [0; 16 * 1024];
        loop {
            let bytes = match self.read_some(&mut buffer)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                bytes => bytes,
            };
            let found = reader.push(&buffer[..bytes]).map_err(|error| ureq::Error::Other(error.into()))?;
            if let Some((head, behind)) = found {
                self.ahead.splice(..0, behind);
                *lock(&call.headers) = head.headers;
                return Ok(head.for_ureq);
            }
        }
    }

    /// Reads what was read ahead, or waits for more.
    fn read_some(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.ahead.is_empty() {
            let bytes = out.len().min(self.ahead.len());
            out[..bytes].copy_from_slice(&self.ahead[..bytes]);
            self.ahead.drain(..bytes);
            return Ok(bytes);
        }
        loop {
            match self.io.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

/// The start of every interim answer; HTTP/1.0 has none.
const INTERIM: &[u8] = b"HTTP/1.1 1";

enum Io {
    Tcp(Socket),
    Tls(Box<Tls>),
}

/// A TLS connection on a socket. rustls's own stream waits for the server's next byte when a write has timed out, so an upload
/// that stops for 250 ms would never go on; and it does not read while it has something to write.
struct Tls {
    connection: ClientConnection,
    socket: Socket,
}

impl Io {
    fn socket(&self) -> &Socket {
        match self {
            Io::Tcp(socket) => socket,
            Io::Tls(tls) => &tls.socket,
        }
    }

    /// Whether bytes that were taken by a write have not been sent.
    fn has_unsent(&self) -> bool {
        matches!(self, Io::Tls(tls) if tls.connection.wants_write())
    }

    /// Whether there is nothing to read, neither a byte nor an end.
    fn is_silent(&self) -> bool {
        let has_read_all = match self {
            Io::Tcp(_) => true,
            Io::Tls(tls) => tls.connection.wants_read(),
        };
        has_read_all && self.socket().peek().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Read for Io {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(socket) => socket.read(out),
            Io::Tls(tls) => tls.read(out),
        }
    }
}

impl Write for Io {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(socket) => socket.write(bytes),
            Io::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Io::Tcp(socket) => socket.flush(),
            Io::Tls(tls) => tls.flush(),
        }
    }
}

impl Read for Tls {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(out) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            self.connection.read_tls(&mut self.socket)?;
            if let Err(error) = self.connection.process_new_packets() {
                // The server is told why, if its socket takes the message at once.
                let _ = self.connection.write_tls(&mut self.socket);
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
}

impl Write for Tls {
    /// Takes bytes once all earlier ones are sent, and sends as many as the socket takes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let taken = self.connection.writer().write(bytes)?;
        match self.flush() {
            Err(error) if !is_pause(&error) => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.socket)? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}
