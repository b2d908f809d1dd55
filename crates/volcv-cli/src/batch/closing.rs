//! What a run, or a look at its ledger, has to say: counts, costs, what to do next, and the exit code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use volcv_batch::{Counts, Ended, Spending, State, Summary};

use super::overview::{left, total};
use super::progress::plain;
use crate::args::LedgerArgs;
use crate::report::{CANCELLED, CliError, note};

/// Exit codes that only a batch has.
const SOME_FAILED: u8 = 10;
const COST_REACHED: u8 = 11;
/// The ledger is away, or the lease has passed.
pub(crate) const RUN_AGAIN: u8 = 12;
/// Those of single calls that mean the same here.
const FILE: u8 = 2;
const ACCOUNT: u8 = 3;
const REFUSED: u8 = 4;
const UNKNOWN: u8 = 7;
const NOT_ENDED: u8 = 9;

/// The end of a run.
#[derive(Debug)]
pub(crate) struct Closing<'a> {
    pub(crate) summary: Summary,
    /// The report, if it could be written.
    pub(crate) report: Option<PathBuf>,
    pub(crate) sheets: Vec<PathBuf>,
    /// What could not be written after the last picture.
    pub(crate) failures: Vec<CliError>,
    pub(crate) out: &'a Path,
    pub(crate) place: &'a LedgerArgs,
}

