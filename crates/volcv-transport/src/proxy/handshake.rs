//! The handshake with a proxy, without any I/O: what to send, how much to read, and what the answer means.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use volcv_core::TransportErrorKind;
use volcv_core::http::Uri;
use zeroize::Zeroizing;

use super::{Credentials, Proxy, Scheme, routes};

/// The most bytes that the heads of a proxy's answer may have together.
const MAX_HEAD: usize = 64 * 1024;

const NO_SOCKS: &str = "the proxy does not answer as a SOCKS5 proxy does";

/// The host to be reached through a proxy.
pub(crate) struct Target {
    host: Host,
    port: u16,
}

enum Host {
    Name(String),
    Address(IpAddr),
}

impl Target {
    pub(crate) fn of(uri: &Uri) -> Self {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let host = host.parse().map_or_else(|_| Host::Name(host.to_owned()), Host::Address);
        Self { host, port: routes::port(uri) }
    }

    /// The name that has to be resolved on this machine for this proxy, and the port.
    pub(crate) fn to_resolve(&self, proxy: &Proxy) -> Option<(String, u16)> {
        match &self.host {
            Host::Name(name) if proxy.resolves_here() => Some((name.clone(), self.port)),
            _ => None,
        }
    }

    /// Takes the first of the addresses of its name.
    pub(crate) fn resolved(self, found: io::Result<impl Iterator<Item = SocketAddr>>) -> Result<Self, ProxyError> {
        let first = found.ok().and_then(|mut found| found.next());
        let first = first.ok_or_else(|| ProxyError::new("the host name has no address on this machine"))?;
        Ok(Self { host: Host::Address(first.ip()), port: self.port })
    }
}

/// The form that a CONNECT request has.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Address(address) => SocketAddr::new(*address, self.port).fmt(f),
        }
    }
}

/// Why no connection through a proxy was made. The text never shows the credentials.
#[derive(Debug, Clone)]
pub(crate) struct ProxyError {
    text: String,
    wants_credentials: bool,
}

impl ProxyError {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), wants_credentials: false }
    }

    /// The proxy asks for credentials, or has refused the given ones.
    fn auth(proxy: &Proxy, how: impl fmt::Display) -> Self {
        let text = match &proxy.0.credentials {
            Some(_) => format!("the proxy refused the user name or the password ({how})"),
            None => format!("the proxy asks for a user name and a password ({how})"),
        };
        Self { text, wants_credentials: true }
    }

    /// No connection to the proxy itself.
    pub(crate) fn unreachable(why: impl fmt::Display) -> Self {
        Self::new(format!("the proxy cannot be reached: {why}"))
    }

    pub(crate) fn broken(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::new("the proxy closed the connection"),
            _ => Self::new(format!("the connection to the proxy broke: {error}")),
        }
    }

    pub(crate) fn kind(&self) -> TransportErrorKind {
        if self.wants_credentials { TransportErrorKind::ProxyAuth } else { TransportErrorKind::Connect }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ProxyError {}

/// What to do next.
pub(crate) enum Step {
    /// Send this.
    Send(Zeroizing<Vec<u8>>),
    /// Read exactly this many bytes, because the bytes after the proxy's answer are the target's.
    Receive(usize),
    /// The connection leads to the target.
    Done,
}

/// The handshake of one connection.
pub(crate) struct Handshake<'a> {
    proxy: &'a Proxy,
    target: Target,
    state: State,
}

enum State {
    Start,
    /// The answer to CONNECT: the bytes of all heads, and where the last head begins.
    Head {
        bytes: Vec<u8>,
        start: usize,
    },
    /// Which method of SOCKS5 the proxy has chosen.
    Method,
    /// Whether the proxy accepted the credentials.
    Credentials,
    /// The proxy's answer up to the kind of address.
    Reply,
    /// The rest of the answer, which is the address that the proxy connected from.
    Rest,
}

impl<'a> Handshake<'a> {
    pub(crate) fn new(proxy: &'a Proxy, target: Target) -> Self {
        Self { proxy, target, state: State::Start }
    }

