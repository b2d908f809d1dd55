//! Whole pages: what stands around the cards.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::card::{CARD, badge};
use super::text::{Text, number};
use crate::ledger::{Counts, Spending};
use crate::state::State;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How each page begins. Files that begin otherwise are not replaced.
pub(super) const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"volcv-batch\">\n";

/// Nothing is loaded, and no script runs but [`SCRIPT`], whatever a name or a message holds.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
});

/// What all pages of a sheet say.
#[derive(Debug)]
pub(super) struct Totals {
    /// The name of the batch, for people.
    pub(super) title: String,
    pub(super) counts: Counts,
    pub(super) spending: Spending,
    /// The states that are shown; all if it is empty.
    pub(super) states: Vec<State>,
}

impl Totals {
    /// The items of a state.
    pub(super) fn of(&self, state: State) -> u64 {
        let counts = &self.counts;
        match state {
            State::Planned => counts.planned,
            State::Claimed => counts.claimed,
            State::Sending => counts.sending,
            State::Unknown => counts.unknown,
            State::Paid => counts.paid,
            State::Done => counts.done,
            State::Refused => counts.refused,
            State::Failed => counts.failed,
        }
    }

    /// The items that are shown.
    pub(super) fn items(&self) -> u64 {
        let all = State::ALL.into_iter();
        all.filter(|state| self.states.is_empty() || self.states.contains(state)).map(|state| self.of(state)).sum()
    }

    fn html(&self) -> String {
        let states = State::ALL.into_iter().filter(|state| self.of(*state) > 0);
        let states: String =
            states.map(|state| format!("<li>{} {}</li>", badge(state), number(self.of(state)))).collect();
        let Spending { charged, unknown, refused, not_sent, .. } = self.spending;
        let shown: Vec<_> = self.states.iter().map(|state| state.as_str()).collect();
        let shown = match shown.is_empty() {
            true => String::new(),
            false => format!("<p>Only these items are shown: {}.</p>\n", shown.join(", ")),
        };
        format!(
            "<ul class=totals aria-label=\"items\">{states}</ul>\n<p class=spending>Attempts: <b>{}</b> charged, <b>{}</b> may be \
             charged, {} refused, {} not sent</p>\n{shown}",
            number(charged),
            number(unknown),
            number(refused),
            number(not_sent)
        )
    }
}

/// A page. `subtitle` is text, the others are HTML.
pub(super) fn page(totals: &Totals, subtitle: &str, nav: &str, main: &str) -> String {
    let (title, subtitle, policy) = (Text(&totals.title), Text(subtitle), POLICY.as_str());
    format!(
        "{HEAD}<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" \
         content=\"light dark\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<title>{title}: \
         {subtitle}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1><bdi>{title}</bdi></h1>\n<p>{subtitle}</p>\n\
         {}{nav}</header>\n<main>\n{main}</main>\n<footer>\n{nav}</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        totals.html()
    )
}

/// Cards, with what filters and sorts them. The script shows it: without one it would do nothing. The card number N, from 1 on, is
/// `#iN`.
pub(super) fn cards(cards: &[String]) -> String {
    let cards: String = (1..).zip(cards).map(|(number, card)| format!("{CARD} id=i{number}{card}")).collect();
    format!(
        "<div class=controls hidden>\n<label>Show <select id=show></select></label>\n<label>Order <select id=order><option \
         value=input>as in the input</option><option value=seam>worst seam first</option></select></label>\n<label><input \
         type=checkbox id=marks checked> mark the original</label>\n<output for=\"show order\"></output>\n</div>\n<ol \
         class=cards>\n{cards}</ol>\n"
    )
}

/// The file of a page; numbers begin with 1.
pub(super) fn file_name(number: u64) -> String {
    format!("page-{number:03}.html")
}

/// Links to the pages around page `page`.
pub(super) fn nav(page: u64, is_last: bool) -> String {
    let link = |text: &str, rel: &str, page: Option<u64>| match page {
        Some(page) => format!("<a rel={rel} href=\"{}\">{text}</a>", file_name(page)),
        None => format!("<span>{text}</span>"),
    };
    format!(
        "<nav>{} <a href=\"index.html\">overview</a> {}</nav>\n",
        link("← previous", "prev", (page > 1).then(|| page - 1)),
        link("next →", "next", (!is_last).then_some(page + 1))
    )
}
