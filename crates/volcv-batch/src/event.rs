//! What a running batch tells its observer.

use std::time::Duration;

use volcv::{Charge, Progress};

use crate::state::State;

/// One event of a run. Events come from the threads that run the items; an observer has to be short.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Items were written into the ledger. It comes for each chunk of the input.
    Planned {
        /// Items of the input that were read so far.
        read: u64,
        /// Items among them that the ledger did not have.
        added: u64,
    },
    /// A worker has taken an item.
    Started {
        /// The worker, from 0 on.
        worker: usize,
        /// The item's id.
        id: String,
    },
    /// A worker does something else now.
    Working {
        /// The worker.
        worker: usize,
        /// What it does.
        phase: Phase,
    },
    /// Bytes moved.
    Moved {
        /// The worker.
        worker: usize,
        /// Of the current call.
        progress: Progress,
    },
    /// An item has left its worker.
    Ended {
        /// The worker.
        worker: usize,
        /// The item's id.
        id: String,
        /// What it is now; `Planned` and `Paid` mean that it comes again.
        state: State,
        /// What this item has cost in this run, all of its calls taken together.
        charge: Charge,
        /// Why it failed, was refused, is unknown or comes again.
        message: Option<String>,
    },
    /// The service asked to slow down, here or at another machine.
    Slower {
        /// Calls that may run at once now, in this process.
        concurrency: usize,
        /// No call is sent for this long.
        pause: Duration,
    },
    /// Nothing more is started in any run of the ledger: the key or the account was refused.
    Stopped {
        /// The error.
        reason: String,
    },
    /// `max_cost` was reached; nothing more is sent.
    CostReached {
        /// The limit.
        max_cost: u64,
    },
    /// The ledger cannot be reached; the run tries again.
    LedgerAway {
        /// Why.
        message: String,
    },
}

/// What a worker does for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Reads, decodes and encodes the picture.
    Preparing,
    /// Waits until it may send.
    Queued,
    /// A paid call runs.
    Sending,
    /// Waits for a task, or downloads a result.
    Waiting,
    /// Decodes, pastes back and writes.
    Finishing,
}
