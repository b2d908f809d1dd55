//! Which proxy a URL is reached through, if any.

use volcv_core::Error;
use volcv_core::http::Uri;
use zeroize::Zeroizing;

use super::Proxy;
use super::bypass::Bypass;

const FOR_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const FOR_HTTP: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// The proxies of one client. The default is a direct connection to every host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes {
    https: Option<Proxy>,
    http: Option<Proxy>,
    bypass: Bypass,
    /// A set variable whose proxy is not used.
    unused: Option<&'static str>,
}

impl Routes {
    /// Everything through one proxy.
    pub(crate) fn all(proxy: Proxy) -> Self {
        Self { https: Some(proxy.clone()), http: Some(proxy), ..Self::default() }
    }

    /// The proxies of the environment. As in curl, lower-case names win over upper-case ones; an empty variable counts as unset.
    ///
    /// `HTTP_PROXY` is not read where `REQUEST_METHOD` is set: in a CGI program the client of the web server sets it by a header
    /// (<https://httpoxy.org>).
    pub(crate) fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let set = |name: &str| variable(name).map(Zeroizing::new).filter(|value| !value.is_empty());
        let is_cgi = set("REQUEST_METHOD").is_some();
        let find = |names: [&str; 4]| {
            let allowed = names.into_iter().filter(|name| !(is_cgi && *name == "HTTP_PROXY"));
            let found = allowed.filter_map(|name| Some((name, set(name)?))).next();
            let proxy = found.map(|(name, url)| {
                Proxy::parse(&url).map_err(|error| Error::config(format!("{name}: {}", error.message())))
            });
            proxy.transpose()
        };
        let bypass = ["no_proxy", "NO_PROXY"].into_iter().find_map(set).map(|list| Bypass::parse(&list));
        Ok(Self { https: find(FOR_HTTPS)?, http: find(FOR_HTTP)?, bypass: bypass.unwrap_or_default(), unused: None })
    }

    /// Direct connections. If a variable names a proxy, a failed connection says that it is not used.
    pub(crate) fn direct(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &&str| variable(name).map(Zeroizing::new).is_some_and(|value| !value.is_empty());
        Self { unused: FOR_HTTPS.into_iter().find(is_set), ..Self::default() }
    }

    /// Whether any URL is reached through a proxy.
    #[cfg(feature = "reqwest")]
    pub(crate) fn has_proxy(&self) -> bool {
        self.https.is_some() || self.http.is_some()
    }

    /// The proxy for this URL.
    pub(crate) fn proxy_for(&self, uri: &Uri) -> Option<&Proxy> {
        let proxy = if uri.scheme_str() == Some("http") { &self.http } else { &self.https };
        proxy.as_ref().filter(|_| !self.bypass.has(uri.host().unwrap_or_default(), port(uri)))
    }

    /// What an error of a failed connection to this URL, or of an unusable base URL, says of proxies. It begins with `; `, or is
    /// empty.
    pub(crate) fn hint(&self, uri: Option<&Uri>) -> String {
        match (uri.and_then(|uri| self.proxy_for(uri)), self.unused) {
            (Some(proxy), _) => format!("; the way goes through the proxy {proxy}"),
            (None, Some(name)) => format!("; {name} is set, but volcv uses a proxy only when it is told to"),
            (None, None) => String::new(),
        }
    }
}

/// The port of a URL, that of its scheme if it names none.
pub(super) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    fn proxy_of(set: &[(&str, &str)], url: &'static str) -> Option<String> {
        let routes = Routes::from_env(lookup(set)).unwrap();
        routes.proxy_for(&Uri::from_static(url)).map(ToString::to_string)
    }

    #[test]
    fn the_variables_are_read_as_curl_reads_them() {
        const HTTPS: &str = "https://gw.example";
        const HTTP: &str = "http://gw.example";
        for (set, url, host) in [
            (&[][..], HTTPS, None),
            (&[("HTTPS_PROXY", "a")], HTTPS, Some("a")),
            (&[("HTTPS_PROXY", "a")], HTTP, None),
            (&[("HTTPS_PROXY", "a"), ("https_proxy", "b")], HTTPS, Some("b")),
            (&[("HTTPS_PROXY", "a"), ("https_proxy", "")], HTTPS, Some("a")),
            (&[("HTTP_PROXY", "a")], HTTPS, None),
            (&[("HTTP_PROXY", "a")], HTTP, Some("a")),
            (&[("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")], HTTP, None),
            (&[("http_proxy", "a"), ("REQUEST_METHOD", "GET")], HTTP, Some("a")),
            (&[("ALL_PROXY", "a"), ("HTTP_PROXY", "b"), ("REQUEST_METHOD", "GET")], HTTP, Some("a")),
            (&[("ALL_PROXY", "a")], HTTPS, Some("a")),
            (&[("all_proxy", "a"), ("https_proxy", "b")], HTTPS, Some("b")),
            (&[("all_proxy", "a"), ("https_proxy", "b")], HTTP, Some("a")),
            // A loopback host is treated like any other host.
            (&[("all_proxy", "a")], "http://127.0.0.1:1", Some("a")),
            (&[("all_proxy", "a"), ("no_proxy", "127.0.0.1")], "http://127.0.0.1:1", None),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example:443")], HTTPS, None),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example:443")], HTTP, Some("a")),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example"), ("no_proxy", "b")], HTTPS, Some("a")),
        ] {
            assert_eq!(proxy_of(set, url), host.map(|host| format!("http://{host}:80")), "{set:?} {url}");
        }
    }

    #[test]
    fn an_invalid_variable_is_named_and_its_value_is_not_shown() {
        let error = Routes::from_env(lookup(&[("ALL_PROXY", "https://user:secret@p")])).unwrap_err().to_string();
        assert_eq!(error, "ALL_PROXY: the proxy url has another scheme than http, socks5 and socks5h");
    }

    #[test]
    fn a_hint_names_the_proxy_that_was_used() {
        let uri = Uri::from_static("https://gw.example");
        assert_eq!(Routes::default().hint(Some(&uri)), "");
        let routes = Routes::all(Proxy::parse("http://user:secret@p:1").unwrap());
        assert_eq!(routes.hint(Some(&uri)), "; the way goes through the proxy http://[redacted]@p:1");
    }

    #[test]
    fn an_unused_proxy_is_named_by_its_variable() {
        let uri = Uri::from_static("https://gw.example");
        for name in FOR_HTTPS {
            let hint = Routes::direct(lookup(&[(name, "http://user:secret@p")])).hint(Some(&uri));
            assert_eq!(Routes::direct(lookup(&[(name, "p")])).hint(None), hint);
            assert_eq!(hint, format!("; {name} is set, but volcv uses a proxy only when it is told to"));
            assert_eq!(Routes::direct(lookup(&[(name, "")])).hint(Some(&uri)), "");
        }
    }
}
