//! How far a batch is, in one line: for the bar of the total and for logs.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use volcv_batch::{Counts, Spending};

/// The speed is that of the last two minutes.
const WINDOW: Duration = Duration::from_secs(120);

/// All items of a ledger.
pub(crate) fn total(counts: &Counts) -> u64 {
    left(counts) + ended(counts)
}

/// Those that a run takes by itself, or has taken.
pub(crate) fn left(counts: &Counts) -> u64 {
    let Counts { planned, claimed, sending, paid, .. } = counts;
    planned + claimed + sending + paid
}

/// Those that no run takes by itself any more.
pub(crate) fn ended(counts: &Counts) -> u64 {
    let Counts { unknown, done, refused, failed, .. } = counts;
    unknown + done + refused + failed
}

/// What several ledgers say together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    pub(crate) counts: Counts,
    pub(crate) spending: Spending,
}

impl Sum {
    pub(crate) fn add(&mut self, counts: &Counts, spending: &Spending) {
        macro_rules! add {
            ($to:expr, $from:expr, $($field:ident)*) => { $($to.$field += $from.$field;)* };
        }
        add!(self.counts, counts, planned claimed sending unknown paid done refused failed);
        add!(self.spending, spending, charged unknown refused not_sent complete in_doubt);
    }
}

/// What a line shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Overview {
    pub(crate) counts: Counts,
    pub(crate) spending: Spending,
    /// Items per second.
    pub(crate) speed: Option<f64>,
}

/// `480 of 500 done, 5 failed, 3 unknown; 4.1 a minute, about 2 min left; 492 calls charged, 3 may be`.
impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts, spending, speed } = self;
        write!(f, "{} of {} done", counts.done, total(counts))?;
        for (name, count) in [("refused", counts.refused), ("failed", counts.failed), ("unknown", counts.unknown)] {
            if count > 0 {
                write!(f, ", {count} {name}")?;
            }
        }
        if let Some(speed) = speed.filter(|speed| *speed > 0.0) {
            write!(f, "; {:.1} a minute", speed * 60.0)?;
            let left = left(counts);
            // Decades are as good as anything longer.
            let seconds = (left as f64 / speed).min(1e9);
            if left > 0 {
                write!(f, ", about {} left", Span(Duration::from_secs_f64(seconds)))?;
            }
        }
        write!(f, "; {}", Cost(spending))
    }
}

/// `492 calls charged, 3 may be`.
pub(crate) struct Cost<'a>(pub(crate) &'a Spending);

impl fmt::Display for Cost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spending { charged, unknown, .. } = self.0;
        write!(f, "{charged} {} charged", if *charged == 1 { "call" } else { "calls" })?;
        if *unknown > 0 { write!(f, ", {unknown} may be") } else { Ok(()) }
    }
}

/// `40 s`, `12 min`, `3 h 5 min`, `2 d 3 h`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds.div_ceil(60), seconds / 3600, seconds / 86400);
        match (seconds, hours, days) {
            (..100, ..) => write!(f, "{seconds} s"),
            (_, 0, _) => write!(f, "{minutes} min"),
            (_, _, 0) => write!(f, "{hours} h {} min", seconds % 3600 / 60),
            _ => write!(f, "{days} d {} h", hours % 24),
        }
    }
}

/// Measures how fast items end, those of other machines too.
#[derive(Debug, Default)]
pub(crate) struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    /// So many items have ended until now; gives the speed per second, as soon as there is one.
    pub(crate) fn at(&mut self, now: Instant, ended: u64) -> Option<f64> {
        while self.0.len() > 1 && now.saturating_duration_since(self.0[1].0) >= WINDOW {
            self.0.pop_front();
        }
        self.0.push_back((now, ended));
        let (start, before) = *self.0.front()?;
        let seconds = now.saturating_duration_since(start).as_secs_f64();
        (ended > before && seconds > 0.0).then(|| (ended - before) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(done: u64, failed: u64, planned: u64) -> Counts {
        let mut counts = Counts::default();
        (counts.done, counts.failed, counts.planned) = (done, failed, planned);
        counts
    }

    #[test]
    fn a_line_says_what_is_done_how_fast_and_what_it_cost() {
        let mut spending = Spending::default();
        let line = |counts, spending, speed| Overview { counts, spending, speed }.to_string();
        assert_eq!(line(counts(0, 0, 5), spending, None), "0 of 5 done; 0 calls charged");
        spending.charged = 1;
        spending.unknown = 2;
        assert_eq!(
            line(counts(3, 1, 6), spending, Some(0.05)),
            "3 of 10 done, 1 failed; 3.0 a minute, about 2 min left; 1 call charged, 2 may be"
        );
        assert_eq!(line(counts(4, 0, 0), spending, Some(1.0)), "4 of 4 done; 60.0 a minute; 1 call charged, 2 may be");
    }

    #[test]
    fn spans_have_two_units_at_most() {
        for (seconds, text) in
            [(99, "99 s"), (100, "2 min"), (3600, "1 h 0 min"), (11_100, "3 h 5 min"), (183_600, "2 d 3 h")]
        {
            assert_eq!(Span(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn the_speed_is_that_of_the_last_minutes() {
        let start = Instant::now();
        let mut speed = Speed::default();
        let mut at = |seconds, ended| speed.at(start + Duration::from_secs(seconds), ended);
        assert_eq!((at(0, 7), at(0, 7), at(10, 7)), (None, None, None), "nothing has ended yet");
        assert_eq!(at(20, 9), Some(0.1));
        for tenth in 3..40 {
            at(10 * tenth, 9 + tenth);
        }
        let late = at(400, 49);
        assert!(late.is_some_and(|late| (0.09..0.11).contains(&late)), "{late:?}");
        assert_eq!(at(1000, 49), None, "it stands");
    }
}
