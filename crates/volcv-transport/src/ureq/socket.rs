//! The socket of a call. A cancel ends what waits on it, and a write never waits for long.
//!
//! On Windows the socket itself never waits: it is asked again and again. A receive that waits there does not end when another
//! thread shuts its socket down (rust-lang/rust issue 121594), a send that times out does not tell how much of it was sent,
//! and the system takes timeouts for half a second at least (Microsoft's pages on `SO_SNDTIMEO` and `SO_RCVTIMEO`).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(windows)]
use std::sync::atomic::Ordering::SeqCst;
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
    state: windows::State,
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        #[cfg(not(windows))]
        stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
        #[cfg(windows)]
        stream.set_nonblocking(true)?;
        Ok(Self(Arc::new(Shared {
            stream,
            call: Mutex::new(0),
            #[cfg(windows)]
            state: windows::State::default(),
        })))
    }

    /// From now on the cancel of this call shuts the socket down.
    pub(super) fn belongs_to(&self, call: u64) {
        *lock(&self.0.call) = call;
    }

    pub(super) fn shut_down_for(&self, call: u64) {
        if *lock(&self.0.call) == call {
            #[cfg(windows)]
            self.0.state.is_shut_down.store(true, SeqCst);
            // It fails only if the peer was faster.
            let _ = self.0.stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether a read waits for input, as it does from the start, or fails with `WouldBlock` when there is none.
    pub(super) fn set_waiting(&self, waits: bool) -> io::Result<()> {
        #[cfg(windows)]
        self.0.state.never_waits.store(!waits, SeqCst);
        #[cfg(not(windows))]
        self.0.stream.set_nonblocking(!waits)?;
        Ok(())
    }

    /// Looks for a byte or an end without waiting.
    pub(super) fn peek(&self) -> io::Result<usize> {
        self.set_waiting(false)?;
        let peeked = self.0.stream.peek(&mut [0]);
        self.set_waiting(true)?;
        peeked
    }
}

impl Read for Socket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        #[cfg(windows)]
        return self.read_by_polling(out);
        #[cfg(not(windows))]
        (&self.0.stream).read(out)
    }
}

impl Write for Socket {
    /// Writes what there is room for. Fails as a timeout does if there is none for [`WRITE_TIMEOUT`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(windows)]
        return self.write_by_polling(bytes);
        #[cfg(not(windows))]
        (&self.0.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.0.stream).flush()
    }
}

#[cfg(windows)]
mod windows {
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::ureq::happy_eyeballs::interrupted;

    /// The time between the first two attempts on a socket. Each next one is twice as long.
    const FIRST_PAUSE: Duration = Duration::from_millis(1);

    /// No time between two attempts is longer. A reply or a cancel is noticed this late at most.
    const LONGEST_PAUSE: Duration = Duration::from_millis(16);

    #[derive(Default)]
    pub(super) struct State {
        pub(super) never_waits: AtomicBool,
        pub(super) is_shut_down: AtomicBool,
    }

    impl Socket {
        pub(super) fn read_by_polling(&self, out: &mut [u8]) -> io::Result<usize> {
            self.poll(|mut stream| stream.read(out), |_| false)
        }

        /// Something to read may be an early answer, which ends the wait for room.
        pub(super) fn write_by_polling(&self, bytes: &[u8]) -> io::Result<usize> {
            let end = Instant::now() + WRITE_TIMEOUT;
            self.poll(
                |mut stream| stream.write(bytes),
                |stream| Instant::now() >= end || !would_block(&stream.peek(&mut [0])),
            )
        }

        /// Makes an attempt again and again until the socket is ready or shut down, or `gives_up` says so.
        fn poll(
            &self,
            mut attempt: impl FnMut(&TcpStream) -> io::Result<usize>,
            gives_up: impl Fn(&TcpStream) -> bool,
        ) -> io::Result<usize> {
            let Shared { stream, state, .. } = &*self.0;
            let mut pause = FIRST_PAUSE;
            loop {
                let result = attempt(stream);
                if !would_block(&result) || state.never_waits.load(SeqCst) {
                    return result;
                }
                // Behind the attempt: what has come already is read.
                if state.is_shut_down.load(SeqCst) {
                    return Err(interrupted());
                }
                if gives_up(stream) {
                    return result;
                }
                thread::sleep(pause);
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }

    fn would_block(result: &io::Result<usize>) -> bool {
        result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}
