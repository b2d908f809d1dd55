//! One connection as ureq wants it. It has no time limits of its own: the driver watches, and shuts the socket down.
//!
//! It also notices when a server answers before it has the whole request, as gateways do that refuse a key or a size.
//! ureq would go on writing, fail, and lose the answer.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

use crate::ureq::connect::Line;

/// A write that is stuck for this long looks whether the server has answered already.
pub(super) const GLANCE: Duration = Duration::from_millis(250);

/// A socket, with or without TLS.
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Stream::Tcp(socket) => socket,
            Stream::Tls(tls) => &tls.sock,
        }
    }

    /// Whether bytes of an answer are there, without waiting for them. A handshake's late messages are no answer.
    fn has_input(&mut self) -> bool {
        match self {
            Stream::Tcp(socket) => peek(socket).is_ok_and(|bytes| bytes > 0),
            Stream::Tls(tls) => {
                let ready = tls.sock.set_nonblocking(true).is_ok();
                while ready && tls.conn.read_tls(&mut tls.sock).is_ok_and(|bytes| bytes > 0) {
                    if tls.conn.process_new_packets().is_err() {
                        break;
                    }
                }
                let blocking = tls.sock.set_nonblocking(false).is_ok();
                blocking && tls.conn.process_new_packets().is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(socket) => socket.read(out),
            Stream::Tls(tls) => tls.read(out),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(socket) => socket.write(bytes),
            Stream::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tcp(socket) => socket.flush(),
            Stream::Tls(tls) => tls.flush(),
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
    buffers: LazyBuffers,
    /// `None` once the stream was handed over because of an early answer.
    stream: Option<Stream>,
    line: Arc<Line>,
    /// What ureq writes goes nowhere: the connection serves to read an early answer.
    muted: bool,
}

impl Connection {
    pub(super) fn new(details: &ConnectionDetails<'_>, stream: Stream, line: Arc<Line>) -> Self {
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Self { buffers, stream: Some(stream), line, muted: false }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Sends one piece. An error with an answer waiting behind it is an early answer.
    fn send(&mut self, from: usize, to: usize) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        let written = match stream.has_input() {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => stream.write(&self.buffers.output()[from..to]),
        };
        match written {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if is_pause(&error) => Ok(0),
            Err(error) => {
                if stream.has_input() {
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
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let mut sent = if self.muted { amount } else { 0 };
        while sent < amount {
            sent += self.send(sent, amount)?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let input = self.buffers.input_append_buf();
        let amount = loop {
            match stream.read(input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// An idle connection is open as long as there is nothing to read: neither an end nor a stray byte.
    fn is_open(&mut self) -> bool {
        let peeked = self.stream().and_then(|stream| peek(stream.socket()));
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Some(Stream::Tls(_)))
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

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = |stream| Connection::new(details, stream, Arc::clone(&self.line));
        Ok(stream.map(|stream| Connection { muted: true, ..connection(stream) }))
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}
