//! Calls through a proxy, on hyper's client, which reqwest is built on.
//!
//! reqwest would send a call with an `http` URL to the proxy itself, the key included, and it hides the status with which a
//! proxy refuses. So the tunnel is made here with the same handshake as on ureq, and hyper sends the call through it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;
use volcv_core::{TransportError, TransportErrorKind};

use crate::proxy::handshake::{Handshake, ProxyError, Step, Target};
use crate::proxy::{Proxy, Routes};
use crate::tls::error::{find, in_words, is_refusal};
use crate::transport::{IDLE_LIMIT, MAX_HEADERS, MAX_IDLE};

/// A client whose connections all go through proxies.
#[derive(Debug)]
pub(super) struct Tunnels(Client<HttpsConnector<Connector>, reqwest::Body>);

impl Tunnels {
    pub(super) fn new(routes: &Arc<Routes>, tls: &ClientConfig) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        let connector = HttpsConnector::from((Connector { routes: Arc::clone(routes), http }, tls.clone()));
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_LIMIT).pool_max_idle_per_host(MAX_IDLE);
        builder.http1_max_headers(MAX_HEADERS).http1_ignore_invalid_headers_in_responses(true);
        Self(builder.build(connector))
    }

    pub(super) async fn execute(
        &self,
        request: http::Request<reqwest::Body>,
    ) -> Result<reqwest::Response, TransportError> {
        let response = self.0.request(request).await.map_err(translate)?;
        Ok(response.map(reqwest::Body::wrap).into())
    }
}

fn translate(error: Error) -> TransportError {
    if let Some(error) = find::<ProxyError>(&error) {
        return TransportError::with_source(error.kind(), error.clone());
    }
    let kind = if is_refusal(&error) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Io
    };
    TransportError::with_source(kind, in_words(&error).unwrap_or_else(|| error.into()))
}

/// Makes connections through the proxy of each URL. `HttpsConnector` adds TLS.
#[derive(Debug, Clone)]
struct Connector {
    routes: Arc<Routes>,
    /// Connects to proxies.
    http: HttpConnector,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ProxyError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ProxyError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProxyError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { routes, mut http } = self.clone();
        Box::pin(async move {
            let proxy = routes.proxy_for(&uri).ok_or_else(|| ProxyError::unreachable("there is none for this URL"))?;
            let mut socket = reach(proxy, &mut http).await?;
            let target = Target::of(&uri);
            let target = match target.to_resolve(proxy) {
                Some(name) => target.resolved(lookup_host(name).await)?,
                None => target,
            };
            follow(Handshake::new(proxy, target), &mut socket).await?;
            Ok(TokioIo::new(socket))
        })
    }
}

/// A connection to the proxy itself.
async fn reach(proxy: &Proxy, http: &mut HttpConnector) -> Result<TcpStream, ProxyError> {
    let uri = proxy.uri().map_err(ProxyError::unreachable)?;
    match http.call(uri).await {
        Ok(socket) => Ok(socket.into_inner()),
        Err(error) => {
            Err(find::<io::Error>(&error).map_or_else(|| ProxyError::unreachable(&error), ProxyError::unreachable))
        }
    }
}

/// Follows a handshake to its end.
async fn follow(mut handshake: Handshake<'_>, socket: &mut TcpStream) -> Result<(), ProxyError> {
    let mut received = Vec::new();
    loop {
        let moved = match handshake.next(&received)? {
            Step::Send(bytes) => {
                received.clear();
                socket.write_all(&bytes).await
            }
            Step::Receive(count) => {
                received.resize(count, 0);
                socket.read_exact(&mut received).await.map(drop)
            }
            Step::Done => return Ok(()),
        };
        moved.map_err(|error| ProxyError::broken(&error))?;
    }
}
