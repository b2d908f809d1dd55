//! The first page: what all pages together show. It grows with the number of pages, by some hundred bytes for each.

use super::card::{CARD, badge, cost, reason};
use super::page::{self, Totals, file_name};
use super::text::{Text, number};
use crate::ledger::ItemReport;
use crate::state::State;

/// How many of the worst seams are shown.
const WORST: usize = 24;
/// How many items that are not done are listed.
const PROBLEMS: usize = 200;
/// More pages than these are shown on demand.
const FEW_PAGES: u64 = 60;

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
        let main = page::cards(&cards);
        let page = page::page(&self.totals, &subtitle, &page::nav(self.pages, is_last), &main);
        for (item, card) in items.iter().zip(cards) {
            self.rank(item, card);
        }
        page
    }

    /// The page `index.html`.
    pub(super) fn html(&self) -> String {
        let mut sections = Vec::new();
        if self.pages > 0 {
            let pages = format!("<ol class=pages>\n{}</ol>\n", self.links);
            sections.push((
                "pages",
                "All pages",
                match self.pages {
                    ..=FEW_PAGES => pages,
                    many => format!("<details><summary>{} pages</summary>\n{pages}</details>\n", number(many)),
                },
            ));
        }
        if self.not_done > 0 {
            let rest = self.not_done - self.listed as u64;
            let more = if rest > 0 { format!("<p>And {} more.</p>\n", number(rest)) } else { String::new() };
            let head = "<thead><tr><th>item</th><th>state</th><th>cost</th><th>why</th></tr></thead>";
            let table = format!("<table>\n{head}\n<tbody>\n{}</tbody>\n</table>\n{more}", self.problems);
            sections.push(("problems", "Refused, failed or unknown", table));
        }
        if !self.worst.is_empty() {
            let cards: String = self.worst.iter().flat_map(|(_, card)| [CARD, card]).collect();
            sections.push(("worst", "Worst seams", format!("<ol class=cards>\n{cards}</ol>\n")));
        }
        if sections.is_empty() {
            return page::page(&self.totals, "overview", "", "<p>There are no items.</p>\n");
        }
        let links: String = sections.iter().map(|(id, title, _)| format!("<a href=\"#{id}\">{title}</a> ")).collect();
        let section = |(id, title, html)| format!("<section id={id}>\n<h2>{title}</h2>\n{html}</section>\n");
        let main: String = sections.into_iter().map(section).collect();
        page::page(&self.totals, "overview", &format!("<nav>{links}</nav>\n"), &main)
    }

    fn link(&mut self, items: &[ItemReport], first: u64, last: u64) {
        let id = |item: Option<&ItemReport>| {
            item.map(|item| Text(&short(&item.item.id, 40)).to_string()).unwrap_or_default()
        };
        let bad = items.iter().filter(|item| is_bad(item.state)).count();
        let bad =
            if bad > 0 { format!("<small class=bad>{bad} refused, failed or unknown</small>") } else { String::new() };
        let seams = items.iter().filter_map(|item| item.result.seam);
        let seam = seams.reduce(f64::max).map(|seam| format!("<small>largest seam {seam:.2}</small>"));
        self.links.push_str(&format!(
            "<li><a href=\"{}\">{} to {}</a><small><bdi>{}</bdi> to <bdi>{}</bdi></small>{}{bad}</li>\n",
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
            "<tr><td><a href=\"{}#i{place}\"><bdi>{}</bdi></a></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            file_name(self.pages),
            Text(&short(&item.item.id, 100)),
            badge(item.state),
            cost(item),
            Text(&short(reason(item).unwrap_or_default(), 200))
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

/// The beginning of a text: at most so many characters.
fn short(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
