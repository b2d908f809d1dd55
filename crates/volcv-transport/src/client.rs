//! The two clients, the builder that makes them, and the options of one call.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use volcv_core::bytes::Bytes;
use volcv_core::http::Uri;
use volcv_core::types::{CvRequest, InvalidInput, Outpaint, Value};
use volcv_core::{
    ApiKey, Batch, Buffer, Call, CallConfig, Endpoint, Error, Limits, Outcome, Plan, Progress, RetryBudget, RetryPolicy,
};

use crate::cancel::CancelToken;
use crate::drive;
use crate::keeper::Keeper;
#[cfg(any(feature = "ureq", feature = "reqwest"))]
use crate::proxy::Routes;
use crate::transport::{AsyncTransport, ErasedTransport, Transport};
use crate::watchman::Watchman;

/// How many calls of a batch run at once unless told otherwise: gateways throttle early.
const DEFAULT_WINDOW: usize = 2;

/// An async client. Cloning is cheap; clones share the connections and the retry budget.
///
/// Dropping a future of this client closes its connection and leaves nothing behind; what had been delivered by then
/// may still be billed.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn ErasedTransport>,
    setup: Arc<Setup>,
}

/// A blocking client without any runtime. Cloning is cheap; clones share the connections and the retry budget.
#[derive(Clone)]
pub struct BlockingClient {
    watchman: Arc<Watchman>,
    setup: Arc<Setup>,
}

impl Client {
    /// Outpaints one picture.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`Error::charge`] says whether money was spent.
    pub async fn outpaint(&self, outpaint: &Outpaint) -> Result<Outcome, Error> {
        self.outpaint_with(outpaint, &CallOptions::new()).await
    }

    /// As [`Client::outpaint`], with options.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn outpaint_with(&self, outpaint: &Outpaint, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan(outpaint)?, options).await
    }

    /// Outpaints one picture once for each seed; results come in the order of the seeds.
    ///
    /// Each success is kept whatever becomes of the others. A key or an account that fails stops those not yet sent.
    ///
    /// # Errors
    /// The request itself is invalid, or a seed other than -1 is given twice; nothing was sent.
    pub async fn variants(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let batch = self.setup.batch(outpaint, seeds, options)?;
        Ok(drive::run_batch_async(&*self.transport, batch, &options.cancel, options.on_result.as_ref()).await)
    }

    /// Any action of the service; [`Outcome::body`] is its JSON reply.
    ///
    /// # Errors
    /// As [`Client::outpaint`].
    pub async fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_call(request)?, options).await
    }

    /// Fetches the picture behind a link of a result. The key is not sent along. It costs nothing, so whatever fails is
    /// tried again, up to `max_attempts`; up to five redirects are followed, to `https` and to no private address, unless
    /// the base URL is one.
    ///
    /// # Errors
    /// As [`Client::outpaint`]; the picture itself was paid for before, so [`Error::charge`] is `Charged`, and
    /// [`Error::is_retryable`] speaks of the download only.
    pub async fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        Ok(self.download_outcome(link, options).await?.body)
    }

    /// As [`Client::download`], with the format, the attempts and what was odd.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub async fn download_outcome(&self, link: &str, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_download(link)?, options).await
    }

    async fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run_async(&*self.transport, self.setup.start(plan, options), &options.cancel).await
    }
}

impl BlockingClient {
    /// Outpaints one picture.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`Error::charge`] says whether money was spent.
    pub fn outpaint(&self, outpaint: &Outpaint) -> Result<Outcome, Error> {
        self.outpaint_with(outpaint, &CallOptions::new())
    }

