//! The limits of an attempt, and the timer that reports which limit has passed.

use std::fmt;
use std::time::Duration;

use crate::call::meter::Meter;
use crate::call::progress::Phase;

/// The time limits of a call and the size limit of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The time to resolve, connect and shake hands; 10 s.
    pub connect: Duration,
    /// The time without a byte while uploading or downloading; 30 s. Waiting for the picture does not count.
    pub stall: Duration,
    /// The time of one attempt from start to end; 300 s.
    pub attempt: Duration,
    /// The time of the whole call with all its attempts and waits; no limit.
    pub deadline: Option<Duration>,
    /// The bytes of a reply; 64 MiB.
    pub reply_bytes: u64,
}

impl Limits {
    /// The default limits.
    ///
    /// ```
    /// use std::time::Duration;
    /// use volcv_core::Limits;
    /// let limits = Limits::new().connect(Duration::from_secs(5)).deadline(Duration::from_secs(90));
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The time to resolve, connect and shake hands: more than zero; 10 s by default.
    #[must_use]
    pub fn connect(mut self, limit: Duration) -> Self {
        self.connect = limit;
        self
    }

    /// The time without a byte while uploading or downloading: more than zero; 30 s by default.
    #[must_use]
    pub fn stall(mut self, limit: Duration) -> Self {
        self.stall = limit;
        self
    }

    /// The time of one attempt from start to end: more than zero; 300 s by default.
    #[must_use]
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.attempt = limit;
        self
    }

    /// The time of the whole call with all its attempts and waits: more than zero; no limit by default.
    #[must_use]
    pub fn deadline(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.deadline = limit.into();
        self
    }

    /// The bytes of a reply: at least 1; 64 MiB by default.
    #[must_use]
    pub fn reply_bytes(mut self, limit: u64) -> Self {
        self.reply_bytes = limit;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            attempt: Duration::from_secs(300),
            deadline: None,
            reply_bytes: 64 << 20,
        }
    }
}

/// A limit that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLimit {
    /// [`Limits::connect`].
    Connect,
    /// [`Limits::stall`].
    Stall,
    /// [`Limits::attempt`].
    Attempt,
    /// [`Limits::deadline`].
    Deadline,
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeLimit::Connect => "connect limit",
            TimeLimit::Stall => "stall limit",
            TimeLimit::Attempt => "attempt limit",
            TimeLimit::Deadline => "deadline",
        })
    }
}

/// The timer of one attempt. It gives every transport the same limits.
///
/// While the attempt runs, a driver calls [`Timer::check`], sleeps for the returned time, and calls it again.
#[derive(Debug)]
pub struct Timer {
    limits: Limits,
    meter: Meter,
    started: Duration,
    /// The end of the attempt, and whether that is the deadline of the whole call.
    end: (Duration, TimeLimit),
    /// The time, phase and byte count of the last progress that was seen.
    progress: (Duration, Phase, u64),
}

impl Timer {
    pub(crate) fn new(limits: Limits, meter: Meter, now: Duration, deadline: Option<Duration>) -> Self {
        let attempt = now.saturating_add(limits.attempt);
        let end = match deadline {
            Some(deadline) if deadline <= attempt => (deadline, TimeLimit::Deadline),
            _ => (attempt, TimeLimit::Attempt),
        };
        let progress = (now, meter.progress().phase, 0);
        Self { limits, meter, started: now, end, progress }
    }

    /// How long the attempt may go on before the next check.
    ///
    /// # Errors
    /// The limit that has passed: the driver ends the attempt.
    pub fn check(&mut self, now: Duration) -> Result<Duration, TimeLimit> {
        let progress = self.meter.progress();
        let count = progress.sent + progress.received;
        if (progress.phase, count) != (self.progress.1, self.progress.2) {
            self.progress = (now, progress.phase, count);
        }
        let (end, limit) = match progress.phase {
            Phase::Connecting => (self.started.saturating_add(self.limits.connect), TimeLimit::Connect),
            Phase::Uploading | Phase::Downloading => {
                (self.progress.0.saturating_add(self.limits.stall), TimeLimit::Stall)
            }
            Phase::Waiting | Phase::Backoff | Phase::Task => self.end,
        };
        let (end, limit) = if end < self.end.0 { (end, limit) } else { self.end };
        if now >= end {
            return Err(limit);
        }
        // No signal announces a new phase. Checking eight times per stall limit keeps that limit exact to an eighth.
        let interval = (self.limits.stall / 8).max(Duration::from_millis(1));
        Ok((end - now).min(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn timer(deadline: Option<Duration>) -> (Timer, Meter) {
        let meter = Meter::of(0, 1, 100, None);
        (Timer::new(Limits::default(), meter.clone(), S, deadline), meter)
    }

    /// Sleeps as long as the timer says until a limit passes, and returns the limit and the time.
    fn run(timer: &mut Timer, mut now: Duration) -> (TimeLimit, Duration) {
        loop {
            match timer.check(now) {
                Ok(wait) => now += wait,
                Err(limit) => return (limit, now),
            }
        }
    }

    #[test]
    fn connecting_ends_at_the_connect_limit() {
        let (mut timer, _) = timer(None);
        assert_eq!(run(&mut timer, S), (TimeLimit::Connect, 11 * S));
    }

    #[test]
    fn an_upload_that_stands_still_ends_at_the_stall_limit() {
        let (mut timer, meter) = timer(None);
        meter.take(10).unwrap();
        timer.check(20 * S).unwrap();
        meter.take(10).unwrap();
        timer.check(40 * S).unwrap();
        assert_eq!(run(&mut timer, 40 * S), (TimeLimit::Stall, 70 * S));
    }

    #[test]
    fn a_silent_wait_lasts_to_the_end_of_the_attempt() {
        let (mut timer, meter) = timer(None);
        meter.take(100).unwrap();
        assert_eq!(run(&mut timer, S), (TimeLimit::Attempt, 301 * S));
    }

    #[test]
    fn a_reply_that_stops_ends_at_the_stall_limit() {
        let (mut timer, meter) = timer(None);
        meter.take(100).unwrap();
        timer.check(200 * S).unwrap();
        meter.on_head(Some(1000));
        meter.on_data(5);
        timer.check(210 * S).unwrap();
        assert_eq!(run(&mut timer, 210 * S), (TimeLimit::Stall, 240 * S));
    }

    #[test]
    fn the_deadline_of_the_call_ends_every_phase() {
        let (mut timer, meter) = timer(Some(5 * S));
        assert_eq!(run(&mut timer, S), (TimeLimit::Deadline, 5 * S));
        meter.take(100).unwrap();
        assert_eq!(run(&mut timer, S), (TimeLimit::Deadline, 5 * S));
    }
}
