//! What becomes of an item whose operation has failed. What its calls cost was decided by the core; here it is decided whether the item
//! comes again.

use std::time::Duration;

use volcv::{Charge, Error, ErrorKind};

use crate::journal::{Notes, Refusal};
use crate::ledger::{ItemResult, Verdict};
use crate::state::State;

/// The first wait of an item that comes again; it doubles with each try.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Why an operation failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// A call, or the work on the pixels.
    Operation(Box<Error>),
    /// The picture cannot be read, or its wish is wrong.
    Input(String),
    /// The finished picture cannot be encoded or written.
    Output(String),
    /// The finished picture is not in its place but somewhere else, and its answer could not be kept.
    Rescued(String),
    /// No picture can be written any more: the disk is full, or the output folder must not be written. The run ends.
    Disk(std::io::Error),
}

/// Decides about an item that has failed `tries` times before.
pub(super) fn verdict(failure: &Failure, notes: &Notes, tries: u32, most_tries: u32) -> Verdict {
    let again = |wait: Duration, counts_as_try: bool| Verdict {
        // What is recorded is not paid again.
        state: if notes.kept.is_empty() { State::Planned } else { State::Paid },
        wait,
        counts_as_try,
        forget: false,
        settled: None,
        result: result_of(failure),
    };
    let end = |state: State, forget: bool| Verdict {
        state,
        wait: Duration::ZERO,
        counts_as_try: true,
        forget,
        settled: None,
        result: result_of(failure),
    };
    let later = |may_pass: bool| {
        if may_pass && tries + 1 < most_tries {
            again(FIRST_WAIT.saturating_mul(1 << tries.min(6)).min(LONGEST_WAIT), true)
        } else {
            end(State::Failed, false)
        }
    };
    match (&notes.refusal, failure) {
        (Some(Refusal::Halted | Refusal::Taken), _) | (None, Failure::Disk(_)) => again(Duration::ZERO, false),
        (Some(Refusal::Answer(_)), _) | (None, Failure::Input(_)) => end(State::Failed, false),
        (None, Failure::Rescued(_)) => end(State::Failed, true),
        (None, Failure::Output(_)) => later(true),
        (None, Failure::Operation(error)) => {
            let task_goes_on = error.task().is_some() && !error.task_has_ended();
            match error.kind() {
                // The answer with the task's id is recorded: the task is asked for again, and not handed in again.
                _ if task_goes_on && notes.waits_for_task && !notes.kept.is_empty() => match error.kind() {
                    ErrorKind::Cancelled => again(Duration::ZERO, false),
                    _ => later(true),
                },
                // The picture is there, and its link can be followed again.
                _ if !error.links().is_empty() => later(true),
                ErrorKind::Refused => settled(end(State::Refused, true), error),
                _ if error.task_has_ended() => settled(end(State::Failed, true), error),
                _ if notes.last_charge == Some(Charge::Unknown) => end(State::Unknown, false),
                ErrorKind::Cancelled | ErrorKind::Auth | ErrorKind::Quota => again(Duration::ZERO, false),
                // The pause of all runs comes before.
                ErrorKind::Throttled => again(Duration::ZERO, false),
                // The service says that the input is wrong; a wrong input that was not sent has no status.
                ErrorKind::InvalidInput if error.http_status().is_some() => end(State::Refused, true),
                // There may be memory later; what was paid for is recorded.
                ErrorKind::OutOfMemory => later(true),
                ErrorKind::Decode | ErrorKind::ResponseTooLarge => settled(end(State::Failed, true), error),
                _ if notes.last_charge != Some(Charge::Charged) => later(error.is_retryable()),
                _ => later(false),
            }
        }
    }
}

/// Of a task that has ended, and of an answer that another process has left, the core knows only now what it has cost.
fn settled(verdict: Verdict, error: &Error) -> Verdict {
    let settled = Some(error.charge()).filter(|charge| *charge != Charge::Unknown);
    Verdict { settled, ..verdict }
}

fn result_of(failure: &Failure) -> ItemResult {
    match failure {
        Failure::Operation(error) => ItemResult {
            error: Some(error.kind().as_str().to_owned()),
            message: Some(error.to_string()),
            request_ids: error.request_id().map(str::to_owned).into_iter().collect(),
            task: error.task().map(ToString::to_string),
            links: error.links().to_vec(),
            ..ItemResult::default()
        },
        Failure::Input(message) => failed("invalid_input", message),
        Failure::Output(message) | Failure::Rescued(message) => failed("output", message),
        Failure::Disk(error) => failed("output", &error.to_string()),
    }
}

fn failed(error: &str, message: &str) -> ItemResult {
    ItemResult { error: Some(error.to_owned()), message: Some(message.to_owned()), ..ItemResult::default() }
}
