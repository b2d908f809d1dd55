//! The pace that all runs share: one row, which slows all of them down together and lets them speed up again.

use std::time::Duration;

use super::dialect::{Arg, Row};
use super::tx::{Outcome, Tx};
use super::types::Pace;
use super::{Ledger, duration, millis};
use crate::error::BatchError;

/// The factor is halved down to this.
const SLOWEST: f64 = 1.0 / 64.0;
/// How much the factor rises in each second in which calls succeed.
const RISE: f64 = 0.05;
/// A beat raises the factor for this many seconds at most.
const RISING: i64 = 10;
/// Answers that come within this many milliseconds belong together.
const TOGETHER: i64 = 1_000;
/// The longest pause that is made up here.
const LONGEST: i64 = 60_000;
/// The longest pause that the service is granted.
const LONGEST_ASKED: i64 = 120_000;

const READ: &str = "SELECT factor, pause_until, pause, slowed, raised, stopped FROM pace";
const LOCK: &str = "SELECT factor, pause_until, pause, slowed, raised, stopped FROM pace FOR UPDATE";

impl Ledger {
    /// The service asked to slow down: halves the factor, at most once a second, and pauses all runs for `pause`, 120 s at most. If the
    /// factor cannot become smaller, or the last pause is just over, the pause is at least twice the last one, up to 60 s; or a second if
    /// calls have succeeded since, because the service works then.
    pub(crate) async fn slow_down(&self, pause: Duration, succeeded: bool) -> Result<Pace, BatchError> {
        self.write(move |tx| {
            Box::pin(async move {
                let now = tx.now().await?;
                slow_down(tx, now, millis(pause), succeeded).await
            })
        })
        .await
    }

    /// Nothing more is started in any run. The first reason stays.
    pub(crate) async fn stop(&self, reason: &str) -> Result<(), BatchError> {
        let reason = reason.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let text = "UPDATE pace SET stopped = $1 WHERE stopped IS NULL";
                tx.run(text, &[Arg::from(&reason)]).await.map(|_| ())
            })
        })
        .await
    }
}

/// The row.
struct Stored {
    factor: f64,
    pause_until: i64,
    /// The length of the last pause; 0 after the factor rose.
    pause: i64,
    slowed: i64,
    raised: i64,
    stopped: Option<String>,
}

impl Stored {
    fn read(row: &Row) -> Outcome<Self> {
        Ok(Stored {
            factor: row.real(0)?,
            pause_until: row.int(1)?,
            pause: row.int(2)?,
            slowed: row.int(3)?,
            raised: row.int(4)?,
            stopped: row.text_or_null(5)?,
        })
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Outcome<()> {
        let text = "UPDATE pace SET factor = $1, pause_until = $2, pause = $3, slowed = $4, raised = $5";
        let args =
            [self.factor.into(), self.pause_until.into(), self.pause.into(), self.slowed.into(), self.raised.into()];
        tx.run(text, &args).await.map(|_| ())
    }

    fn at(self, now: i64) -> Pace {
        Pace { factor: self.factor, pause: duration(self.pause_until - now), stopped: self.stopped }
    }
}

async fn slow_down(tx: &mut Tx<'_>, now: i64, asked: i64, succeeded: bool) -> Outcome<Pace> {
    let mut pace = Stored::read(&tx.one(LOCK, &[]).await?)?;
    let asked = asked.min(LONGEST_ASKED);
    let mut pause = asked;
    if now - pace.slowed >= TOGETHER {
        let paused = now < pace.pause_until;
        let just_over = now < pace.pause_until + pace.pause.max(TOGETHER);
        if !paused && (pace.factor <= SLOWEST || just_over) {
            pause = asked.max(if succeeded { TOGETHER } else { (2 * pace.pause).clamp(TOGETHER, LONGEST) });
        }
        pace.factor = (pace.factor / 2.0).max(SLOWEST);
        pace.slowed = now;
    }
    if now + pause > pace.pause_until {
        pace.pause_until = now + pause;
        pace.pause = pause;
    }
    pace.write(tx).await?;
    Ok(pace.at(now))
}

/// Calls succeed: the factor rises by the time since it changed last.
pub(super) async fn raise(tx: &mut Tx<'_>, now: i64) -> Outcome<Pace> {
    let pace = Stored::read(&tx.one(READ, &[]).await?)?;
    if pace.factor >= 1.0 && pace.pause == 0 {
        return Ok(pace.at(now));
    }
    let mut pace = Stored::read(&tx.one(LOCK, &[]).await?)?;
    let since = now - pace.raised.max(pace.slowed).max(pace.pause_until);
    if since >= TOGETHER {
        // At most ten seconds, so exact.
        let seconds = f64::from(i32::try_from(since.min(RISING * 1_000)).unwrap_or(0)) / 1_000.0;
        pace.factor = (pace.factor + RISE * seconds).min(1.0);
        pace.raised = now;
        pace.pause = 0;
        pace.write(tx).await?;
    }
    Ok(pace.at(now))
}

pub(super) async fn read(tx: &mut Tx<'_>, now: i64) -> Outcome<Pace> {
    Ok(Stored::read(&tx.one(READ, &[]).await?)?.at(now))
}
