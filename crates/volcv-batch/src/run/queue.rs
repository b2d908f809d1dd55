//! Where workers get their next item from.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};

use super::{Context, Halt};
use crate::ledger::{Claimed, NewRun};

/// Items that one claim takes: few, so that at the end each run gets its part.
const CHUNK: u32 = 8;
/// How often a run that has nothing to do looks whether another run has given an item back.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// An item, and the run that has taken it.
pub(super) type Taken = (Arc<NewRun>, Claimed);

#[derive(Debug)]
pub(super) struct Queue {
    context: Arc<Context>,
    /// Items that are claimed and have no worker yet. One worker at a time asks the ledger for more.
    items: Mutex<VecDeque<Taken>>,
    /// An item has left its worker, and may be taken again.
    ended: Notify,
}

impl Queue {
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), items: Mutex::default(), ended: Notify::new() }
    }

    /// The next item; `None` when the run ends. It waits while other workers or other runs have items that may come back.
    pub(super) async fn next(&self) -> Option<Taken> {
        let context = &self.context;
        let mut items = self.items.lock().await;
        loop {
            if context.halt().is_some() {
                return None;
            }
            if let Some(item) = items.pop_front() {
                return Some(item);
            }
            // The same number finds the items of a claim whose answer was lost.
            let run = context.run();
            let claim = fastrand::i64(1..i64::MAX);
            let found = context.patiently(|| context.ledger.claim(&run, claim, CHUNK)).await;
            let due = match found {
                Ok(Some(found)) if !found.is_empty() => {
                    items.extend(found.into_iter().map(|claimed| (Arc::clone(&run), claimed)));
                    continue;
                }
                Ok(Some(_)) => context.patiently(|| context.ledger.next_due(&run)).await,
                // The lease was lost; the heartbeat begins anew.
                Ok(None) => Ok(Some(LONGEST_WAIT)),
                Err(error) => Err(error),
            };
            match due {
                Ok(None) => return None,
                Ok(Some(due)) => {
                    tokio::select! {
                        () = tokio::time::sleep(due.clamp(SHORTEST_WAIT, LONGEST_WAIT)) => {}
                        () = self.ended.notified() => {}
                        () = context.halted() => {}
                    }
                }
                Err(error) => context.end_with(Halt::Failed(error.into())),
            }
        }
    }

    /// An item has left its worker.
    pub(super) fn item_ended(&self) {
        self.ended.notify_one();
    }
}
