//! The async transport on reqwest.

mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;
use volcv_core::{Error, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use crate::proxy::Routes;
use crate::reqwest::tunnel::Tunnels;
use crate::tls::Tls;
use crate::tls::error::{in_words, is_refusal};
use crate::transport::{AsyncTransport, IDLE_LIMIT, MAX_HEADERS, MAX_IDLE};

/// One attempt on a reqwest client: no redirects, no retries, no decompression, and no proxies but those of
/// [`ClientBuilder`](crate::ClientBuilder).
///
/// A connection is used again if it was idle for at most 10 s. hyper, which is inside of reqwest, reads before it sends: it does
/// not use a connection that the server has ended, or on which the server has sent a stray byte.
///
/// A line in a reply's head that is no header is left out, and the reply is read. Three things remain an error, because
/// hyper's parser has no setting for them: a NUL in a header line, a CR without LF in it, and a control character in the
/// reason behind the status.
#[derive(Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    routes: Arc<Routes>,
    /// The client for calls that go through a proxy.
    tunnels: Option<Tunnels>,
}

impl ReqwestTransport {
    /// A transport with its own connections.
    ///
    /// # Errors
    /// The chosen crypto or roots were not compiled in, or cannot be used.
    pub fn new(tls: &Tls) -> Result<Self, Error> {
        Self::with_routes(tls, Arc::default())
    }

    pub(crate) fn with_routes(tls: &Tls, routes: Arc<Routes>) -> Result<Self, Error> {
        let tls = tls.client_config()?;
        let tunnels = routes.has_proxy().then(|| Tunnels::new(&routes, &tls));
        let client = build(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy())?;
        Ok(Self { client, routes, tunnels })
    }

    /// For `unversioned`: a client on which the caller has set certificates and the like.
    pub(crate) fn from_builder(builder: ClientBuilder) -> Result<Self, Error> {
        Ok(Self { client: build(builder)?, routes: Arc::default(), tunnels: None })
    }
}

/// Builds a client with what volcv needs: a redirect would send the key elsewhere, and a hidden retry could pay twice.
fn build(builder: ClientBuilder) -> Result<reqwest::Client, Error> {
    builder
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        // Another crate of the program may have switched these on for all of reqwest.
        .no_gzip()
        .no_deflate()
        .no_brotli()
        .no_zstd()
        .http1_max_headers(MAX_HEADERS)
        .http1_ignore_invalid_headers_in_responses(true)
        .pool_idle_timeout(IDLE_LIMIT)
        .pool_max_idle_per_host(MAX_IDLE)
        .build()
        .map_err(|error| Error::config(format!("the http client cannot be built: {error}")))
}

impl AsyncTransport for ReqwestTransport {
    // The limits are kept by the driver, which drops this future when one has passed.
    async fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        _: &Limits,
    ) -> Result<(), TransportError> {
        // A runtime that has done nothing since the last call does not know yet what has happened to an idle connection:
        // hyper would send before it reads. tokio looks at its sockets before it goes on behind this.
        tokio::task::yield_now().await;
        let request = request.map(reqwest::Body::wrap);
        let mut response = match self.tunnels.as_ref().filter(|_| self.routes.proxy_for(request.uri()).is_some()) {
            Some(tunnels) => tunnels.execute(request).await?,
            None => {
                let request = reqwest::Request::try_from(request).map_err(translate)?;
                self.client.execute(request).await.map_err(translate)?
            }
        };
        reply.head(response.status().as_u16(), response.headers())?;
        // The headers lie in hyper's buffer, which could not be used again for the body.
        response.headers_mut().clear();
        while let Some(chunk) = response.chunk().await.map_err(translate)? {
            reply.data(&chunk)?;
        }
        Ok(())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn translate(error: reqwest::Error) -> TransportError {
    let kind = if is_refusal(&error) {
        TransportErrorKind::Tls
    } else if error.is_dns() {
        TransportErrorKind::Resolve
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_body() || error.is_request() || error.is_decode() {
        TransportErrorKind::Io
    } else {
        TransportErrorKind::Other
    };
    TransportError::with_source(kind, in_words(&error).unwrap_or_else(|| error.without_url().into()))
}
