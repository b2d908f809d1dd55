//! Events for `tracing`, behind the feature of that name: sizes, kinds and times, never a key, prompt or picture.

use volcv_core::{Error, Outcome};

/// Reports every attempt of a call that has ended, and how it ended.
#[cfg(feature = "tracing")]
pub(crate) fn ended(result: Result<Outcome, Error>) -> Result<Outcome, Error> {
    let attempts = match &result {
        Ok(outcome) => &outcome.attempts,
        Err(error) => error.attempts(),
    };
    for (number, attempt) in (1_u32..).zip(attempts) {
        tracing::debug!(
            target: "volcv",
            number,
            error = attempt.error.map_or("", |kind| kind.as_str()),
            delivery = ?attempt.delivery,
            status = attempt.status,
            charge = %attempt.charge,
            elapsed_ms = attempt.elapsed.as_millis() as u64,
            wait_ms = attempt.wait.map(|wait| wait.as_millis() as u64),
            "attempt"
        );
    }
    match &result {
        Ok(outcome) => tracing::info!(target: "volcv", outputs = outcome.outputs.len(), "call succeeded"),
        Err(error) => tracing::info!(target: "volcv", kind = error.kind().as_str(), %error, "call failed"),
    }
    result
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn ended(result: Result<Outcome, Error>) -> Result<Outcome, Error> {
    result
}
