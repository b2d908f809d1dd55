//! The public handle of a running server.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::direct::{KeyPair, Keys};
use crate::shared::{Settings, Shared, Start};
use crate::{
    DEFAULT_ACCESS_KEY, DEFAULT_KEY, DEFAULT_SECRET_KEY, Distortion, Fault, OutputFormat, RequestRecord, TaskPace,
    server,
};

/// A running server. Dropping it closes every connection and waits for its threads.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts on an ephemeral port of 127.0.0.1, accepting [`DEFAULT_KEY`], without faults.
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Changes the settings before the start.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// The base URL for a client on this machine, for example `http://127.0.0.1:40123`.
    pub fn base_url(&self) -> String {
        self.shared.base_url()
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.shared.addr
    }

    /// Queues a behaviour for one coming request, or connection. When the queue is empty, the emulator behaves.
    pub fn push(&self, fault: Fault) {
        self.shared.state().faults.push_back(fault);
    }

    /// What an honest service could have billed: complete request bodies that passed every check (key or signature, action,
    /// JSON, pictures, ranges), counted before anything is answered and whatever the answer was, throttling included. A task
    /// counts once, when it is submitted; polls for its result and cancels never do.
    pub fn charges(&self) -> u64 {
        self.shared.state().charges
    }

    /// Complete request bodies received by `POST` on `/volcv/v1` and `/`, those included that the checks refused.
    pub fn complete_bodies(&self) -> u64 {
        self.shared.state().complete_bodies.values().sum()
    }

    /// The same, by a digest of the body: when one call is sent again, its bytes are the same.
    pub fn complete_bodies_per_call(&self) -> BTreeMap<String, u64> {
        self.shared.state().complete_bodies.clone()
    }

    /// How many tasks have been taken since the start, counted like [`charges`](Self::charges).
    pub fn submits(&self) -> u64 {
        self.shared.state().tasks.submits()
    }

    /// Every task that was submitted until now is `expired` from now on.
    pub fn expire_tasks(&self) {
        self.shared.state().tasks.expire();
    }

    /// Changes how tasks come along, also those that were submitted before.
    pub fn set_task_pace(&self, pace: TaskPace) {
        self.shared.state().tasks.pace = pace;
    }

    /// Sets the server's clock this many seconds ahead of the system's clock; negative = behind.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.state().clock_offset = seconds;
    }

    /// Accepts from now on also this temporary pair of keys, together with its session token only.
    pub fn add_temporary_key(
        &self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        session_token: impl Into<String>,
    ) {
        self.shared.state().keys.add(temporary(access_key, secret_key, session_token));
    }

    /// Refuses a session token from now on, as the service does when it has expired.
    pub fn revoke_token(&self, session_token: &str) {
        self.shared.state().keys.revoke(session_token);
    }

    /// Every request whose head has arrived, oldest first; the last 4096 are kept.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.state().records.iter().cloned().collect()
    }

    /// How many connections have been accepted since the start.
    pub fn connections(&self) -> u64 {
        self.shared.state().connections
    }

    /// How many connections are open now, kept-alive ones included.
    pub fn open_connections(&self) -> usize {
        self.shared.state().open.len()
    }

    /// Waits until no connection is open; false if that took too long.
    ///
    /// A stall that leaves request bytes unread cannot see that the client has gone, because the end of the stream is
    /// behind those bytes. While a thread waits here, such stalls read and discard them (uncounted) to find out.
    pub fn wait_idle(&self, limit: Duration) -> bool {
        self.shared.wait_idle(limit)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.stop();
        // The acceptor sleeps in accept(); a connection from ourselves wakes it up.
        let _ = TcpStream::connect_timeout(&self.shared.local_addr(), Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// Settings of an [`Emulator`].
#[derive(Debug, Clone)]
pub struct EmulatorBuilder {
    addr: SocketAddr,
    settings: Settings,
    start: Start,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        let mut keys = Keys::default();
        keys.add(permanent(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY));
        Self {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            settings: Settings {
                key: Some(DEFAULT_KEY.to_owned()),
                region: "cn-north-1".to_owned(),
                repeat_last: false,
                delay: Duration::ZERO,
                output: OutputFormat::Png,
                distortion: Distortion::default(),
            },
            start: Start { faults: Vec::new(), keys, clock_offset: 0, task_pace: TaskPace::default() },
        }
    }
}

impl EmulatorBuilder {
    /// Listens here; port 0 takes a free one.
    #[must_use]
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// Accepts this key and no other.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = Some(key.into());
        self
    }

    /// Accepts every key that is not empty.
    #[must_use]
    pub fn any_key(mut self) -> Self {
        self.settings.key = None;
        self
    }

    /// Accepts this pair of keys for direct access in the place of [`DEFAULT_ACCESS_KEY`] and [`DEFAULT_SECRET_KEY`].
    #[must_use]
    pub fn access_key(mut self, access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        self.start.keys.replace_permanent(permanent(access_key, secret_key));
        self
    }

    /// Accepts also this temporary pair of keys, together with its session token only.
    #[must_use]
    pub fn temporary_key(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        session_token: impl Into<String>,
    ) -> Self {
        self.start.keys.add(temporary(access_key, secret_key, session_token));
        self
    }

    /// The region that signatures must be made for. Without this call it is `cn-north-1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.settings.region = region.into();
        self
    }

    /// The server's clock is this many seconds ahead of the system's clock; negative = behind.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.start.clock_offset = seconds;
        self
    }

    /// How tasks come along. Without this call they are done at once.
    #[must_use]
    pub fn task_pace(mut self, pace: TaskPace) -> Self {
        self.start.task_pace = pace;
        self
    }

    /// The first behaviours, as if each had been pushed.
    #[must_use]
    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.start.faults = faults;
        self
    }

    /// Whether the last fault of the queue stays there and applies to every later request.
    #[must_use]
    pub fn repeat_last(mut self, repeat: bool) -> Self {
        self.settings.repeat_last = repeat;
        self
    }

    /// The time that each answer takes, as that of a model; painting is part of it.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// Sends pictures in this format. Without this call it is PNG.
    #[must_use]
    pub fn output(mut self, format: OutputFormat) -> Self {
        self.settings.output = format;
        self
    }

    /// Distorts every painted picture, as a model does.
    #[must_use]
    pub fn distort(mut self, distortion: Distortion) -> Self {
        self.settings.distortion = distortion;
        self
    }

    /// Starts the server.
    pub fn start(self) -> io::Result<Emulator> {
        let listener = TcpListener::bind(self.addr)?;
        let shared = Arc::new(Shared::new(listener.local_addr()?, self.settings, self.start));
        let for_thread = Arc::clone(&shared);
        let acceptor = thread::Builder::new()
            .name("volcv-emulator".to_owned())
            .spawn(move || server::accept_all(&listener, &for_thread))?;
        Ok(Emulator { shared, acceptor: Some(acceptor) })
    }
}

fn permanent(access_key: impl Into<String>, secret_key: impl Into<String>) -> KeyPair {
    KeyPair { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None }
}

fn temporary(
    access_key: impl Into<String>,
    secret_key: impl Into<String>,
    session_token: impl Into<String>,
) -> KeyPair {
    KeyPair { session_token: Some(session_token.into()), ..permanent(access_key, secret_key) }
}
