//! The blocking transport on ureq.

mod call;
mod connection;
mod happy_eyeballs;
mod head;
mod socket;

use std::error::Error as StdError;
use std::io::Read as _;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use ureq::{Agent, SendBody};
use volcv_core::{Error, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use crate::cancel::CancelToken;
use crate::proxy::Routes;
use crate::proxy::handshake::ProxyError;
use crate::tls::Tls;
use crate::tls::error::{find, in_words, is_refusal};
use crate::transport::{IDLE_LIMIT, MAX_IDLE, Transport};
use crate::ureq::call::{Call, Upload};
use crate::ureq::connection::{Connect, ResolveLater, is_connect_error};
use crate::ureq::head::HeadError;

/// The reply is copied to the sink in pieces that stay in the first-level cache until they are decoded.
const CHUNK: usize = 32 * 1024;

/// One attempt on ureq: no redirects, no retries, no decompression, and no proxies but those of
/// [`ClientBuilder`](crate::ClientBuilder).
#[derive(Debug)]
pub struct UreqTransport(Agent);

impl UreqTransport {
    /// A transport without a connection yet.
    ///
    /// # Errors
    /// The chosen crypto or roots were not compiled in, or cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, Error> {
        Self::with_routes(tls, Arc::default())
    }

    pub(crate) fn with_routes(tls: &Tls, routes: Arc<Routes>) -> Result<Self, Error> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The connector knows the proxies.
            .proxy(None)
            .max_idle_age(IDLE_LIMIT)
            .max_idle_connections(MAX_IDLE)
            .max_idle_connections_per_host(MAX_IDLE)
            .build();
        let connector = Connect { routes, tls: Arc::new(tls.client_config()?) };
        Ok(Self(Agent::with_parts(config, connector, ResolveLater)))
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
        let credentials = take_sensitive(&mut parts.headers);
        let guard = Call::begin(cancel, limits.connect, credentials, body.remaining());
        let body = match body.remaining() {
            0 => SendBody::none(),
            _ => SendBody::from_owned_reader(Upload::new(body, &guard.call)),
        };
        let response = self.0.run(http::Request::from_parts(parts, body)).map_err(translate)?;
        reply.head(response.status().as_u16(), &guard.call.take_headers())?;
        // The limit of the reply is the sink's, not ureq's.
        let mut reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            match reader.read(&mut chunk).map_err(|error| translate(error.into()))? {
                0 => return Ok(()),
                bytes => reply.data(&chunk[..bytes])?,
            }
        }
    }
}

/// Takes the headers that no log may show, because ureq's trace log prints every byte that it sends.
fn take_sensitive(headers: &mut HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let sensitive = headers.iter().filter(|(_, value)| value.is_sensitive()).map(|(name, _)| name.clone());
    let names: Vec<_> = sensitive.collect();
    names.into_iter().filter_map(|name| headers.remove(&name).map(|value| (name, value))).collect()
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
        E::Io(error) if error.kind() == std::io::ErrorKind::OutOfMemory => TransportErrorKind::NoMemory,
        E::Io(error) if is_connect_error(error) => TransportErrorKind::Connect,
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
