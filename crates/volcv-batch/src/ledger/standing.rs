//! What is true of an item that no run works on. This is the one place that decides it.

use volcv::Charge;

use super::dialect::Row;
use super::tally::{self, Tally};
use super::tx::{Fault, Outcome, Tx};
use crate::state::State;

/// A row of `attempts`.
pub(super) struct Attempt {
    pub(super) number: i64,
    pub(super) key: Vec<u8>,
    /// Not ended yet.
    pub(super) open: bool,
    /// Unknown while it is open.
    pub(super) charge: Charge,
    pub(super) delivery: Option<String>,
    pub(super) status: Option<i64>,
    /// A small answer.
    pub(super) inline: Option<Vec<u8>>,
    /// The store that has the file of a large answer.
    pub(super) store: Option<String>,
    /// The user let the item be sent again all the same.
    pub(super) dropped: bool,
}

/// An item at rest.
#[derive(Debug, PartialEq)]
pub(super) struct Standing {
    /// `Planned`, `Paid` or `Unknown`.
    pub(super) state: State,
    /// Of `Paid`: the store that has the answers; `None` if all runs can read them.
    pub(super) store: Option<String>,
}

pub(super) fn charge_text(charge: Charge) -> &'static str {
    match charge {
        Charge::None => "none",
        Charge::Charged => "charged",
        Charge::Unknown => "unknown",
    }
}

fn charge_of(text: &str) -> Charge {
    match text {
        "none" => Charge::None,
        "charged" => Charge::Charged,
        _ => Charge::Unknown,
    }
}

impl Attempt {
    /// From the columns that `attempts` asks for.
    fn read(row: &Row) -> Outcome<Self> {
        Ok(Attempt {
            number: row.int(0)?,
            key: row.bytes(1)?,
            open: row.int_or_null(2)?.is_none(),
            charge: charge_of(&row.text(3)?),
            delivery: row.text_or_null(4)?,
            status: row.int_or_null(5)?,
            inline: row.bytes_or_null(6)?,
            store: row.text_or_null(7)?,
            dropped: row.int(8)? != 0,
        })
    }

    /// Whether its answer is there, may be charged, and is not to be forgotten.
    pub(super) fn is_useful(&self) -> bool {
        !self.dropped && self.charge != Charge::None && (self.inline.is_some() || self.store.is_some())
    }

    /// Whether it is or may be charged and nothing came of it. If its process is killed before its verdict, it must not be bought again.
    fn is_lost(&self) -> bool {
        !self.dropped && self.charge != Charge::None && !self.is_useful()
    }

    pub(super) fn tally(&self) -> Tally {
        Tally::of(self.charge, self.delivery.as_deref(), self.status)
    }
}

/// All attempts of an item, the oldest first. The caller has locked the item.
pub(super) async fn attempts(tx: &mut Tx<'_>, item: &str) -> Outcome<Vec<Attempt>> {
    let text = "SELECT number, key, ended, charge, delivery, status, answer, store, dropped \
                FROM attempts WHERE item = $1 ORDER BY number";
    tx.rows(text, &[item.into()]).await?.iter().map(Attempt::read).collect()
}

/// An answer that came after an attempt without one makes up for it: the run went on knowingly.
pub(super) fn standing(attempts: &[Attempt]) -> Standing {
    let useful = attempts.iter().rposition(Attempt::is_useful);
    let lost = attempts.iter().rposition(Attempt::is_lost);
    let state = match (useful, lost) {
        (useful, Some(lost)) if useful.is_none_or(|useful| useful < lost) => State::Unknown,
        (Some(_), _) => State::Paid,
        _ => State::Planned,
    };
    let store = attempts.iter().filter(|attempt| attempt.is_useful()).find_map(|attempt| attempt.store.clone());
    Standing { state, store: store.filter(|_| state == State::Paid) }
}

/// Ends the attempts of an item that its process can say nothing of any more.
pub(super) async fn close(tx: &mut Tx<'_>, item: &str, attempts: &mut [Attempt]) -> Outcome<()> {
    let now = tx.now().await?;
    for attempt in attempts.iter_mut().filter(|attempt| attempt.open) {
        let old = attempt.tally();
        attempt.open = false;
        attempt.delivery = Some(tally::IN_DOUBT.to_owned());
        let text = "UPDATE attempts SET ended = $3, delivery = 'in_doubt' WHERE item = $1 AND number = $2";
        tx.run(text, &[item.into(), attempt.number.into(), now.into()]).await?;
        tally::change(tx, item, old, attempt.tally()).await?;
    }
    Ok(())
}

pub(super) fn state_of(text: &str) -> Outcome<State> {
    text.parse().map_err(|_| Fault::Content(format!("it has an item of the unknown state {text:?}")))
}
