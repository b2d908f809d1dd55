//! The heartbeat of a run: it renews the lease, or begins anew when it is lost, takes the shared pace over, and hears of a stop.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, Halt};

/// How often the pace is looked at; the lease may ask for more.
const PACE: Duration = Duration::from_secs(1);

/// Beats until it is aborted: calls that are on their way keep their lease while the run ends.
pub(super) async fn run(context: Arc<Context>) {
    let between = PACE.min(context.run().lease / 3);
    loop {
        tokio::time::sleep(between).await;
        beat(&context).await;
    }
}

/// Beats once.
pub(super) async fn beat(context: &Context) {
    let succeeded = context.gate.take_succeeded();
    let run = context.run();
    let beaten = match context.patiently(|| context.ledger.beat(&run, succeeded)).await {
        Ok(Some(pace)) => {
            context.keep_pace(&pace, false);
            Ok(())
        }
        Ok(None) => context.start_again().await,
        Err(error) => Err(error),
    };
    if let Err(error) = beaten {
        context.end_with(Halt::Failed(error.into()));
    }
}
