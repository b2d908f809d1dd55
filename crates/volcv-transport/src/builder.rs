//! Makes clients from settings.

use std::sync::Arc;
use std::time::Duration;

use volcv_core::{Access, ApiKey, BufferPool, CallConfig, Endpoint, Error, Limits, RetryBudget, RetryPolicy};

use crate::client::{BlockingClient, Client};
use crate::credentials::CredentialsSource;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
use crate::proxy::Routes;
use crate::setup::{Hint, Setup};
use crate::timeout::{Around, TimeoutThread};
use crate::transport::{AsyncTransport, Transport};

/// The calls of a batch that run at once by default. It is small because gateways throttle early.
const DEFAULT_MAX_CONCURRENT: usize = 2;

/// Makes a [`Client`] or a [`BlockingClient`]; the last method picks the transport.
///
/// ```
/// # #[cfg(feature = "ureq")] {
/// use std::time::Duration;
/// use volcv_transport::ClientBuilder;
/// let client = ClientBuilder::new("https://gateway.example", "sk-…key".replace('…', ""))
///     .deadline(Duration::from_secs(120))
///     .max_attempts(3)
///     .ureq()
///     .unwrap();
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    base_url: Option<String>,
    region: Option<String>,
    way: Way,
    allow_insecure_http: bool,
    limits: Limits,
    policy: RetryPolicy,
    budget: Arc<RetryBudget>,
    pool: BufferPool,
    max_concurrent: usize,
    around_timer: Around,
    #[cfg(any(feature = "ureq", feature = "reqwest"))]
    pub(crate) proxies: Option<Result<Routes, Error>>,
    #[cfg(any(feature = "ureq", feature = "reqwest"))]
    tls: crate::Tls,
}

#[derive(Debug)]
enum Way {
    Gateway(Result<ApiKey, Error>),
    Direct(CredentialsSource),
}

