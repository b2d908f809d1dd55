//! The meter counts the bytes of an attempt. The bytes sent decide whether the call can have been charged.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use crate::call::delivery::Delivery;
use crate::call::progress::{Backoff, Observer, Phase, Progress};
use crate::error::ErrorKind;

/// The counter of one attempt, shared by the body reader, the reply sink and the timer.
#[derive(Clone)]
pub struct Meter(Arc<Counters>);

struct Counters {
    call: usize,
    attempt: u32,
    total: u64,
    /// Bytes taken, and [`SEALED`] once the attempt is over.
    sent: AtomicU64,
    received: AtomicU64,
    /// Announced length of the reply; [`UNKNOWN`] if none.
    announced: AtomicU64,
    head: AtomicBool,
    observer: Option<Observer>,
}

const SEALED: u64 = 1 << 63;
const UNKNOWN: u64 = u64::MAX;

impl Meter {
    /// Counts this attempt of this call of a batch.
    pub(crate) fn of(call: usize, attempt: u32, total: u64, observer: Option<Observer>) -> Self {
        Self(Arc::new(Counters {
            call,
            attempt,
            total,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            announced: AtomicU64::new(UNKNOWN),
            head: AtomicBool::new(false),
            observer,
        }))
    }

    /// Notes that the transport takes `bytes` more, before it gets them.
    ///
    /// # Errors
    /// The attempt is over. A transport that is still writing in the background gets no further, so that a partial
    /// delivery can never become a full one after the decision about the next attempt.
    pub(crate) fn take(&self, bytes: u64) -> io::Result<()> {
        let add = |sent: u64| (sent & SEALED == 0).then(|| sent + bytes);
        match self.0.sent.fetch_update(SeqCst, SeqCst, add) {
            Ok(before) => {
                debug_assert!(before + bytes <= self.0.total, "a reader never yields more than its length");
                self.report();
                Ok(())
            }
            Err(_) => Err(io::Error::other("this attempt has ended")),
        }
    }

    /// Ends the attempt for the body reader and returns what was delivered, which no longer changes.
    pub(crate) fn seal(&self) -> Delivery {
        self.0.sent.fetch_or(SEALED, SeqCst);
        self.delivery()
    }

    /// What was delivered so far.
    pub fn delivery(&self) -> Delivery {
        let (sent, total) = (self.sent(), self.0.total);
        match sent {
            0 if total > 0 => Delivery::NotSent,
            sent if sent < total => Delivery::Partial { sent, total },
            _ => Delivery::Full { total },
        }
    }

    pub(crate) fn on_head(&self, announced: Option<u64>) {
        self.0.announced.store(announced.unwrap_or(UNKNOWN), SeqCst);
        self.0.head.store(true, SeqCst);
        self.report();
    }

    pub(crate) fn on_data(&self, bytes: u64) {
        self.0.received.fetch_add(bytes, SeqCst);
        self.report();
    }

    /// The state of the attempt.
    pub fn progress(&self) -> Progress {
        let head = self.0.head.load(SeqCst);
        let phase = match self.delivery() {
            _ if head => Phase::Downloading,
            Delivery::NotSent => Phase::Connecting,
            Delivery::Partial { .. } => Phase::Uploading,
            Delivery::Full { .. } => Phase::Waiting,
        };
        let announced = self.0.announced.load(SeqCst);
        Progress {
            phase,
            call: self.0.call,
            attempt: self.0.attempt,
            sent: self.sent(),
            send_total: self.0.total,
            received: self.0.received.load(SeqCst),
            receive_total: (announced != UNKNOWN).then_some(announced),
            backoff: None,
        }
    }

    /// Tells the observer where the attempt stands.
    pub(crate) fn report(&self) {
        if let Some(observer) = &self.0.observer {
            observer(&self.progress());
        }
    }

    pub(crate) fn report_backoff(&self, reason: ErrorKind, wait: Duration) {
        if let Some(observer) = &self.0.observer {
            let backoff = Some(Backoff { reason, wait });
            observer(&Progress { phase: Phase::Backoff, backoff, ..self.progress() });
        }
    }

    /// Tells the observer that the task is at work.
    pub(crate) fn report_task(&self) {
        if let Some(observer) = &self.0.observer {
            observer(&Progress { phase: Phase::Task, ..self.progress() });
        }
    }

    fn sent(&self) -> u64 {
        self.0.sent.load(SeqCst) & !SEALED
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meter").field(&self.progress()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_meter_lets_no_more_bytes_pass() {
        let meter = Meter::of(0, 1, 10, None);
        assert_eq!(meter.delivery(), Delivery::NotSent);
        meter.take(4).unwrap();
        assert_eq!(meter.seal(), Delivery::Partial { sent: 4, total: 10 });
        assert!(meter.take(6).is_err());
        assert_eq!(meter.delivery(), Delivery::Partial { sent: 4, total: 10 });
    }

    #[test]
    fn the_phase_follows_the_bytes() {
        let meter = Meter::of(0, 1, 2, None);
        let phase = || meter.progress().phase;
        assert_eq!(phase(), Phase::Connecting);
        meter.take(1).unwrap();
        assert_eq!(phase(), Phase::Uploading);
        meter.take(1).unwrap();
        assert_eq!(phase(), Phase::Waiting);
        meter.on_head(Some(5));
        meter.on_data(3);
        assert_eq!(phase(), Phase::Downloading);
        assert_eq!((meter.progress().received, meter.progress().receive_total), (3, Some(5)));
    }
}
