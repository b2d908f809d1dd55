//! When a connection may be used again. A request on a connection that the server is closing costs nothing if it is large,
//! and may be lost without a trace if it is small: then nobody knows whether the call was paid for.

use std::time::{Duration, Instant};

use http::{HeaderMap, Version, header};

/// An idle connection older than this is not used again. A server that closes it at the same moment would turn a small
/// request into an unknown outcome; a new handshake costs little beside a call of seconds.
pub(crate) const IDLE: Duration = Duration::from_secs(10);

/// A connection that was used less than this ago is not used again yet. Some servers close it behind their answer without
/// saying so; by then that has been seen, and the request takes a connection of its own meanwhile.
const SETTLED: Duration = Duration::from_millis(50);

/// A request with more bytes does not fit into the buffers of both machines (Linux gives each connection 4 MiB to send and
/// 6 MiB to receive, half of which is overhead). If the server has closed the connection, its machine takes nothing more, the
/// transport cannot get rid of the last bytes, and the meter says that the request was not delivered: it is sent again.
const BUFFERED: u64 = 8 << 20;

/// Idle connections that are kept; more calls at once than this are rare, and a handshake is cheap beside a call.
pub(crate) const MAX_IDLE: usize = 16;

/// How long ago a connection was used, and what its server has said about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age {
    since: Instant,
    promised: bool,
}

impl Age {
    /// As it is behind this reply; nothing if the server closes the connection.
    pub(crate) fn behind(version: Version, headers: &HeaderMap) -> Option<Self> {
        let says = |word: &str| {
            let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|token| token.trim().eq_ignore_ascii_case(word))
        };
        let open = version == Version::HTTP_11 && !says("close");
        // HTTP/1.1 goes on without a word as well; but a server that says so has thought of it.
        open.then(|| Self { since: Instant::now(), promised: says("keep-alive") })
    }

    /// As it is now, when the last byte of the reply has been read.
    #[cfg(feature = "reqwest")]
    pub(crate) fn renewed(self) -> Self {
        Self { since: Instant::now(), ..self }
    }

    /// Whether a request with so many bytes of body may go out on it.
    pub(crate) fn is_settled(self, body: u64) -> bool {
        self.promised || body > BUFFERED || self.since.elapsed() >= SETTLED
    }

    /// Whether it is too old for any request.
    #[cfg(feature = "ureq")]
    pub(crate) fn is_over(self) -> bool {
        self.since.elapsed() >= IDLE
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn behind(version: Version, values: &[&'static str]) -> Option<Age> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONNECTION, HeaderValue::from_static(value));
        }
        Age::behind(version, &headers)
    }

    #[test]
    fn a_young_connection_takes_large_requests_only_unless_the_server_promised_to_keep_it() {
        let silent = behind(Version::HTTP_11, &[]).unwrap();
        assert!(!silent.is_settled(100_000) && silent.is_settled(BUFFERED + 1));
        assert!(behind(Version::HTTP_11, &["Keep-Alive"]).unwrap().is_settled(100_000));
        assert!(!behind(Version::HTTP_11, &["upgrade"]).unwrap().is_settled(100_000));
        std::thread::sleep(SETTLED);
        assert!(silent.is_settled(0) && !silent.is_over());
    }

    #[test]
    fn a_connection_that_the_server_closes_is_not_kept() {
        for (version, values) in [
            (Version::HTTP_11, &["close"][..]),
            (Version::HTTP_11, &["keep-alive, Close"]),
            (Version::HTTP_11, &["keep-alive", "close"]),
            (Version::HTTP_10, &[]),
        ] {
            assert!(behind(version, values).is_none(), "{version:?} {values:?}");
        }
    }
}
