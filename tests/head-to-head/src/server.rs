//! The gateway that misbehaves: one per cell, on a port of its own, with one fault.

use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::clients;
use crate::faults::Fault;
use crate::http;

/// So little of an upload is read before its connection is dropped that the client cannot have written all of it.
const MID_UPLOAD: u64 = 256 * 1024;
/// How many uploads are dropped.
const DROPS: usize = 2;
/// How long an answered connection stays open.
const KEEP_ALIVE: Duration = Duration::from_millis(300);
/// What the throttled reply asks for.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A running server; clones are the same server. It runs until the program ends.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    fault: Fault,
    requests: AtomicUsize,
    bodies: AtomicUsize,
    throttled: OnceLock<Instant>,
    too_early: AtomicBool,
}

impl Server {
    /// Starts to listen.
    pub fn start(fault: Fault) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            fault,
            requests: AtomicUsize::new(0),
            bodies: AtomicUsize::new(0),
            throttled: OnceLock::new(),
            too_early: AtomicBool::new(false),
        });
        let server = Self { address, state: Arc::clone(&state) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // An error means that the client closed the connection; only the counts matter.
                thread::spawn(move || state.serve(&stream));
            }
        });
        Ok(server)
    }

    /// The base URL, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Complete request bodies so far: what a service could have billed.
    pub fn bodies(&self) -> usize {
        self.state.bodies.load(SeqCst)
    }

    /// Counts from zero again, for a second call.
    pub fn forget_bodies(&self) {
        self.state.bodies.store(0, SeqCst);
    }

    /// Whether a throttled client came back before it was allowed to.
    pub fn returned_too_early(&self) -> bool {
        self.state.too_early.load(SeqCst)
    }
}

impl State {
    /// One connection with all its requests.
    fn serve(&self, stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(64 * 1024, stream);
        let mut out = stream;
        while let Some(head) = http::read_head(&mut reader)? {
            let request = self.requests.fetch_add(1, SeqCst);
            if let Some(since) = self.throttled.get() {
                self.too_early.fetch_or(since.elapsed() < RETRY_AFTER, SeqCst);
            }
            if head.expects_continue {
                out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            if self.fault == Fault::DropUploads && request < DROPS {
                // Closing with unread bytes makes the kernel send a reset.
                io::copy(&mut reader.by_ref().take(MID_UPLOAD), &mut io::sink())?;
                return Ok(());
            }
            http::read_body(&mut reader, &head)?;
            self.bodies.fetch_add(1, SeqCst);
            if !self.answer(request, &head.path, &mut reader, &mut out)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers as the fault wants it, and says whether the connection goes on.
    fn answer(&self, request: usize, path: &str, input: &mut impl Read, out: &mut impl Write) -> io::Result<bool> {
        let good = clients::good_reply(path);
        match self.fault {
            Fault::CloseUnanswered => return Ok(false),
            Fault::Status(status) => http::write_reply(out, status, "", &failure(status), false)?,
            Fault::Throttle if request == 0 => {
                // The time is noted before the reply leaves, so that a client that waits is never reported as too early.
                let _ = self.throttled.set(Instant::now());
                let header = format!("retry-after: {}\r\n", RETRY_AFTER.as_secs());
                http::write_reply(out, 429, &header, &failure(429), false)?;
            }
            Fault::CutReply => {
                http::write_reply(out, 200, "", good, true)?;
                return Ok(false);
            }
            Fault::CloseIdle => {
                http::write_reply(out, 200, "", good, false)?;
                thread::sleep(KEEP_ALIVE);
                return Ok(false);
            }
            Fault::Silent => {
                // Until the client hangs up.
                io::copy(input, &mut io::sink())?;
                return Ok(false);
            }
            Fault::Throttle | Fault::DropUploads => http::write_reply(out, 200, "", good, false)?,
        }
        Ok(true)
    }
}

/// The error body of gateways and of OpenAI alike.
fn failure(status: u16) -> Vec<u8> {
    let kind = if status == 429 { "requests" } else { "server_error" };
    format!(r#"{{"error":{{"message":"it failed","type":"{kind}","param":null,"code":null}}}}"#).into_bytes()
}
