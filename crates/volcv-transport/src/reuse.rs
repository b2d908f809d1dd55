//! When a connection may be used again. A small request on a connection that the server is closing is lost without a trace,
//! and then nobody knows whether the call was paid for.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use http::{HeaderMap, Version, header};
use volcv_core::Limits;

/// An idle connection older than this is not used again. A server that closes it at the same moment would turn a small
/// request into an unknown outcome; a new handshake costs little beside a call of seconds.
pub(crate) const IDLE: Duration = Duration::from_secs(10);

/// Some servers close a connection behind their answer without saying so. So long after it, that has been seen.
const SETTLED: Duration = Duration::from_millis(50);

/// Idle connections that are kept; more calls at once than this are rare, and a handshake is cheap beside a call.
pub(crate) const MAX_IDLE: usize = 64;

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

    /// How long until it is known whether the server has closed it; nothing if it has promised not to.
    pub(crate) fn until_settled(self) -> Duration {
        if self.promised { Duration::ZERO } else { SETTLED.saturating_sub(self.since.elapsed()) }
    }

    /// Whether it is too old for any request.
    #[cfg(any(feature = "ureq", test))]
    pub(crate) fn is_over(self) -> bool {
        self.since.elapsed() >= IDLE
    }
}

/// A connection that is found closed after a longer time was idle for too long, which says nothing of a server's habits.
const YOUNG: Duration = Duration::from_secs(1);

/// What the service does with a connection behind its answer, as far as it has been seen.
///
/// The first time that a call could follow on a connection at once, it waits until the connection has settled, which takes
/// no longer than a new handshake would. If it is open then, later calls follow at once. If a service is ever seen to close
/// without a word, all later calls take a connection that has settled, or a new one.
#[derive(Debug, Default)]
pub(crate) struct Habit(AtomicU8);

const UNKNOWN: u8 = 0;
const KEEPS: u8 = 1;
const CLOSES: u8 = 2;

impl Habit {
    /// How long to wait until a connection of this age may be used again; `None` if another one is to be taken.
    pub(crate) fn wait(&self, age: Age, limits: &Limits) -> Option<Duration> {
        let left = age.until_settled();
        let worth_it = match self.0.load(Relaxed) {
            KEEPS => return Some(Duration::ZERO),
            // A short limit leaves no time to find out.
            UNKNOWN => left < limits.connect.min(limits.attempt) / 4,
            _ => false,
        };
        (left.is_zero() || worth_it).then_some(left)
    }

    /// A connection of this age was found open or closed.
    pub(crate) fn note(&self, age: Age, is_open: bool) {
        if !is_open && age.since.elapsed() < YOUNG {
            self.closes();
        } else if is_open && !age.promised && age.until_settled().is_zero() {
            // Not if it was seen to close one before.
            let _ = self.0.compare_exchange(UNKNOWN, KEEPS, Relaxed, Relaxed);
        }
    }

    /// A call on a connection that was used before has failed, maybe because it was closed meanwhile.
    pub(crate) fn closes(&self) {
        self.0.store(CLOSES, Relaxed);
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
        assert!(!silent.until_settled().is_zero());
        assert!(behind(Version::HTTP_11, &["Keep-Alive"]).unwrap().until_settled().is_zero());
        assert!(!behind(Version::HTTP_11, &["upgrade"]).unwrap().until_settled().is_zero());
        std::thread::sleep(SETTLED);
        assert!(silent.until_settled().is_zero() && !silent.is_over());
    }

    #[test]
    fn a_service_is_trusted_once_it_was_seen_to_keep_a_connection_and_never_again_once_it_closed_one() {
        let new = || behind(Version::HTTP_11, &[]).unwrap();
        let habit = Habit::default();
        let wait = |age| habit.wait(age, &Limits::default());
        assert!(wait(new()).is_some_and(|wait| !wait.is_zero()), "nothing is known yet");
        let mut hasty = Limits::default();
        hasty.connect = Duration::from_millis(100);
        assert_eq!(habit.wait(new(), &hasty), None, "there is no time to find out");
        habit.note(new(), true);
        assert!(wait(new()).is_some_and(|wait| !wait.is_zero()), "it could still be closed");
        let settled = new();
        std::thread::sleep(SETTLED);
        habit.note(settled, true);
        assert_eq!(wait(new()), Some(Duration::ZERO));
        habit.note(new(), false);
        assert_eq!(wait(new()), None);
        habit.note(settled, true);
        assert_eq!(wait(new()), None);
        assert_eq!(wait(settled), Some(Duration::ZERO));
        let promised = behind(Version::HTTP_11, &["keep-alive"]).unwrap();
        assert_eq!(wait(promised), Some(Duration::ZERO));
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
