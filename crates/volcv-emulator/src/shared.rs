//! The state that the threads of one server share.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::clock;
use crate::direct::Keys;
use crate::task::{TaskPace, Tasks};
use crate::{Distortion, Fault, OutputFormat, RequestKind, RequestRecord};

/// How many records and files are kept, so that a server that runs for days does not grow without end.
const KEPT_RECORDS: usize = 4096;
const KEPT_FILES: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The accepted key; `None` = every key.
    pub(crate) key: Option<String>,
    /// The region in the scope of a signature.
    pub(crate) region: String,
    pub(crate) repeat_last: bool,
    pub(crate) delay: Duration,
    pub(crate) output: OutputFormat,
    pub(crate) distortion: Distortion,
}

/// What can also be changed while the server runs.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) faults: Vec<Fault>,
    pub(crate) keys: Keys,
    pub(crate) clock_offset: i64,
    pub(crate) task_pace: TaskPace,
}

/// A picture that was painted.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) format: OutputFormat,
    pub(crate) bytes: Arc<[u8]>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) addr: SocketAddr,
    pub(crate) settings: Settings,
    state: Mutex<State>,
    /// Rings when a connection ends and when the server stops.
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) stopped: bool,
    /// How many threads wait for the server to become idle.
    pub(crate) waiting_for_idle: usize,
    /// The far ends of our own connections to ourselves.
    markers: HashSet<SocketAddr>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) records: VecDeque<RequestRecord>,
    /// How many records were dropped from the front.
    forgotten: u64,
    pub(crate) connections: u64,
    pub(crate) open: HashMap<u64, Arc<TcpStream>>,
    pub(crate) complete_bodies: BTreeMap<String, u64>,
    pub(crate) charges: u64,
    /// The access keys of direct access.
    pub(crate) keys: Keys,
    /// What is added to the system's clock, in seconds.
    pub(crate) clock_offset: i64,
    pub(crate) tasks: Tasks,
    files: VecDeque<File>,
    painted: u64,
}

impl Shared {
    pub(crate) fn new(addr: SocketAddr, settings: Settings, start: Start) -> Self {
        let Start { faults, keys, clock_offset, task_pace } = start;
        let mut state = State { faults: faults.into(), keys, clock_offset, ..State::default() };
        state.tasks.pace = task_pace;
        Self { addr, settings, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// A panic in another thread leaves no half-made state behind, so poison is ignored.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every thread end soon.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        for stream in state.open.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    /// Enters a new connection; `None` once the server has stopped.
    pub(crate) fn open(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        let mut state = self.state();
        if state.stopped {
            return None;
        }
        state.connections += 1;
        let number = state.connections;
        state.open.insert(number, Arc::clone(stream));
        Some(number)
    }

    pub(crate) fn close(&self, connection: u64) {
        self.state().open.remove(&connection);
        self.changed.notify_all();
    }

    pub(crate) fn wait_idle(&self, limit: Duration) -> bool {
        // Connections that the system has taken and the acceptor has not seen yet are open too. They are accepted in order,
        // so once our own has been seen, so have all that came before.
        let sent = self.send_marker().ok();
        let marker = sent.as_ref().map(|(_, address)| address);
        let mut state = self.state();
        state.waiting_for_idle += 1;
        let busy = |state: &mut State| !state.open.is_empty() || marker.is_some_and(|own| state.markers.contains(own));
        let waited = self.changed.wait_timeout_while(state, limit, busy);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waiting_for_idle -= 1;
        !busy(&mut state)
    }

    /// Connects to this server; the acceptor recognises the connection and drops it uncounted.
    fn send_marker(&self) -> io::Result<(Socket, SocketAddr)> {
        let server = self.local_addr();
        let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(server.ip(), 0).into())?;
        let own = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        self.state().markers.insert(own);
        let connected = socket.connect_timeout(&server.into(), Duration::from_secs(1));
        if connected.is_err() {
            self.state().markers.remove(&own);
        }
        connected.map(|()| (socket, own))
    }

    /// Whether a connection from here is a marker; it is crossed off.
    pub(crate) fn is_marker(&self, peer: SocketAddr) -> bool {
        let found = self.state().markers.remove(&peer);
        self.changed.notify_all();
        found
    }

    /// The server's own clock, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        clock::system_seconds().saturating_add(self.state().clock_offset)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.local_addr())
    }