    /// As [`BlockingClient::outpaint`], with options.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn outpaint_with(&self, outpaint: &Outpaint, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan(outpaint)?, options)
    }

    /// Outpaints one picture once for each seed; results come in the order of the seeds.
    ///
    /// Each success is kept whatever becomes of the others. A key or an account that fails stops those not yet sent.
    ///
    /// # Errors
    /// The request itself is invalid, or a seed other than -1 is given twice; nothing was sent.
    pub fn variants(
        &self,
        outpaint: &Outpaint,
        seeds: &[i64],
        options: &CallOptions,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        let batch = self.setup.batch(outpaint, seeds, options)?;
        Ok(drive::run_batch(&self.watchman, batch, &options.cancel, options.on_result.as_ref()))
    }

    /// Any action of the service; [`Outcome::body`] is its JSON reply.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`].
    pub fn call(&self, request: CvRequest, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_call(request)?, options)
    }

    /// Fetches the picture behind a link of a result. The key is not sent along. It costs nothing, so whatever fails is
    /// tried again, up to `max_attempts`; up to five redirects are followed, to `https` and to no private address, unless
    /// the base URL is one.
    ///
    /// # Errors
    /// As [`BlockingClient::outpaint`]; the picture itself was paid for before, so [`Error::charge`] is `Charged`, and
    /// [`Error::is_retryable`] speaks of the download only.
    pub fn download(&self, link: &str, options: &CallOptions) -> Result<Bytes, Error> {
        Ok(self.download_outcome(link, options)?.body)
    }

    /// As [`BlockingClient::download`], with the format, the attempts and what was odd.
    ///
    /// # Errors
    /// As [`BlockingClient::download`].
    pub fn download_outcome(&self, link: &str, options: &CallOptions) -> Result<Outcome, Error> {
        self.run(self.setup.plan_download(link)?, options)
    }

    /// Whether [`BlockingClient::download`] would fetch this link; nothing is sent.
    ///
    /// # Errors
    /// As [`BlockingClient::download`] before it sends anything.
    pub fn check_link(&self, link: &str) -> Result<(), Error> {
        self.setup.plan_download(link).map(drop)
    }

    fn run(&self, plan: Plan, options: &CallOptions) -> Result<Outcome, Error> {
        drive::run(&self.watchman, self.setup.start(plan, options), &options.cancel)
    }
}

/// Options of one call; all are optional.
#[derive(Clone, Default)]
#[must_use]
pub struct CallOptions {
    cancel: CancelToken,
    observer: Option<volcv_core::Observer>,
    on_result: Option<OnResult>,
    deadline: Option<Duration>,
}

pub(crate) type OnResult = Arc<dyn Fn(usize, &Result<Outcome, Error>) + Send + Sync>;

impl CallOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call when the token is cancelled.
    pub fn cancel(mut self, token: &CancelToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Calls `observer` at every change: phase, bytes sent and received, totals. It runs on the thread that moves the
    /// bytes, so it has to be short.
    pub fn progress(mut self, observer: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Calls `take` with each result of a batch as soon as it is there, and with the place of its seed. So a program can
    /// save what it has paid for before the last call has ended. It runs on the thread that ran the call; results of
    /// calls that were never sent are not reported: they come with the others, at the end.
    pub fn on_result(mut self, take: impl Fn(usize, &Result<Outcome, Error>) + Send + Sync + 'static) -> Self {
        self.on_result = Some(Arc::new(take));
        self
    }

    /// The longest that the whole call may take, with all its attempts and waits; wins over the client's own.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions").field("cancel", &self.cancel).field("deadline", &self.deadline).finish()
    }
}

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
    base_url: String,
    key: Result<ApiKey, Error>,
    allow_insecure_http: bool,
    limits: Limits,
    policy: RetryPolicy,
    budget: Arc<RetryBudget>,
    window: usize,
    #[cfg(any(feature = "ureq", feature = "reqwest"))]
    pub(crate) proxies: Option<Result<Routes, Error>>,
    #[cfg(any(feature = "ureq", feature = "reqwest"))]
    tls: crate::Tls,
}

