//! Events for the crate `tracing` (feature `tracing`): sizes, kinds and times, never a key, prompt or picture.
//!
//! An event is emitted on the thread that drives the call. The field `call` is the number of the call in this process.

use volcv_core::{Call, Error, Outcome};

/// The events of one call.
#[cfg(feature = "tracing")]
#[derive(Debug)]
pub(crate) struct Trace {
    call: u64,
    attempt: u32,
}

#[cfg(feature = "tracing")]
impl Trace {
    pub(crate) fn new() -> Self {
        use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
        static CALLS: AtomicU64 = AtomicU64::new(0);
        Self { call: CALLS.fetch_add(1, Relaxed) + 1, attempt: 0 }
    }

    /// An attempt is about to be sent.
    pub(crate) fn attempt_starts(&mut self) {
        self.attempt += 1;
        tracing::debug!(target: "volcv", call = self.call, attempt = self.attempt, "attempt starts");
    }

    /// An attempt has ended, and the call has decided what follows.
    pub(crate) fn attempt_ended(&self, call: &Call) {
        let Some(record) = call.attempts().last() else { return };
        tracing::debug!(
            target: "volcv",
            call = self.call,
            attempt = self.attempt,
            error = record.error.map_or("", |kind| kind.as_str()),
            delivery = ?record.delivery,
            status = record.status,
            charge = %record.charge,
            elapsed_ms = record.elapsed.as_millis() as u64,
            wait_ms = record.wait.map(|wait| wait.as_millis() as u64),
            "attempt ended"
        );
    }

    /// The call has ended.
    pub(crate) fn ended(&self, result: &Result<Outcome, Error>) {
        let (call, attempts) = (self.call, self.attempt);
        match result {
            Ok(outcome) => {
                tracing::info!(target: "volcv", call, attempts, outputs = outcome.outputs.len(), "call succeeded");
            }
            Err(error) => {
                tracing::info!(target: "volcv", call, attempts, kind = error.kind().as_str(), %error, "call failed");
            }
        }
    }
}

/// Without the feature, there are no events.
#[cfg(not(feature = "tracing"))]
#[derive(Debug)]
pub(crate) struct Trace;

#[cfg(not(feature = "tracing"))]
impl Trace {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn attempt_starts(&mut self) {}

    pub(crate) fn attempt_ended(&self, _: &Call) {}

    pub(crate) fn ended(&self, _: &Result<Outcome, Error>) {}
}
