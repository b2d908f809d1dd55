//! The blocking transport on ureq.

mod connect;
mod connection;
mod happy_eyeballs;
mod head;
mod helpers;
mod memory;

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::AUTHORIZATION;
use ureq::unversioned::transport::{Buffers, Connector};
use ureq::{Agent, SendBody};
use volcv_core::{Error, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::proxy::Routes;
use crate::proxy::handshake::ProxyError;
use crate::reuse::{Age, Habit, MAX_IDLE};
use crate::tls::{Tls, find, in_words, is_refusal};
use crate::transport::Transport;
use crate::ureq::connect::{Connect, Line, Resolve};
use crate::ureq::connection::{Answering, Stream};
use crate::ureq::head::HeadError;
use crate::ureq::helpers::Helpers;

/// What ureq copies for the sink at once: small enough to stay in the first-level cache until it is decoded.
const CHUNK: usize = 32 * 1024;
/// Lanes that are kept; each has the buffers of a call. More calls at once than this are rare.
const MAX_LANES: usize = 4;

/// One attempt on ureq: no redirects, no retries, no decompression, and no proxies but those of
/// [`ClientBuilder`](crate::ClientBuilder).
///
/// Every call in flight has a lane of its own, an agent with one connection, so that cancelling one call shuts down
/// the socket of that call only.
#[derive(Debug)]
pub struct UreqTransport {
    tls: Arc<rustls::ClientConfig>,
    routes: Arc<Routes>,
    helpers: Arc<Helpers>,
    lanes: Mutex<Vec<Lane>>,
    /// The oldest first.
    idle: Mutex<Vec<Idle>>,
    habit: Habit,
}

#[derive(Debug)]
struct Lane {
    agent: Agent,
    line: Arc<Line>,
}

/// A connection to use again.
struct Idle {
    /// Scheme and authority.
    origin: String,
    stream: Stream,
    age: Age,
}

impl UreqTransport {
    /// A transport without a connection yet.
    ///
    /// # Errors
    /// The chosen crypto or roots were not compiled in, or cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, Error> {
        Self::with_routes(tls, Arc::default())
    }

    pub(crate) fn with_routes(tls: &Tls, routes: Arc<Routes>) -> Result<Self, Error> {
        let tls = Arc::new(tls.client_config()?);
        Ok(Self {
            tls,
            routes,
            helpers: Arc::default(),
            lanes: Mutex::default(),
            idle: Mutex::default(),
            habit: Habit::default(),
        })
    }

    /// An open connection to this origin that may be used again.
    fn checkout(&self, origin: &str, limits: &Limits, cancel: &CancelToken) -> Option<Stream> {
        loop {
            let (found, wait) = self.take_idle(origin, limits)?;
            cancel.wait(wait);
            let is_open = found.stream.is_open();
            self.habit.note(found.age, is_open);
            if is_open {
                return Some(found.stream);
            }
        }
    }

    /// The connection for which the wait is shortest, and that wait.
    fn take_idle(&self, origin: &str, limits: &Limits) -> Option<(Idle, Duration)> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| !idle.age.is_over());
        let mine = idle.iter().enumerate().rev().filter(|(_, idle)| idle.origin == origin);
        let waits = mine.filter_map(|(place, idle)| self.habit.wait(idle.age, limits).map(|wait| (place, wait)));
        let (place, wait) = waits.min_by_key(|(_, wait)| *wait)?;
        Some((idle.remove(place), wait))
    }

    fn keep(&self, origin: String, stream: Stream, age: Age) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == MAX_IDLE {
            idle.remove(0);
        }
        idle.push(Idle { origin, stream, age });
    }

    fn take_lane(&self) -> Lane {
        let lane = self.lanes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        lane.unwrap_or_else(|| {
            let line = Arc::new(Line::new(&self.helpers, &self.routes));
            let agent = agent(Connect { line: Arc::clone(&line), tls: Arc::clone(&self.tls) }, &line);
            Lane { agent, line }
        })
    }

    fn give_back(&self, lane: Lane) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() < MAX_LANES {
            lanes.push(lane);
        }
    }
}

fn agent(connector: impl Connector, line: &Arc<Line>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // The connector knows the proxies.
        .proxy(None)
        // They are kept here, where it is known what was sent on them and when.
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .build();
    Agent::with_parts(config, connector, Resolve(Arc::clone(line)))
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").field("origin", &self.origin).field("age", &self.age).finish_non_exhaustive()
    }
}

