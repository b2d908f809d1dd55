//! The async transport on reqwest.

mod tunnel;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::redirect::Policy;
use volcv_core::{Error, Limits, ReplySink, Request, TransportError, TransportErrorKind};

use crate::proxy::Routes;
use crate::reqwest::tunnel::Tunnels;
use crate::reuse::{Age, Habit, IDLE, MAX_IDLE};
use crate::tls::{Tls, in_words, is_refusal};
use crate::transport::{AsyncTransport, MAX_HEADERS};

/// One attempt on a reqwest client: no redirects, no retries, no decompression, and no proxies but those of
/// [`ClientBuilder`](crate::ClientBuilder).
///
/// A line in a reply's head that is no header is left out, and the reply is read. Three things remain an error, because
/// hyper's parser has no setting for them: a NUL in a header line, a CR without LF in it, and a control character in the
/// reason behind the status.
#[derive(Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    /// Never uses a connection twice: for requests that follow closely on another one.
    fresh: reqwest::Client,
    routes: Arc<Routes>,
    /// For what goes through a proxy, the second of them as `fresh`.
    tunnels: Option<[Tunnels; 2]>,
    /// The connection among those of `client` that was used last.
    youngest: Mutex<Option<Used>>,
    habit: Habit,
}

/// An idle connection. reqwest does not give it out; its own port is how it is told from others.
#[derive(Debug, Clone, Copy)]
struct Used {
    age: Age,
    port: Option<u16>,
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
        let client = |kept: usize| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                // Another crate of the program may have switched these on for all of reqwest.
                .no_gzip()
                .no_deflate()
                .no_brotli()
                .no_zstd()
                .http1_max_headers(MAX_HEADERS)
                .http1_ignore_invalid_headers_in_responses(true)
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(kept)
                .build()
                .map_err(|error| Error::config(format!("the http client cannot be built: {error}")))
        };
        let tunnels = routes.has_proxy().then(|| [MAX_IDLE, 0].map(|kept| Tunnels::new(&routes, &tls, kept)));
        Ok(Self { routes, tunnels, ..Self::on(client(MAX_IDLE)?, client(0)?) })
    }

    /// For `unversioned`: a client that somebody else has set up.
    pub(crate) fn from_client(client: reqwest::Client) -> Self {
        Self::on(client.clone(), client)
    }

    fn on(client: reqwest::Client, fresh: reqwest::Client) -> Self {
        let (routes, youngest, habit) = (Arc::default(), Mutex::default(), Habit::default());
        Self { client, fresh, routes, tunnels: None, youngest, habit }
    }

    fn youngest(&self) -> MutexGuard<'_, Option<Used>> {
        self.youngest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way that the routes say, on a connection that was used before or on a fresh one; whether it failed while
    /// connecting comes with an error.
    async fn execute(
        &self,
        request: http::Request<reqwest::Body>,
        fresh: bool,
    ) -> Result<reqwest::Response, (TransportError, bool)> {
        match self.tunnels.as_ref().filter(|_| self.routes.proxy_for(request.uri()).is_some()) {
            Some([tunnels, fresh_tunnels]) => {
                let tunnels = if fresh { fresh_tunnels } else { tunnels };
                tunnels.execute(request).await.map_err(|error| {
                    let connecting = error.is_connect();
                    (tunnel::translate(error), connecting)
                })
            }
            None => {
                let client = if fresh { &self.fresh } else { &self.client };
                let failed = |error: reqwest::Error| {
                    let connecting = error.is_connect();
                    (translate(error), connecting)
                };
                let request = reqwest::Request::try_from(request).map_err(failed)?;
                client.execute(request).await.map_err(failed)
            }
        }
    }

    /// Notes that a connection has become idle. One whose server has promised nothing is the one to wait for.
    fn note(&self, used: Used) {
        let mut youngest = self.youngest();
        let is_settled = |used: Used| used.age.until_settled().is_zero();
        if youngest.is_none_or(is_settled) || !is_settled(used) {
            *youngest = Some(used);
        }
    }
}

impl AsyncTransport for ReqwestTransport {
    // The limits are kept by the driver, which drops this future when one has passed.
    async fn send(
        &self,
        request: Request,
        reply: &mut (dyn ReplySink + Send),
        limits: &Limits,
    ) -> Result<(), TransportError> {
        let before = *self.youngest();
        let wait = before.map_or(Some(Duration::ZERO), |used| self.habit.wait(used.age, limits));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            tokio::time::sleep(wait).await;
        }
        let sent = self.execute(request.map(reqwest::Body::wrap), wait.is_none()).await;
        let mut response = sent.map_err(|(error, connecting)| {
            if before.is_some() && wait.is_some() && !connecting {
                self.habit.closes();
            }
            error
        })?;
        let port = response.extensions().get::<HttpInfo>().map(|info| info.local_addr().port());
        // Another connection says nothing: that one may have been in use.
        if let Some(before) = before.filter(|before| before.port.is_some() && before.port == port) {
            self.habit.note(before.age, true);
        }
        reply.head(response.status().as_u16(), response.headers())?;
        let age = Age::behind(response.version(), response.headers());
        // They lie in hyper's buffer, which could not be used again for the body.
        response.headers_mut().clear();
        while let Some(chunk) = response.chunk().await.map_err(translate)? {
            reply.data(&chunk)?;
        }
        if let Some(age) = age.filter(|_| wait.is_some()) {
            self.note(Used { age: age.renewed(), port });
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
