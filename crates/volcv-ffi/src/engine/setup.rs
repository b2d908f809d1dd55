//! From the options of C to a client of `volcv`.

use std::sync::Arc;
use std::time::Duration;

use volcv::core::BufferPool;
use volcv::{BlockingClient, ClientBuilder, CredentialsSource, Error, RetryPolicy, from_fn};
use zeroize::Zeroizing;

use super::credentials::{CredentialsHooks, HostCredentials, joined};
use super::hooks::{Hooks, LogHook, PixelsHooks, ReadyHook, ThreadHooks};
use super::host_http::{HostHooks, HostHttp};
use super::{CError, inject};
use crate::abi::*;
use crate::memory::HostMemory;

/// The options, checked as far as C is concerned; 0 and `None` stand for the defaults, which live below.
pub(crate) struct Setup {
    pub(crate) base_url: Option<String>,
    pub(crate) access: AccessChoice,
    pub(crate) region: Option<String>,
    pub(crate) allow_insecure_http: bool,
    pub(crate) new_seed: bool,
    pub(crate) max_in_flight: usize,
    pub(crate) max_queued: usize,
    pub(crate) connect_limit: Option<Duration>,
    pub(crate) stall_limit: Option<Duration>,
    pub(crate) attempt_limit: Option<Duration>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) poll_interval: Option<Duration>,
    pub(crate) reply_limit: Option<u64>,
    pub(crate) max_attempts: u32,
    pub(crate) charge_limit: u32,
    pub(crate) tls_roots: u32,
    pub(crate) extra_roots: Vec<u8>,
    pub(crate) proxy: ProxyChoice,
    pub(crate) host: Option<HostHooks>,
    pub(crate) log: Option<LogHook>,
    pub(crate) ready: Option<ReadyHook>,
    pub(crate) pixels_hooks: Option<PixelsHooks>,
    pub(crate) threads: Option<ThreadHooks>,
    pub(crate) memory: Option<Arc<HostMemory>>,
}

/// The way of a client to the service.
pub(crate) enum AccessChoice {
    /// A gateway.
    Key(Zeroizing<String>),
    AccessKey {
        access_key: Zeroizing<String>,
        secret_key: Zeroizing<String>,
        session_token: Option<Zeroizing<String>>,
    },
    Hook(CredentialsHooks),
    Find,
}

/// Which proxies a client uses.
#[derive(Default)]
pub(crate) enum ProxyChoice {
    #[default]
    None,
    #[cfg_attr(not(feature = "ureq"), allow(dead_code, reason = "without HTTP, a proxy is refused whatever it is"))]
    Url(Zeroizing<String>),
    FromEnv,
}

/// What a client is made of.
pub(super) struct BuiltClient {
    pub(super) client: BlockingClient,
    pub(super) host_http: Option<Arc<HostHttp>>,
    pub(super) host_credentials: Option<Arc<HostCredentials>>,
    pub(super) hooks: Arc<Hooks>,
}

/// What is allowed of the settings of TLS and proxies then.
const OWN_TLS: &str = "0 beside a transport, which does its own TLS";
const OWN_PROXIES: &str = "NULL beside a transport, which has its own proxies";
const OWN_FLAGS: &str = "without this bit beside a transport, which has its own proxies";

impl Setup {
    pub(super) fn max_in_flight(&self) -> usize {
        if self.max_in_flight == 0 { 4 } else { self.max_in_flight }
    }

    pub(super) fn max_queued(&self) -> usize {
        if self.max_queued == 0 { 256 } else { self.max_queued }
    }