impl Closing<'_> {
    /// How the process ends.
    pub(crate) fn exit_code(&self) -> u8 {
        let Counts { unknown, refused, failed, .. } = self.summary.counts;
        match self.ended() {
            Ended::AccountRefused(_) => ACCOUNT,
            Ended::CostReached => COST_REACHED,
            Ended::Stopped => CANCELLED,
            _ if unknown > 0 => UNKNOWN,
            _ if failed > 0 => SOME_FAILED,
            _ if refused > 0 => REFUSED,
            _ if left(&self.summary.counts) > 0 => NOT_ENDED,
            _ if !self.failures.is_empty() => FILE,
            _ => 0,
        }
    }

    /// Why the run has ended; nobody has stopped it where nothing was left.
    fn ended(&self) -> &Ended {
        match &self.summary.ended {
            Ended::Stopped if left(&self.summary.counts) == 0 => &Ended::AllDone,
            ended => ended,
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        text.push_str(&counts_line(&self.summary.counts));
        text.push_str(&spending_line("calls", &self.summary.spending));
        text.push_str(&spending_line("this run", &self.summary.spent));
        // Writing to a string cannot fail.
        if let Some(report) = &self.report {
            let _ = writeln!(text, "{:<9} {}", "report", report.display());
        }
        if let Some(first) = self.sheets.first() {
            let pages = match self.sheets.len() {
                2 => "1 page".to_owned(),
                files => format!("{} pages", files.saturating_sub(1)),
            };
            let _ = writeln!(text, "{:<9} {} with {pages}", "sheet", first.display());
        }
        text
    }

    pub(crate) fn to_json(&self) -> Value {
        let (ended, reason) = match self.ended() {
            Ended::AllDone => ("all_done", None),
            Ended::Stopped => ("stopped", None),
            Ended::CostReached => ("cost_reached", None),
            Ended::AccountRefused(reason) => ("account_refused", Some(reason)),
            _ => ("other", None),
        };
        json!({
            "ok": self.exit_code() == 0,
            "ended": ended,
            "reason": reason,
            "total": total(&self.summary.counts),
            "counts": self.summary.counts,
            "spending": self.summary.spending,
            "spent_by_this_run": self.summary.spent,
            "report": self.report.as_ref().map(|path| path.to_string_lossy()),
            "contact_sheets": self.sheets.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "warnings": self.failures.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    /// Says what to do next, on standard error.
    pub(crate) fn advise(&self) {
        self.failures.iter().for_each(|failure| note("error", failure));
        let retry = Retry { out: self.out, place: self.place };
        match self.ended() {
            Ended::AccountRefused(reason) => {
                note("error", format!("the key or the account was refused: {}", plain(reason)));
                note("hint", "run the same command again once that is settled; nothing is bought twice");
            }
            Ended::CostReached => {
                note("error", "--max-cost is reached");
                note("hint", "run the same command again with a larger --max-cost to go on");
            }
            Ended::Stopped => {
                note("error", "stopped before the end");
                note("hint", "run the same command again to go on; nothing is bought twice");
            }
            _ => {}
        }
        retry.advise(&self.summary.counts);
        if *self.ended() == Ended::AllDone && left(&self.summary.counts) > 0 {
            note(
                "note",
                "what has not ended is in the hands of another run, or its answer lies in OUT of another machine",
            );
        }
    }
}

/// `items     500: 480 done, 12 refused, 5 failed, 3 unknown`.
pub(crate) fn counts_line(counts: &Counts) -> String {
    let mut text = format!("{:<9} {}", "items", total(counts));
    let mut separator = ": ";
    for state in [
        (State::Done, counts.done),
        (State::Refused, counts.refused),
        (State::Failed, counts.failed),
        (State::Unknown, counts.unknown),
        (State::Paid, counts.paid),
        (State::Sending, counts.sending),
        (State::Claimed, counts.claimed),
        (State::Planned, counts.planned),
    ] {
        if state.1 > 0 {
            let _ = write!(text, "{separator}{} {}", state.1, state.0);
            separator = ", ";
        }
    }
    text + "\n"
}

/// `calls     492 charged, 3 may have been charged, 17 refused free of charge, 4 not sent`.
pub(crate) fn spending_line(name: &str, spending: &Spending) -> String {
    let mut text = format!("{name:<9} {} charged, {} may have been charged", spending.charged, spending.unknown);
    for (count, what) in [(spending.refused, "answered free of charge"), (spending.not_sent, "not sent as a whole")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text + "\n"
}

/// The commands that let items be taken again.
pub(crate) struct Retry<'a> {
    pub(crate) out: &'a Path,
    pub(crate) place: &'a LedgerArgs,
}

impl Retry<'_> {
    /// Says which items can be taken again, and how.
    pub(crate) fn advise(&self, counts: &Counts) {
        let Counts { unknown, refused, failed, .. } = counts;
        if *failed > 0 {
            note("hint", format!("{failed} failed: `{}`, then the same command again", self.command("--failed")));
        }
        if *refused > 0 {
            let command = self.command("--refused");
            note("hint", format!("{refused} were refused by the review; another seed may pass: `{command}`"));
        }
        if *unknown > 0 {
            let command = self.command("--unknown");
            let advice = format!("look at the account first: `{command}` may buy them a second time");
            note("hint", format!("{unknown} may have been paid for, and their pictures are lost; {advice}"));
        }
    }

    fn command(&self, flag: &str) -> String {
        let mut command = format!("volcv batch retry {} {flag}", quoted(&self.out.to_string_lossy()));
        if let Some(ledger) = &self.place.ledger {
            // A password is not repeated.
            let text = if ledger.0.contains("://") { "URL".to_owned() } else { quoted(&ledger.0) };
            let _ = write!(command, " --ledger {text}");
        }
        if let Some(batch) = &self.place.batch {
            let _ = write!(command, " --batch {}", quoted(batch));
        }
        if let Some(shard) = self.place.shard {
            let _ = write!(command, " --shard {shard}");
        }
        command
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,\\".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        for (word, text) in [("out", "out"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("", "''"), ("$x", "'$x'")] {
            assert_eq!(quoted(word), text);
        }
    }

    #[test]
    fn lines_leave_out_what_is_not_there() {
        let mut counts = Counts::default();
        assert_eq!(counts_line(&counts), "items     0\n");
        (counts.done, counts.failed, counts.planned) = (4, 1, 2);
        assert_eq!(counts_line(&counts), "items     7: 4 done, 1 failed, 2 planned\n");
        let mut spending = Spending::default();
        assert_eq!(spending_line("calls", &spending), "calls     0 charged, 0 may have been charged\n");
        spending.not_sent = 3;
        assert!(spending_line("calls", &spending).ends_with(", 3 not sent as a whole\n"));
    }
}