impl ClientBuilder {
    /// A gateway's base URL, with or without `/volcv/v1`, and the API key. There is no default gateway.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            key: ApiKey::new(key),
            allow_insecure_http: false,
            limits: Limits::default(),
            policy: RetryPolicy::default(),
            budget: Arc::default(),
            window: DEFAULT_WINDOW,
            #[cfg(any(feature = "ureq", feature = "reqwest"))]
            proxies: None,
            #[cfg(any(feature = "ureq", feature = "reqwest"))]
            tls: crate::Tls::new(),
        }
    }

    /// Lets the key travel over plain `http` to hosts other than this machine. Off by default.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// Resolving, connecting and shaking hands; 10 s by default.
    pub fn connect_limit(mut self, time: Duration) -> Self {
        self.limits.connect = time;
        self
    }

    /// No byte moving while uploading or downloading; 30 s by default.
    pub fn stall_limit(mut self, time: Duration) -> Self {
        self.limits.stall = time;
        self
    }

    /// One attempt from start to end; 300 s by default.
    pub fn attempt_limit(mut self, time: Duration) -> Self {
        self.limits.attempt = time;
        self
    }

    /// The whole call with all its attempts and waits; none by default.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.limits.deadline = Some(time);
        self
    }

    /// Bytes of a reply; 64 MiB by default.
    pub fn reply_limit(mut self, bytes: u64) -> Self {
        self.limits.reply_bytes = bytes;
        self
    }

    /// When and how often to send again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Attempts of one call, the first included; 4 by default.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.policy.max_attempts = attempts;
        self
    }

    /// Attempts of one call that are or may be charged; 1 by default.
    pub fn charge_limit(mut self, attempts: u32) -> Self {
        self.policy.charge_limit = attempts;
        self
    }

    /// Shares a retry budget with other clients.
    pub fn retry_budget(mut self, budget: Arc<RetryBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Calls of one batch that run at once; 2 by default.
    pub fn window(mut self, calls: usize) -> Self {
        self.window = calls;
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
        let (routes, hint) = self.routes()?;
        let transport = crate::UreqTransport::with_routes(&self.tls, routes)?;
        Ok(BlockingClient { watchman: Arc::new(Watchman::new(transport)), setup: Arc::new(self.setup(hint)?) })
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
    pub fn blocking(self, transport: impl Transport) -> Result<BlockingClient, Error> {
        #[cfg(any(feature = "ureq", feature = "reqwest"))]
        self.refuse_proxies()?;
        Ok(BlockingClient {
            watchman: Arc::new(Watchman::new(transport)),
            setup: Arc::new(self.setup(Arc::new(|_| String::new()))?),
        })
    }

    /// An async client on any transport and any runtime.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong.
    pub fn asynchronous(self, transport: impl AsyncTransport) -> Result<Client, Error> {
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
        let endpoint = Endpoint::parse(&self.base_url, self.allow_insecure_http)
            .map_err(|error| Error::config(format!("{}{}", error.message(), hint(None))))?;
        let mut config = CallConfig::default();
        config.limits = self.limits;
        config.policy = self.policy;
        config.budget = self.budget;
        let keeper = Keeper::new();
        config.spare = keeper.spare.clone();
        Ok(Setup { endpoint, key: self.key?, config, hint, window: self.window.max(1), _keeper: keeper })
    }
}

/// What to say of proxies where no connection to a URL came about, or where the base URL cannot be used.
pub(crate) type Hint = Arc<dyn Fn(Option<&Uri>) -> String + Send + Sync>;

/// What both clients know: where to, as whom, and within which limits.
struct Setup {
    endpoint: Endpoint,
    key: ApiKey,
    config: CallConfig,
    hint: Hint,
    window: usize,
    _keeper: Keeper,
}

impl Setup {
    fn plan(&self, outpaint: &Outpaint) -> Result<Plan, Error> {
        Plan::outpaint(outpaint, &self.endpoint, &self.key)
    }

    fn plan_call(&self, request: CvRequest) -> Result<Plan, Error> {
        Plan::call(request, &self.endpoint, &self.key)
    }

    fn plan_download(&self, link: &str) -> Result<Plan, Error> {
        Plan::download(link, &self.endpoint)
    }

    fn buffer(&self, bytes: usize) -> Buffer {
        Buffer::with_spare(bytes, &self.config.spare)
    }

    fn start(&self, plan: Plan, options: &CallOptions) -> Call {
        let config = self.config_for(&plan, options);
        Call::new(plan, config).observed_by(options.observer.clone())
    }

    fn batch(&self, outpaint: &Outpaint, seeds: &[i64], options: &CallOptions) -> Result<Batch, Error> {
        self.check_seeds(outpaint, seeds)?;
        let plan = self.plan(outpaint)?;
        let config = self.config_for(&plan, options);
        Ok(Batch::new(&plan, seeds, self.window, &config, options.observer.clone()))
    }

    /// Every seed is checked, not only the first. Two calls with the same seed would buy the same picture twice; with -1
    /// the service takes a random seed each time.
    fn check_seeds(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<(), Error> {
        let mut earlier = HashSet::new();
        for seed in seeds {
            outpaint.clone().seed(*seed).request()?;
            if *seed != -1 && !earlier.insert(seed) {
                let value = format!("{seed} more than once");
                return Err(InvalidInput::new("seed", value, "different in each call of a batch, or -1").into());
            }
        }
        Ok(())
    }

    fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.check_seeds(outpaint, seeds)?;
        let plan = self.plan(outpaint)?;
        Ok(seeds.iter().map(|seed| plan.with_seed(*seed).preview()).collect())
    }

    fn config_for(&self, plan: &Plan, options: &CallOptions) -> CallConfig {
        let mut config = self.config.clone();
        config.hint = (self.hint)(Some(plan.uri()));
        config.limits.deadline = options.deadline.or(config.limits.deadline);
        config
    }
}

impl Client {
    /// What [`Client::outpaint`] would send: method, URL, length and body, without key and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, outpaint: &Outpaint) -> Result<Value, Error> {
        Ok(self.setup.plan(outpaint)?.preview())
    }

    /// What [`Client::variants`] would send, for each seed as [`Client::preview`].
    ///
    /// # Errors
    /// As [`Client::variants`].
    pub fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(outpaint, seeds)
    }

    /// Memory for a picture of so many bytes, that of an earlier picture if there is some that fits.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.setup.buffer(bytes)
    }
}

