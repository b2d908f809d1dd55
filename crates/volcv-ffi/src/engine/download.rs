//! Results that come as links, and are downloaded by the job.

use std::time::Instant;

use volcv::{BlockingClient, CallOptions, Error, Outcome, Output};

/// Fetches each link of the result of a call that began at this time: that is free. A link that cannot be downloaded goes
/// on with the error, as do the pictures that were there before.
pub(super) fn downloaded(
    client: &BlockingClient,
    options: &CallOptions,
    begun: Instant,
    mut outcome: Outcome,
) -> Result<Outcome, Error> {
    for at in 0..outcome.outputs.len() {
        let Output::Link(link) = &outcome.outputs[at] else { continue };
        let fetched = client.download_outcome(link, &options.clone().after(begun.elapsed()));
        let mut fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return Err(error.after_paid(outcome)),
        };
        if fetched.outputs.len() == 1 {
            outcome.outputs.splice(at..=at, fetched.outputs);
        }
        outcome.warnings.append(&mut fetched.warnings);
    }
    Ok(outcome)
}
