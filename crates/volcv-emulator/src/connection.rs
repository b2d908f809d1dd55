//! A connection: reading, writing, pausing, closing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::http::{self, Head, HeadError};
use crate::shared::Shared;
use crate::{Fault, Stage};

/// How often a pause checks whether the client has gone.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// A wait for bytes may end this much too late, because many systems count it in ticks of 4 ms.
const TICKS: Duration = Duration::from_millis(8);

/// What happens to a connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    KeepOpen,
    Close,
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    stream: Arc<TcpStream>,
    pub(crate) number: u64,
    pub(crate) requests: u64,
    /// Bytes that have been read from the socket and not been used.
    buffer: Vec<u8>,
}

/// How a pause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The time is over.
    Over,
    /// The client has gone or the server stops.
    Gone,
}

impl Connection {
    pub(crate) fn new(shared: &Arc<Shared>, stream: Arc<TcpStream>, number: u64) -> Self {
        // Without it, small replies come late.
        let _ = stream.set_nodelay(true);
        Self { shared: Arc::clone(shared), stream, number, requests: 0, buffer: Vec::new() }
    }

    /// The next request head; `None` when the client closed between two requests.
    pub(crate) fn read_head(&mut self) -> Result<Option<Head>, HeadError> {
        loop {
            if let Some((head, used)) = http::parse_head(&self.buffer)? {
                self.buffer.drain(..used);
                return Ok(Some(head));
            }
            let mut chunk = [0; 8 * 1024];
            match self.receive(&mut chunk) {
                Ok(0) if self.buffer.is_empty() => return Ok(None),
                Ok(0) => return Err(HeadError::Io),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(HeadError::Io),
            }
        }
    }

    /// Reads at most `limit` bytes of a body onto `body`; 0 = the client has closed.
    pub(crate) fn read_body(&mut self, body: &mut Vec<u8>, limit: u64) -> io::Result<usize> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(64 * 1024);
        if !self.buffer.is_empty() {
            let count = limit.min(self.buffer.len());
            body.extend(self.buffer.drain(..count));
            return Ok(count);
        }
        let start = body.len();
        body.resize(start + limit, 0);
        let read = loop {
            match self.receive(&mut body[start..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        body.truncate(start + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Reads what has come, or waits for it. On Windows a read does not end when another thread shuts its socket down.
    fn receive(&self, out: &mut [u8]) -> io::Result<usize> {
        #[cfg(windows)]
        loop {
            self.stream.set_read_timeout(Some(CHECK_INTERVAL))?;
            let looked = self.stream.peek(&mut [0]);
            self.stream.set_read_timeout(None)?;
            if self.shared.state().stopped {
                return Err(ErrorKind::ConnectionAborted.into());
            }
            if looked.map_err(|error| error.kind()) != Err(ErrorKind::TimedOut) {
                break;
            }
        }
        (&*self.stream).read(out)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        (&*self.stream).write_all(bytes)
    }

    /// Stops here if the fault says so.
    pub(crate) fn stall(&self, fault: &Fault, stage: Stage) -> Next {
        if fault.stall == Some(stage) && self.pause(fault.stall_for) == Pause::Gone {
            return Next::Close;
        }
        Next::KeepOpen
    }

    /// Waits, for ever without a duration, and notices when the client goes away.
    pub(crate) fn pause(&self, duration: Option<Duration>) -> Pause {
        let until = duration.map(|duration| Instant::now() + duration);
        loop {
            let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Pause::Over;
            }
            if left <= TICKS {
                thread::sleep(left);
                continue;
            }
            if self.client_gone((left - TICKS).min(CHECK_INTERVAL)) {
                return Pause::Gone;
            }
        }
    }

    /// Waits for the end of the stream for up to `timeout`.
    fn client_gone(&self, timeout: Duration) -> bool {
        let (stopped, waited_for) = {
            let state = self.shared.state();
            (state.stopped, state.waiting_for_idle > 0)
        };
        let _ = self.stream.set_read_timeout(Some(timeout));
        let mut bytes = [0; 16 * 1024];
        let peeked = self.stream.peek(&mut bytes);
        let gone = match peeked {
            Ok(0) => true,
            Ok(_) if waited_for => matches!((&*self.stream).read(&mut bytes), Ok(0)),
            Ok(_) => {
                self.shared.sleep(timeout);
                false
            }
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted),
        };
        let _ = self.stream.set_read_timeout(None);
        stopped || gone
    }

    /// Drops the connection, with a reset if asked.
    pub(crate) fn hang_up(&self, reset: bool) -> Next {
        if reset {
            let _ = SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO));
        }
        Next::Close
    }

    /// Closes in a way that lets the client read the answer although it may still be sending: a plain close with unread
    /// bytes becomes a reset, which can overtake the answer.
    pub(crate) fn linger(&self) -> Next {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.pause(Some(Duration::from_millis(300)));
        Next::Close
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The registry lets go first, so that dropping our handle really closes the socket, and so that a client that sees
        // the close finds the connection counted out.
        self.shared.close(self.number);
    }
}