impl BlockingClient {
    /// What [`BlockingClient::outpaint`] would send: method, URL, length and body, without key and picture text.
    ///
    /// # Errors
    /// The request is invalid.
    pub fn preview(&self, outpaint: &Outpaint) -> Result<Value, Error> {
        Ok(self.setup.plan(outpaint)?.preview())
    }

    /// What [`BlockingClient::variants`] would send, for each seed as [`BlockingClient::preview`].
    ///
    /// # Errors
    /// As [`BlockingClient::variants`].
    pub fn preview_variants(&self, outpaint: &Outpaint, seeds: &[i64]) -> Result<Vec<Value>, Error> {
        self.setup.preview_variants(outpaint, seeds)
    }

    /// Memory for a picture of so many bytes, that of an earlier picture if there is some that fits.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.setup.buffer(bytes)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.setup.endpoint).finish_non_exhaustive()
    }
}

impl fmt::Debug for BlockingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingClient").field("endpoint", &self.setup.endpoint).finish_non_exhaustive()
    }
}

#[cfg(feature = "ureq")]
impl BlockingClient {
    /// A client on ureq with the default limits; see [`ClientBuilder`] for others.
    ///
    /// # Errors
    /// The base URL or the key cannot be used.
    pub fn ureq(base_url: impl Into<String>, key: impl Into<String>) -> Result<Self, Error> {
        ClientBuilder::new(base_url, key).ureq()
    }
}

#[cfg(feature = "reqwest")]
impl Client {
    /// A client on reqwest with the default limits; see [`ClientBuilder`] for others.
    ///
    /// # Errors
    /// The base URL or the key cannot be used.
    pub fn reqwest(base_url: impl Into<String>, key: impl Into<String>) -> Result<Self, Error> {
        ClientBuilder::new(base_url, key).reqwest()
    }
}
