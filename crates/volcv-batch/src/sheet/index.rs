//! The first page: what all pages together show. It grows with the number of pages, by some hundred bytes for each.

use super::card::{badge, cost, reason};
use super::page::{self, Totals, file_name};
use super::text::{Text, number};
use crate::ledger::ItemReport;
use crate::state::State;

/// How many of the worst seams are shown.
const WORST: usize = 24;
/// How many items that are not done are listed.
const PROBLEMS: usize = 200;
/// Bytes of a text in a list.
const TEXT: usize = 200;

#[derive(Debug)]
pub(super) struct Index {
    totals: Totals,
    pages: u64,
    items: u64,
    /// Links to the pages.
    links: String,
    /// The worst first.
    worst: Vec<(f64, String)>,
    problems: String,
    listed: usize,
    not_done: u64,
}

impl Index {
    pub(super) fn new(totals: Totals) -> Self {
        let (links, worst, problems) = Default::default();
        Self { totals, pages: 0, items: 0, links, worst, problems, listed: 0, not_done: 0 }
    }

    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    /// Makes the next page of these items and their cards.
    pub(super) fn add(&mut self, items: &[ItemReport], cards: Vec<String>, is_last: bool) -> String {
        self.pages += 1;
        let (first, last) = (self.items + 1, self.items + items.len() as u64);
        self.items = last;
        self.link(items, first, last);
        items.iter().enumerate().for_each(|(index, item)| self.problem(item, index + 1));
        let all = self.totals.items().max(last);
        let subtitle = format!("items {} to {} of {}", number(first), number(last), number(all));
        let main = page::cards(&cards.concat());
        let page = page::page(&self.totals, &subtitle, &page::nav(self.pages, is_last), &main);
        for (item, card) in items.iter().zip(cards) {
            self.rank(item, card);
        }
        page
    }

    /// The page `index.html`.
    pub(super) fn html(&self) -> String {
        let mut main = String::new();
        if self.items == 0 {
            main.push_str("<p>There are no items.</p>\n");
        }
        if self.not_done > 0 {
            let rest = self.not_done - self.listed as u64;
            let more = if rest > 0 { format!("<p>And {} more.</p>\n", number(rest)) } else { String::new() };
            main.push_str(&format!(
                "<section>\n<h2>Refused, failed or unknown</h2>\n<table>\n<thead><tr><th>item<th>state<th>cost<th>why</thead>\n\
                 <tbody>\n{}</tbody>\n</table>\n{more}</section>\n",
                self.problems
            ));
        }
        let open = if self.pages > 60 { "" } else { " open" };
        if self.pages > 0 {
            main.push_str(&format!(
                "<section>\n<h2>All pages</h2>\n<details{open}><summary>{} pages</summary>\n<ol class=pages>\n{}</ol>\n</details>\n\
                 </section>\n",
                number(self.pages),
                self.links
            ));
        }
        if !self.worst.is_empty() {
            let cards: String = self.worst.iter().map(|(_, card)| card.as_str()).collect();
            main.push_str(&format!(
                "<section>\n<h2>The worst seams</h2>\n<ol class=cards>\n{cards}</ol>\n</section>\n"
            ));
        }
        page::page(&self.totals, "contact sheet", "", &main)
    }

    fn link(&mut self, items: &[ItemReport], first: u64, last: u64) {
        let id =
            |item: Option<&ItemReport>| item.map(|item| Text(&short(&item.item.id)).to_string()).unwrap_or_default();
        let bad = items.iter().filter(|item| is_bad(item.state)).count();
        let bad =
            if bad > 0 { format!("<small class=bad>{bad} refused, failed or unknown</small>") } else { String::new() };
        let seams = items.iter().filter_map(|item| item.result.seam);
        let seam = seams.reduce(f64::max).map(|seam| format!("<small>largest seam {seam:.2}</small>"));
        self.links.push_str(&format!(
            "<li><a href=\"{}\">{} to {}<small><bdi>{}</bdi> to <bdi>{}</bdi></small>{}{bad}</a></li>\n",
            file_name(self.pages),
            number(first),
            number(last),
            id(items.first()),
            id(items.last()),
            seam.unwrap_or_default()
        ));
    }

    fn problem(&mut self, item: &ItemReport, place: usize) {
        if !is_bad(item.state) {
            return;
        }
        self.not_done += 1;
        if self.listed == PROBLEMS {
            return;
        }
        self.listed += 1;
        self.problems.push_str(&format!(
            "<tr><td><a href=\"{}#i{place}\"><bdi>{}</bdi></a><td>{}<td>{}<td>{}\n",
            file_name(self.pages),
            Text(&short(&item.item.id)),
            badge(item.state),
            cost(item),
            Text(&short(reason(item).unwrap_or_default()))
        ));
    }

    /// Keeps the card if its seam is among the worst.
    fn rank(&mut self, item: &ItemReport, card: String) {
        let Some(seam) = item.result.seam else { return };
        // What does not show the original is worse than any seam.
        let badness = if item.result.recognised == Some(false) { seam + 1e9 } else { seam };
        let at = self.worst.partition_point(|(other, _)| *other >= badness);
        if at < WORST {
            self.worst.insert(at, (badness, card));
            self.worst.truncate(WORST);
        }
    }
}

fn is_bad(state: State) -> bool {
    matches!(state, State::Unknown | State::Refused | State::Failed)
}

/// The beginning of a text.
fn short(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    let mut end = TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
