//! The blocking transport on ureq.

mod connect;
mod connection;

use std::error::Error as StdError;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::header::AUTHORIZATION;
use ureq::unversioned::transport::Connector;
use ureq::{Agent, SendBody};
use volcv_core::{Error, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::tls::{Tls, is_refusal};
use crate::transport::Transport;
use crate::ureq::connect::{Connect, Line, Resolve};
use crate::ureq::connection::{Answering, Stream};
use crate::{IDLE_CONNECTION, MAX_IDLE, SETTLED_CONNECTION};

/// Bytes that move at once; megabytes travel, so system calls should be rare.
const BUFFER: usize = 128 * 1024;

/// One attempt on ureq: no redirects, no retries, no proxies, no decompression.
///
/// Every call in flight has a lane of its own, an agent with one connection, so that cancelling one call shuts down
/// the socket of that call only. Lanes are reused while their connection is fresh.
#[derive(Debug)]
pub struct UreqTransport {
    tls: Arc<rustls::ClientConfig>,
    /// The oldest first.
    idle: Mutex<Vec<(Lane, Instant)>>,
}

#[derive(Debug)]
struct Lane {
    agent: Agent,
    line: Arc<Line>,
}

impl UreqTransport {
    /// A transport without a connection yet.
    ///
    /// # Errors
    /// The chosen crypto or roots were not compiled in, or cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, Error> {
        Ok(Self { tls: Arc::new(tls.client_config()?), idle: Mutex::default() })
    }

    /// An idle lane whose connection is neither too old nor too fresh, or a new one.
    fn checkout(&self) -> Lane {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE_CONNECTION);
        let settled = idle.iter().rposition(|(_, since)| since.elapsed() >= SETTLED_CONNECTION);
        let lane = settled.map(|place| idle.remove(place).0);
        drop(idle);
        lane.unwrap_or_else(|| self.new_lane())
    }

    fn give_back(&self, lane: Lane) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == MAX_IDLE {
            idle.remove(0);
        }
        idle.push((lane, Instant::now()));
    }

    fn new_lane(&self) -> Lane {
        let line = Arc::new(Line::default());
        let agent = agent(Connect { line: Arc::clone(&line), tls: Arc::clone(&self.tls) }, &line);
        Lane { agent, line }
    }
}

fn agent(connector: impl Connector, line: &Arc<Line>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(IDLE_CONNECTION)
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .build();
    Agent::with_parts(config, connector, Resolve(Arc::clone(line)))
}

impl Transport for UreqTransport {
    fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
        cancel: &CancelToken,
    ) -> Result<(), TransportError> {
        let lane = self.checkout();
        let (mut parts, body) = request.into_parts();
        let authorization = parts.headers.remove(AUTHORIZATION);
        let _guard = lane.line.open(cancel, limits.connect, authorization);
        let body = if body.remaining() == 0 { SendBody::none() } else { SendBody::from_owned_reader(body) };
        let sent = exchange(&lane.agent, http::Request::from_parts(parts, body), reply);
        if let Some(stream) = lane.line.take_early() {
            return early_answer(stream, &lane.line, reply);
        }
        sent?;
        // Only a lane whose reply was read to its end is clean; any other is dropped and its connection closed.
        self.give_back(lane);
        Ok(())
    }
}

/// Reads an answer that came before the whole request, on a connection where nothing is sent any more.
fn early_answer(stream: Stream, line: &Arc<Line>, reply: &mut dyn ReplySink) -> Result<(), TransportError> {
    let agent = agent(Answering::new(stream, Arc::clone(line)), line);
    let mut request = http::Request::new(SendBody::none());
    *request.uri_mut() = http::Uri::from_static("http://127.0.0.1/");
    exchange(&agent, request, reply)
}

fn exchange(
    agent: &Agent,
    request: http::Request<SendBody<'static>>,
    reply: &mut dyn ReplySink,
) -> Result<(), TransportError> {
    let response = agent.run(request).map_err(translate)?;
    let (parts, body) = response.into_parts();
    reply.head(parts.status.as_u16(), &parts.headers)?;
    // The limit of the reply is the sink's, not ureq's.
    let mut reader = body.into_with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer).map_err(|error| translate(error.into()))? {
            0 => return Ok(()),
            n => reply.data(&buffer[..n])?,
        }
    }
}

fn translate(error: ureq::Error) -> TransportError {
    use ureq::Error as E;
    let kind = match &error {
        E::HostNotFound => TransportErrorKind::Resolve,
        error if is_refusal(cause(error)) => TransportErrorKind::Tls,
        E::ConnectionFailed | E::Tls(_) => TransportErrorKind::Connect,
        E::Io(error) if connect::is_connect_error(error) => TransportErrorKind::Connect,
        E::Io(_) => TransportErrorKind::Io,
        E::Protocol(_) | E::LargeResponseHeader(..) => TransportErrorKind::Protocol,
        _ => TransportErrorKind::Other,
    };
    TransportError::with_source(kind, error)
}

/// ureq's errors do not name their sources, so the one inside is taken out by hand.
fn cause(error: &ureq::Error) -> &(dyn StdError + 'static) {
    match error {
        ureq::Error::Io(error) => error,
        ureq::Error::Other(error) => &**error,
        error => error,
    }
}
