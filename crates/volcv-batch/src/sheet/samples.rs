//! Items for tests.

use crate::job::{Item, Job};
use crate::ledger::{ItemReport, ItemResult};
use crate::state::State;

/// What a user or a service can put into a page.
pub(crate) const HOSTILE: &str = "\"><script>alert('x')</script> #?%25 &amp; \u{202e}日本\u{0}";

/// One of each kind.
pub(crate) fn all() -> Vec<ItemReport> {
    vec![done(0, "a.png"), waiting(1), refused(2), unknown(3), rejected(4), hostile(5)]
}

fn item(seq: u64, id: &str, state: State, result: ItemResult) -> ItemReport {
    let job = Job { input: format!("{id}.jpg"), output: format!("{id}.png"), ..Job::default() };
    let item = Item { id: id.to_owned(), seq, job };
    ItemReport { item, state, charged: 0, unknown: 0, attempts: 0, result }
}

/// A finished picture of 40x20, whose original lies in the middle.
pub(crate) fn done(seq: u64, output: &str) -> ItemReport {
    let result = ItemResult {
        size: Some((40, 20)),
        original: Some((10, 0, 20, 20)),
        seeds: vec![Some(7), None],
        seam: Some(0.32),
        seam_before: Some(4.81),
        recognised: Some(true),
        exact: Some(true),
        request_ids: vec!["r1".to_owned(), "r2".to_owned()],
        elapsed_ms: 2345,
        ..ItemResult::default()
    };
    let mut report = item(seq, "done", State::Done, result);
    report.item.job.prompt = Some("a lake & a sky".to_owned());
    report.item.job.aspect = Some("2:1".to_owned());
    report.item.job.output = output.to_owned();
    ItemReport { charged: 2, attempts: 2, ..report }
}

pub(crate) fn waiting(seq: u64) -> ItemReport {
    item(seq, "waiting", State::Planned, ItemResult::default())
}

fn refused(seq: u64) -> ItemReport {
    let result = ItemResult {
        error: Some("refused".to_owned()),
        message: Some("the picture was refused (50411)".to_owned()),
        ..ItemResult::default()
    };
    ItemReport { attempts: 1, ..item(seq, "refused", State::Refused, result) }
}

fn unknown(seq: u64) -> ItemReport {
    ItemReport { unknown: 1, attempts: 1, ..item(seq, "unknown", State::Unknown, ItemResult::default()) }
}

fn rejected(seq: u64) -> ItemReport {
    let result = ItemResult {
        error: Some("decode".to_owned()),
        message: Some("the picture ends early".to_owned()),
        rejected: vec!["rejected.png.rejected".to_owned()],
        links: vec!["https://a.example/x?y=1&z=\"".to_owned(), "javascript:alert(1)".to_owned()],
        warnings: vec!["odd".to_owned()],
        ..ItemResult::default()
    };
    ItemReport { charged: 1, attempts: 1, ..item(seq, "rejected", State::Failed, result) }
}

/// All texts are [`HOSTILE`].
fn hostile(seq: u64) -> ItemReport {
    let text = || HOSTILE.to_owned();
    let result = ItemResult {
        request_ids: vec![text()],
        task: Some(text()),
        warnings: vec![text()],
        error: Some(text()),
        message: Some(format!("{HOSTILE}!")),
        rejected: vec![text()],
        links: vec![text(), format!("https://a.example/{HOSTILE}")],
        ..ItemResult::default()
    };
    let mut report = item(seq, HOSTILE, State::Failed, result);
    report.item.job.input = format!("https://a.example/{HOSTILE}");
    report.item.job.output = format!("a/{HOSTILE}.png");
    report.item.job.prompt = Some(text());
    report.item.job.to = Some(text());
    report
}