    /// `received` is what the last step asked for; it is empty at the start and after [`Step::Send`].
    pub(crate) fn next(&mut self, received: &[u8]) -> Result<Step, ProxyError> {
        if received.is_empty() {
            return self.ask();
        }
        match &mut self.state {
            State::Start => Err(ProxyError::new("the proxy spoke first")),
            State::Head { bytes, start } => {
                bytes.extend_from_slice(received);
                if bytes.len() > MAX_HEAD {
                    return Err(ProxyError::new(format!("the head of the proxy's answer is over {MAX_HEAD} bytes")));
                }
                let head = &bytes[*start..];
                if !(head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n")) {
                    return Ok(Step::Receive(1));
                }
                match status(head) {
                    // Another answer follows.
                    Some(100..=199) => {
                        *start = bytes.len();
                        Ok(Step::Receive(1))
                    }
                    Some(200..=299) => Ok(Step::Done),
                    // tinyproxy answers 401 where the password is wrong.
                    Some(status @ (401 | 407)) => Err(ProxyError::auth(self.proxy, format!("HTTP {status}"))),
                    Some(status) => Err(ProxyError::new(format!("the proxy answered HTTP {status}"))),
                    None => Err(ProxyError::new("the proxy does not answer as an HTTP proxy does")),
                }
            }
            State::Method => match (received, &self.proxy.0.credentials) {
                ([5, 0], _) => self.request(),
                ([5, 2], Some(Credentials { user, password })) => {
                    self.state = State::Credentials;
                    // Both lengths were checked when the URL was read.
                    let mut message = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
                    message.extend_from_slice(&[1, user.len() as u8]);
                    message.extend_from_slice(user.as_bytes());
                    message.push(password.len() as u8);
                    message.extend_from_slice(password.as_bytes());
                    Ok(Step::Send(message))
                }
                ([5, _], _) => Err(ProxyError::auth(self.proxy, "SOCKS5 offers no other method")),
                _ => Err(ProxyError::new(NO_SOCKS)),
            },
            State::Credentials if received.ends_with(&[0]) => self.request(),
            State::Credentials => Err(ProxyError::auth(self.proxy, "SOCKS5")),
            State::Reply => match *received {
                [5, 0, _, kind, first] => {
                    self.state = State::Rest;
                    let address = match kind {
                        1 => 4,
                        // The first byte of a name is its length.
                        3 => usize::from(first) + 1,
                        4 => 16,
                        _ => return Err(ProxyError::new(NO_SOCKS)),
                    };
                    // One byte of the address is there already; the port has two.
                    Ok(Step::Receive(address + 1))
                }
                [5, code, ..] => Err(ProxyError::new(format!("the proxy answered {}", socks_code(code)))),
                _ => Err(ProxyError::new(NO_SOCKS)),
            },
            State::Rest => Ok(Step::Done),
        }
    }

    /// Sends at the start, and reads after each message that was sent.
    fn ask(&mut self) -> Result<Step, ProxyError> {
        Ok(match (&self.state, self.proxy.0.scheme) {
            (State::Start, Scheme::Http) => {
                self.state = State::Head { bytes: Vec::new(), start: 0 };
                Step::Send(connect(&self.target, self.proxy.0.credentials.as_ref()))
            }
            (State::Start, _) => {
                self.state = State::Method;
                let methods: &[u8] = if self.proxy.0.credentials.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
                Step::Send(Zeroizing::new(methods.to_vec()))
            }
            (State::Head { .. }, _) => Step::Receive(1),
            (State::Method | State::Credentials, _) => Step::Receive(2),
            (State::Reply, _) => Step::Receive(5),
            (State::Rest, _) => Step::Done,
        })
    }

    /// Asks a SOCKS5 proxy for the connection.
    fn request(&mut self) -> Result<Step, ProxyError> {
        self.state = State::Reply;
        let mut message = vec![5, 1, 0];
        match &self.target.host {
            Host::Address(IpAddr::V4(address)) => {
                message.push(1);
                message.extend_from_slice(&address.octets());
            }
            Host::Address(IpAddr::V6(address)) => {
                message.push(4);
                message.extend_from_slice(&address.octets());
            }
            Host::Name(name) => {
                let length = u8::try_from(name.len());
                let length = length.map_err(|_| ProxyError::new("SOCKS5 cannot name a host of more than 255 bytes"))?;
                message.extend_from_slice(&[3, length]);
                message.extend_from_slice(name.as_bytes());
            }
        }
        message.extend_from_slice(&self.target.port.to_be_bytes());
        Ok(Step::Send(Zeroizing::new(message)))
    }
}

/// The request for a tunnel.
fn connect(target: &Target, credentials: Option<&Credentials>) -> Zeroizing<Vec<u8>> {
    let lines = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    let Some(Credentials { user, password }) = credentials else {
        return Zeroizing::new(format!("{lines}\r\n").into_bytes());
    };
    // Large enough from the start, because a growing buffer would leave a copy in freed memory.
    let mut pair = Zeroizing::new(String::with_capacity(user.len() + 1 + password.len()));
    [user.as_str(), ":", password.as_str()].into_iter().for_each(|text| pair.push_str(text));
    let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let parts = [lines.as_str(), "Proxy-Authorization: Basic ", &pair, "\r\n\r\n"];
    let mut head = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.into_iter().for_each(|part| head.extend_from_slice(part.as_bytes()));
    head
}

/// The status of an answer such as `HTTP/1.1 200 Connection established`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let rest = line.strip_prefix(b"HTTP/1.")?.get(1..)?;
    let digits = rest.strip_prefix(b" ")?.get(..3).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// RFC 1928, section 6.
fn socks_code(code: u8) -> String {
    let words = match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "kind of address not supported",
        _ => return format!("SOCKS5 code {code}"),
    };
    format!("SOCKS5 code {code}, {words}")
}
