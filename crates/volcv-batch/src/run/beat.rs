//! The heartbeat of a run: it renews the lease, takes the shared pace over, and hears of a stop.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, Halt};

/// How often the pace is looked at; the lease may ask for more.
const PACE: Duration = Duration::from_secs(1);

/// Beats until it is aborted, or the lease is lost.
pub(super) async fn run(context: Arc<Context>) {
    let between = PACE.min(context.run.lease / 3);
    loop {
        tokio::time::sleep(between).await;
        let succeeded = context.gate.take_succeeded();
        match context.patiently(|| context.ledger.beat(&context.run, succeeded)).await {
            Ok(beat) => context.keep_pace(&beat.pace, false),
            Err(error) => return context.end_with(Halt::Failed(error.into())),
        }
    }
}
