//! Proxies: their URLs, the choice of a proxy for a URL, and the handshake with a proxy.
//!
//! This module does no I/O. Both built-in transports connect to the proxy by their own means and then follow
//! [`handshake::Handshake`], so that both send and accept the same.

mod bypass;
pub(crate) mod handshake;
mod routes;
mod settings;

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use volcv_core::Error;
use zeroize::Zeroizing;

pub(crate) use routes::Routes;

/// A proxy: `http://[user:password@]host[:port]`, `socks5://…` or `socks5h://…`.
///
/// * An HTTP proxy is asked for a tunnel (`CONNECT`) to every target, those with `http` URLs too: it sees the target's
///   host and port, and none of volcv's headers. The port is 80 if none is given.
/// * A SOCKS5 proxy (RFC 1928, RFC 1929) gets the target's name with `socks5h`, and the address that this machine resolves
///   it to with `socks5`. The port is 1080 if none is given.
/// * User name and password may be percent-encoded, and have to be where they hold a `%` that two hexadecimal digits
///   follow. They go to the proxy only.
///
/// A text without a scheme is an HTTP proxy's. `Debug` and `Display` hide the credentials, which are wiped from memory when
/// the last clone is dropped.
///
/// ```
/// let proxy: volcv_transport::Proxy = "http://user:secret@proxy.example:3128".parse().unwrap();
/// assert_eq!(proxy.to_string(), "http://[redacted]@proxy.example:3128");
/// ```
#[derive(Clone)]
pub struct Proxy(Arc<Parts>);

struct Parts {
    scheme: Scheme,
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    credentials: Option<Credentials>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Socks5,
    Socks5h,
}

struct Credentials {
    user: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl Proxy {
    /// Reads a proxy's URL.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names what is wrong with it, and shows nothing that could be a part
    /// of the credentials.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Parts::parse(url)
            .map(|parts| Self(Arc::new(parts)))
            .map_err(|why| Error::config(format!("the proxy url {why}")))
    }

    /// The host and port to connect to.
    #[cfg(feature = "ureq")]
    pub(crate) fn address(&self) -> (String, u16) {
        (self.0.host.clone(), self.0.port)
    }

    /// As [`Proxy::address`], in the form that hyper wants.
    #[cfg(feature = "reqwest")]
    pub(crate) fn uri(&self) -> Result<http::Uri, http::Error> {
        let Parts { host, port, .. } = &*self.0;
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        http::Uri::builder().scheme("http").authority(authority).path_and_query("/").build()
    }

    /// Whether a target's name is resolved on this machine.
    pub(crate) fn resolves_here(&self) -> bool {
        self.0.scheme == Scheme::Socks5
    }
}

impl Parts {
    fn parse(url: &str) -> Result<Self, String> {
        if url.trim().is_empty() {
            return Err("is empty; give one such as http://proxy.example:3128".to_owned());
        }
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "socks5" => Scheme::Socks5,
            "socks5h" => Scheme::Socks5h,
            _ => return Err("has another scheme than http, socks5 and socks5h".to_owned()),
        };
        // A host has no @, but a password that is not encoded may have one, or a slash.
        let (credentials, address) = match rest.rsplit_once('@') {
            Some((credentials, address)) => (Some(Credentials::parse(credentials, scheme)?), address),
            None => (None, rest),
        };
        let (host, port) = split(address.strip_suffix('/').unwrap_or(address))?;
        let port = match port {
            None if scheme == Scheme::Http => 80,
            None => 1080,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or("has a port that is not from 1 to 65535")?,
        };
        Ok(Self { scheme, host: host.to_owned(), port, credentials })
    }
}

/// Host and port of the part after the credentials. A text that cannot be read may be a misplaced password, so an error does
/// not repeat it.
fn split(address: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(bracketed) = address.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').ok_or("has a [ without a ]")?;
        host.parse::<Ipv6Addr>().map_err(|_| "has no IPv6 address between [ and ]")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("has something else than a port behind the ]"),
        };
    }
    let (host, port) = address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port)));
    if host.is_empty() {
        return Err("has no host; give one such as http://proxy.example:3128");
    }
    if port.is_some_and(|port| port.contains(':')) {
        return Err("has an IPv6 address without [ and ] around it, or more than one port");
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.bytes().all(is_name) {
        Ok((host, port))
    } else {
        Err("has a host with a character that no host name has, or a path")
    }
}

