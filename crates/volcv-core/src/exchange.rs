//! The contract with a transport: the request that it reads, the sink that takes the reply, and the ways to fail.

use std::error::Error as StdError;
use std::fmt;

use http::HeaderMap;

use crate::call::limits::TimeLimit;
use crate::request::body::BodyReader;

/// A request for one attempt. `Content-Length` is among its headers and exact; a transport never sends it chunked.
pub type Request = http::Request<BodyReader>;

/// Receives the reply of one attempt.
pub trait ReplySink {
    /// The status and headers of the final reply; informational 1xx replies are not passed on.
    ///
    /// # Errors
    /// [`Stop`]: the transport closes the connection and returns [`TransportErrorKind::Stopped`].
    fn head(&mut self, status: u16, headers: &HeaderMap) -> Result<(), Stop>;

    /// The next bytes of the reply's body, not decompressed.
    ///
    /// # Errors
    /// As for [`ReplySink::head`].
    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop>;
}

/// The sink refuses the remaining reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// How an attempt failed below HTTP.
///
/// A transport does not say what the failure means or costs: the core knows from the meter what was delivered.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of failure that a transport tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name has no address.
    Resolve,
    /// No connection could be made, or the TLS handshake failed.
    Connect,
    /// The peer's certificate was refused, or there is no common TLS version.
    Tls,
    /// The proxy asks for a user name and a password, or for different ones.
    ProxyAuth,
    /// A limit passed.
    Timeout(TimeLimit),
    /// The connection broke.
    Io,
    /// The peer does not speak HTTP, or not correctly.
    Protocol,
    /// The sink asked to stop.
    Stopped,
    /// The caller asked to stop.
    Cancelled,
    /// There is no memory for the buffers of a connection.
    NoMemory,
    /// Anything else.
    Other,
}

impl TransportError {
    /// A failure without a cause.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// A failure with its cause, which becomes the source of the final error.
    pub fn with_source(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// The kind.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.source
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TransportErrorKind::Resolve => f.write_str("the host name was not found"),
            TransportErrorKind::Connect => f.write_str("no connection"),
            TransportErrorKind::Tls => f.write_str("the server's certificate was refused"),
            TransportErrorKind::ProxyAuth => f.write_str("the proxy did not accept the client"),
            TransportErrorKind::Timeout(limit) => write!(f, "the {limit} passed"),
            TransportErrorKind::Io => f.write_str("the connection broke"),
            TransportErrorKind::Protocol => f.write_str("no valid HTTP reply came"),
            TransportErrorKind::Stopped => f.write_str("the reply was not wanted"),
            TransportErrorKind::Cancelled => f.write_str("cancelled"),
            TransportErrorKind::NoMemory => f.write_str("there is no memory for the connection"),
            TransportErrorKind::Other => f.write_str("the transport failed"),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<Stop> for TransportError {
    fn from(_: Stop) -> Self {
        Self::new(TransportErrorKind::Stopped)
    }
}

/// A transport can report a time limit of its own.
impl From<TimeLimit> for TransportError {
    fn from(limit: TimeLimit) -> Self {
        Self::new(TransportErrorKind::Timeout(limit))
    }
}
