//! When a connection may be used again. A small request on a connection that the server is closing is lost without a trace,
//! and then nobody knows whether the call was paid for.

use std::time::{Duration, Instant};

use http::{HeaderMap, Version, header};

/// An idle connection older than this is not used again. A server that closes it at the same moment would turn a small
/// request into an unknown outcome; a new handshake costs little beside a call of seconds.
pub(crate) const IDLE: Duration = Duration::from_secs(10);

/// A connection that was used less than this ago is not used again yet, unless the server has said `Connection: keep-alive`.
/// Some servers close it behind their answer without saying so; by then that has been seen, and the request takes a
/// connection of its own meanwhile.
const SETTLED: Duration = Duration::from_millis(50);

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

    /// Whether it is seen to be open, or promised to be.
    pub(crate) fn is_settled(self) -> bool {
        self.promised || self.since.elapsed() >= SETTLED
    }

    /// Whether it is too old for any request.
    #[cfg(any(feature = "ureq", test))]
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
    fn a_connection_settles_unless_the_server_promised_to_keep_it() {
        let silent = behind(Version::HTTP_11, &[]).unwrap();
        assert!(!silent.is_settled());
        assert!(behind(Version::HTTP_11, &["Keep-Alive"]).unwrap().is_settled());
        assert!(!behind(Version::HTTP_11, &["upgrade"]).unwrap().is_settled());
        std::thread::sleep(SETTLED);
        assert!(silent.is_settled() && !silent.is_over());
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
