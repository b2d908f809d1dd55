//! What a run shows while it goes on: bars on a terminal, a line now and then in a log, or nothing at all.

use std::io::{IsTerminal as _, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressFinish};
use volcv_batch::{Event, Ledger, Phase, State};

use super::overview::{Overview, Speed, ended, total};
use crate::args::ConnectionArgs;
use crate::progress::{Stage, set_style};
use crate::report;

/// More bars than this would fill a terminal.
const MOST_BARS: usize = 16;
/// More lines about single items than this would hide what else there is to see; the report has all.
const MOST_NOTES: u64 = 20;
/// How often the clocks of the bars move.
const TICK: Duration = Duration::from_millis(200);
/// Lines of a log come at least so far apart, and later ones further.
const LINES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(120));
/// So does the same kind of note.
const NOTES: Duration = Duration::from_secs(30);

const TOTAL: &str = "[{bar:30}] {msg}";
/// Stands before what is known of the call of a worker.
const LEAD: &str = "  {prefix:30!} ";
const IDLE: &str = "{prefix}";

/// Clones show the same.
#[derive(Debug, Clone)]
pub(crate) struct Shown(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    bars: MultiProgress,
    total: ProgressBar,
    workers: Mutex<Vec<Worker>>,
    state: Mutex<Told>,
    start: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Bars,
    Lines,
    Nothing,
}

#[derive(Debug)]
struct Worker {
    bar: ProgressBar,
    stage: Stage,
}

/// What was told already.
#[derive(Debug, Default)]
struct Told {
    /// Lines about single items.
    items: u64,
    line: Option<(Instant, String)>,
    slower: Option<Instant>,
    away: Option<Instant>,
}