impl Credentials {
    fn parse(text: &str, scheme: Scheme) -> Result<Self, String> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let (user, password) = (decode("user name", user)?, decode("password", password)?);
        // Basic credentials are divided at the first colon (RFC 7617), those of SOCKS5 have one byte for each length.
        match scheme {
            Scheme::Http if user.contains(':') => return Err("has a user name with a colon".to_owned()),
            Scheme::Http => {}
            _ if user.is_empty() || user.len() > 255 => {
                return Err("has a user name that is not 1 to 255 bytes long".to_owned());
            }
            _ if password.len() > 255 => return Err("has a password of more than 255 bytes".to_owned()),
            _ => {}
        }
        Ok(Self { user, password })
    }
}

fn decode(what: &str, text: &str) -> Result<Zeroizing<String>, String> {
    // Large enough from the start, because a growing buffer would leave a copy in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(percent_decode_str(text));
    let decoded = std::str::from_utf8(&bytes).map_err(|_| format!("has a {what} that is not UTF-8"))?;
    if decoded.chars().any(char::is_control) {
        return Err(format!("has a control character in its {what}"));
    }
    Ok(Zeroizing::new(decoded.to_owned()))
}

impl FromStr for Proxy {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::parse(url)
    }
}

impl TryFrom<&str> for Proxy {
    type Error = Error;

    fn try_from(url: &str) -> Result<Self, Error> {
        Self::parse(url)
    }
}

/// The text is wiped.
impl TryFrom<String> for Proxy {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::parse(&Zeroizing::new(url))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { scheme, host, port, credentials } = &*self.0;
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Socks5 => "socks5",
            Scheme::Socks5h => "socks5h",
        };
        let hidden = if credentials.is_some() { "[redacted]@" } else { "" };
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{hidden}{open}{host}{close}:{port}")
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_with_its_defaults() {
        for (url, shown) in [
            ("http://proxy.example", "http://proxy.example:80"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("HTTP://proxy.example:3128/", "http://proxy.example:3128"),
            ("socks5://10.0.0.1", "socks5://10.0.0.1:1080"),
            ("socks5h://user@[::1]:99", "socks5h://[redacted]@[::1]:99"),
            ("http://[2001:db8::1]", "http://[2001:db8::1]:80"),
            ("http://user:p@ss/w%3Ard@proxy.example", "http://[redacted]@proxy.example:80"),
        ] {
            let proxy = Proxy::parse(url).unwrap();
            assert_eq!((proxy.to_string(), format!("{proxy:?}")), (shown.to_owned(), format!("Proxy({shown})")));
        }
        let proxy = Proxy::parse("http://us%65r:p@ss%2Fw%3ard%@proxy.example").unwrap();
        let credentials = proxy.0.credentials.as_ref().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("user", "p@ss/w:rd%"));
    }

    #[test]
    fn what_is_not_a_proxy_is_refused_without_showing_a_part_of_it() {
        for (url, why) in [
            ("", "is empty"),
            (" ", "is empty"),
            ("https://secret:secret@p", "another scheme"),
            ("socks4://secret@p", "another scheme"),
            ("secret://p", "another scheme"),
            ("http://", "no host"),
            ("http://secret@:80", "no host"),
            ("http://user:secret", "a port that is not"),
            ("http://p:0", "a port that is not"),
            ("http://p:", "a port that is not"),
            ("http://p:65536", "a port that is not"),
            ("http://secret@::1", "no host"),
            ("http://secret@1::2", "without [ and ]"),
            ("http://secret@[1::", "without a ]"),
            ("http://secret@[secret]", "no IPv6 address"),
            ("http://[::1]secret", "behind the ]"),
            ("http://p/secret", "or a path"),
            ("http://p?secret", "or a path"),
            ("http://pröxy", "no host name has"),
            ("http://user%0d%0aX-Secret:secret@p", "a control character in its user name"),
            ("http://user:secret\u{7f}@p", "a control character in its password"),
            ("http://user:secret%ff@p", "a password that is not UTF-8"),
            ("http://user%3Aname:secret@p", "a user name with a colon"),
            ("socks5://:secret@p", "a user name that is not 1 to 255 bytes long"),
        ] {
            let error = Proxy::parse(url).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.starts_with("the proxy url ") && text.contains(why), "{url}: {text}");
            assert!(!text.to_lowercase().contains("secret"), "{text}");
        }
        let long = format!("socks5://user:{}@p", "s".repeat(256));
        assert!(Proxy::parse(&long).unwrap_err().to_string().contains("more than 255 bytes"));
    }
}
