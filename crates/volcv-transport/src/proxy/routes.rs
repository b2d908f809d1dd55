//! Which way a URL is reached: straight, or through which proxy.

use volcv_core::Error;
use volcv_core::http::Uri;
use zeroize::Zeroizing;

use super::Proxy;
use super::bypass::Bypass;

const FOR_HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const FOR_HTTP: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// The ways of one client. The default is straight, to every host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes {
    https: Option<Proxy>,
    http: Option<Proxy>,
    bypass: Bypass,
    /// A variable that names a proxy which is not used.
    unused: Option<&'static str>,
}

impl Routes {
    /// Everything through one proxy.
    pub(crate) fn all(proxy: Proxy) -> Self {
        Self { https: Some(proxy.clone()), http: Some(proxy), ..Self::default() }
    }

    /// As the variables say, the small names before the large ones as curl has it. An empty variable is none.
    ///
    /// `HTTP_PROXY` is not read where `REQUEST_METHOD` is set: in a CGI program it is a header of the request
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

    /// Straight, though the variables may name a proxy: then a connection that fails says so.
    pub(crate) fn straight(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &&str| variable(name).map(Zeroizing::new).is_some_and(|value| !value.is_empty());
        Self { unused: FOR_HTTPS.into_iter().find(is_set), ..Self::default() }
    }

    /// Whether there is a URL that is reached through a proxy.
    #[cfg(feature = "reqwest")]
    pub(crate) fn has_proxy(&self) -> bool {
        self.https.is_some() || self.http.is_some()
    }

    /// The proxy for this URL.
    pub(crate) fn proxy_for(&self, uri: &Uri) -> Option<&Proxy> {
        let proxy = if uri.scheme_str() == Some("http") { &self.http } else { &self.https };
        proxy.as_ref().filter(|_| !self.bypass.has(uri.host().unwrap_or_default(), port(uri)))
    }

    /// What to say of proxies where no connection to this URL came about, or where there is no URL that can be used; with
    /// what parts it from the words before.
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

    fn way(set: &[(&str, &str)], url: &'static str) -> Option<String> {
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
            // A loopback host is none of its own kind.
            (&[("all_proxy", "a")], "http://127.0.0.1:1", Some("a")),
            (&[("all_proxy", "a"), ("no_proxy", "127.0.0.1")], "http://127.0.0.1:1", None),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example:443")], HTTPS, None),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example:443")], HTTP, Some("a")),
            (&[("all_proxy", "a"), ("NO_PROXY", "gw.example"), ("no_proxy", "b")], HTTPS, Some("a")),
        ] {
            assert_eq!(way(set, url), host.map(|host| format!("http://{host}:80")), "{set:?} {url}");
        }
    }

    #[test]
    fn a_variable_that_is_no_proxy_is_named_and_not_shown() {
        let error = Routes::from_env(lookup(&[("ALL_PROXY", "https://user:secret@p")])).unwrap_err().to_string();
        assert_eq!(error, "ALL_PROXY: the proxy url has another scheme than http, socks5 and socks5h");
    }

    #[test]
    fn a_hint_says_which_way_was_taken() {
        let uri = Uri::from_static("https://gw.example");
        assert_eq!(Routes::default().hint(Some(&uri)), "");
        let routes = Routes::all(Proxy::parse("http://user:secret@p:1").unwrap());
        assert_eq!(routes.hint(Some(&uri)), "; the way goes through the proxy http://[redacted]@p:1");
    }

    #[test]
    fn a_proxy_that_is_not_used_is_named_by_its_variable() {
        let uri = Uri::from_static("https://gw.example");
        for name in FOR_HTTPS {
            let hint = Routes::straight(lookup(&[(name, "http://user:secret@p")])).hint(Some(&uri));
            assert_eq!(Routes::straight(lookup(&[(name, "p")])).hint(None), hint);
            assert_eq!(hint, format!("; {name} is set, but volcv uses a proxy only when it is told to"));
            assert_eq!(Routes::straight(lookup(&[(name, "")])).hint(Some(&uri)), "");
        }
    }
}