impl Shown {
    pub(crate) fn new(args: &ConnectionArgs) -> Self {
        let kind = match stderr().is_terminal() {
            _ if args.json || args.quiet => Kind::Nothing,
            true => Kind::Bars,
            false => Kind::Lines,
        };
        let bars = MultiProgress::new();
        let total = match kind {
            Kind::Bars => bars.add(ProgressBar::new(0).with_finish(ProgressFinish::AndClear)),
            _ => ProgressBar::hidden(),
        };
        set_style(&total, TOTAL);
        let (workers, state) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { kind, bars, total, workers, state, start: Instant::now() }))
    }

    /// Writes a line to standard error that no bar overwrites.
    pub(crate) fn note(&self, label: &str, text: impl std::fmt::Display) {
        self.0.bars.suspend(|| report::note(label, text));
    }

    /// Says what goes on beside the items.
    pub(crate) fn say(&self, text: String) {
        self.0.total.set_message(text);
    }

    /// Takes the bars away.
    pub(crate) fn clear(&self) {
        self.workers().drain(..).for_each(|worker| worker.bar.finish_and_clear());
        self.0.total.finish_and_clear();
    }

    /// Keeps what is shown of the whole ledger new, until it is dropped.
    pub(crate) async fn watch(self, ledger: Ledger) {
        if self.0.kind == Kind::Nothing {
            return;
        }
        let mut speed = Speed::default();
        loop {
            let asked = Instant::now();
            // A ledger that is away is told by the run itself.
            if let (Ok(counts), Ok(spending)) = (ledger.counts().await, ledger.spending().await) {
                let now = Instant::now();
                let speed = speed.at(now, ended(&counts));
                self.show(now, &Overview { counts, spending, speed });
            }
            // What takes long on a large ledger is asked for less often.
            let pause = (asked.elapsed() * 20).max(Duration::from_secs(1));
            let next = Instant::now() + pause;
            while Instant::now() < next {
                tokio::time::sleep(TICK).await;
                self.workers().iter().for_each(|worker| worker.bar.tick());
            }
        }
    }

    fn show(&self, now: Instant, overview: &Overview) {
        let bar = &self.0.total;
        bar.set_length(total(&overview.counts));
        bar.set_position(ended(&overview.counts));
        bar.set_message(overview.to_string());
        self.line(now, || overview.to_string());
    }

    /// A line of a log, if one is due and says something new.
    fn line(&self, now: Instant, text: impl FnOnce() -> String) {
        if self.0.kind != Kind::Lines {
            return;
        }
        let mut told = self.told();
        let (last, before) = told.line.get_or_insert((self.0.start, String::new()));
        if !is_due(now.saturating_duration_since(self.0.start), now.saturating_duration_since(*last)) {
            return;
        }
        let text = text();
        if *before != text {
            report::note("batch", &text);
            (*last, *before) = (now, text);
        }
    }

    /// Shows an event of the run.
    pub(crate) fn observe(&self, event: &Event) {
        if self.0.kind == Kind::Nothing {
            return;
        }
        match event {
            Event::Planned { read, added } => {
                let text = format!("reading the input: {read} pictures, {added} of them new");
                self.0.total.set_message(text.clone());
                self.line(Instant::now(), || text);
            }
            Event::Started { worker, id } => self.worker(*worker, |shown| shown.bar.set_prefix(name(id))),
            Event::Working { worker, phase } => {
                self.worker(*worker, |shown| shown.stage.clock(&shown.bar, LEAD, text_of(*phase)));
            }
            Event::Moved { worker, progress } => {
                self.worker(*worker, |shown| shown.stage.show(&shown.bar, LEAD, progress));
            }
            Event::Ended { worker, id, state, message, .. } => {
                self.worker(*worker, |shown| {
                    shown.bar.set_prefix("");
                    set_style(&shown.bar, IDLE);
                    shown.stage = Stage::default();
                });
                self.tell(id, *state, message.as_deref());
            }
            Event::Slower { concurrency, pause } => self.rarely(
                |told| &mut told.slower,
                || {
                    let pause = pause.as_secs_f64();
                    format!("the service asks to slow down: {concurrency} at once, after a pause of {pause:.1} s")
                },
            ),
            Event::LedgerAway { message } => {
                self.rarely(|told| &mut told.away, || format!("the ledger is away, and is tried again: {message}"));
            }
            // Why a run has stopped is said at its end.
            _ => {}
        }
    }

    /// A line about an item that did not become a picture.
    fn tell(&self, id: &str, state: State, message: Option<&str>) {
        if !matches!(state, State::Failed | State::Refused | State::Unknown) {
            return;
        }
        let mut told = self.told();
        told.items += 1;
        match told.items {
            ..=MOST_NOTES => {
                let why = message.map(|message| format!(": {}", plain(message))).unwrap_or_default();
                self.note("warning", format!("{} {state}{why}", plain(id)));
            }
            items if items == MOST_NOTES + 1 => self.note("note", "the report will have the others of this kind"),
            _ => {}
        }
    }

    /// A note that is not repeated soon.
    fn rarely(&self, last: impl Fn(&mut Told) -> &mut Option<Instant>, text: impl FnOnce() -> String) {
        let now = Instant::now();
        let mut told = self.told();
        let last = last(&mut told);
        if last.is_none_or(|last| now.saturating_duration_since(last) >= NOTES) {
            *last = Some(now);
            self.note("note", text());
        }
    }

    /// Changes the bar of a worker; the bars come with the first item of each.
    fn worker(&self, worker: usize, change: impl FnOnce(&mut Worker)) {
        if self.0.kind != Kind::Bars || worker >= MOST_BARS {
            return;
        }
        let mut workers = self.workers();
        while workers.len() <= worker {
            let bar = ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear);
            let bar = self.0.bars.insert_before(&self.0.total, bar);
            set_style(&bar, IDLE);
            workers.push(Worker { bar, stage: Stage::default() });
        }
        change(&mut workers[worker]);
    }

    fn workers(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a line of a log is due, so long after the start and after the last line.
fn is_due(start: Duration, last: Duration) -> bool {
    last >= (start / 20).clamp(LINES.0, LINES.1)
}

fn text_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::Queued => "waiting for its turn",
        Phase::Sending => "calling",
        Phase::Waiting => "waiting for the result",
        Phase::Finishing => "finishing",
        _ => "working",
    }
}

/// A text from outside: nothing of it may steer the terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The end of an id says more than its beginning, which is a folder.
fn name(id: &str) -> String {
    const MOST: usize = 30;
    let letters = id.chars().count();
    let end: String = plain(id).chars().skip(letters.saturating_sub(MOST - 1)).collect();
    if letters > MOST { format!("…{end}") } else { plain(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_log_come_every_10_seconds_at_first_and_every_2_minutes_later() {
        let seconds = Duration::from_secs;
        let lines = (1..24 * 3600_u64).fold((0, 0), |(lines, last), now| {
            if is_due(seconds(now), seconds(now - last)) { (lines + 1, now) } else { (lines, last) }
        });
        assert!(!is_due(seconds(9), seconds(9)) && is_due(seconds(10), seconds(10)));
        assert!(!is_due(seconds(7200), seconds(119)) && is_due(seconds(7200), seconds(120)));
        assert!((700..850).contains(&lines.0), "{lines:?}");
    }

    #[test]
    fn names_are_short_and_do_not_steer_the_terminal() {
        assert_eq!(name("a\u{1b}[2J.png"), "a\u{fffd}[2J.png");
        let long = name("holidays/2024/a-long-name-of-a-picture.png");
        assert_eq!((long.chars().count(), long.starts_with('…'), long.ends_with("picture.png")), (30, true, true));
        assert_eq!(name(&"x".repeat(30)), "x".repeat(30));
    }
}
