//! One connection as ureq wants it. It has no time limits of its own: the driver watches, and shuts the socket down.
//!
//! It also notices when a server answers before it has the whole request, as gateways do that refuse a key or a size.
//! ureq would go on writing, fail, and lose the answer.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use zeroize::Zeroizing;

use crate::ureq::connect::Line;
use crate::ureq::head::{Head, HeadReader, end_of};
use crate::ureq::memory::Memory;

/// A write that is stuck for this long looks whether the server has answered already.
pub(super) const GLANCE: Duration = Duration::from_millis(250);

/// A socket, with or without TLS, and what was read ahead of its turn.
pub(super) struct Stream {
    io: Io,
    /// Bytes of an answer that came while the request was still being sent, or with the head of the reply.
    ahead: Vec<u8>,
    /// Behind these, the server has ended the connection.
    ended: bool,
}

enum Io {
    Tcp(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// A socket that can be shut down from outside while it is read or written.
#[derive(Clone)]
pub(super) struct Socket(Arc<TcpStream>);

impl Socket {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self(Arc::new(socket))
    }

    pub(super) fn shutdown(&self) {
        // It fails only if the peer was faster.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(out)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

/// More of an early answer need not be read ahead to know that it is one.
const AHEAD: usize = 16 * 1024;

impl Stream {
    pub(super) fn tcp(socket: Socket) -> Self {
        Self { io: Io::Tcp(socket), ahead: Vec::new(), ended: false }
    }

    pub(super) fn tls(stream: StreamOwned<ClientConnection, Socket>) -> Self {
        Self { io: Io::Tls(Box::new(stream)), ahead: Vec::new(), ended: false }
    }

    pub(super) fn socket(&self) -> &Socket {
        match &self.io {
            Io::Tcp(socket) => socket,
            Io::Tls(tls) => &tls.sock,
        }
    }

    /// An idle connection is open as long as there is nothing to read: neither an end nor a stray byte.
    pub(super) fn is_open(&self) -> bool {
        self.ahead.is_empty() && peek(&self.socket().0).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether the server has answered, or has ended the connection, so that it never will; without waiting for it. Interim
    /// answers (1xx) are taken out: a server that sends `100 Continue` or `103 Early Hints` wants the rest of the request.
    fn has_answer(&mut self) -> bool {
        if self.ahead.len() < AHEAD && self.socket().0.set_nonblocking(true).is_ok() {
            let mut buffer = [0; 4096];
            while let Ok(bytes) = self.io.read(&mut buffer) {
                self.ahead.extend_from_slice(&buffer[..bytes]);
                self.ended |= bytes == 0;
                if self.ended || self.ahead.len() >= AHEAD {
                    break;
                }
            }
            // A socket that cannot be made to block again fails at its next use.
            let _ = self.socket().0.set_nonblocking(false);
        }
        while is_interim(&self.ahead) {
            let Some(end) = end_of(&self.ahead, 0) else { return false };
            self.ahead.drain(..end);
        }
        // Too few bytes to tell an interim answer from a final one are no answer yet.
        self.ended || !INTERIM.starts_with(&self.ahead)
    }

    /// Reads the head of the final reply. What came with it of the body is read next.
    fn read_head(&mut self) -> Result<Head, ureq::Error> {
        let mut reader = HeadReader::default();
        let mut buffer = [0; 16 * 1024];
        loop {
            let bytes = match self.read(&mut buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let found = reader.push(&buffer[..bytes]).map_err(|error| ureq::Error::Other(error.into()))?;
            if let Some((head, behind)) = found {
                self.ahead.splice(..0, behind);
                return Ok(head);
            }
        }
    }
}

/// How every interim answer begins; HTTP/1.0 has none.
const INTERIM: &[u8] = b"HTTP/1.1 1";

fn is_interim(answer: &[u8]) -> bool {
    answer.starts_with(INTERIM)
}

impl Read for Io {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Io::Tcp(socket) => socket.read(out),
            Io::Tls(tls) => tls.read(out),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.io.read(out);
        }
        let bytes = out.len().min(self.ahead.len());
        out[..bytes].copy_from_slice(&self.ahead[..bytes]);
        self.ahead.drain(..bytes);
        Ok(bytes)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.io {
            Io::Tcp(socket) => socket.write(bytes),
            Io::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.io {
            Io::Tcp(socket) => socket.flush(),
            Io::Tls(tls) => tls.flush(),
        }
    }
}

fn peek(socket: &TcpStream) -> io::Result<usize> {
    socket.set_nonblocking(true)?;
    let peeked = socket.peek(&mut [0]);
    socket.set_nonblocking(false)?;
    peeked
}

/// A stream with ureq's buffers.
pub(super) struct Connection {
    memory: Memory,
    /// `None` once the stream was handed over because of an early answer.
    stream: Option<Stream>,
    line: Arc<Line>,
    /// The head of the reply has been read.
    has_head: bool,
    /// What ureq writes goes nowhere: the connection serves to read an early answer.
    muted: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream, line: Arc<Line>) -> Self {
        let (_, mut memory) = line.take();
        memory.clear();
        Self { memory, stream: Some(stream), line, has_head: false, muted: false }
    }

    /// At the start of a request: sends its first line and the credentials behind it; gives how much of the output that was.
    fn send_request_line(&mut self, amount: usize) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Ok(0) };
        let Some(authorization) = self.line.take_authorization() else { return Ok(0) };
        let output = &self.memory.output()[..amount];
        let Some(end) = output.windows(2).position(|pair| pair == b"\r\n").map(|end| end + 2) else {
            return Err(io::Error::other("the request has no first line"));
        };
        // Wiped when it is dropped, and large enough from the start, so that no copy stays behind.
        let mut first = Zeroizing::new(Vec::with_capacity(end + authorization.len() + 32));
        first.extend_from_slice(&output[..end]);
        first.extend_from_slice(b"authorization: ");
        first.extend_from_slice(authorization.as_bytes());
        first.extend_from_slice(b"\r\n");
        stream.write_all(&first)?;
        Ok(end)
    }

    /// Sends one piece. An error with an answer waiting behind it is an early answer.
    fn send(&mut self, from: usize, to: usize) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        let written = match stream.has_answer() {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => stream.write(&self.memory.output()[from..to]),
        };
        match written {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if is_pause(&error) => Ok(0),
            Err(error) => {
                if stream.has_answer() && !stream.ahead.is_empty() {
                    self.line.hand_over(self.stream.take());
                }
                Err(error)
            }
            written => written,
        }
    }
}

