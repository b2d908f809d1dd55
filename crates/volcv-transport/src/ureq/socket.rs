//! The socket of a call. A cancel ends what blocks on it, and a send never blocks for long.
//!
//! Windows needs more for both. A receive that waits ends with the shutdown of its socket only if the peer answers that (seen
//! under Wine), so it waits in short pieces and looks for the shutdown between them. A send that times out leaves its socket in
//! a state that nobody knows (Microsoft's page on `SO_SNDTIMEO`): a part may be on its way. So no send waits there.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ureq::call::lock;

/// A write that is stuck for this long is interrupted by a look for an early answer.
const WRITE_TIMEOUT: Duration = Duration::from_millis(250);

/// A socket that can be shut down by the cancel of the call that uses it, and not by that of an earlier one.
#[derive(Clone)]
pub(super) struct Socket(Arc<Shared>);

struct Shared {
    stream: TcpStream,
    /// The id of the call.
    call: Mutex<u64>,
    #[cfg(windows)]
    shut_down: std::sync::atomic::AtomicBool,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        #[cfg(not(windows))]
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        #[cfg(windows)]
        stream.set_read_timeout(Some(windows::RECEIVE))?;
        Ok(Self(Arc::new(Shared {
            stream,
            call: Mutex::new(0),
            #[cfg(windows)]
            shut_down: Default::default(),
        })))
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.0.stream
    }

    /// From now on the cancel of this call shuts the socket down.
    pub(super) fn belongs_to(&self, call: u64) {
        *lock(&self.0.call) = call;
    }

    pub(super) fn shut_down_for(&self, call: u64) {
        if *lock(&self.0.call) == call {
            #[cfg(windows)]
            self.0.shut_down.store(true, std::sync::atomic::Ordering::SeqCst);
            // It fails only if the peer was faster.
            let _ = self.0.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        #[cfg(windows)]
        while !self.has_input()? {}
        (&self.0.stream).read(out)
    }
}

impl Write for Socket {
    /// Writes what there is room for. Fails as a timeout does when there is none for [`WRITE_TIMEOUT`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(windows)]
        return self.write_at_once(bytes);
        #[cfg(not(windows))]
        (&self.0.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.0.stream).flush()
    }
}

#[cfg(windows)]
mod windows {
    use std::sync::atomic::Ordering::SeqCst;
    use std::time::Instant;

    use super::*;
    use crate::ureq::happy_eyeballs::interrupted;

    /// A cancel is heard after this time at the latest.
    pub(super) const RECEIVE: Duration = Duration::from_millis(20);

    /// A send without room is tried again after this time.
    const ROOM: Duration = Duration::from_millis(5);

    impl Socket {
        /// Waits for input, an end or an error, for the read timeout; `false` if there is none. A look that times out takes no
        /// bytes, so it can lose none.
        pub(super) fn has_input(&self) -> io::Result<bool> {
            if self.0.shut_down.load(SeqCst) {
                return Err(interrupted());
            }
            match self.0.stream.peek(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
                // The caller does not want to wait: the read says so.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
                looked => looked.map(|_| true),
            }
        }

        /// Sends what the system takes at once. It is tried again until there is an answer to read.
        pub(super) fn write_at_once(&self, bytes: &[u8]) -> io::Result<usize> {
            let (mut stream, end) = (&self.0.stream, Instant::now() + WRITE_TIMEOUT);
            loop {
                stream.set_nonblocking(true)?;
                let written = stream.write(bytes);
                stream.set_nonblocking(false)?;
                match written {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {}
                    written => return written,
                }
                stream.set_read_timeout(Some(ROOM))?;
                let answered = self.has_input();
                stream.set_read_timeout(Some(RECEIVE))?;
                if answered? {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
        }
    }
}