impl ClientBuilder {
    /// A gateway's base URL, with or without `/volcv/v1`, and the API key. There is no default gateway.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Self {
        Self::of(Way::Gateway(ApiKey::new(key))).base_url(base_url)
    }

    /// Direct access to Volcengine's own host with an access key: calls are signed, and go to
    /// `https://visual.volcengineapi.com` unless [`ClientBuilder::base_url`] says otherwise.
    pub fn direct(credentials: impl Into<CredentialsSource>) -> Self {
        Self::of(Way::Direct(credentials.into()))
    }

    fn of(way: Way) -> Self {
        Self {
            base_url: None,
            region: None,
            way,
            allow_insecure_http: false,
            limits: Limits::default(),
            policy: RetryPolicy::default(),
            budget: Arc::default(),
            pool: BufferPool::default(),
            max_concurrent: DEFAULT_MAX_CONCURRENT,
            around_timer: Around::default(),
            #[cfg(any(feature = "ureq", feature = "reqwest"))]
            proxies: None,
            #[cfg(any(feature = "ureq", feature = "reqwest"))]
            tls: crate::Tls::new(),
        }
    }

    /// Where calls go.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The region in the signatures of direct access; `cn-north-1` by default.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Lets the key travel over plain `http` to hosts other than this machine. Off by default.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// All limits at once.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`Limits::connect`].
    pub fn connect_limit(mut self, time: Duration) -> Self {
        self.limits = self.limits.connect(time);
        self
    }

    /// Sets [`Limits::stall`].
    pub fn stall_limit(mut self, time: Duration) -> Self {
        self.limits = self.limits.stall(time);
        self
    }

    /// Sets [`Limits::attempt`].
    pub fn attempt_limit(mut self, time: Duration) -> Self {
        self.limits = self.limits.attempt(time);
        self
    }

    /// Sets [`Limits::deadline`].
    pub fn deadline(mut self, time: Duration) -> Self {
        self.limits = self.limits.deadline(time);
        self
    }

    /// Sets [`Limits::reply_bytes`].
    pub fn reply_limit(mut self, bytes: u64) -> Self {
        self.limits = self.limits.reply_bytes(bytes);
        self
    }

    /// When and how often to send again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets [`RetryPolicy::max_attempts`].
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.policy = self.policy.max_attempts(attempts);
        self
    }

    /// Sets [`RetryPolicy::charge_limit`].
    pub fn charge_limit(mut self, attempts: u32) -> Self {
        self.policy = self.policy.charge_limit(attempts);
        self
    }

    /// Shares a retry budget with other clients.
    pub fn retry_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Where the memory for pictures comes from; a pool of mappings by default.
    pub fn pool(mut self, pool: BufferPool) -> Self {
        self.pool = pool;
        self
    }

    /// Calls of one batch that run at once; 2 by default.
    pub fn max_concurrent(mut self, calls: usize) -> Self {
        self.max_concurrent = calls;
        self
    }

    /// Runs `around` on the timer thread of a blocking client: it gets what the thread does, and has to call that once. For
    /// what a program does first and last on each of its threads. An async client has no such thread.
    pub fn around_timer(mut self, around: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        self.around_timer = Around::new(around);
        self
    }

    /// Crypto and root certificates of the built-in transports.
    #[cfg(any(feature = "ureq", feature = "reqwest"))]
    pub fn tls(mut self, tls: crate::Tls) -> Self {
        self.tls = tls;
        self
    }

    /// A blocking client on ureq.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong.
    #[cfg(feature = "ureq")]
    pub fn ureq(mut self) -> Result<BlockingClient, Error> {
        self.refuse_async_provider()?;
        let (routes, hint) = self.routes()?;
        let transport = crate::UreqTransport::with_routes(&self.tls, routes)?;
        let timeouts = Arc::new(TimeoutThread::new(transport, self.around_timer.clone()));
        Ok(BlockingClient { timeouts, setup: Arc::new(self.setup(hint)?) })
    }

    /// An async client on reqwest. Its futures need tokio's runtime, with I/O and time.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong.
    #[cfg(feature = "reqwest")]
    pub fn reqwest(mut self) -> Result<Client, Error> {
        let (routes, hint) = self.routes()?;
        let transport = crate::ReqwestTransport::with_routes(&self.tls, routes)?;
        Ok(Client { transport: Arc::new(transport), setup: Arc::new(self.setup(hint)?) })
    }

    /// A blocking client on any transport.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong.
    pub fn transport(self, transport: impl Transport) -> Result<BlockingClient, Error> {
        self.refuse_async_provider()?;
        #[cfg(any(feature = "ureq", feature = "reqwest"))]
        self.refuse_proxies()?;
        let timeouts = Arc::new(TimeoutThread::new(transport, self.around_timer.clone()));
        Ok(BlockingClient { timeouts, setup: Arc::new(self.setup(Arc::new(|_| String::new()))?) })
    }

    /// An async client on any transport and any runtime.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong.
    pub fn async_transport(self, transport: impl AsyncTransport) -> Result<Client, Error> {
        #[cfg(any(feature = "ureq", feature = "reqwest"))]
        self.refuse_proxies()?;
        Ok(Client { transport: Arc::new(transport), setup: Arc::new(self.setup(Arc::new(|_| String::new()))?) })
    }

    fn setup(self, hint: Hint) -> Result<Setup, Error> {
        for (name, number) in [("max_attempts", self.policy.max_attempts), ("charge_limit", self.policy.charge_limit)] {
            if number == 0 {
                return Err(Error::config(format!("{name} is 0, but must be at least 1")));
            }
        }
        let limits = &self.limits;
        let times = [
            ("connect_limit", Some(limits.connect)),
            ("stall_limit", Some(limits.stall)),
            ("attempt_limit", Some(limits.attempt)),
            ("deadline", limits.deadline),
        ];
        for (name, time) in times {
            if time.is_some_and(|time| time.is_zero()) {
                return Err(Error::config(format!("{name} is 0 s, but must be longer")));
            }
        }
        let with_hint = |error: Error| Error::config(format!("{}{}", error.message(), hint(None)));
        let (access, credentials) = match self.way {
            Way::Gateway(_) if self.region.is_some() => {
                return Err(Error::config("the region is set, but only direct access has one"));
            }
            Way::Gateway(key) => {
                let url = self.base_url.as_deref().unwrap_or_default();
                let endpoint = Endpoint::parse(url, self.allow_insecure_http).map_err(with_hint)?;
                (Access::gateway(endpoint, key?), None)
            }
            Way::Direct(source) => {
                let url = self.base_url.as_deref().unwrap_or(Access::DIRECT_URL);
                let endpoint = Endpoint::parse_direct(url, self.allow_insecure_http).map_err(with_hint)?;
                let region = self.region.as_deref().unwrap_or(Access::REGION);
                (Access::direct(endpoint, region, source.fixed())?, Some(source))
            }
        };
        let mut config = CallConfig::default();
        config.limits = self.limits;
        config.policy = self.policy;
        config.budget = self.budget;
        config.pool = self.pool;
        Ok(Setup { access, credentials, config, hint, max_concurrent: self.max_concurrent.max(1) })
    }

    fn refuse_async_provider(&self) -> Result<(), Error> {
        match &self.way {
            Way::Direct(source) if source.is_async() => {
                Err(Error::config("a blocking client cannot ask an async provider of credentials"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "reqwest")]
impl Client {
    /// A client on reqwest with the default limits; see [`ClientBuilder`] for others.
    ///
    /// # Errors
    /// The base URL or the key cannot be used.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Result<Self, Error> {
        ClientBuilder::new(base_url, key).reqwest()
    }

    /// A client on reqwest with direct access; see [`ClientBuilder::direct`].
    ///
    /// # Errors
    /// The credentials cannot be used.
    pub fn direct(credentials: impl Into<CredentialsSource>) -> Result<Self, Error> {
        ClientBuilder::direct(credentials).reqwest()
    }
}

#[cfg(feature = "ureq")]
impl BlockingClient {
    /// A client on ureq with the default limits; see [`ClientBuilder`] for others.
    ///
    /// # Errors
    /// The base URL or the key cannot be used.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Result<Self, Error> {
        ClientBuilder::new(base_url, key).ureq()
    }

    /// A client on ureq with direct access; see [`ClientBuilder::direct`].
    ///
    /// # Errors
    /// The credentials cannot be used.
    pub fn direct(credentials: impl Into<CredentialsSource>) -> Result<Self, Error> {
        ClientBuilder::direct(credentials).ureq()
    }
}
