//! The ledger: what is planned, what is about to be bought, and what was bought. One SQLite file, or PostgreSQL for many machines.
//!
//! No money is spent without a row that was durable before. Nothing here knows of pictures, HTTP or time other than the
//! database's own clock. An operation is one transaction; each may be repeated when the answer to its commit was lost.
//!
//! Locks of rows are taken in one order, so that operations do not wait for each other in a circle: the run's own row, the pace, other
//! runs, items, attempts, sums.

mod attempts;
mod claims;
mod dialect;
mod items;
mod open;
mod pace;
mod reading;
mod runs;
mod standing;
mod tally;
mod tx;
mod types;
mod url;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

pub use types::{Activity, Counts, ItemReport, ItemResult, Page, RunReport, Spending};
pub(crate) use types::{Answer, AttemptEnd, AttemptId, Begin, Claimed, Kept, NewRun, Pace, Verdict};
pub use url::LedgerUrl;

/// An open ledger. Cloning is cheap.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    /// For errors.
    name: String,
    backend: Backend,
    /// The number of the planning that goes on.
    plan: AtomicI64,
    /// What a test has moved the database's clock by, in milliseconds.
    #[cfg(test)]
    skew: AtomicI64,
}

enum Backend {
    Sqlite { writer: writer::Writer, readers: SqlitePool },
    Postgres(PgPool),
}

impl Ledger {
    #[cfg(not(test))]
    #[allow(clippy::unused_self, reason = "tests move the clock of one ledger")]
    fn skew(&self) -> i64 {
        0
    }

    #[cfg(test)]
    fn skew(&self) -> i64 {
        self.0.skew.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// At most a year, so that sums with the clock stay in range.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(365 * 24 * 3_600_000)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or(0))
}

/// The name of the file, or the URL without its password.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({self})")
    }
}
