//! The gateway's address: how a base URL becomes the URL of a call, and which schemes a key may travel over.

use std::fmt;

use http::Uri;
use http::uri::Authority;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;
use crate::redact::brief;

/// The path of the service below a gateway's base URL.
const PATH: &str = "/volcv/v1";
/// RFC 3986: everything but the unreserved characters is escaped.
pub(crate) const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A checked base URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, authority and path, without a trailing slash.
    base: String,
    local: bool,
    insecure_allowed: bool,
}

impl Endpoint {
    /// Reads a base URL with or without a trailing slash, with or without `/volcv/v1`.
    ///
    /// `https` is required, except for a loopback host, unless `allow_insecure_http` is set.
    ///
    /// # Errors
    /// Names what is wrong with the URL. A user name, a password, a query or a fragment in it are refused.
    pub fn parse(base_url: &str, allow_insecure_http: bool) -> Result<Self, Error> {
        if base_url.is_empty() {
            return Err(Error::config("the base url is empty; give the gateway's, such as https://gateway.example"));
        }
        if base_url.contains('#') {
            return Err(Error::config("the base url has a fragment (#), which is never sent"));
        }
        let uri: Uri = base_url.parse().map_err(|error| {
            Error::config(format!("the base url cannot be read ({error}); give one such as https://gateway.example"))
        })?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Error::config("the base url must start with https:// and a host"));
        };
        if authority.as_str().contains('@') {
            return Err(Error::config("the base url has a user name or password; the api key is the only credential"));
        }
        if authority.host().is_empty() {
            return Err(Error::config("the base url has no host"));
        }
        let shown = brief(authority.as_str(), "");
        if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
            return Err(Error::config(format!("the base url has a port that is no number: {shown}")));
        }
        if uri.query().is_some() {
            return Err(Error::config("the base url has a query (?), which volcv writes itself"));
        }
        let local = is_loopback(authority);
        match scheme {
            "https" => {}
            "http" if local || allow_insecure_http => {}
            "http" => {
                return Err(Error::config(format!(
                    "the base url is http://{shown}, where anybody on the way can read the api key; \
                     use https, or set the option that allows insecure http if you mean it"
                )));
            }
            other => return Err(Error::config(format!("the base url has the scheme {other}, but must be https"))),
        }
        let path = uri.path().trim_end_matches('/');
        let path = path.strip_suffix(PATH).unwrap_or(path).trim_end_matches('/');
        let base = format!("{scheme}://{authority}{path}{PATH}");
        Ok(Self { base, local, insecure_allowed: allow_insecure_http })
    }

    /// The URL of a call.
    pub(crate) fn call(&self, action: &str, version: &str, query: &[(String, String)]) -> Result<Uri, Error> {
        let mut url = format!("{}?Action={}&Version={}", self.base, escape(action), escape(version));
        for (key, value) in query {
            url.push_str(&format!("&{}={}", escape(key), escape(value)));
        }
        url.parse().map_err(|error| Error::config(format!("the url of the call is not valid: {error}")))
    }

    /// Checks a result's link before it is fetched: `https`, or as local as the gateway itself is.
    ///
    /// A link comes from a reply. It must not turn this program into a way to reach the machine it runs on.
    pub(crate) fn link(&self, link: &str) -> Result<Uri, Error> {
        let bad = |why: &str| Error::decode(format!("the link to the picture {why}"));
        let link = link.split('#').next().unwrap_or_default();
        let uri: Uri = link.parse().map_err(|_| bad("is not a URL"))?;
        let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
            return Err(bad("has no host, or credentials in it"));
        };
        let reachable = self.local || !reaches_this_machine(authority);
        let allowed = match uri.scheme_str() {
            Some("https") => reachable,
            Some("http") if is_loopback(authority) => self.local,
            Some("http") => self.insecure_allowed && reachable,
            _ => false,
        };
        if allowed { Ok(uri) } else { Err(bad("is neither https nor on the gateway's own machine")) }
    }

    /// Where calls go, for people.
    pub fn url(&self) -> &str {
        &self.base
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.base).finish()
    }
}

fn escape(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, ESCAPED)
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// As [`is_loopback`], for hosts that a stranger wrote: every spelling that a resolver or reqwest's URL reader may take
/// for this machine, such as `127.1`, `0x7f000001`, `[::ffff:127.0.0.1]`, `0.0.0.0` and `localhost.`
fn reaches_this_machine(authority: &Authority) -> bool {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    if let Ok(ip) = host.parse::<std::net::IpAddr>() {
        let ip = ip.to_canonical();
        return ip.is_loopback() || ip.is_unspecified();
    }
    // No top level domain is a number; what ends in one is an address in an odd spelling.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    is_number || last == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(base: &str) -> String {
        let query = [("x y".to_owned(), "a/b+c~d&e=f".to_owned()), ("中".to_owned(), "文".to_owned())];
        Endpoint::parse(base, false).unwrap().call("CVProcess", "2022-08-31", &query).unwrap().to_string()
    }

    #[test]
    fn every_spelling_of_a_base_url_gives_the_same_call() {
        let expected = "https://gw.example/volcv/v1?Action=CVProcess&Version=2022-08-31\
                        &x%20y=a%2Fb%2Bc~d%26e%3Df&%E4%B8%AD=%E6%96%87";
        for base in [
            "https://gw.example",
            "https://gw.example/",
            "https://gw.example/volcv/v1",
            "https://gw.example/volcv/v1//",
        ] {
            assert_eq!(call(base), expected);
        }
        assert!(call("http://127.0.0.1:8080/proxy/").starts_with("http://127.0.0.1:8080/proxy/volcv/v1?Action="));
    }

    #[test]
    fn a_key_never_travels_in_the_clear_beyond_this_machine() {
        for base in ["http://localhost:1", "http://127.9.9.9", "http://[::1]:80", "https://gw.example"] {
            Endpoint::parse(base, false).unwrap();
        }
        for base in
            ["http://gw.example", "http://127.0.0.1.example", "http://192.168.0.1", "http://[::2]", "http://0.0.0.0"]
        {
            let error = Endpoint::parse(base, false).unwrap_err();
            assert!(error.to_string().contains("the option that allows insecure http"), "{error}");
            Endpoint::parse(base, true).unwrap();
        }
    }

    #[test]
    fn what_is_not_a_base_url_is_refused_without_showing_credentials() {
        for base in [
            "",
            "gw.example",
            "/volcv/v1",
            "ftp://gw.example",
            "https://",
            "https://u:pw@gw.example",
            "https://gw.example/?a=b",
            "https://gw.example/#x",
            "https://gw example",
            "https://gw.example:port",
        ] {
            let error = Endpoint::parse(base, true).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{base}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
        assert!(Endpoint::parse("", false).unwrap_err().to_string().starts_with("the base url is empty"));
    }

    #[test]
    fn a_link_reaches_this_machine_only_if_the_gateway_is_on_it() {
        let far = Endpoint::parse("https://gw.example", false).unwrap();
        let near = Endpoint::parse("http://127.0.0.1:9", false).unwrap();
        assert!(far.link("https://cdn.example/a.png?sig=1#part").is_ok());
        assert!(near.link("http://localhost:7/a.png").is_ok());
        for link in [
            "http://cdn.example/a",
            "http://127.0.0.1/a",
            "https://localhost/a",
            "file:///etc/passwd",
            "a",
            "https://u@h/",
        ] {
            assert!(far.link(link).is_err(), "{link}");
        }
        assert!(near.link("http://cdn.example/a").is_err());
    }
}
