//! The proxy settings of a client builder.

use std::sync::Arc;

use volcv_core::Error;

use super::{Proxy, Routes};
use crate::ClientBuilder;
use crate::setup::Hint;

impl ClientBuilder {
    /// Sends all calls and downloads of the built-in transports through a proxy: a [`Proxy`] or its URL. A mistake
    /// in the URL is an error when the client is built.
    pub fn proxy<P: TryInto<Proxy>>(mut self, proxy: P) -> Self
    where
        Error: From<P::Error>,
    {
        self.proxies = Some(proxy.try_into().map(Routes::all).map_err(Error::from));
        self
    }

    /// Takes the proxies of the built-in transports from the environment, as curl does: `https_proxy`, `http_proxy`,
    /// `all_proxy` and `no_proxy`, in small or in capital letters. They are read now.
    ///
    /// The scheme of the base URL, and that of each link, says which one is used. A loopback host goes through a proxy
    /// like any other, unless `no_proxy` has it. `HTTP_PROXY` in capitals is ignored where `REQUEST_METHOD` is set.
    pub fn proxy_from_env(mut self) -> Self {
        self.proxies = Some(Routes::from_env(variable));
        self
    }

    /// The proxies of a built-in transport, and what errors say of them.
    pub(crate) fn routes(&mut self) -> Result<(Arc<Routes>, Hint), Error> {
        let routes = self.proxies.take().unwrap_or_else(|| Ok(Routes::direct(variable)));
        let routes = Arc::new(routes?);
        let told = Arc::clone(&routes);
        Ok((routes, Arc::new(move |uri| told.hint(uri))))
    }

    /// An error if proxies are set for a transport that makes its own connections.
    pub(crate) fn refuse_proxies(&self) -> Result<(), Error> {
        match self.proxies {
            Some(_) => Err(Error::config("a proxy is set, but this transport makes its own connections")),
            None => Ok(()),
        }
    }
}

/// A variable of this process.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