    /// Where this process can reach the server.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        let ip = match self.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.addr.port())
    }

    /// Sleeps, but not longer than the server runs.
    pub(crate) fn sleep(&self, duration: Duration) {
        let until = Instant::now() + duration;
        let mut state = self.state();
        while let Some(left) = until.checked_duration_since(Instant::now())
            && !left.is_zero()
            && !state.stopped
        {
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    /// Takes the next fault for a new connection.
    pub(crate) fn take_connection_fault(&mut self, repeat_last: bool) -> Option<Fault> {
        let index = self.next_fault(None)?;
        self.faults[index].is_for_connection().then(|| self.take(index, repeat_last))
    }

    /// Takes the next fault for a request.
    pub(crate) fn take_fault(&mut self, kind: Option<RequestKind>, repeat_last: bool) -> Option<Fault> {
        let index = self.next_fault(kind)?;
        (!self.faults[index].is_for_connection()).then(|| self.take(index, repeat_last))
    }

    /// Whether the next fault waits for a new connection.
    pub(crate) fn wants_connection(&self) -> bool {
        self.next_fault(None).is_some_and(|index| self.faults[index].is_for_connection())
    }

    /// The place of the first fault that is not aimed at requests of another kind.
    fn next_fault(&self, kind: Option<RequestKind>) -> Option<usize> {
        self.faults.iter().position(|fault| fault.action.is_none() || fault.action == kind)
    }

    fn take(&mut self, index: usize, repeat_last: bool) -> Fault {
        if repeat_last && index + 1 == self.faults.len() {
            return self.faults[index].clone();
        }
        self.faults.remove(index).unwrap_or_default()
    }

    /// Adds a record and returns its number, counted from 0.
    pub(crate) fn add_record(&mut self, record: RequestRecord) -> u64 {
        if self.records.len() == KEPT_RECORDS {
            self.records.pop_front();
            self.forgotten += 1;
        }
        self.records.push_back(record);
        self.next_record() - 1
    }

    /// The number of the record that is added next.
    pub(crate) fn next_record(&self) -> u64 {
        self.forgotten + self.records.len() as u64
    }

    /// Changes a record unless it has been forgotten.
    pub(crate) fn update(&mut self, number: u64, change: impl FnOnce(&mut RequestRecord)) {
        let index = number.checked_sub(self.forgotten).and_then(|index| usize::try_from(index).ok());
        if let Some(record) = index.and_then(|index| self.records.get_mut(index)) {
            change(record);
        }
    }

    /// Keeps a painted picture under a new name.
    pub(crate) fn keep_file(&mut self, format: OutputFormat, bytes: Arc<[u8]>) -> File {
        if self.files.len() == KEPT_FILES {
            self.files.pop_front();
        }
        self.painted += 1;
        let file = File { name: format!("{}.{}", self.painted, format.extension()), format, bytes };
        self.files.push_back(file.clone());
        file
    }

    pub(crate) fn file(&self, name: &str) -> Option<File> {
        self.files.iter().find(|file| file.name == name).cloned()
    }

    /// The bytes behind a link, if it is one of this server's own. Nothing is ever fetched.
    pub(crate) fn own_file(&self, base_url: &str, link: &str) -> Option<Vec<u8>> {
        let name = link.strip_prefix(base_url)?.strip_prefix("/files/")?;
        Some(self.file(name)?.bytes.to_vec())
    }
}