    pub(super) fn build(mut self, handle: usize) -> Result<BuiltClient, CError> {
        #[cfg(not(feature = "image"))]
        if self.pixels_hooks.is_some() {
            return Err(super::unsupported());
        }
        let hooks = Arc::new(Hooks::new(self.log.take(), self.ready.take(), self.threads.take()));
        let host_http = self.host.take().map(|host| Arc::new(HostHttp::new(host, handle, Arc::clone(&hooks))));
        let (roots, extra_roots) = (self.tls_roots, std::mem::take(&mut self.extra_roots));
        let proxy = std::mem::take(&mut self.proxy);
        let host_credentials = match self.access {
            AccessChoice::Hook(functions) => Some(Arc::new(HostCredentials::new(functions, Arc::clone(&hooks)))),
            _ => None,
        };
        let builder = self.builder(host_credentials.clone()).map_err(|error| CError::from_error(&error))?;
        // Under shuttle, which does not know this thread, it cannot take the locks of the hooks.
        #[cfg(not(shuttle))]
        let builder = builder.around_timer({
            let hooks = Arc::clone(&hooks);
            move |work| {
                let _hooked = hooks.thread(c"volcv-timer");
                work();
            }
        });
        let client = match &host_http {
            Some(_) if roots != VOLCV_TLS_ROOTS_DEFAULT => {
                return Err(CError::argument("volcv_client_options.tls_roots", roots, OWN_TLS));
            }
            Some(_) if !extra_roots.is_empty() => {
                return Err(CError::argument("volcv_client_options.extra_roots_size", extra_roots.len(), OWN_TLS));
            }
            Some(_) if matches!(proxy, ProxyChoice::Url(_)) => {
                return Err(CError::argument("volcv_client_options.proxy", "given", OWN_PROXIES));
            }
            Some(_) if matches!(proxy, ProxyChoice::FromEnv) => {
                let flag = "VOLCV_CLIENT_PROXY_FROM_ENV";
                return Err(CError::argument("volcv_client_options.flags", flag, OWN_FLAGS));
            }
            Some(host) => {
                let host = Arc::clone(host);
                builder.transport(from_fn(move |request, reply, limits, cancel| {
                    inject::point(inject::Layer::Transport, || host.send(request, reply, limits, cancel))
                }))
            }
            None => built_in(builder, roots, &extra_roots, proxy)?,
        };
        let client = client.map_err(|error| CError::from_error(&error))?;
        Ok(BuiltClient { client, host_http, host_credentials, hooks })
    }

    fn builder(mut self, host_credentials: Option<Arc<HostCredentials>>) -> Result<ClientBuilder, Error> {
        let mut policy = RetryPolicy::default();
        policy.new_seed = self.new_seed;
        if self.max_attempts > 0 {
            policy.max_attempts = self.max_attempts;
        }
        if self.charge_limit > 0 {
            policy.charge_limit = self.charge_limit;
        }
        if let Some(interval) = self.poll_interval {
            policy.poll_interval = interval;
        }
        let builder = match &mut self.access {
            AccessChoice::Key(key) => ClientBuilder::new(String::new(), std::mem::take(&mut **key)),
            AccessChoice::AccessKey { access_key, secret_key, session_token } => {
                ClientBuilder::direct(joined(access_key, secret_key, session_token.as_mut())?)
            }
            AccessChoice::Hook(_) => {
                let host = host_credentials.expect("a hook has been made a provider before");
                ClientBuilder::direct(CredentialsSource::provider(move || host.ask()))
            }
            AccessChoice::Find => ClientBuilder::direct(CredentialsSource::find()?),
        };
        let builder = builder.allow_insecure_http(self.allow_insecure_http).retry(policy);
        // Mappings are the system's.
        let builder = if self.memory.is_some() { builder.pool(BufferPool::heap()) } else { builder };
        let builder = self.base_url.into_iter().fold(builder, ClientBuilder::base_url);
        let builder = self.region.into_iter().fold(builder, ClientBuilder::region);
        let builder = self.connect_limit.into_iter().fold(builder, ClientBuilder::connect_limit);
        let builder = self.stall_limit.into_iter().fold(builder, ClientBuilder::stall_limit);
        let builder = self.attempt_limit.into_iter().fold(builder, ClientBuilder::attempt_limit);
        let builder = self.deadline.into_iter().fold(builder, ClientBuilder::deadline);
        Ok(self.reply_limit.into_iter().fold(builder, ClientBuilder::reply_limit))
    }
}

#[cfg(feature = "ureq")]
fn built_in(
    builder: ClientBuilder,
    roots: u32,
    extra: &[u8],
    proxy: ProxyChoice,
) -> Result<Result<BlockingClient, Error>, CError> {
    use volcv::{RootChoice, Tls};
    let tls = Tls::new().roots(match roots {
        VOLCV_TLS_ROOTS_PLATFORM => RootChoice::Platform,
        VOLCV_TLS_ROOTS_EXTRA_ONLY => RootChoice::OnlyExtra,
        _ => RootChoice::FirstAvailable,
    });
    let tls = match extra {
        [] => Ok(tls),
        certificates => tls.extra_roots(certificates),
    };
    let builder = match proxy {
        ProxyChoice::None => builder,
        ProxyChoice::Url(url) => builder.proxy(url.as_str()),
        ProxyChoice::FromEnv => builder.proxy_from_env(),
    };
    Ok(tls.and_then(|tls| builder.tls(tls).ureq()))
}

#[cfg(not(feature = "ureq"))]
fn built_in(_: ClientBuilder, _: u32, _: &[u8], _: ProxyChoice) -> Result<Result<BlockingClient, Error>, CError> {
    let text = "this build has no HTTP of its own: volcv_client_options.transport has to be set";
    Err(CError::new(VOLCV_E_UNSUPPORTED, text))
}
