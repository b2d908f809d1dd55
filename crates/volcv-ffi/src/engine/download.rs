//! Outpaintings whose results come as links, and are downloaded by the job.

use std::time::Instant;

use volcv::{BlockingClient, CallOptions, Error, Outcome, Outpaint, Output};

/// Makes the call, and downloads each link of its result: that is free. A link that cannot be downloaded goes on with
/// the error, as do the pictures that were there before.
pub(super) fn outpaint_downloaded(
    client: &BlockingClient,
    outpaint: &Outpaint,
    options: &CallOptions,
) -> Result<Outcome, Error> {
    let begun = Instant::now();
    let mut outcome = client.outpaint_with(outpaint, options)?;
    for at in 0..outcome.outputs.len() {
        let Output::Link(link) = &outcome.outputs[at] else { continue };
        let downloaded = client.download_outcome(link, &options.clone().after(begun.elapsed()));
        let mut downloaded = match downloaded {
            Ok(downloaded) => downloaded,
            Err(error) => return Err(error.after_paid(outcome)),
        };
        if downloaded.outputs.len() == 1 {
            outcome.outputs.splice(at..=at, downloaded.outputs);
        }
        outcome.warnings.append(&mut downloaded.warnings);
    }
    Ok(outcome)
}
