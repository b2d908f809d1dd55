//! What goes into a ledger and comes out of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use volcv::{Charge, Delivery};

use crate::job::Item;
use crate::state::State;

/// Which attempt of which item; the primary key of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AttemptId {
    pub(crate) item: String,
    /// From 1 on.
    pub(crate) number: i64,
}

/// An item that a run has taken.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) item: Item,
    /// Retryable failures so far that were free of charge; throttles are not among them.
    pub(crate) tries: u32,
    /// Recorded answers that may be charged and are not used up, the oldest first.
    pub(crate) answers: Vec<Answer>,
    /// The number that the next attempt gets.
    pub(crate) next_attempt: i64,
}

/// A recorded answer to a paid call.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) number: i64,
    /// SHA-256 of the request's body.
    pub(crate) key: [u8; 32],
    /// The answer itself if it is small; otherwise it is a file in the folder of its store.
    pub(crate) inline: Option<Vec<u8>>,
}

/// What a run tells of itself.
#[derive(Debug, Clone)]
pub(crate) struct NewRun {
    /// Random, above 0.
    pub(crate) id: i64,
    /// The name of the machine and the process, for people.
    pub(crate) name: String,
    /// The id of the folder that holds the files of answers: only a run of the same store can read them.
    pub(crate) store: String,
    pub(crate) lease: Duration,
}

/// Whether an attempt may be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Begin {
    /// The row is durable: send.
    Send,
    /// The service asked all runs to wait this long. Nothing was written.
    Wait(Duration),
    /// The account was refused; the reason. Nothing was written.
    Stopped(String),
    /// One more attempt could be charged more than `max_cost` times. Nothing was written.
    CostReached,
    /// The lease of the run has passed, or the item is not its own any more. Nothing was written.
    LeaseLost,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(crate) struct AttemptEnd {
    pub(crate) charge: Charge,
    pub(crate) delivery: Delivery,
    /// `ErrorKind::as_str`; `None` for a success.
    pub(crate) error: Option<String>,
    pub(crate) status: Option<u16>,
    /// The service's code.
    pub(crate) code: Option<String>,
    /// The answer that was kept, if one was kept at all.
    pub(crate) answer: Option<Kept>,
}

/// How an answer was kept.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    Inline(Vec<u8>),
    /// In the store's folder, synced.
    File,
}

/// What becomes of an item at the end of its operation.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// `Planned`, `Paid`, `Unknown`, `Done`, `Refused` or `Failed`.
    pub(crate) state: State,
    /// Of `Planned` and `Paid`: no run takes it before this has passed.
    pub(crate) wait: Duration,
    /// Whether this counts as one more try.
    pub(crate) counts_as_try: bool,
    /// The answers of the item are not used again: its picture is finished, or cannot come of them.
    pub(crate) forget: bool,
    /// What the attempts cost that were used or made and whose charge was still unknown; `None` leaves them.
    pub(crate) settled: Option<Charge>,
    /// For reports.
    pub(crate) result: ItemResult,
}

/// What a report says of an item that has ended, or comes again. It is stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemResult {
    /// Width and height of the finished picture.
    pub size: Option<(u32, u32)>,
    /// Where the original lies in it: x, y, width and height. `None` if it was not pasted back.
    pub original: Option<(u32, u32, u32, u32)>,
    /// The seeds that were sent, one for each call.
    pub seeds: Vec<Option<i64>>,
    /// The seam of the last pass, as `FitReport::seam_after` scores it; smaller is better.
    pub seam: Option<f64>,
    /// The same before the correction, as `FitReport::seam_before`.
    pub seam_before: Option<f64>,
    /// Whether the result of the last pass shows the original, as `FitReport::recognised`.
    pub recognised: Option<bool>,
    /// Whether every pixel of the original is in the picture.
    pub exact: Option<bool>,
    /// The service's ids of the calls.
    pub request_ids: Vec<String>,
    /// The task that was accepted last, as JSON.
    pub task: Option<String>,
    /// What was odd.
    pub warnings: Vec<String>,
    /// `ErrorKind::as_str`.
    pub error: Option<String>,
    /// The error's text.
    pub message: Option<String>,
    /// Files of pictures that were paid for and failed a check, relative to the output folder.
    pub rejected: Vec<String>,
    /// Links to pictures that were paid for and could not be downloaded.
    pub links: Vec<String>,
    /// How long the last operation took, in milliseconds.
    pub elapsed_ms: u64,
}

/// The pace that all runs of a ledger share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pace {
    /// The part of its concurrency that each run may use, above 0 and at most 1.
    pub(crate) factor: f64,
    /// No run sends before this has passed.
    pub(crate) pause: Duration,
    /// Why nothing is started any more.
    pub(crate) stopped: Option<String>,
}

/// How many items are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each field is the number of items in the state of its name")]
#[non_exhaustive]
pub struct Counts {
    pub planned: u64,
    pub claimed: u64,
    pub sending: u64,
    pub unknown: u64,
    pub paid: u64,
    pub done: u64,
    pub refused: u64,
    pub failed: u64,
}

/// What the attempts of a ledger have cost, all runs taken together. An attempt is one request of a paid call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Spending {
    /// Attempts that were billed.
    pub charged: u64,
    /// Attempts that may have been billed, those included that are on their way.
    pub unknown: u64,
    /// Attempts that the service answered and that cost nothing: refused, throttled and the like.
    pub refused: u64,
    /// Attempts that did not reach the service as a whole.
    pub not_sent: u64,
    /// Attempts whose whole body was delivered, as far as is known.
    pub complete: u64,
    /// Attempts of processes that ended before they could tell how much was delivered.
    pub in_doubt: u64,
}

impl Spending {
    /// What was spent since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            charged: self.charged.saturating_sub(before.charged),
            unknown: self.unknown.saturating_sub(before.unknown),
            refused: self.refused.saturating_sub(before.refused),
            not_sent: self.not_sent.saturating_sub(before.not_sent),
            complete: self.complete.saturating_sub(before.complete),
            in_doubt: self.in_doubt.saturating_sub(before.in_doubt),
        }
    }
}

/// The runs of a ledger that are at work, and the pace that they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Activity {
    /// Those whose lease holds, the oldest first.
    pub runs: Vec<RunReport>,
    /// The part of its concurrency that each run may use, above 0 and at most 1; less than 1 after the service asked to slow down.
    pub factor: f64,
    /// For so many milliseconds, no run sends anything.
    pub pause_ms: u64,
    /// Why no run begins anything: the key or the account was refused. The next run that starts takes it away.
    pub stopped: Option<String>,
}

/// One run that is at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunReport {
    /// Its machine and process.
    pub name: String,
    /// Items in its hands.
    pub items: u64,
    /// For how long it has been at work, in milliseconds.
    pub running_ms: u64,
    /// When its lease passes, in milliseconds from now; it renews the lease long before.
    pub lease_ms: u64,
}

/// One item for reports. Serialized, it is a line of the report.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ItemReport {
    /// The item.
    pub item: Item,
    /// What it is.
    pub state: State,
    /// Attempts that were billed.
    pub charged: u64,
    /// Attempts that may have been billed.
    pub unknown: u64,
    /// All attempts.
    pub attempts: u64,
    /// What came of it.
    pub result: ItemResult,
}

/// A part of the items, for reports that do not hold all of them.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Page {
    /// In the order of the input.
    pub items: Vec<ItemReport>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<(u64, String)>,
}