impl Transport for UreqTransport {
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        let (mut parts, body) = request.into_parts();
        let authorization = parts.headers.remove(AUTHORIZATION);
        let origin = origin(&parts.uri);
        let lane = self.take_lane();
        let stream = self.checkout(&origin, limits, cancel);
        let reuses = stream.is_some();
        let guard = lane.line.open(cancel, limits.connect, authorization, stream, body.remaining());
        let body = if body.remaining() == 0 { SendBody::none() } else { SendBody::from_owned_reader(body) };
        let sent = exchange(&lane.agent, &lane.line, http::Request::from_parts(parts, body), reply);
        if reuses && sent.is_err() && !cancel.is_cancelled() {
            self.habit.closes();
        }
        if let Some(stream) = lane.line.take_early() {
            // The lane is not used again: something of the request is left in it.
            return early_answer(stream, &lane.line, reply);
        }
        drop(guard);
        let stream = lane.line.close();
        self.give_back(lane);
        if let (Some(stream), Some(age)) = (stream, sent?) {
            self.keep(origin, stream, age);
        }
        Ok(())
    }
}

fn origin(uri: &http::Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
}

/// Reads an answer that came before the whole request, on a connection where nothing is sent any more.
fn early_answer(stream: Stream, line: &Arc<Line>, reply: &mut dyn ReplySink) -> Result<(), TransportError> {
    let agent = agent(Answering::new(stream, Arc::clone(line)), line);
    let mut request = http::Request::new(SendBody::none());
    *request.uri_mut() = http::Uri::from_static("http://127.0.0.1/");
    exchange(&agent, line, request, reply).map(drop)
}

/// Sends, pushes the reply, and says whether the connection may be used again.
fn exchange(
    agent: &Agent,
    line: &Line,
    request: http::Request<SendBody<'static>>,
    reply: &mut dyn ReplySink,
) -> Result<Option<Age>, TransportError> {
    let response = agent.run(request).map_err(translate)?;
    let (parts, body) = response.into_parts();
    let headers = line.take_headers();
    reply.head(parts.status.as_u16(), &headers)?;
    match body.content_length() {
        Some(length) => {
            // ureq gives its connection up, and with it what it has read ahead.
            drop(body);
            receive(line, length, reply)?;
        }
        None => receive_by_ureq(body, reply)?,
    }
    Ok(Age::behind(parts.version, &headers))
}

/// Reads a body whose length is known. ureq would copy it once more, and ask for every sixteen bytes of it whether they are
/// to be written to the log.
fn receive(line: &Line, mut left: u64, reply: &mut dyn ReplySink) -> Result<(), TransportError> {
    let (stream, mut memory) = line.take();
    let Some(mut stream) = stream else { return Err(TransportError::new(TransportErrorKind::Other)) };
    while left > 0 {
        if memory.input().is_empty() {
            match stream.read(memory.input_append_buf()) {
                Ok(0) => return Err(translate(io::Error::from(io::ErrorKind::UnexpectedEof).into())),
                Ok(bytes) => memory.input_appended(bytes),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(translate(error.into())),
            }
        }
        let input = memory.input();
        let piece = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        reply.data(&input[..piece])?;
        memory.input_consume(piece);
        left -= piece as u64;
    }
    line.put_back(Some(stream), memory);
    Ok(())
}

/// Reads a body that is chunked, or ends with its connection.
fn receive_by_ureq(body: ureq::Body, reply: &mut dyn ReplySink) -> Result<(), TransportError> {
    // The limit of the reply is the sink's, not ureq's.
    let mut reader = body.into_with_config().limit(u64::MAX).reader();
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk).map_err(|error| translate(error.into()))? {
            0 => return Ok(()),
            bytes => reply.data(&chunk[..bytes])?,
        }
    }
}

fn translate(error: ureq::Error) -> TransportError {
    use ureq::Error as E;
    if let Some(error) = find::<ProxyError>(cause(&error)) {
        return TransportError::with_source(error.kind(), error.clone());
    }
    let kind = match &error {
        E::HostNotFound => TransportErrorKind::Resolve,
        error if is_refusal(cause(error)) => TransportErrorKind::Tls,
        E::ConnectionFailed | E::Tls(_) => TransportErrorKind::Connect,
        E::Io(error) if connect::is_connect_error(error) => TransportErrorKind::Connect,
        E::Io(_) => TransportErrorKind::Io,
        E::Protocol(_) => TransportErrorKind::Protocol,
        E::Other(error) if error.is::<HeadError>() => TransportErrorKind::Protocol,
        _ => TransportErrorKind::Other,
    };
    TransportError::with_source(kind, in_words(cause(&error)).unwrap_or_else(|| error.into()))
}

/// ureq's errors do not name their sources, so the one inside is taken out by hand.
fn cause(error: &ureq::Error) -> &(dyn StdError + 'static) {
    match error {
        ureq::Error::Io(error) => error,
        ureq::Error::Other(error) => &**error,
        error => error,
    }
}
