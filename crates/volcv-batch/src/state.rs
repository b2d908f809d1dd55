//! The states of an item. Only the ledger changes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is known of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Nothing of it is paid for, and a run may take it, at once or after a wait.
    Planned,
    /// A run has taken it and sends nothing for it at the moment.
    Claimed,
    /// A paid call may be on its way.
    Sending,
    /// A paid call may have reached the service, and no answer is known. It is not sent again unless the caller says so.
    Unknown,
    /// The answer to a paid call is recorded, and the picture is not finished yet. A run may take it; it sends again nothing that
    /// was answered.
    Paid,
    /// The picture is on the disk.
    Done,
    /// The service refused the picture, the text or the result.
    Refused,
    /// It failed for good. The result says why, and what it cost.
    Failed,
}

impl State {
    /// All states, in the order in which reports list them.
    pub const ALL: [State; 8] = [
        State::Planned,
        State::Claimed,
        State::Sending,
        State::Unknown,
        State::Paid,
        State::Done,
        State::Refused,
        State::Failed,
    ];

    /// The stable name, as in the ledger and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Planned => "planned",
            State::Claimed => "claimed",
            State::Sending => "sending",
            State::Unknown => "unknown",
            State::Paid => "paid",
            State::Done => "done",
            State::Refused => "refused",
            State::Failed => "failed",
        }
    }

    /// Whether no run takes the item by itself any more.
    pub fn is_final(self) -> bool {
        matches!(self, State::Unknown | State::Done | State::Refused | State::Failed)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads [`State::as_str`].
impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = || State::ALL.map(State::as_str).join(", ");
        State::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text:?} is none of {}", names()))
    }
}