/// The write timeout is [`GLANCE`], after which there is nothing to do but look and go on.
fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.memory
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let mut sent = if self.muted { amount } else { self.send_request_line(amount)? };
        while sent < amount {
            sent += self.send(sent, amount)?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        if !self.has_head {
            let head = stream.read_head()?;
            self.memory.append(head.for_ureq.as_bytes());
            self.line.put_headers(head.headers);
            self.has_head = true;
            return Ok(true);
        }
        let input = self.memory.input_append_buf();
        let amount = loop {
            match stream.read(input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.memory.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_open)
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Some(Stream { io: Io::Tls(_), .. }))
    }
}

/// ureq keeps no connection: what it drops goes back to the lane.
impl Drop for Connection {
    fn drop(&mut self) {
        self.line.put_back(self.stream.take(), std::mem::take(&mut self.memory));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// Gives ureq a stream on which an early answer waits.
pub(super) struct Answering {
    stream: Mutex<Option<Stream>>,
    line: Arc<Line>,
}

impl Answering {
    pub(super) fn new(stream: Stream, line: Arc<Line>) -> Self {
        Self { stream: Mutex::new(Some(stream)), line }
    }
}

impl Connector for Answering {
    type Out = Connection;

    fn connect(&self, _: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut connection = stream.map(|stream| Connection::new(stream, Arc::clone(&self.line)));
        if let Some(connection) = &mut connection {
            connection.muted = true;
        }
        Ok(connection)
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}
